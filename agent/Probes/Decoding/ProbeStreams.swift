import CallModel

/// Turns records of the ring into the events every source of bytes tells: `StreamConsumer`.
///
/// A TLS session becomes a connection. It is opened when both its addresses and its role are known; until then its bytes are
/// held, for at most `Configuration.openWaitMax` and `heldByteCountMax`, after which it is opened with what is known. Every
/// record says how many bytes came before it, so a record lost in the kernel, and bytes cut off by the cap on a call, become
/// gaps of exact size. A connect that failed becomes a connection that is opened and closed at once.
///
/// Pure: the records carry their times, and `advance` tells the time where none come.
public struct ProbeStreams: Sendable {
    public struct Configuration: Sendable {
        /// Sessions followed at a time, 1 and up; the one idle longest is given up.
        public var sessionCountMax = 32_768
        /// Bytes of one session held until it can be opened.
        public var heldByteCountMax = 256 << 10
        /// Bytes held for all sessions together.
        public var heldByteCountTotalMax = 16 << 20
        /// How long a session waits for its address: the next socket call tells it, microseconds later.
        public var openWaitMax: Duration = .milliseconds(500)
        /// What is left to be read after the TCP connection was closed has been read within this time.
        public var closeWaitMax: Duration = .seconds(5)
        /// A session that carried nothing for so long is given up.
        public var idleMax: Duration = .seconds(900)
        /// Names learnt by address, to name connections that failed before they could say one.
        public var nameCountMax = 8_192
        /// Names whose connects are counted.
        public var connectNamesMax = 1_024
        /// Processes whose own lookups are known, and names of each.
        public var namingProcessCountMax = 4_096
        public var namesOfProcessMax = 256
        /// A connect the application itself gave up counts as unanswered from this time on. Shorter ones are races between
        /// addresses (RFC 8305), whose losers say nothing.
        public var patienceMin: Duration = .seconds(1)

        public init() {}
    }

    public struct Counters: Sendable, Equatable {
        public var records: UInt64 = 0
        public var malformedRecords: UInt64 = 0
        public var chunks: UInt64 = 0
        public var bytes: UInt64 = 0
        public var gaps: UInt64 = 0
        public var gapBytes: UInt64 = 0
        public var opened: UInt64 = 0
        /// Opened without an address: no socket call told it in time.
        public var openedWithoutAddress: UInt64 = 0
        /// How addresses were found: in the call, by the last socket read, by the next one written.
        public var addressesInCall: UInt64 = 0
        public var addressesConcluded: UInt64 = 0
        public var sessionsEvicted: UInt64 = 0
        public var heldBytesDropped: UInt64 = 0
        public var connectsSeen: UInt64 = 0
        public var connectsFailed: UInt64 = 0
        public var connectsAbandoned: UInt64 = 0
        public var handshakesFailed: UInt64 = 0
        public var lookups: UInt64 = 0
    }

    public private(set) var counters = Counters()
    var sessions: [UInt64: ProbeSession] = [:]
    private let configuration: Configuration
    private var sessionsOfProcess: [UInt32: Set<UInt64>] = [:]
    private var names = RecentNames()
    /// By process: what it looked up itself. One address has many names, and another process may have asked for another one.
    private var namesOfProcess: [UInt32: RecentNames] = [:]
    private var heldByteCount = 0
    private var failedConnectCount: UInt64 = 0
    private var nextSweep: Instant?
    /// Connects to TLS's usual ports by the name looked up; those of which none is known are left out. Running totals.
    public private(set) var connectsByName: [String: Int] = [:]
    /// Ports TLS is spoken on by custom: HTTPS and its usual alternative.
    static let tlsPorts: Set<UInt16> = [443, 8443]

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    public var sessionCount: Int { sessions.count }

    /// Whether the process that was seen is the server, and so the call inbound: the last bit of the number. All ones is no
    /// connection of ours; protocols use it for what never had one.
    public static func isServer(_ connection: ConnectionID) -> Bool {
        connection.rawValue & 1 == 1 && connection.rawValue != .max
    }

    /// - Parameters:
    ///   - bytes: A record with what stands behind it.
    ///   - clockOffset: What to add to the kernel's monotonic clock for the time of day, in nanoseconds.
    /// - Returns: the record, for whoever keeps account of processes; nil where it was none.
    @discardableResult
    public mutating func recordArrived(
        _ bytes: Span<UInt8>, clockOffset: Int64, to consumer: inout some StreamConsumer
    ) -> ProbeRecord? {
        guard let record = ProbeRecord(bytes) else {
            counters.malformedRecords &+= 1
            return nil
        }
        counters.records &+= 1
        let now = Instant(nanosecondsSinceEpoch: Int64(truncatingIfNeeded: record.timeNs) &+ clockOffset)
        let payload = bytes.extracting(record.payload)
        switch record.kind {
        case .connect: connectEnded(record, payload, at: now, to: &consumer)
        case .exited: processExited(record.processID, at: now, to: &consumer)
        case .lookup: lookupEnded(record, payload, at: now, to: &consumer)
        case .executed, .quic: break
        case .data, .address, .name, .handshake, .end, .closed, .tcpClosed:
            sessionSpoke(record, payload, at: now, to: &consumer)
        }
        return record
    }

