import CBrotli

/// Brotli (RFC 7932), on the way in: what partners answer with. Nothing here is sent in it.
public enum Brotli {
    /// Decompresses one stream, up to `byteCountMax` bytes.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int
    ) throws(CompressionError) -> [UInt8] {
        var output: [UInt8] = []
        switch decompress(bytes, byteCountMax: byteCountMax, into: &output) {
        case .complete: return output
        case .inputEnded: throw .corrupt("the data ends early")
        case .outputFull: throw .tooLarge(max: byteCountMax)
        case .corrupt: throw .corrupt("no brotli stream")
        }
    }

    /// The same, keeping what came out before the end of the data, the bound, or the damage.
    static func decompress(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int, into output: inout [UInt8]
    ) -> DecodingEnd {
        guard let state = BrotliDecoderCreateInstance(nil, nil, nil) else { return .corrupt }
        defer { BrotliDecoderDestroyInstance(state) }
        var inputCount = bytes.count
        var next = bytes.bindMemory(to: UInt8.self).baseAddress
        var piece = [UInt8](repeating: 0, count: 32 << 10)
        while true {
            let (result, produced) = piece.withUnsafeMutableBufferPointer { buffer in
                var room = buffer.count
                var end = buffer.baseAddress
                // Reads at most `inputCount` bytes at `next`, and writes at most `room` at `end`: both are those of live buffers.
                let result = BrotliDecoderDecompressStream(state, &inputCount, &next, &room, &end, nil)
                return (result, buffer.count - room)
            }
            let isOver = output.count + produced > byteCountMax
            output.append(contentsOf: piece[..<min(produced, byteCountMax - output.count)])
            if isOver { return .outputFull }
            switch result {
            case BROTLI_DECODER_RESULT_SUCCESS: return .complete
            case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return .inputEnded
            case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: continue
            default: return .corrupt
            }
        }
    }
}
