/// Reads protobuf's wire format from borrowed bytes. Every length is checked before it is used; nothing traps.
struct WireReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { offset == bytes.count }
    var remaining: Int { bytes.count - offset }

    @inline(__always)
    mutating func varint() throws(BatchError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            // The tenth byte may hold but the topmost bit.
            guard shift < 63 || byte <= 1 else { break }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .malformed("a number runs past the end")
    }

    @inline(__always)
    mutating func signed() throws(BatchError) -> Int64 {
        let value = try varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func take(_ count: UInt64) throws(BatchError) -> UnsafeRawBufferPointer {
        guard count <= UInt64(remaining) else { throw .malformed("a field runs past the end") }
        defer { offset += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
    }

    /// The next field: its number, and its value where that is a number or bytes. Other wire types are skipped.
    mutating func nextField() throws(BatchError) -> (number: UInt64, value: Value) {
        let tag = try varint()
        switch tag & 7 {
        case 0: return (tag >> 3, .number(try varint()))
        case 1:
            _ = try take(8)
            return (tag >> 3, .skipped)
        case 2: return (tag >> 3, .bytes(try take(try varint())))
        case 5:
            _ = try take(4)
            return (tag >> 3, .skipped)
        default: throw .malformed("wire type \(tag & 7)")
        }
    }

    enum Value {
        case number(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case skipped
    }
}
