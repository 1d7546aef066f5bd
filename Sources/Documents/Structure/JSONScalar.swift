import CallModel

/// A value of a JSON text that is no container, read where it lies.
///
/// Only what needs no work is read: strings of plain ASCII without escapes, numbers that a machine word tells exactly. All else is for
/// `JSONParser`, which reads these alike: the tests hold the two against each other.
public struct JSONScalar {
    public enum Kind: UInt8, Sendable {
        case string, integer, decimal, bool, null
    }

    public let kind: Kind
    /// A string without its quotes; of other kinds as written.
    @usableFromInline let text: CallRow.Text
    /// Of an integer its value, of a decimal its double's.
    @usableFromInline let bits: UInt64

    /// How many bytes behind a text are looked at; the first of them is a control character, which ends every scalar.
    public static let byteCountBehind = 16

    @inlinable public var isNull: Bool { kind == .null }
    @inlinable public var utf8: CallRow.Text? { kind == .string ? text : nil }
    /// A whole number. `1.0` is a decimal.
    @inlinable public var int64: Int64? { kind == .integer ? Int64(bitPattern: bits) : nil }
    /// Any number.
    @inlinable public var double: Double? {
        switch kind {
        case .integer: Double(Int64(bitPattern: bits))
        case .decimal: Double(bitPattern: bits)
        case .string, .bool, .null: nil
        }
    }

    private init(_ kind: Kind, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, bits: UInt64 = 0) {
        self.kind = kind
        text = CallRow.Text(start: start, count: end - start)
        self.bits = bits
    }

    /// Whether a scalar may begin with this byte.
    @inline(__always)
    static func mayBegin(with byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\"") || byte &- 48 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "t")
            || byte == UInt8(ascii: "f") || byte == UInt8(ascii: "n")
    }

    /// Reads the scalar that begins at `start` into `place`; what lies behind it, or nil where it is left to the parser.
    ///
    /// What stands behind it is not looked at. See `byteCountBehind`.
    @inline(__always)
    static func read(
        at start: UnsafePointer<UInt8>, into place: UnsafeMutablePointer<JSONScalar>
    ) -> UnsafePointer<UInt8>? {
        switch start.pointee {
        case UInt8(ascii: "\""):
            guard let quote = closingQuote(from: start + 1) else { return nil }
            place.initialize(to: JSONScalar(.string, start + 1, quote))
            return quote + 1
        case UInt8(ascii: "t"): return word(0x6575_7274, at: start, .bool, place)  // "true"
        case UInt8(ascii: "n"): return word(0x6c6c_756e, at: start, .null, place)  // "null"
        case UInt8(ascii: "f"):
            guard start[4] == UInt8(ascii: "e") else { return nil }
            return word(0x736c_6166, at: start, .bool, place).map { $0 + 1 }  // "fals"
        default: return number(at: start, place)
        }
    }

    /// The quote that ends a string; nil where an escape, a control character or what is no ASCII comes first.
    ///
    /// Eight bytes at a time: the lowest bit set tells the first such byte (Warren, Hacker's Delight, section 6-1), those above it
    /// may be wrong.
    @inline(__always)
    static func closingQuote(from start: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var at = start
        while true {
            let word = UInt64(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: UInt64.self))
            let quotes = word ^ ones &* 0x22
            let escapes = word ^ ones &* 0x5C
            let found =
                ((quotes &- ones) & ~quotes | (escapes &- ones) & ~escapes | (word &- ones &* 0x20) & ~word | word)
                & (ones &* 0x80)
            if found != 0 {
                at += found.trailingZeroBitCount >> 3
                return at.pointee == UInt8(ascii: "\"") ? at : nil
            }
            at += 8
        }
    }

    @inline(__always)
    private static func word(
        _ letters: UInt32, at start: UnsafePointer<UInt8>, _ kind: Kind, _ place: UnsafeMutablePointer<JSONScalar>
    ) -> UnsafePointer<UInt8>? {
        guard UInt32(littleEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)) == letters else {
            return nil
        }
        place.initialize(to: JSONScalar(kind, start, start + 4))
        return start + 4
    }

    /// RFC 8259, section 6, without exponents; integers of at most 18 digits, decimals of at most 15: with so few the quotient of two
    /// doubles that are exact is the double nearest to the decimal (Clinger, How to Read Floating Point Numbers Accurately, 1990).
    private static func number(
        at start: UnsafePointer<UInt8>, _ place: UnsafeMutablePointer<JSONScalar>
    ) -> UnsafePointer<UInt8>? {
        let isNegative = start.pointee == UInt8(ascii: "-")
        let first = isNegative ? start + 1 : start
        var digits: UInt64 = 0
        var at = first
        readDigits(&at, &digits)
        let wholeCount = at - first
        guard (1...18).contains(wholeCount), wholeCount == 1 || first.pointee != UInt8(ascii: "0") else { return nil }
        if at.pointee == UInt8(ascii: ".") {
            at += 1
            let fraction = at
            readDigits(&at, &digits)
            let places = at - fraction
            guard places > 0, wholeCount + places <= 15, at.pointee | 0x20 != UInt8(ascii: "e") else { return nil }
            var scale = 1.0
            for _ in 0..<places { scale *= 10 }
            let value = Double(digits) / scale
            place.initialize(to: JSONScalar(.decimal, start, at, bits: (isNegative ? -value : value).bitPattern))
            return at
        }
        guard at.pointee | 0x20 != UInt8(ascii: "e") else { return nil }
        let value = Int64(bitPattern: digits)
        place.initialize(to: JSONScalar(.integer, start, at, bits: UInt64(bitPattern: isNegative ? -value : value)))
        return at
    }

    @inline(__always)
    private static func readDigits(_ at: inout UnsafePointer<UInt8>, _ value: inout UInt64) {
        while at.pointee &- 48 < 10 {
            value = value &* 10 &+ UInt64(at.pointee &- 48)
            at += 1
        }
    }
}
