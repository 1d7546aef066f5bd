import CLibdeflate
import CZlib

/// gzip (RFC 1952), and zlib (RFC 1950) on the way in: HTTP's `deflate` is one or the other by its header.
public enum Gzip {
    /// Compresses into one member. Level 1 (fast) to 12; out of range is brought into it.
    public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 6) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(Int32(min(max(level, 1), 12))) else {
            fatalError("libdeflate: out of memory")
        }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            // Nil bytes mean no bytes; the C function wants an address all the same.
            let source = bytes.baseAddress ?? UnsafeRawPointer(output.baseAddress!)
            count = libdeflate_gzip_compress(compressor, source, bytes.count, output.baseAddress!, bound)
            precondition(count > 0 || bound == 0, "libdeflate: the bound it gave was too small")
        }
    }

    /// Decompresses all members, up to `byteCountMax` bytes in all.
    ///
    /// The output grows as it is produced, so that a small bomb costs no more than the bound.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int
    ) throws(CompressionError) -> [UInt8] {
        guard bytes.count <= Int(UInt32.max) else { throw .tooLarge(max: Int(UInt32.max)) }
        guard !bytes.isEmpty else { throw .corrupt("empty") }
        var stream = z_stream()
        guard farwatch_inflate_init(&stream) == Z_OK else { throw .corrupt("out of memory") }
        defer { inflateEnd(&stream) }
        let source = bytes.bindMemory(to: UInt8.self)
        stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress!)
        stream.avail_in = UInt32(bytes.count)
        var output: [UInt8] = []
        output.reserveCapacity(min(byteCountMax, bytes.count * 4))
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let (result, produced) = piece.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                let result = inflate(&stream, Z_NO_FLUSH)
                return (result, buffer.count - Int(stream.avail_out))
            }
            guard output.count + produced <= byteCountMax else { throw .tooLarge(max: byteCountMax) }
            output.append(contentsOf: piece[..<produced])
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                if stream.avail_in == 0 { return output }
                // Another member follows (RFC 1952, section 2.2).
                guard inflateReset(&stream) == Z_OK else { throw .corrupt("a further member does not begin") }
            case Z_BUF_ERROR: throw .corrupt("the data ends early")
            default: throw .corrupt(stream.msg.map { String(cString: $0) } ?? "zlib error \(result)")
            }
        }
    }
}

/// CRC-32 (ISO-HDLC, the one of gzip) of the bytes.
public func crc32(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    libdeflate_crc32(0, bytes.baseAddress, bytes.count)
}