    /// Opens, closes and gives up what has waited long enough. To be called every `openWaitMax` or so.
    public mutating func advance(to now: Instant, _ consumer: inout some StreamConsumer) {
        guard nextSweep.map({ $0 <= now }) ?? true else { return }
        nextSweep = now + configuration.openWaitMax
        for id in Array(sessions.keys) {
            guard var session = sessions[id] else { continue }
            if !session.isOpened, session.hasBytes, now - session.firstSeen >= configuration.openWaitMax {
                open(&session, id, at: now, to: &consumer)
                sessions[id] = session
            }
            let isOver = session.tcpClosedAt.map { now - $0 >= configuration.closeWaitMax } ?? false
            if isOver || now - session.lastSeen >= configuration.idleMax {
                if !isOver { counters.sessionsEvicted &+= 1 }
                end(id, isOver ? nil : .evicted, at: now, to: &consumer)
            }
        }
    }

    /// Nothing more will come: probes were detached.
    public mutating func finish(at now: Instant, _ consumer: inout some StreamConsumer) {
        for id in sessions.keys.sorted() { end(id, .endOfCapture, at: now, to: &consumer) }
    }

    // MARK: Sessions

    private mutating func sessionSpoke(
        _ record: ProbeRecord, _ payload: Span<UInt8>, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        guard record.session != 0 else { return }
        let id = record.session
        var session = sessions.removeValue(forKey: id) ?? begin(record, at: now, to: &consumer)
        session.lastSeen = max(session.lastSeen, now)
        if record.role != .unknown { session.role = record.role }
        session.flags.formUnion(record.flags)
        switch record.kind {
        case .data: dataArrived(record, payload, &session, at: now, to: &consumer)
        case .address: addressArrived(record, ProbeAddress(payload), &session, at: now, to: &consumer)
        case .name: nameArrived(payload, &session, id, at: now, to: &consumer)
        case .end: ended(record, &session, at: now, to: &consumer)
        case .tcpClosed:
            session.tcpClosedAt = now
            if record.value == Errno.connectionReset { session.flags.insert(.peerReset) }
        case .closed:
            sessions[id] = session
            return end(id, nil, at: now, to: &consumer)
        case .handshake, .connect, .executed, .exited, .quic, .lookup: break
        }
        sessions[id] = session
    }

    private mutating func begin(
        _ record: ProbeRecord, at now: Instant, to consumer: inout some StreamConsumer
    ) -> ProbeSession {
        if sessions.count >= configuration.sessionCountMax { evict(at: now, to: &consumer) }
        sessionsOfProcess[record.processID, default: []].insert(record.session)
        return ProbeSession(processID: record.processID, at: now)
    }

    /// Lets the sixteenth part go that has been idle longest, so that one sweep serves many sessions.
    private mutating func evict(at now: Instant, to consumer: inout some StreamConsumer) {
        let order = sessions.sorted { ($0.value.lastSeen, $0.key) < ($1.value.lastSeen, $1.key) }
        for (id, _) in order.prefix(max(1, order.count / 16)) {
            counters.sessionsEvicted &+= 1
            end(id, .evicted, at: now, to: &consumer)
        }
    }

    private mutating func dataArrived(
        _ record: ProbeRecord, _ payload: Span<UInt8>, _ session: inout ProbeSession, at now: Instant,
        to consumer: inout some StreamConsumer
    ) {
        // Whoever speaks first is the client: so it is in HTTP, and everywhere else where nobody greets.
        if session.role == .unknown, !session.hasBytes, !session.flags.contains(.midstream), record.offset == 0 {
            session.role = record.isToPeer ? .client : .server
        }
        session.hasBytes = true
        guard session.isOpened || canOpen(session) else {
            return hold(record, payload, &session, at: now, to: &consumer)
        }
        open(&session, record.session, at: now, to: &consumer)
        pass(
            record.offset, record.byteCount, payload, isToPeer: record.isToPeer, &session, record.session, at: now,
            &consumer)
    }

    private func canOpen(_ session: ProbeSession) -> Bool { session.address != nil && session.hasBytes }

