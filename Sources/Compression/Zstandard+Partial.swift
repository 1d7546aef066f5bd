import CZstd

extension Zstandard {
    /// Decompresses frame after frame, keeping what came out before the end of the data, the bound, or the damage.
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int, into output: inout [UInt8]
    ) -> DecodingEnd {
        guard let stream = ZSTD_createDCtx() else { return .corrupt }
        defer { ZSTD_freeDCtx(stream) }
        // RFC 9659: a window of 8 MiB is what HTTP allows; twice that is let pass.
        _ = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 24)
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var piece = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
        while true {
            let before = input.pos
            let (result, produced) = piece.withUnsafeMutableBytes { buffer in
                var out = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                return (ZSTD_decompressStream(stream, &out, &input), out.pos)
            }
            guard ZSTD_isError(result) == 0 else { return .corrupt }
            let isOver = output.count + produced > byteCountMax
            output.append(contentsOf: piece[..<min(produced, byteCountMax - output.count)])
            if isOver { return .outputFull }
            if result == 0, input.pos == input.size { return .complete }
            if produced == 0, input.pos == before { return .inputEnded }
        }
    }
}
