/// Writes into a fixed buffer and drops what does not fit: the limits are kept by those who call it.
struct TextWriter {
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    var count = 0

    init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
        self.buffer = buffer
    }

    mutating func append(_ byte: UInt8) {
        guard count < buffer.count else { return }
        buffer[count] = byte
        count += 1
    }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        for byte in bytes { append(byte) }
    }

    mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append($0) }
    }

    mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte) }
    }

    /// Takes back the text from the last `/` on, but nothing before `start`.
    mutating func removeLastSegment(after start: Int) {
        while count > start {
            count -= 1
            if buffer[count] == UInt8(ascii: "/") { return }
        }
    }
}