    private mutating func hold(
        _ record: ProbeRecord, _ payload: Span<UInt8>, _ session: inout ProbeSession, at now: Instant,
        to consumer: inout some StreamConsumer
    ) {
        guard session.heldByteCount + payload.count <= configuration.heldByteCountMax,
            heldByteCount + payload.count <= configuration.heldByteCountTotalMax
        else {
            open(&session, record.session, at: now, to: &consumer)
            return pass(
                record.offset, record.byteCount, payload, isToPeer: record.isToPeer, &session, record.session, at: now,
                &consumer)
        }
        session.held.append(
            HeldBytes(
                offset: record.offset, byteCount: record.byteCount, bytes: Array(copying: payload),
                isToPeer: record.isToPeer, time: now))
        session.heldByteCount += payload.count
        heldByteCount += payload.count
    }

    /// Tells the consumer of the connection and of what was held of it.
    private mutating func open(
        _ session: inout ProbeSession, _ id: UInt64, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        guard !session.isOpened else { return }
        session.openedRole = session.role
        counters.opened &+= 1
        if session.address == nil { counters.openedWithoutAddress &+= 1 }
        // One that never had a byte began with its handshake.
        let began = session.held.first?.time ?? (session.hasBytes ? now : session.firstSeen)
        if let name = session.serverName, let address = session.address {
            names.learn(name, of: address.remote, countMax: configuration.nameCountMax)
        }
        let connection = session.connection(id)
        consumer.opened(connection, session.origin(), at: began)
        consumer.secured(connection, session.secured, at: began)
        let held = session.held
        session.held = []
        heldByteCount -= session.heldByteCount
        session.heldByteCount = 0
        for part in held {
            pass(
                part.offset, part.byteCount, part.bytes.span, isToPeer: part.isToPeer, &session, id, at: part.time,
                &consumer)
        }
        for isToPeer in session.endedWhileHeld {
            consumer.halfClosed(connection, session.direction(isToPeer: isToPeer), at: now)
        }
        session.endedWhileHeld = []
    }

    private mutating func pass(
        _ offset: UInt64, _ byteCount: Int, _ bytes: Span<UInt8>, isToPeer: Bool, _ session: inout ProbeSession,
        _ id: UInt64, at now: Instant, _ consumer: inout some StreamConsumer
    ) {
        let connection = session.connection(id)
        let direction = session.direction(isToPeer: isToPeer)
        let expected = isToPeer ? session.sentCount : session.receivedCount
        // Records of one direction come in order; an offset that went back is none of ours to explain.
        guard offset >= expected else { return counters.malformedRecords &+= 1 }
        lose(Int(clamping: offset - expected), connection, direction, at: now, &consumer)
        if bytes.count > 0 {
            counters.chunks &+= 1
            counters.bytes &+= UInt64(bytes.count)
            consumer.chunk(bytes, of: connection, direction, at: now)
        }
        lose(byteCount - bytes.count, connection, direction, at: now, &consumer)
        let next = offset &+ UInt64(byteCount)
        if isToPeer { session.sentCount = next } else { session.receivedCount = next }
    }

    private mutating func lose(
        _ byteCount: Int, _ connection: ConnectionID, _ direction: StreamDirection, at now: Instant,
        _ consumer: inout some StreamConsumer
    ) {
        guard byteCount > 0 else { return }
        counters.gaps &+= 1
        counters.gapBytes &+= UInt64(byteCount)
        consumer.gap(byteCount: byteCount, of: connection, direction, at: now)
    }

    private mutating func addressArrived(
        _ record: ProbeRecord, _ address: ProbeAddress?, _ session: inout ProbeSession, at now: Instant,
        to consumer: inout some StreamConsumer
    ) {
        guard let address else { return counters.malformedRecords &+= 1 }
        if record.value == 1 { counters.addressesInCall &+= 1 } else { counters.addressesConcluded &+= 1 }
        guard !session.isOpened else { return }
        session.address = address
        if session.role == .unknown, address.isActive { session.role = .client }
        if canOpen(session) { open(&session, record.session, at: now, to: &consumer) }
    }

    private mutating func nameArrived(
        _ bytes: Span<UInt8>, _ session: inout ProbeSession, _ id: UInt64, at now: Instant,
        to consumer: inout some StreamConsumer
    ) {
        guard (1...Limits.nameByteCountMax).contains(bytes.count) else { return }
        for index in bytes.indices where !(33...126).contains(bytes[index]) { return }
        session.serverName = String(decoding: Array(copying: bytes), as: UTF8.self).lowercased()
        if session.isOpened { consumer.secured(session.connection(id), session.secured, at: now) }
    }

    private mutating func ended(
        _ record: ProbeRecord, _ session: inout ProbeSession, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        if record.value != 0 { session.flags.insert(.peerReset) }
        // After a reset the kernel says "end" to whoever reads on; and whoever shuts down then, shuts down nothing.
        guard !session.flags.contains(.peerReset), session.firstEnd(isToPeer: record.isToPeer) else { return }
        guard session.isOpened else {
            if session.hasBytes { session.endedWhileHeld.append(record.isToPeer) }
            return
        }
        consumer.halfClosed(
            session.connection(record.session), session.direction(isToPeer: record.isToPeer), at: now)
    }

