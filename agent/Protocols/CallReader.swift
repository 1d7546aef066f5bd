import CallModel

/// Reads what connections carry, whatever they carry: stream events in, calls out.
///
/// Without effects: it knows no clock, file or socket, and everything it keeps is bounded by `ProtocolConfiguration`. Calls are
/// handed to the sink when the event that ended them has been dealt with. A class, because connections cannot be copied in
/// a way that means anything.
public final class CallReader<Sink: CallSink>: StreamConsumer {
    public var sink: Sink
    private let context: ReaderContext
    private var connections: [ConnectionID: Connection] = [:]
    /// Connections met lately, by the lowest bits of their number: an event mostly concerns one of a few.
    private var recent = [Connection?](repeating: nil, count: 64)
    private var book: NameBook
    /// Connections to resolvers, which carry the same messages as datagrams do.
    private var resolvers: [ConnectionID: Resolver] = [:]
    /// The time of the latest event.
    private var clock = Instant.epoch
    /// Who tells of datagrams.
    private let source: CallSource

    /// - Parameter source: who tells of datagrams, which belong to no connection.
    public init(
        sink: Sink, configuration: ProtocolConfiguration = ProtocolConfiguration(), source: CallSource = .packets
    ) {
        self.sink = sink
        self.source = source
        book = NameBook(configuration)
        context = ReaderContext(configuration)
    }

    public var counters: ProtocolCounters { context.counters }
    public var connectionCount: Int { connections.count }
    /// Bytes of messages held for all connections together.
    public var heldByteCount: Int { context.heldByteCount }

    // MARK: StreamConsumer

    public func opened(_ id: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        clock = max(clock, now)
        context.counters.connections &+= 1
        if connections.count >= context.configuration.connectionCountMax { evict(at: now) }
        let connection = Connection(id, origin, context: context, at: now)
        if origin.serverName == nil, mayBeNamed(origin), let name = book.name(of: origin.server) {
            connection.named(name)
        }
        tellFailures(at: now)
        if origin.server.port == NameBook.port, resolvers.count < Self.resolversMax {
            resolvers[id] = Resolver(client: origin.client, server: origin.server)
        }
        connections[id] = connection
        recent[place(of: id)] = connection
    }

    public func chunk(
        _ bytes: Span<UInt8>, of id: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        context.counters.chunks &+= 1
        context.counters.bytes &+= bytes.count
        guard bytes.count > 0, let connection = find(id) else { return }
        if !resolvers.isEmpty { resolverSpoke(bytes, of: id, direction, at: now) }
        connection.bytesArrived(bytes, direction, at: now)
        handOn()
        if context.heldByteCount > context.configuration.heldByteCountMax { evict(at: now) }
    }

    public func mayBeginAnew(_ id: ConnectionID, _ direction: StreamDirection) -> Bool {
        find(id)?.mayBeginAnew(direction) ?? true
    }

    public func gap(byteCount: Int?, of id: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        context.counters.gaps &+= 1
        guard byteCount != 0, let connection = find(id) else { return }
        if !resolvers.isEmpty { resolvers[id]?.bytesLost(direction) }
        connection.bytesLost(byteCount, direction, at: now)
        handOn()
    }

    public func halfClosed(_ id: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        guard let connection = find(id) else { return }
        connection.halfClosed(direction, at: now)
        handOn()
    }

    public func closed(_ id: ConnectionID, _ reason: CloseReason, at now: Instant) {
        clock = max(clock, now)
        guard let connection = connections.removeValue(forKey: id) else { return }
        if !resolvers.isEmpty { resolvers[id] = nil }
        if recent[place(of: id)] === connection { recent[place(of: id)] = nil }
        connection.closed(reason, at: now)
        handOn()
    }

    public func datagram(
        _ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant
    ) {
        clock = max(clock, now)
        book.datagramArrived(bytes, from: from, to: to, at: now, &context.counters)
        tellFailures(at: now)
    }

    public func secured(_ id: ConnectionID, _ session: SecureSession, at now: Instant) {
        find(id)?.secured(session)
        for connection in context.secured { sink.secured(connection) }
        context.secured.removeAll(keepingCapacity: true)
        for connection in context.certified { sink.certified(connection, at: now) }
        context.certified.removeAll(keepingCapacity: true)
    }

