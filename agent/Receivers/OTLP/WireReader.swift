/// Reads protobuf's wire format (protobuf.dev, "Encoding") field by field from borrowed bytes.
///
/// Every length is checked before it is used and nothing traps. Groups, which proto3 never writes, are skipped whole,
/// nested ones to a bound. It knows nothing of messages: a field of an unexpected type is the caller's to pass over.
struct WireReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(UnsafeRawBufferPointer)
        case fixed32(UInt32)
    }

    struct Field {
        var number: UInt32
        var value: Value
    }

    static let groupDepthMax = 16

    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// The next field, or nil at the end.
    @inline(__always)
    mutating func next() throws(ReceiverError) -> Field? {
        while offset < bytes.count {
            let tag = try tag()
            switch tag & 7 {
            case 0: return Field(number: tag >> 3, value: .varint(try varint()))
            case 1: return Field(number: tag >> 3, value: .fixed64(try fixed64()))
            case 2: return Field(number: tag >> 3, value: .bytes(try block()))
            case 5: return Field(number: tag >> 3, value: .fixed32(try fixed32()))
            case 3: try skipGroup(number: tag >> 3, depth: 1)
            default: throw .malformed("protobuf: wire type \(tag & 7) at byte \(offset)")
            }
        }
        return nil
    }

    @inline(__always)
    private mutating func tag() throws(ReceiverError) -> UInt32 {
        let tag = try varint()
        guard tag <= UInt64(UInt32.max), tag >> 3 != 0 else {
            throw .malformed("protobuf: no field number at byte \(offset)")
        }
        return UInt32(truncatingIfNeeded: tag)
    }

    @inline(__always)
    private mutating func varint() throws(ReceiverError) -> UInt64 {
        guard offset < bytes.count else { throw .malformed("protobuf: a number runs past the end") }
        let first = bytes[offset]
        if first < 0x80 {
            offset &+= 1
            return UInt64(first)
        }
        return try longVarint()
    }

    private mutating func longVarint() throws(ReceiverError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset &+= 1
            // The tenth byte holds the topmost bit and nothing else.
            guard shift < 63 || byte <= 1 else { throw .malformed("protobuf: a number of more than 64 bits") }
            value |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return value }
            shift &+= 7
        }
        throw .malformed("protobuf: a number runs past the end")
    }

    @inline(__always)
    private mutating func block() throws(ReceiverError) -> UnsafeRawBufferPointer {
        let count = try varint()
        guard count <= UInt64(bytes.count &- offset) else {
            throw .malformed("protobuf: a field of \(count) bytes runs past the end")
        }
        let start = offset
        offset &+= Int(count)
        return UnsafeRawBufferPointer(rebasing: bytes[start..<offset])
    }

    @inline(__always)
    private mutating func fixed64() throws(ReceiverError) -> UInt64 {
        guard bytes.count &- offset >= 8 else { throw .malformed("protobuf: a number runs past the end") }
        offset &+= 8
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &- 8, as: UInt64.self))
    }

    @inline(__always)
    private mutating func fixed32() throws(ReceiverError) -> UInt32 {
        guard bytes.count &- offset >= 4 else { throw .malformed("protobuf: a number runs past the end") }
        offset &+= 4
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset &- 4, as: UInt32.self))
    }

    private mutating func skipGroup(number: UInt32, depth: Int) throws(ReceiverError) {
        guard depth <= Self.groupDepthMax else { throw .malformed("protobuf: groups nested too deep") }
        while true {
            let tag = try tag()
            switch tag & 7 {
            case 0: _ = try varint()
            case 1: _ = try fixed64()
            case 2: _ = try block()
            case 3: try skipGroup(number: tag >> 3, depth: depth + 1)
            case 4:
                guard tag >> 3 == number else { throw .malformed("protobuf: a group ends that never began") }
                return
            case 5: _ = try fixed32()
            default: throw .malformed("protobuf: wire type \(tag & 7) at byte \(offset)")
            }
        }
    }
}
