import Documents
import Glibc

/// Reads a file of lines, block by block, and hands each line to the parser where it lies.
struct RecordingFile: ~Copyable {
    enum Failure: Error, CustomStringConvertible {
        case system(operation: String, path: String, code: Int32)
        case lineTooLong(byteCountMax: Int)

        var description: String {
            switch self {
            case .system(let operation, let path, let code):
                "cannot \(operation) \(path): \(String(cString: strerror(code)))"
            case .lineTooLong(let max): "a line is longer than \(max) bytes"
            }
        }
    }

    /// simdjson may read so far behind a line.
    private static let padding = 64
    private static let lineByteCountMax = 8 << 20

    private let number: Int32
    private let path: String

    /// - Parameter path: `-` is standard input.
    init(_ path: String) throws(Failure) {
        self.path = path
        number = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
        guard number >= 0 else { throw .system(operation: "open", path: path, code: errno) }
    }

    deinit { close(number) }

    /// Hands out every line that holds something. `isParsed` says whether it was JSON.
    func forEachLine(_ parser: JSONParser, _ body: (JSONValue?) -> Void) throws(Failure) {
        let capacity = 4 << 20
        var buffer = [UInt8](repeating: 0x20, count: capacity + Self.padding)
        var held = 0
        while true {
            if held + Self.padding >= buffer.count {
                guard buffer.count < Self.lineByteCountMax else {
                    throw .lineTooLong(byteCountMax: Self.lineByteCountMax)
                }
                buffer += [UInt8](repeating: 0x20, count: buffer.count)
            }
            let count = buffer.withUnsafeMutableBytes { bytes in
                Glibc.read(number, bytes.baseAddress! + held, bytes.count - Self.padding - held)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .system(operation: "read", path: path, code: errno)
            }
            let end = held + count
            let used = buffer.withUnsafeBytes { lines($0, end, isLast: count == 0, parser, body) }
            if count == 0 { return }
            held = end - used
            _ = buffer.withUnsafeMutableBytes { memmove($0.baseAddress!, $0.baseAddress! + used, held) }
        }
    }

    /// Returns how many bytes were whole lines.
    private func lines(
        _ bytes: UnsafeRawBufferPointer, _ end: Int, isLast: Bool, _ parser: JSONParser, _ body: (JSONValue?) -> Void
    ) -> Int {
        var at = 0
        while at < end, let start = bytes.baseAddress {
            let newline = memchr(start + at, 0x0A, end - at).map { UnsafeRawPointer($0) - start }
            guard let lineEnd = newline ?? (isLast ? end : nil) else { break }
            let line = UnsafeRawBufferPointer(rebasing: bytes[at..<lineEnd])
            at = lineEnd + 1
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            do throws(JSONError) {
                body(try parser.root(of: line, readableAfter: bytes.count - lineEnd))
            } catch {
                body(nil)
            }
        }
        return min(at, end)
    }
}
