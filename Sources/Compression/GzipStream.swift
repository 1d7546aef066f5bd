import CZlib

/// Decompresses gzip (RFC 1952) piece by piece: for files larger than memory. Members may follow one another.
public final class GzipStream {
    /// Owned by this object alone: initialised in `init`, ended in `deinit`. zlib keeps a pointer to it, so it stays where it is.
    private let stream: UnsafeMutablePointer<z_stream>
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// Between members, where the data may end.
    private var isAtBoundary = true

    public init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        guard farwatch_inflate_init(stream) == Z_OK else { fatalError("zlib: out of memory") }
    }

    deinit {
        inflateEnd(stream)
        stream.deinitialize(count: 1)
        stream.deallocate()
    }

    /// Whether a file that begins with these bytes is one.
    public static func isGzip(_ bytes: Span<UInt8>) -> Bool {
        bytes.count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8
    }

    /// Hands what comes out to `output`, in pieces of bounded size.
    public func decompress<Failure: Error>(
        _ bytes: Span<UInt8>, into output: (Span<UInt8>) throws(Failure) -> Void
    ) throws(GzipStreamError<Failure>) {
        // Taken out for the time of the call, so that what is lent of it is not the object's.
        var room: [UInt8] = []
        swap(&room, &buffer)
        defer { swap(&room, &buffer) }
        var start = 0
        while start < bytes.count {
            let (result, read, produced) = step(bytes.extracting(start..<bytes.count), &room)
            start += read
            if produced > 0 {
                do throws(Failure) { try output(room.span.extracting(0..<produced)) } catch { throw .output(error) }
            }
            switch result {
            case Z_OK: isAtBoundary = false
            case Z_STREAM_END:
                isAtBoundary = true
                guard inflateReset(stream) == Z_OK else {
                    throw .compression(.corrupt("a further member does not begin"))
                }
            case Z_BUF_ERROR where read > 0 || produced > 0: isAtBoundary = false
            default: throw .compression(.corrupt("zlib error \(result)"))
            }
        }
    }

    /// The end of the input; says whether it ended inside a member.
    public func finish() throws(CompressionError) {
        if !isAtBoundary { throw .corrupt("the data ends early") }
    }

    private func step(_ bytes: Span<UInt8>, _ buffer: inout [UInt8]) -> (result: Int32, read: Int, produced: Int) {
        bytes.withUnsafeBufferPointer { input in
            buffer.withUnsafeMutableBufferPointer { room in
                // Both buffers live through the call, zlib is told their sizes, and it does not write to its input.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(clamping: input.count)
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = UInt32(room.count)
                let result = inflate(stream, Z_NO_FLUSH)
                let read = Int(UInt32(clamping: input.count) - stream.pointee.avail_in)
                return (result, read, room.count - Int(stream.pointee.avail_out))
            }
        }
    }
}

/// Either the data is damaged, or whoever takes it had enough.
public enum GzipStreamError<Failure: Error>: Error {
    case compression(CompressionError)
    case output(Failure)
}