    /// - Parameter reason: nil for what the session itself knows.
    private mutating func end(
        _ id: UInt64, _ reason: CloseReason?, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        guard var session = sessions.removeValue(forKey: id) else { return }
        sessionsOfProcess[session.processID]?.remove(id)
        if sessionsOfProcess[session.processID]?.isEmpty == true { sessionsOfProcess[session.processID] = nil }
        let failed =
            session.flags.contains(.handshakeTried) && !session.flags.contains(.handshakeDone) && !session.hasBytes
        guard session.hasBytes || (failed && session.address != nil) else { return }
        open(&session, id, at: now, to: &consumer)
        let connection = session.connection(id)
        if failed {
            counters.handshakesFailed &+= 1
            consumer.handshakeFailed(connection, alert: nil, at: now)
        }
        let peer = session.direction(isToPeer: false)
        consumer.closed(
            connection, reason ?? (session.flags.contains(.peerReset) ? .reset(by: peer) : .finished), at: now)
    }

    private mutating func processExited(
        _ processID: UInt32, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        namesOfProcess[processID] = nil
        for id in (sessionsOfProcess[processID] ?? []).sorted() { end(id, nil, at: now, to: &consumer) }
    }

    // MARK: Names

    /// Tells a lookup as the datagrams it amounts to: whoever reads DNS on the wire learns from them.
    private mutating func lookupEnded(
        _ record: ProbeRecord, _ payload: Span<UInt8>, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        guard let lookup = ProbeLookup(payload, error: record.value) else { return }
        counters.lookups &+= 1
        noteNames(of: record.processID, lookup)
        let id = UInt16(truncatingIfNeeded: counters.lookups)
        let client = SocketEndpoint(ipv4: 0x7f00_0001, port: 1_024 | UInt16(truncatingIfNeeded: record.threadID))
        let resolver = SocketEndpoint(ipv4: 0x7f00_0035, port: 53)
        let asked = now - .nanoseconds(Int64(clamping: record.offset))
        for message in lookup.messages(id: id) {
            consumer.datagram(message.question.span, from: client, to: resolver, at: asked)
            consumer.datagram(message.answer.span, from: resolver, to: client, at: now)
        }
    }

    private mutating func noteNames(of process: UInt32, _ lookup: ProbeLookup) {
        if namesOfProcess[process] == nil, namesOfProcess.count >= configuration.namingProcessCountMax {
            namesOfProcess.removeValue(forKey: namesOfProcess.first?.key ?? 0)
        }
        for endpoint in lookup.endpoints {
            namesOfProcess[process, default: RecentNames()]
                .learn(lookup.name, of: endpoint, countMax: configuration.namesOfProcessMax)
        }
    }

    /// What the process itself asked for, before what anybody said to this address and port.
    private func name(of remote: SocketEndpoint, for process: UInt32) -> String? {
        let address = SocketEndpoint(high: remote.high, low: remote.low, port: 0)
        return namesOfProcess[process]?.name(of: address) ?? names.name(of: remote)
    }

    // MARK: Connects

    /// Names beyond the bound are not counted.
    private mutating func noteConnect(_ record: ProbeRecord, _ address: ProbeAddress) {
        guard Self.tlsPorts.contains(address.remote.port) else { return }
        guard let name = name(of: address.remote, for: record.processID) else { return }
        if let place = connectsByName.index(forKey: name) {
            connectsByName.values[place] += 1
        } else if connectsByName.count < configuration.connectNamesMax {
            connectsByName[name] = 1
        }
    }

    private mutating func connectEnded(
        _ record: ProbeRecord, _ payload: Span<UInt8>, at now: Instant, to consumer: inout some StreamConsumer
    ) {
        guard let address = ProbeAddress(payload) else { return counters.malformedRecords &+= 1 }
        counters.connectsSeen &+= 1
        let took = Duration.nanoseconds(Int64(clamping: record.offset))
        guard record.value != 0 else { return noteConnect(record, address) }
        guard let reason = Errno.reason(record.value, took: took, patience: configuration.patienceMin) else {
            return counters.connectsAbandoned &+= 1
        }
        counters.connectsFailed &+= 1
        failedConnectCount &+= 1
        // Sessions are numbered from 1 up by the kernel; these from the other half.
        let connection = ConnectionID(rawValue: 1 << 63 | failedConnectCount << 1)
        let origin = ConnectionOrigin(
            client: address.local, server: address.remote, isClientKnown: true, source: .probe,
            processID: Int32(truncatingIfNeeded: record.processID),
            serverName: name(of: address.remote, for: record.processID))
        consumer.opened(connection, origin, at: now - took)
        consumer.closed(connection, reason, at: now)
    }
}