    public func handshakeFailed(_ id: ConnectionID, alert: UInt8?, at now: Instant) {
        find(id)?.handshakeFailed(at: now)
        handOn()
    }

    public func leftUnanswered(_ id: ConnectionID, _ failure: FailureKind, since: Instant, at now: Instant) {
        find(id)?.leftUnanswered(failure, since: since, at: now)
        handOn()
    }

    /// Time has passed without an event: failures that had to settle are told.
    public func timePassed(to now: Instant) {
        clock = max(clock, now)
        tellFailures(at: now)
    }

    /// Nothing more will come: what is open ends here, its answers unknown.
    public func finish() {
        let now = clock
        let open = connections.values.sorted { $0.info.id.rawValue < $1.info.id.rawValue }
        connections.removeAll()
        resolvers.removeAll()
        for place in recent.indices { recent[place] = nil }
        for connection in open { connection.closed(.endOfCapture, at: now) }
        tellFailures(at: now, isEnd: true)
        handOn()
    }

    // MARK: Connections

    @inline(__always)
    private func find(_ id: ConnectionID) -> Connection? {
        let place = place(of: id)
        if let connection = recent[place], connection.info.id == id { return connection }
        let connection = connections[id]
        if let connection { recent[place] = connection }
        return connection
    }

    @inline(__always)
    private func place(of id: ConnectionID) -> Int { Int(truncatingIfNeeded: id.rawValue) & (recent.count &- 1) }

    /// A source that knows processes knows what each of them asked for. What others asked for names the same server, mostly; not
    /// on loopback, whose one address has every name of this host.
    private func mayBeNamed(_ origin: ConnectionOrigin) -> Bool {
        origin.source != .probe || !origin.server.isLoopback
    }

    private struct Resolver {
        var client: SocketEndpoint
        var server: SocketEndpoint
        var questions = NameStream()
        var answers = NameStream()

        mutating func bytesLost(_ direction: StreamDirection) {
            if direction == .toServer { questions.bytesLost() } else { answers.bytesLost() }
        }
    }

    /// Open at a time; what others say is not read.
    private static var resolversMax: Int { 256 }

    private func resolverSpoke(
        _ bytes: Span<UInt8>, of id: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        guard var resolver = resolvers[id] else { return }
        let (client, server) = (resolver.client, resolver.server)
        switch direction {
        case .toServer:
            resolver.questions.bytesArrived(bytes) {
                book.datagramArrived($0, from: client, to: server, at: now, &context.counters)
            }
        case .toClient:
            resolver.answers.bytesArrived(bytes) {
                book.datagramArrived($0, from: server, to: client, at: now, &context.counters)
            }
        }
        resolvers[id] = resolver
    }

    private func tellFailures(at now: Instant, isEnd: Bool = false) {
        for failure in book.settled(at: now, isEnd: isEnd, &context.counters) {
            // Nobody was connected to: what stands for the server is the name, and where it would have been asked.
            var server = failure.resolver
            server.port = 443
            let origin = ConnectionOrigin(
                client: failure.client, server: server, isClientKnown: true, source: source, serverName: failure.name)
            let connection = ConnectionInfo(id: ConnectionID(rawValue: .max), origin: origin)
            context.endFailed(on: connection, .dnsFailure, from: failure.asked, to: failure.answered)
        }
        for failure in context.failures.settled(at: now, isEnd: isEnd) {
            context.endFailed(on: failure.connection, failure.kind, from: failure.began, to: failure.ended)
        }
        handOn()
    }

    private func handOn() {
        guard !context.ended.isEmpty else { return }
        guard context.ended.count > 1 else { return handOn(context.ended.removeLast()) }
        for index in context.ended.indices { handOn(context.ended[index]) }
        context.ended.removeAll(keepingCapacity: true)
    }

    private func handOn(_ call: ObservedCall) {
        sink.observed(call)
        context.recycle(call)
    }

    /// Lets the sixteenth part go that has been idle longest, so that one sweep serves many connections.
    private func evict(at now: Instant) {
        clock = max(clock, now)
        let order = connections.values.sorted { $0.lastActivity < $1.lastActivity }
        for connection in order.prefix(max(1, order.count / 16)) {
            context.counters.connectionsEvicted &+= 1
            closed(connection.info.id, .evicted, at: now)
        }
    }
}
