import CZstd
import Glibc

/// Zstandard (RFC 8878), one frame in one buffer.
public enum Zstandard {
    /// Compresses everything into one frame that carries its content size and a checksum.
    ///
    /// - Parameters:
    ///   - level: 1 (fast) to 19; out of range is brought into it.
    ///   - cuts: offsets, in order, at which another block begins: bytes of another kind are coded better by themselves. It changes
    ///     the size of the frame and nothing for whoever reads it.
    public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = 1, cutAt cuts: [Int] = []) -> [UInt8] {
        let context = CompressionContext.shared().pointer
        _ = ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(min(max(level, 1), 19)))
        _ = ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        return cuts.isEmpty ? compress(bytes, with: context) : compress(bytes, cuts, with: context)
    }

    private static func compress(_ bytes: UnsafeRawBufferPointer, with context: OpaquePointer) -> [UInt8] {
        let bound = ZSTD_compressBound(bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            count = checked(
                ZSTD_compress2(context, output.baseAddress, bound, bytes.baseAddress, bytes.count))
        }
    }

    private static func compress(
        _ bytes: UnsafeRawBufferPointer, _ cuts: [Int], with context: OpaquePointer
    ) -> [UInt8] {
        _ = ZSTD_CCtx_setPledgedSrcSize(context, UInt64(bytes.count))
        // A block has a head of three bytes, and at worst lies behind it as it is.
        let bound = ZSTD_compressBound(bytes.count) + 16 * cuts.count
        return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
            var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: bound, pos: 0)
            var input = ZSTD_inBuffer(src: bytes.baseAddress, size: 0, pos: 0)
            for cut in cuts {
                input.size = cut
                compress(&input, to: &output, ZSTD_e_flush, with: context)
            }
            input.size = bytes.count
            compress(&input, to: &output, ZSTD_e_end, with: context)
            count = output.pos
        }
    }

    private static func compress(
        _ input: inout ZSTD_inBuffer, to output: inout ZSTD_outBuffer, _ directive: ZSTD_EndDirective,
        with context: OpaquePointer
    ) {
        let left = checked(ZSTD_compressStream2(context, &output, &input, directive))
        precondition(left == 0, "zstd: more came out than its bound")
    }

    /// With an output of the bound's size only a lack of memory can fail, which nothing here survives anyway.
    private static func checked(_ result: Int) -> Int {
        precondition(ZSTD_isError(result) == 0, "zstd: \(String(cString: ZSTD_getErrorName(result)))")
        return result
    }

    /// Decompresses exactly one frame that declares its content size.
    ///
    /// The declared size is checked against the bound before anything is allocated, and a frame that lies about it is corrupt.
    public static func decompress(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int
    ) throws(CompressionError) -> [UInt8] {
        let declared = ZSTD_getFrameContentSize(bytes.baseAddress, bytes.count)
        if declared == ContentSize.error { throw .corrupt("no zstd frame") }
        if declared == ContentSize.unknown { return try decompressStream(bytes, byteCountMax: byteCountMax) }
        guard declared <= UInt64(byteCountMax) else { throw .tooLarge(max: byteCountMax) }
        var failure: CompressionError?
        let output = [UInt8](unsafeUninitializedCapacity: Int(declared)) { output, count in
            let written = ZSTD_decompress(output.baseAddress, Int(declared), bytes.baseAddress, bytes.count)
            if ZSTD_isError(written) != 0 {
                failure = .corrupt(String(cString: ZSTD_getErrorName(written)))
            } else if written != Int(declared) {
                failure = .corrupt("\(written) bytes where the frame declares \(declared)")
            } else {
                count = written
            }
        }
        if let failure { throw failure }
        return output
    }

    /// Senders that stream do not declare a size: read piece by piece, up to the bound.
    private static func decompressStream(
        _ bytes: UnsafeRawBufferPointer, byteCountMax: Int
    ) throws(CompressionError) -> [UInt8] {
        guard let stream = ZSTD_createDCtx() else { throw .corrupt("out of memory") }
        defer { ZSTD_freeDCtx(stream) }
        _ = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 24)
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
        var rest = 1
        while input.pos < input.size || rest != 0 {
            let before = input.pos
            let (result, produced) = piece.withUnsafeMutableBytes { buffer in
                var out = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                return (ZSTD_decompressStream(stream, &out, &input), out.pos)
            }
            guard ZSTD_isError(result) == 0 else { throw .corrupt(String(cString: ZSTD_getErrorName(result))) }
            guard output.count + produced <= byteCountMax else { throw .tooLarge(max: byteCountMax) }
            output.append(contentsOf: piece[..<produced])
            if produced == 0, input.pos == before { break }
            rest = result
        }
        guard rest == 0 else { throw .corrupt("the frame ends early") }
        return output
    }
}

/// A zstd compression context: about a megabyte of tables that is worth keeping from one batch to the next.
private final class CompressionContext {
    let pointer: OpaquePointer

    init() {
        guard let pointer = ZSTD_createCCtx() else { fatalError("zstd: out of memory") }
        self.pointer = pointer
    }

    deinit { ZSTD_freeCCtx(pointer) }

    /// The calling thread's own context, made at its first use and freed when the thread ends.
    static func shared() -> CompressionContext {
        if let raw = pthread_getspecific(key) {
            return Unmanaged<CompressionContext>.fromOpaque(raw).takeUnretainedValue()
        }
        let context = CompressionContext()
        pthread_setspecific(key, Unmanaged.passRetained(context).toOpaque())
        return context
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { raw in
            if let raw { Unmanaged<CompressionContext>.fromOpaque(raw).release() }
        }
        return key
    }()
}

/// What `ZSTD_getFrameContentSize` says beside sizes; zstd.h defines them as casts, which Swift does not import.
private enum ContentSize {
    static let unknown = UInt64.max
    static let error = UInt64.max - 1
}
