import CScan

/// Where the lines of a head end, and their fields' names: found 64 bytes at a time and taken from front to back.
///
/// Every line feed is an end of a name too, so that the marks of both kinds that are left always begin at the same place: behind the
/// line feed taken last.
struct HeadMarks {
    /// The first byte of the block that is marked; before the first one is, the byte 64 before the head.
    private var block: Int
    /// What is left of the block: line feeds; and bytes that cannot stand in a name, which are colons, blanks and control characters.
    private var feeds: UInt64 = 0
    private var ends: UInt64 = 0

    private static let blockByteCount = 64

    /// - Parameter start: the first byte of the head.
    init(from start: Int) {
        block = start &- Self.blockByteCount
    }

    /// Where the name ends that begins behind the last line feed taken. It stays where it is.
    @inline(__always)
    mutating func nameEnd(in bytes: Span<UInt8>) -> Int? {
        while ends == 0 {
            guard markNext(of: bytes) else { return nil }
        }
        return block &+ ends.trailingZeroBitCount
    }

    /// Takes the next line feed.
    @inline(__always)
    mutating func takeFeed(in bytes: Span<UInt8>) -> Int? {
        while feeds == 0 {
            guard markNext(of: bytes) else { return nil }
        }
        let place = block &+ feeds.trailingZeroBitCount
        let rest = feeds &- 1
        // The bits up to the lowest one that is set, that one included.
        ends &= ~(feeds ^ rest)
        feeds &= rest
        return place
    }

    @inline(__always)
    private mutating func markNext(of bytes: Span<UInt8>) -> Bool {
        let next = block &+ Self.blockByteCount
        guard next >= 0, next < bytes.count else { return false }
        block = next
        let marks = bytes.withUnsafeBufferPointer { buffer in
            // `next` was just found to lie within the buffer, and no more than what is left of it is read.
            farwatch_mark_lines(buffer.baseAddress.unsafelyUnwrapped + next, buffer.count &- next)
        }
        feeds = marks.feeds
        ends = marks.ends
        return true
    }
}
