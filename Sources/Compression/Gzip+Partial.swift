import CZlib

extension Gzip {
    /// What stands before the deflated data.
    enum Wrapper { case gzipOrZlib, raw }

    /// Decompresses all members, keeping what came out before the end of the data, the bound, or the damage.
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, _ wrapper: Wrapper, byteCountMax: Int, into output: inout [UInt8]
    ) -> DecodingEnd {
        guard let address = bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count <= Int(UInt32.max) else {
            return .inputEnded
        }
        var stream = z_stream()
        let result = wrapper == .raw ? farwatch_inflate_init_raw(&stream) : farwatch_inflate_init(&stream)
        guard result == Z_OK else { return .corrupt }
        defer { inflateEnd(&stream) }
        // zlib reads its input only; the pointer is mutable for want of `const` in its interface.
        stream.next_in = UnsafeMutablePointer(mutating: address)
        stream.avail_in = UInt32(bytes.count)
        var piece = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            let (result, produced) = piece.withUnsafeMutableBufferPointer { buffer in
                stream.next_out = buffer.baseAddress
                stream.avail_out = UInt32(buffer.count)
                let result = inflate(&stream, Z_NO_FLUSH)
                return (result, buffer.count - Int(stream.avail_out))
            }
            let isOver = output.count + produced > byteCountMax
            output.append(contentsOf: piece[..<min(produced, byteCountMax - output.count)])
            if isOver { return .outputFull }
            switch result {
            case Z_OK: continue
            case Z_STREAM_END:
                guard wrapper == .gzipOrZlib, stream.avail_in > 0, inflateReset(&stream) == Z_OK else {
                    return .complete
                }
            case Z_BUF_ERROR: return .inputEnded
            default: return .corrupt
            }
        }
    }
}
