import CallModel

/// Takes a JSON text apart into its scalars and what stands between them, for remembering the latter (`KnownStructures`).
///
/// The text is valid JSON: whoever hands it in has parsed it. Whoever walks it says what each value is for.
public struct StructureScanner {
    /// The text has something that `JSONScalar` does not read, or more values than are remembered.
    public struct NotPlain: Error {
        public init() {}
    }

    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var at: UnsafePointer<UInt8>
    private var literalStart: UnsafePointer<UInt8>
    private let valueCountMax: Int
    /// What stands before each scalar so far.
    private(set) var literals: [CallRow.Text] = []

    /// - Parameter text: see `JSONScalar.byteCountBehind`.
    init(_ text: CallRow.Text, valueCountMax: Int) throws(NotPlain) {
        guard let start = text.baseAddress else { throw NotPlain() }
        self.start = start
        end = start + text.count
        at = start
        literalStart = start
        self.valueCountMax = valueCountMax
        skipSpace()
    }

    public var isAtObject: Bool { at.pointee == UInt8(ascii: "{") }
    public var isAtArray: Bool { at.pointee == UInt8(ascii: "[") }
    public var isAtNull: Bool { at.pointee == UInt8(ascii: "n") }

    /// Passes an object. `body` gets each key, valid as long as the text is, and passes one value.
    public mutating func members(
        _ body: (_ key: CallRow.Text, inout StructureScanner) throws(NotPlain) -> Void
    ) throws(NotPlain) {
        try pass(UInt8(ascii: "{"))
        if passes(UInt8(ascii: "}")) { return }
        repeat {
            let key = try self.key()
            try pass(UInt8(ascii: ":"))
            try body(key, &self)
        } while passes(UInt8(ascii: ","))
        try pass(UInt8(ascii: "}"))
    }

    /// Passes an array. `body` passes one value.
    public mutating func elements(_ body: (inout StructureScanner) throws(NotPlain) -> Void) throws(NotPlain) {
        try pass(UInt8(ascii: "["))
        if passes(UInt8(ascii: "]")) { return }
        repeat { try body(&self) } while passes(UInt8(ascii: ","))
        try pass(UInt8(ascii: "]"))
    }

    /// Passes a scalar.
    public mutating func scalar() throws(NotPlain) {
        guard literals.count < valueCountMax, JSONScalar.mayBegin(with: at.pointee) else { throw NotPlain() }
        literals.append(CallRow.Text(start: literalStart, count: at - literalStart))
        let after = withUnsafeTemporaryAllocation(of: JSONScalar.self, capacity: 1) { place in
            place.baseAddress.flatMap { JSONScalar.read(at: at, into: $0) }
        }
        guard let after, after <= end else { throw NotPlain() }
        at = after
        literalStart = after
        skipSpace()
    }

    /// What stands before each scalar, and behind the last.
    consuming func finish() throws(NotPlain) -> [CallRow.Text] {
        guard at == end else { throw NotPlain() }
        literals.append(CallRow.Text(start: literalStart, count: end - literalStart))
        return literals
    }

    private mutating func key() throws(NotPlain) -> CallRow.Text {
        guard at.pointee == UInt8(ascii: "\""), let quote = JSONScalar.closingQuote(from: at + 1), quote < end else {
            throw NotPlain()
        }
        defer {
            at = quote + 1
            skipSpace()
        }
        return CallRow.Text(start: at + 1, count: quote - at - 1)
    }

    private mutating func pass(_ byte: UInt8) throws(NotPlain) {
        guard passes(byte) else { throw NotPlain() }
    }

    private mutating func passes(_ byte: UInt8) -> Bool {
        guard at < end, at.pointee == byte else { return false }
        at += 1
        skipSpace()
        return true
    }

    private mutating func skipSpace() {
        while at < end, at.pointee == 0x20 || at.pointee == 0x09 || at.pointee == 0x0A || at.pointee == 0x0D { at += 1 }
    }
}
