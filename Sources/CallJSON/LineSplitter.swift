import Glibc

/// The lines of a text that hold something: ends are `\n` or `\r\n`, the last may have none, blank ones are skipped.
struct LineSplitter {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func next() -> UnsafeRawBufferPointer? {
        while at < bytes.count, let start = bytes.baseAddress {
            let newline = memchr(start + at, 0x0A, bytes.count - at)
            let end = newline.map { UnsafeRawPointer($0) - start } ?? bytes.count
            var line = bytes[at..<end]
            at = end + 1
            if line.last == 0x0D { line.removeLast() }
            if line.contains(where: { $0 != 0x20 && $0 != 0x09 && $0 != 0x0D }) {
                return UnsafeRawBufferPointer(rebasing: line)
            }
        }
        return nil
    }

    /// How many bytes of the text lie behind a line it gave out.
    func byteCountAfter(_ line: UnsafeRawBufferPointer) -> Int {
        guard let start = bytes.baseAddress, let lineStart = line.baseAddress else { return 0 }
        return bytes.count - (lineStart - start) - line.count
    }
}
