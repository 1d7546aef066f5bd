/// A value in a parsed document: a cursor into simdjson's tape, three words, no allocation.
///
/// A cell carries its kind in the top eight bits and a payload below: for a string its offset in the string buffer (four bytes
/// of length, then the bytes), for a container the index behind its end. Numbers take a second cell with the 64 bits of the
/// value. Valid as long as the parser's document is (see `JSONParser.parse`).
public struct JSONValue {
    public enum Kind: Sendable, Equatable {
        case object, array, string
        /// A whole number that fits `Int64`.
        case integer
        /// A whole number above `Int64.max` that fits `UInt64`.
        case unsigned
        /// Written with a fraction or an exponent, or beyond 64 bits; then `serialize` keeps all its digits.
        case double
        case bool, null
    }

    // The parser owns both buffers and outlives the value by the contract of `JSONParser.parse`.
    @usableFromInline let cells: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline let index: Int

    @inlinable
    init(cells: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int = 1) {
        self.cells = cells
        self.strings = strings
        self.index = index
    }

    @inlinable var tag: UInt8 { UInt8(truncatingIfNeeded: cells[index] >> 56) }
    @inlinable var payload: UInt64 { cells[index] & 0x00FF_FFFF_FFFF_FFFF }

    @inlinable public var kind: Kind {
        switch tag {
        case TapeTag.object: .object
        case TapeTag.array: .array
        case TapeTag.string: .string
        case TapeTag.int64: .integer
        case TapeTag.uint64: .unsigned
        case TapeTag.double, TapeTag.bigNumber: .double
        case TapeTag.true, TapeTag.false: .bool
        default: .null
        }
    }

    @inlinable public var isNull: Bool { tag == TapeTag.null }
    public var bool: Bool? { tag == TapeTag.true ? true : tag == TapeTag.false ? false : nil }

    /// A whole number that fits. `1.0` is a double.
    @inlinable public var int64: Int64? {
        switch tag {
        case TapeTag.int64: Int64(bitPattern: cells[index + 1])
        default: nil
        }
    }

    @inlinable public var uint64: UInt64? {
        switch tag {
        case TapeTag.int64: UInt64(exactly: Int64(bitPattern: cells[index + 1]))
        case TapeTag.uint64: cells[index + 1]
        default: nil
        }
    }

    /// Any number, rounded to a double; always finite, because one beyond the range stops at its end.
    public var double: Double? {
        switch tag {
        case TapeTag.double: return Double(bitPattern: cells[index + 1])
        case TapeTag.int64: return Double(Int64(bitPattern: cells[index + 1]))
        case TapeTag.uint64: return Double(cells[index + 1])
        case TapeTag.bigNumber:
            let nearest = Double(String(decoding: bigNumberText, as: UTF8.self)) ?? 0
            let largest = Double.greatestFiniteMagnitude
            return min(max(nearest, -largest), largest)
        default: return nil
        }
    }

    /// A string's bytes, unescaped, valid UTF-8; nil for other kinds.
    @inlinable public var utf8: UnsafeBufferPointer<UInt8>? {
        tag == TapeTag.string ? text : nil
    }

    public var string: String? {
        utf8.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The digits of a number beyond 64 bits, as written.
    var bigNumberText: UnsafeBufferPointer<UInt8> {
        let whole = text
        return UnsafeBufferPointer(rebasing: whole[BigNumbers.prefix.count...])
    }

    /// The string that this cell points to, whatever its kind.
    @inlinable var text: UnsafeBufferPointer<UInt8> {
        let start = strings + Int(payload)
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    /// The index of the cell behind this value.
    @inlinable var indexAfter: Int {
        switch tag {
        case TapeTag.object, TapeTag.array: Int(truncatingIfNeeded: cells[index] & 0xFFFF_FFFF)
        case TapeTag.int64, TapeTag.uint64, TapeTag.double: index + 2
        default: index + 1
        }
    }
}

/// The letters simdjson tags its cells with, and one of ours.
@usableFromInline enum TapeTag {
    @inlinable static var object: UInt8 { 0x7B }  // {
    @inlinable static var array: UInt8 { 0x5B }  // [
    @inlinable static var string: UInt8 { 0x22 }  // "
    @inlinable static var int64: UInt8 { 0x6C }  // l
    @inlinable static var uint64: UInt8 { 0x75 }  // u
    @inlinable static var double: UInt8 { 0x64 }  // d
    @inlinable static var `true`: UInt8 { 0x74 }  // t
    @inlinable static var `false`: UInt8 { 0x66 }  // f
    @inlinable static var null: UInt8 { 0x6E }  // n
    /// Ours: a string cell whose text is a number beyond 64 bits (`BigNumbers`).
    @inlinable static var bigNumber: UInt8 { 0x4E }  // N
}
