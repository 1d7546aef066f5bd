import Documents

extension CallError {
    private static let pointerSegmentByteCountMax = 96
    private static let foundTextByteCountMax = 40

    /// Says only the kind of what was found, and of a string its length: for fields that may hold secrets.
    static func expected(_ expectation: String, found value: JSONValue, at pointer: some CustomStringConvertible)
        -> CallError
    {
        CallError(pointer: pointer.description, detail: "expected \(expectation), found \(value.kindText)")
    }

    /// Repeats the start of what was found: for fields whose values are words of ours.
    static func expected(
        _ expectation: String, foundText text: UnsafeBufferPointer<UInt8>, at pointer: StaticString
    ) -> CallError {
        let isWhole = text.count <= foundTextByteCountMax
        // Only printable ASCII: the text goes to logs and terminals.
        let shown = text.prefix(foundTextByteCountMax).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        let found = "\"" + String(decoding: shown, as: UTF8.self) + (isWhole ? "\"" : "…\"")
        return CallError(pointer: "\(pointer)", detail: "expected \(expectation), found \(found)")
    }

    /// A pointer with one more segment, escaped as RFC 6901, section 3 demands; an endless one is cut.
    static func pointer(_ base: StaticString, _ segment: UnsafeBufferPointer<UInt8>) -> String {
        var pointer = Array("\(base)/".utf8)
        for byte in segment.prefix(pointerSegmentByteCountMax) {
            switch byte {
            case UInt8(ascii: "~"): pointer.append(contentsOf: [byte, UInt8(ascii: "0")])
            case UInt8(ascii: "/"): pointer.append(contentsOf: [UInt8(ascii: "~"), UInt8(ascii: "1")])
            default: pointer.append(byte)
            }
        }
        let text = String(decoding: pointer, as: UTF8.self)
        return segment.count <= pointerSegmentByteCountMax ? text : text + "…"
    }
}

extension JSONValue {
    var kindText: String {
        switch kind {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string of \(utf8?.count ?? 0) bytes"
        case .integer, .unsigned, .double: "a number"
        case .bool: "true or false"
        case .null: "null"
        }
    }
}
