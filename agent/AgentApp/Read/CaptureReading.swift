import CallModel
import Compression
import Glibc
import Packets
import Protocols
import Runtime

/// From files to printed calls: bytes, packets, streams, clear bytes, calls, each layer a value inside the one before.
struct CaptureReading {
    enum Failure: Error, CustomStringConvertible {
        case file(String)
        case capture(CaptureFileError)
        case compression(CompressionError)

        var description: String {
            switch self {
            case .file(let reason): reason
            case .capture(let error): "\(error)"
            case .compression(let error): "\(error)"
            }
        }
    }

    static let keyLogByteCountMax = 256 << 20
    /// Small enough to stay in a core's cache between the copy from the kernel and the parsers.
    private static let pieceByteCount = 256 << 10

    private var packets: PacketReassembler<TLSReader<CallReader<CallPrinter>>>

    init(_ printer: CallPrinter, keepsBodies: Bool) {
        var configuration = ProtocolConfiguration()
        if !keepsBodies { configuration.bodyByteCountMax = 0 }
        packets = PacketReassembler(
            consumer: TLSReader(consumer: CallReader(sink: printer, configuration: configuration)))
    }

    mutating func keyLog(_ text: [UInt8]) {
        packets.consumer.keyLog(text.span)
    }

    /// Reads a file to its end, or `-`, standard input.
    mutating func read(_ path: String) throws {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Failure.file(systemMessage(errno)) }
        defer { if file != STDIN_FILENO { close(file) } }
        var reader = CaptureFileReader()
        var gzip: GzipStream?
        var isFirst = true
        var piece = [UInt8](repeating: 0, count: Self.pieceByteCount)
        while true {
            let count = try fill(&piece, from: file, isFirst: isFirst)
            guard count > 0 else { break }
            let bytes = piece.span.extracting(0..<count)
            if isFirst, GzipStream.isGzip(bytes) { gzip = GzipStream() }
            isFirst = false
            if let gzip { try decompress(bytes, gzip, &reader) } else { try read(bytes, &reader) }
            try packets.consumer.consumer.sink.throwIfFailed()
        }
        do throws(CompressionError) { try gzip?.finish() } catch { throw Failure.compression(error) }
        do throws(CaptureFileError) { try reader.finish() } catch { throw Failure.capture(error) }
    }

    /// What is open ends here.
    mutating func finish() throws -> CallPrinter {
        packets.finish()
        packets.consumer.consumer.finish()
        try packets.consumer.consumer.sink.throwIfFailed()
        return packets.consumer.consumer.sink
    }

    private mutating func read(_ bytes: Span<UInt8>, _ reader: inout CaptureFileReader) throws {
        do throws(CaptureFileError) { try reader.read(bytes, into: &packets) } catch { throw Failure.capture(error) }
    }

    private mutating func decompress(
        _ bytes: Span<UInt8>, _ gzip: GzipStream, _ reader: inout CaptureFileReader
    ) throws {
        do {
            try gzip.decompress(bytes) { (clear) throws(CaptureFileError) in try reader.read(clear, into: &packets) }
        } catch {
            switch error {
            case .compression(let error): throw Failure.compression(error)
            case .output(let error): throw Failure.capture(error)
            }
        }
    }

    /// Fills as much of `piece` as one read gives; of a pipe's beginning at least the magic number.
    private func fill(_ piece: inout [UInt8], from file: Int32, isFirst: Bool) throws -> Int {
        var count = 0
        repeat {
            let read = piece.withUnsafeMutableBytes { bytes in
                // `count` is below the buffer's size, so that what is left of it is what `read` may fill.
                Glibc.read(file, bytes.baseAddress.map { $0 + count }, bytes.count - count)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw Failure.file(systemMessage(errno)) }
            if read == 0 { break }
            count += read
        } while isFirst && count < 4
        return count
    }
}
