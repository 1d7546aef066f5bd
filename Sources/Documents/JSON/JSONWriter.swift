/// Writes JSON piece by piece into one buffer: no tree, no reflection.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init() {}

    public mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try members(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "["))
        try elements(&self)
        close(UInt8(ascii: "]"))
    }

    public mutating func object(_ name: String, _ members: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try object(members)
    }

    public mutating func array(_ name: String, _ elements: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        try array(elements)
    }

    public mutating func member(_ name: String, _ value: String?) {
        key(name)
        string(value)
    }

    public mutating func member(_ name: String, _ value: Int?) {
        key(name)
        raw(value.map { Array(String($0).utf8) })
    }

    public mutating func member(_ name: String, _ value: Int64?) {
        key(name)
        raw(value.map { Array(String($0).utf8) })
    }

    public mutating func member(_ name: String, _ value: Bool) {
        key(name)
        raw(Array((value ? "true" : "false").utf8))
    }

    /// Six significant decimals are more than any of these figures is worth; what is not finite becomes null.
    public mutating func member(_ name: String, _ value: Double?, decimals: Int = 6) {
        key(name)
        guard let value, value.isFinite else { return raw(nil) }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        raw(Array((rounded == rounded.rounded() && abs(rounded) < 1e15 ? String(Int64(rounded)) : "\(rounded)").utf8))
    }

    /// A value that is JSON already.
    public mutating func member(_ name: String, json: [UInt8]) {
        key(name)
        raw(json)
    }

    public mutating func string(_ value: String?) {
        guard let value else { return raw(nil) }
        comma()
        JSONText.appendString(value, to: &bytes)
    }

    public mutating func raw(_ json: [UInt8]?) {
        comma()
        bytes.append(contentsOf: json ?? Array("null".utf8))
    }

    private mutating func key(_ name: String) {
        comma()
        JSONText.appendString(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func open(_ byte: UInt8) {
        comma()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
