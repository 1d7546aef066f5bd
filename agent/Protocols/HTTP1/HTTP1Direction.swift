import CallModel

/// Where the reading of one direction of an HTTP/1 connection stands.
struct HTTP1Direction {
    enum Phase {
        /// Between messages.
        case start
        /// Within a head; what came of it is in `held`.
        case head
        case fixedBody(remaining: Int)
        case chunkedBody
        /// A response's body that ends with the connection.
        case openBody
        /// A request that may make a tunnel of the connection is answered first; what follows it waits in `held`.
        case paused
        /// It is unknown what the next byte belongs to.
        case lost
        /// Nothing that follows is HTTP/1.
        case ended
    }

    var phase = Phase.start
    var held: [UInt8] = []
    /// Up to where `held` was searched for the end of the head.
    var searched = 0
    /// The start line of the head in `held` is there, and whether it was found to be one.
    var hasStartLine = false
    var isStartLineChecked = false
    static let startCheckedByteCount = 64
    var chunked = ChunkedBody()
    /// When the first byte of the head came.
    var began = Instant.epoch
    /// The call whose message is being read.
    var call: ObservedCall?
    /// Lost, and the other end has spoken since: if the next byte begins a message, that is where the direction is found again.
    var isAnchored = false
    var wasLost = false
    /// Bytes came, or the end of the direction was seen: the capture sees this side.
    var isSeen = false

    mutating func hold(_ bytes: Span<UInt8>, from start: Int, _ context: ReaderContext) {
        let before = held.count
        held.append(bytes, in: start..<bytes.count)
        context.heldByteCount &+= held.count &- before
    }

    mutating func releaseHeld(_ context: ReaderContext) {
        context.heldByteCount &-= held.count
        held.removeAll(keepingCapacity: held.capacity <= 8 << 10)
        headIsOver()
    }

    /// The head that was in `held` is no more.
    mutating func headIsOver() {
        searched = 0
        hasStartLine = false
        isStartLineChecked = false
    }

    mutating func readBody(of call: ObservedCall, _ phase: Phase) {
        self.call = call
        self.phase = phase
    }

    /// Looks on for the empty line that ends the head in `held`; the index behind it, or nil. No byte is looked at twice.
    mutating func searchHeadEnd() -> Int? {
        let (end, hasLine) = Self.headEnd(in: held.span, from: searched)
        // The next line feed decides by the two bytes before it, which are there already.
        searched = held.count
        if hasLine { hasStartLine = true }
        return end
    }

    private static func headEnd(in bytes: Span<UInt8>, from start: Int) -> (end: Int?, hasLine: Bool) {
        var at = start
        while let end = bytes.firstIndex(of: 0x0A, in: at..<bytes.count) {
            if end >= 1, bytes[end - 1] == 0x0A { return (end + 1, true) }
            if end >= 2, bytes[end - 1] == 0x0D, bytes[end - 2] == 0x0A { return (end + 1, true) }
            at = end + 1
        }
        return (nil, at > start)
    }
}
