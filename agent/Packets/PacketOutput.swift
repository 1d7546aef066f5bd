import CallModel

/// What follows from a packet, in order: the calls the consumer is due.
@usableFromInline
struct PacketOutput {
    /// Steps in force are the first `stepCount`: places behind them are used again, for emptying an array costs more than a step.
    @usableFromInline private(set) var steps: [PacketStep] = []
    @usableFromInline private(set) var stepCount = 0
    /// Ends of the connections opened, and of the datagrams seen, by the steps.
    @usableFromInline private(set) var ends: [EndpointPair] = []
    /// Bytes that waited behind a hole and are handed out now.
    @usableFromInline private(set) var released: [[UInt8]] = []
    /// Whom the steps added next concern.
    var connection = ConnectionID(rawValue: 0)
    var direction = StreamDirection.toServer
    var now = Instant.epoch
    /// Running totals, as in `PacketCounters`.
    var duplicateByteCount = 0
    var heldSegments = 0
    var gaps = 0
    var gapByteCount = 0
    var streamByteCount = 0
    /// Something other than a chunk followed: the connection may be over, or a bound reached.
    var isUnusual = false

    @inline(__always)
    mutating func add(_ kind: PacketStep.Kind) {
        isUnusual = true
        append(PacketStep(kind: kind, direction: direction, connection: connection, time: now))
    }

    @inline(__always)
    mutating func addChunk(_ start: Int, _ byteCount: Int) {
        streamByteCount &+= byteCount
        append(
            PacketStep(
                kind: .chunk, direction: direction, connection: connection, start: start, byteCount: byteCount,
                time: now))
    }

    mutating func addReleased(_ bytes: [UInt8], at time: Instant) {
        streamByteCount &+= bytes.count
        released.append(bytes)
        append(
            PacketStep(
                kind: .releasedChunk, direction: direction, connection: connection, byteCount: bytes.count,
                place: released.count - 1, time: time))
    }

    mutating func addGap(_ byteCount: Int, at time: Instant) {
        gaps += 1
        gapByteCount &+= byteCount
        append(
            PacketStep(kind: .gap, direction: direction, connection: connection, byteCount: byteCount, time: time))
    }

    mutating func addOpened(_ pair: EndpointPair) {
        ends.append(pair)
        append(
            PacketStep(
                kind: .opened, direction: direction, connection: connection, place: ends.count - 1, time: now))
    }

    mutating func addDatagram(_ range: Range<Int>, _ pair: EndpointPair) {
        ends.append(pair)
        append(
            PacketStep(
                kind: .datagram, direction: .toServer, connection: connection, start: range.lowerBound,
                byteCount: range.count, place: ends.count - 1, time: now))
    }

    @inline(__always)
    private mutating func append(_ step: PacketStep) {
        if stepCount < steps.count { steps[stepCount] = step } else { steps.append(step) }
        stepCount &+= 1
    }

    mutating func removeAll() {
        stepCount = 0
        if !ends.isEmpty { ends.removeAll(keepingCapacity: true) }
        if !released.isEmpty { released.removeAll(keepingCapacity: true) }
    }
}

/// One call the consumer is due. Trivial on purpose: an array of these costs no reference counting.
@usableFromInline
struct PacketStep {
    @usableFromInline
    enum Kind: UInt8 {
        case opened, chunk, releasedChunk, gap, halfClosed, datagram
        case finished, reset, refused, connectTimeout, unreachable, evicted, endOfCapture
    }

    @usableFromInline var kind: Kind
    @usableFromInline var direction: StreamDirection
    @usableFromInline var connection: ConnectionID
    /// Where a chunk begins in the packet.
    @usableFromInline var start = 0
    @usableFromInline var byteCount = 0
    /// An index of `ends` or `released`.
    @usableFromInline var place = 0
    @usableFromInline var time: Instant
}

@usableFromInline
struct EndpointPair {
    @usableFromInline var client: SocketEndpoint
    @usableFromInline var server: SocketEndpoint
    @usableFromInline var isClientKnown: Bool
}
