import CallModel

/// One TCP connection: its two ends, how far its handshake came, and a stream for each direction.
struct Connection {
    enum Phase: UInt8 {
        /// A SYN was seen, and no answer.
        case connecting
        case open
        /// Ended, and remembered for a while so that late segments do not open it anew.
        case closed
    }

    let key: FlowKey
    var id: ConnectionID
    var isClientFirst: Bool
    var phase: Phase
    /// The client's initial sequence number, where its SYN was seen.
    var clientSequence: UInt32?
    /// The sequence number of a SYN that does not fit: either a new connection on the same ports, or a stray.
    var candidateSequence: UInt32?
    var openedAt: Instant
    /// The latest time of its packets; one with a time long past makes it no older.
    var lastSeen: Instant
    var synCount: UInt32 = 0
    /// Whether the last thing known is that nobody answered, or that the server refused. An answer all the same shows that it goes on:
    /// what refused was another's, and the client did not believe it.
    var isGivenUp = false
    /// Who reset it, if anybody did. An end that goes on behind its own reset shows the same.
    var resetBy: StreamDirection?
    var toServer = SegmentStream()
    var toClient = SegmentStream()
    /// Neighbours in the list of the phase.
    var newer: Int32 = -1
    var older: Int32 = -1

    init(key: FlowKey, id: ConnectionID, isClientFirst: Bool, phase: Phase, at now: Instant) {
        self.key = key
        self.id = id
        self.isClientFirst = isClientFirst
        self.phase = phase
        openedAt = now
        lastSeen = now
    }

    /// Lets go of memory while the place waits to be used again.
    mutating func release() {
        toServer = SegmentStream()
        toClient = SegmentStream()
        id = ConnectionID(rawValue: 0)
    }

    @inline(__always)
    func direction(fromFirst: Bool) -> StreamDirection { fromFirst == isClientFirst ? .toServer : .toClient }

    var ends: EndpointPair {
        EndpointPair(
            client: isClientFirst ? key.first : key.second, server: isClientFirst ? key.second : key.first,
            isClientKnown: false)
    }

    var isEnded: Bool { toServer.isEnded && toClient.isEnded }

    /// Whether a segment's number lies where this connection's segments do.
    func isNear(_ sequence: UInt32, _ direction: StreamDirection) -> Bool {
        let stream = direction == .toServer ? toServer : toClient
        guard stream.isStarted else { return true }
        let distance = Int32(bitPattern: sequence &- stream.nextSequence)
        return distance.magnitude < 1 << 24
    }

    /// Whether an end that reset the connection sends what comes next on it.
    func goesOn(_ segment: Segment, _ direction: StreamDirection) -> Bool {
        guard resetBy == direction else { return false }
        return segment.sequence == (direction == .toServer ? toServer : toClient).nextSequence
    }

    @inline(__always)
    mutating func withStream<Result>(
        _ direction: StreamDirection, _ body: (inout SegmentStream) -> Result
    ) -> Result {
        direction == .toServer ? body(&toServer) : body(&toClient)
    }
}

/// Guesses which end is the server, where no handshake was seen: the one with the lower port, as servers listen on low ports and
/// clients are given high ones. Protocols that know better turn it round.
func looksLikeServer(_ end: SocketEndpoint, to other: SocketEndpoint) -> Bool { end.port < other.port }
