/// Takes little-endian integers off the front of an array.
struct ColumnReader {
    let bytes: [UInt8]
    private var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func next<Value: FixedWidthInteger>() throws(RollupBlockError) -> Value {
        try column(1)[0]
    }

    mutating func column<Value: FixedWidthInteger>(_ count: Int) throws(RollupBlockError) -> [Value] {
        let width = MemoryLayout<Value>.size
        guard count <= (bytes.count - offset) / width else { throw .malformed("ends early") }
        defer { offset += count * width }
        return bytes.withUnsafeBytes { bytes in
            (0..<count).map { index in
                Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + index * width, as: Value.self))
            }
        }
    }
}

/// Writes little-endian integers one after the other into bytes whose number is known before.
struct ColumnWriter: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private var offset = 0

    private init(_ buffer: UnsafeMutableRawBufferPointer) { self.buffer = buffer }

    /// - Precondition: `body` puts exactly `count` bytes.
    static func bytes(count: Int, _ body: (inout ColumnWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
            var writer = ColumnWriter(UnsafeMutableRawBufferPointer(buffer))
            body(&writer)
            used = writer.offset
            precondition(used == count, "\(used) bytes were put instead of \(count)")
        }
    }

    @inline(__always)
    mutating func put<Value: FixedWidthInteger>(_ value: Value) {
        precondition(offset + MemoryLayout<Value>.size <= buffer.count, "more is put than was said")
        buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
        offset += MemoryLayout<Value>.size
    }
}
