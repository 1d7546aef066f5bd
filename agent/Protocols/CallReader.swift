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
    /// The connection of the last event: chunks come in runs.
    private var last: Connection?

    public init(sink: Sink, configuration: ProtocolConfiguration = ProtocolConfiguration()) {
        self.sink = sink
        context = ReaderContext(configuration)
    }

    public var counters: ProtocolCounters { context.counters }
    public var connectionCount: Int { connections.count }
    /// Bytes of messages held for all connections together.
    public var heldByteCount: Int { context.heldByteCount }

    // MARK: StreamConsumer

    public func opened(_ id: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        context.counters.connections &+= 1
        if connections.count >= context.configuration.connectionCountMax { evict(at: now) }
        let connection = Connection(id, origin, context: context, at: now)
        connections[id] = connection
        last = connection
    }

    public func chunk(
        _ bytes: Span<UInt8>, of id: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        context.counters.chunks &+= 1
        context.counters.bytes &+= bytes.count
        guard bytes.count > 0, let connection = find(id) else { return }
        connection.bytesArrived(bytes, direction, at: now)
        handOn()
    }

    public func gap(byteCount: Int?, of id: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        context.counters.gaps &+= 1
        guard byteCount != 0, let connection = find(id) else { return }
        connection.bytesLost(byteCount, direction, at: now)
        handOn()
    }

    public func halfClosed(_ id: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        guard let connection = find(id) else { return }
        connection.halfClosed(direction, at: now)
        handOn()
    }

    public func closed(_ id: ConnectionID, _ reason: CloseReason, at now: Instant) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        if last === connection { last = nil }
        connection.closed(reason, at: now)
        handOn()
    }

    public func datagram(
        _ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant
    ) {}

    /// Nothing more will come: what is open ends here, its answers unknown.
    public func finish(at now: Instant) {
        let open = connections.values.sorted { $0.info.id.rawValue < $1.info.id.rawValue }
        connections.removeAll()
        last = nil
        for connection in open { connection.closed(.endOfCapture, at: now) }
        handOn()
    }

    // MARK: Connections

    @inline(__always)
    private func find(_ id: ConnectionID) -> Connection? {
        if let last, last.info.id == id { return last }
        let connection = connections[id]
        if let connection { last = connection }
        return connection
    }

    private func handOn() {
        guard !context.ended.isEmpty else { return }
        for call in context.ended {
            sink.observed(call)
            context.recycle(call)
        }
        context.ended.removeAll(keepingCapacity: true)
    }

    /// Lets the sixteenth part go that has been idle longest, so that one sweep serves many connections.
    private func evict(at now: Instant) {
        let order = connections.values.sorted { $0.lastActivity < $1.lastActivity }
        for connection in order.prefix(max(1, order.count / 16)) {
            context.counters.connectionsEvicted &+= 1
            closed(connection.info.id, .evicted, at: now)
        }
    }
}
