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
    /// The virtual network each end's packets came in, 0 where none was seen, or outside of any.
    private var scopes: (first: UInt32, second: UInt32) = (0, 0)
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

    enum Fit { case exact, likely, possible, none }

    /// Whether a packet in this virtual network may be of this connection.
    ///
    /// Equal addresses in two networks are two connections. But the two directions of one may come in networks of their own (a router
    /// between them), and its packets may be seen within a tunnel and outside as well: so only a direction that was seen in another
    /// network does not fit. VLANs are no networks in this sense: analysers do not tell them apart either, as a connection that is
    /// routed or mirrored is seen in several.
    @inline(__always)
    func fit(scope: UInt32, fromFirst: Bool) -> Fit {
        let (own, other) = fromFirst ? (scopes.first, scopes.second) : (scopes.second, scopes.first)
        if own == scope, scope != 0 || other == 0 { return .exact }
        guard own == 0 || scope == 0 else { return .none }
        return other == scope ? .likely : .possible
    }

    mutating func note(scope: UInt32, fromFirst: Bool) {
        if fromFirst {
            if scopes.first == 0 { scopes.first = scope }
        } else if scopes.second == 0 {
            scopes.second = scope
        }
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
