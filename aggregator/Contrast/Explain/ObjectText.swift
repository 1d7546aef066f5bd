import Documents

/// Builds one JSON object.
struct ObjectText {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    private mutating func key(_ name: StaticString) {
        if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: ":")])
    }

    mutating func text(_ name: StaticString, _ value: String) {
        key(name)
        JSONText.appendString(value, to: &bytes)
    }

    mutating func textOrNull(_ name: StaticString, _ value: String?) {
        key(name)
        guard let value else { return bytes.append(contentsOf: Array("null".utf8)) }
        JSONText.appendString(value, to: &bytes)
    }

    /// Rounded to a thousandth below a thousand, to a whole number above.
    mutating func number(_ name: StaticString, _ value: Double) {
        key(name)
        let rounded = abs(value) < 1_000 ? (value * 1_000).rounded() / 1_000 : value.rounded()
        JSONText.appendDouble(rounded, to: &bytes)
    }

    mutating func bool(_ name: StaticString, _ value: Bool) {
        key(name)
        JSONText.appendBool(value, to: &bytes)
    }

    mutating func object(_ name: StaticString, _ body: (inout ObjectText) -> Void) {
        key(name)
        var inner = ObjectText()
        body(&inner)
        inner.end(into: &bytes)
    }

    mutating func array<Element>(
        _ name: StaticString, _ elements: [Element], _ body: (Element, inout [UInt8]) -> Void
    ) {
        key(name)
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            body(element, &bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    func end(into target: inout [UInt8]) {
        target.append(contentsOf: bytes)
        target.append(UInt8(ascii: "}"))
    }
}
