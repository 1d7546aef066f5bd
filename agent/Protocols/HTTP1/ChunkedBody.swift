/// Undoes the chunked transfer coding (RFC 9112, section 7.1), in pieces of any size.
///
/// Extensions are passed over, trailers are kept. Line feeds alone end lines, as servers accept it. What is not a chunk size where
/// one must stand is malformed: a guess would be an invented body.
struct ChunkedBody {
    private enum Phase {
        case size
        case afterSize
        case extensions
        case data
        case dataEnd
        case trailer
    }

    enum Result: Equatable {
        case needsMore
        /// The message ended before this index.
        case complete(end: Int)
        case malformed
    }

    private var phase = Phase.size
    private var remaining = 0
    private var digitCount = 0
    /// Bytes of the line at hand, which its bound is for; in a trailer 0 means that the line is empty so far.
    private var lineByteCount = 0
    private var trailerByteCount = 0
    /// The lines of the trailer, the empty one at its end left out.
    private var trailers: [UInt8] = []

    private static let digitCountMax = 15
    private static let lineByteCountMax = 16 << 10
    private static let trailerByteCountMax = 64 << 10

    /// Reads on from `start`, calling `data` with every range of content.
    @inline(__always)
    mutating func read(_ bytes: Span<UInt8>, from start: Int, data: (Range<Int>) -> Void) -> Result {
        var at = start
        while at < bytes.count {
            if phase == .data {
                let end = remaining <= bytes.count &- at ? at &+ remaining : bytes.count
                data(at..<end)
                remaining &-= end &- at
                at = end
                if remaining == 0 { phase = .dataEnd }
                continue
            }
            let byte = bytes[at]
            at &+= 1
            guard let isLast = step(byte) else { return .malformed }
            if isLast { return .complete(end: at) }
        }
        return .needsMore
    }

    /// Passes over lost bytes, if they lie within the data of one chunk.
    mutating func skip(_ byteCount: Int) -> Bool {
        guard phase == .data, byteCount <= remaining else { return false }
        remaining &-= byteCount
        if remaining == 0 { phase = .dataEnd }
        return true
    }

    /// Takes one byte outside of data. Returns whether the message ends with it, nil where it cannot stand there.
    private mutating func step(_ byte: UInt8) -> Bool? {
        switch phase {
        case .size, .afterSize, .extensions: return sizeLine(byte) ? false : nil
        case .data: return nil
        case .dataEnd:
            if byte == 0x0A { phase = .size }
            return byte == 0x0D || byte == 0x0A ? false : nil
        case .trailer: return trailer(byte)
        }
    }

    private mutating func sizeLine(_ byte: UInt8) -> Bool {
        lineByteCount &+= 1
        if byte == 0x0A { return sizeEnded() }
        switch phase {
        case .size:
            if let digit = hexDigit(byte) {
                digitCount &+= 1
                remaining = remaining << 4 | digit
                // Leading zeros are digits too: the bound is far above any true size.
                return digitCount <= Self.digitCountMax
            }
            guard digitCount > 0 else { return false }
            phase = byte == UInt8(ascii: ";") ? .extensions : .afterSize
            return byte == UInt8(ascii: ";") || byte == 0x0D || byte == 0x20 || byte == 0x09
        case .afterSize:
            if byte == UInt8(ascii: ";") { phase = .extensions }
            return byte == UInt8(ascii: ";") || byte == 0x0D || byte == 0x20 || byte == 0x09
        default:
            return lineByteCount <= Self.lineByteCountMax
        }
    }

    private mutating func sizeEnded() -> Bool {
        guard digitCount > 0 else { return false }
        phase = remaining > 0 ? .data : .trailer
        digitCount = 0
        lineByteCount = 0
        return true
    }

    private mutating func trailer(_ byte: UInt8) -> Bool? {
        trailerByteCount &+= 1
        guard trailerByteCount <= Self.trailerByteCountMax else { return nil }
        if byte == 0x0A {
            defer { lineByteCount = 0 }
            guard lineByteCount > 0 else { return true }
            trailers.append(byte)
            return false
        }
        // A carriage return is part of no line's content, so that a line of nothing else is empty.
        if byte != 0x0D {
            lineByteCount &+= 1
            trailers.append(byte)
        }
        return false
    }

    /// Adds the fields of the trailer to those of the head; lines that are none are passed over.
    mutating func takeTrailers(into message: inout Message, _ context: ReaderContext) {
        guard !trailers.isEmpty else { return }
        let bytes = trailers
        trailers = []
        var places: [FieldPlace] = []
        var start = 0
        for end in bytes.indices where bytes[end] == 0x0A {
            let nameEnd = bytes.span.endOfToken(in: start..<end)
            if nameEnd > start, bytes[nameEnd] == UInt8(ascii: ":") {
                places.append(
                    FieldPlace(start..<nameEnd, bytes.span.trimmed((nameEnd + 1)..<end), relativeTo: 0))
            }
            start = end + 1
        }
        message.takeTrailers(bytes.span, places.span, context)
    }

    private func hexDigit(_ byte: UInt8) -> Int? {
        switch byte {
        case 48...57: Int(byte &- 48)
        case 65...70: Int(byte &- 55)
        case 97...102: Int(byte &- 87)
        default: nil
        }
    }
}
