import CallModel

/// What `TLSReader` does, apart from calling its consumer: which connections speak TLS, and what follows from an event.
struct TLSCore {
    private let configuration: TLSConfiguration
    private(set) var keys: KeyLog
    /// Counted by the connections, read by the outside.
    private let context: TLSContext
    /// Connections whose first bytes have not come yet, and those that speak TLS. What is known to be clear is not here.
    private var connections: [ConnectionID: TLSConnection] = [:]
    private var last: TLSConnection?
    /// Connections that have ended and wait.
    private var endedCount = 0
    private(set) var steps: [TLSStep] = []

    init(configuration: TLSConfiguration, keys: KeyLog) {
        self.configuration = configuration
        self.keys = keys
        context = TLSContext(configuration)
        context.sessions = SessionSecrets(countMax: keys.entryCountMax)
    }

    var counters: TLSCounters { context.counters }

    /// - Returns: false when the connection is to be passed through.
    mutating func opened(_ id: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) -> Bool {
        guard connections.count < configuration.connectionsMax else {
            context.counters.connectionsBeyondMax += 1
            return false
        }
        let connection = TLSConnection(id, origin, openedAt: now, context)
        connections[id] = connection
        last = connection
        return true
    }

    /// - Returns: false when the bytes are to be passed through.
    @inline(__always)
    mutating func chunk(
        _ bytes: Span<UInt8>, of id: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) -> Bool {
        context.now = now
        guard let connection = find(id) else {
            guard mayBeginLate(bytes, of: id), connections.count < configuration.connectionsMax else { return false }
            let connection = TLSConnection(id, clientSends: direction, context)
            connections[id] = connection
            connection.note(direction, at: now)
            connection.bytesArrived(bytes, direction, keys, &steps)
            if connection.isClear { forget(id) }
            return true
        }
        connection.note(direction, at: now)
        connection.bytesArrived(bytes, direction, keys, &steps)
        if connection.isClear { forget(id) }
        return true
    }

    /// Whether the connection is clear so far, and these bytes may begin a ClientHello; anything else is dismissed by one byte.
    @inline(__always)
    func mayBeginLate(_ bytes: Span<UInt8>, of id: ConnectionID) -> Bool {
        guard !bytes.isEmpty, bytes[0] == RecordType.handshake, last?.id != id else { return false }
        return connections[id] == nil && TLSConnection.clientHello(bytes) != .none
    }

    mutating func gap(byteCount: Int?, of id: ConnectionID, _ direction: StreamDirection) -> Bool {
        guard let connection = find(id) else { return false }
        connection.bytesLost(byteCount, direction, &steps)
        if connection.isClear { forget(id) }
        return true
    }

    mutating func halfClosed(_ id: ConnectionID, _ direction: StreamDirection, at now: Instant) -> Bool {
        context.now = now
        guard let connection = find(id) else { return false }
        connection.halfClosed(direction, keys, &steps)
        if connection.isClear { forget(id) }
        return true
    }

    /// - Returns: the reason, as seen from the client that the handshake has shown; nil while what was kept waits for its secrets,
    ///   for `ended` or `overdue` to tell later.
    mutating func closed(_ id: ConnectionID, _ reason: CloseReason, at now: Instant) -> CloseReason? {
        context.now = now
        guard let connection = find(id) else { return reason }
        if mayWait(reason) {
            connection.resume(keys, &steps)
            if connection.isHolding {
                connection.end = (reason, now)
                endedCount += 1
                return nil
            }
        }
        return end(connection, reason)
    }

    private func mayWait(_ reason: CloseReason) -> Bool {
        guard context.waitsForKeys, configuration.closedWait > .zero else { return false }
        switch reason {
        case .finished, .reset: return true
        case .refused, .connectTimeout, .unreachable, .evicted, .endOfCapture: return false
        }
    }

    private mutating func end(_ connection: TLSConnection, _ reason: CloseReason) -> CloseReason {
        if connection.end != nil { endedCount -= 1 }
        let reason = connection.closed(reason, keys, &steps)
        forget(connection.id)
        return reason
    }

    /// The end of a connection that ended before, where nothing of it waits any more.
    mutating func ended(_ id: ConnectionID) -> (reason: CloseReason, at: Instant)? {
        guard endedCount > 0, let connection = connections[id], let ended = connection.end, !connection.isHolding else {
            return nil
        }
        return (end(connection, ended.reason), ended.at)
    }

    /// Connections whose end has waited long enough for their secrets.
    func overdue(at now: Instant) -> [ConnectionID] {
        guard endedCount > 0 else { return [] }
        return connections.values.filter { $0.end.map { $0.at + configuration.closedWait <= now } ?? false }.map(\.id)
    }

    /// The end of such a connection, of which no byte is read then.
    mutating func endInVain(_ id: ConnectionID) -> (reason: CloseReason, at: Instant)? {
        guard endedCount > 0, let connection = connections[id], let ended = connection.end else { return nil }
        context.counters.closedBeforeSecrets += 1
        return (end(connection, ended.reason), ended.at)
    }

    mutating func append(keyLog text: Span<UInt8>) { keys.append(text) }

    var isWaiting: Bool { context.waitingByteCount > 0 }

    var waitingConnections: [ConnectionID] {
        isWaiting ? connections.values.filter(\.isHolding).map(\.id) : []
    }

    /// - Returns: when the latest bytes of the direction came; nil for a connection that is gone.
    mutating func resume(_ id: ConnectionID, _ direction: StreamDirection) -> Instant? {
        connections[id]?.resume(direction, keys, &steps)
    }

    /// - Returns: connections to be given up.
    mutating func forgetSecrets() -> [ConnectionID] {
        keys.removeAll()
        context.waitsForKeys = false
        context.sessions = SessionSecrets(countMax: keys.entryCountMax)
        return Array(connections.keys)
    }

    mutating func giveUp(_ id: ConnectionID) { connections[id]?.forgetSecrets(keys, &steps) }

    mutating func takeSteps() -> [TLSStep] {
        let taken = steps
        steps = []
        return taken
    }

    /// Keeps the array's storage for the next steps.
    mutating func give(back taken: consuming [TLSStep]) {
        guard steps.isEmpty else { return }
        steps = taken
        steps.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    private mutating func find(_ id: ConnectionID) -> TLSConnection? {
        if let last, last.id == id { return last }
        guard !connections.isEmpty, let found = connections[id] else { return nil }
        last = found
        return found
    }

    private mutating func forget(_ id: ConnectionID) {
        connections[id]?.release()
        connections[id] = nil
        last = nil
    }
}

/// What the connections of one reader share.
final class TLSContext {
    let configuration: TLSConfiguration
    var counters = TLSCounters()
    /// Those of connections that were read, for others that resume them.
    var sessions = SessionSecrets(countMax: 1)
    /// The time of the event that is dealt with.
    var now = Instant.epoch
    /// As configured, until all secrets are forgotten.
    var waitsForKeys: Bool
    /// Bytes that wait for secrets, or for whether early data was accepted.
    var waitingByteCount = 0

    init(_ configuration: TLSConfiguration) {
        self.configuration = configuration
        waitsForKeys = configuration.waitsForKeys
    }
}
