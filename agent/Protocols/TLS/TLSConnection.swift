import CallModel

/// One connection that speaks TLS, or whose first bytes have yet to show whether it does.
///
/// Records go through `TLSConnection+Records`, handshake messages through `+Handshake`, losses through `+Losses`.
final class TLSConnection {
    let id: ConnectionID
    let context: TLSContext
    /// Not yet handed on; nil once it was, or when the connection was clear at first.
    private var origin: ConnectionOrigin?
    private let openedAt: Instant
    private var isDecided: Bool
    /// Passes through from now on.
    private(set) var isClear = false
    /// The source guessed the client wrongly: directions are turned round.
    private(set) var isTurned = false
    /// Clear before: only a ClientHello makes TLS of it.
    private var isLate = false
    /// A direction that was clear before and has not begun with TLS yet.
    private var clearDirection: StreamDirection?

    let toServer = TLSLane()
    let toClient = TLSLane()
    var hello: ClientHello?
    var serverHello: ServerHello?
    var suite: CipherSuite?
    /// nil until the server has said whether it reads early data.
    var isEarlyDataAccepted: Bool?
    var session = SecureSession()
    private var announced: SecureSession?
    var isHandshakeComplete = false
    var hasFailed = false
    /// TLS inside this TLS, as behind a proxy that is itself spoken to through TLS.
    var inner: TLSConnection?
    let depth: Int
    static let depthMax = 2
    /// There is no way to read this connection.
    private(set) var isUnreadable = false
    /// It has ended, and what was kept of it still waits for its secrets.
    var end: (reason: CloseReason, at: Instant)?
    /// TLS 1.2 and older: the secret once it is known, and what else it can be known by.
    var master: [UInt8]?
    var encryptedPremaster: [UInt8] = []
    var newTicket: [UInt8] = []
    /// The server showed a certificate, and so did not resume a session.
    var hasCertificate = false
    /// What is told of requests and answers while nothing can be read.
    var exchange = UnreadableExchange()

    init(_ id: ConnectionID, _ origin: ConnectionOrigin, openedAt: Instant, _ context: TLSContext) {
        self.id = id
        self.origin = origin
        self.openedAt = openedAt
        self.context = context
        isDecided = false
        depth = 0
    }

    /// A connection that was clear so far, and on which one end sends what may be a ClientHello.
    init(_ id: ConnectionID, clientSends direction: StreamDirection, depth: Int = 0, _ context: TLSContext) {
        self.id = id
        self.depth = depth
        self.context = context
        openedAt = .epoch
        isDecided = false
        becomeLate(clientSends: direction)
    }

    /// Its consumer knows the directions as the source gave them, so here only this layer turns them round.
    private func becomeLate(clientSends direction: StreamDirection) {
        isLate = true
        isTurned = direction == .toClient
        clearDirection = .toClient
    }

    func lane(_ direction: StreamDirection) -> TLSLane { direction == .toServer ? toServer : toClient }

    /// Bytes are about to come.
    func note(_ given: StreamDirection, at now: Instant) { lane(inward(given)).latestBytesAt = now }

    /// - Parameter given: as the source names it.
    func bytesArrived(_ bytes: Span<UInt8>, _ given: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        let direction = isTurned ? given.opposite : given
        let lane = lane(direction)
        lane.hasSeenBytes = true
        if direction == clearDirection {
            lane.kept.append(contentsOf: copy(bytes))
            return clearBytesArrived(direction, keys, &steps)
        }
        if isUnreadable, isHandshakeComplete || hasFailed { return watch(bytes, direction) }
        lane.kept.append(contentsOf: copy(bytes))
        guard !isDecided else {
            readRecords(direction, keys, &steps)
            return watch(bytes, direction)
        }
        guard decide(given, &steps) else { return }
        // The client may have been found to be the other end.
        readFirstRecords(inward(given), keys, &steps)
    }

    /// A server that was clear so far goes on in clear until it begins a record.
    private func clearBytesArrived(_ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        let kept = lane.kept
        guard isDecided, Self.mayBeRecord(kept.span) else { return handOnKept(direction, &steps) }
        guard kept.count >= 5 else { return }
        clearDirection = nil
        readFirstRecords(direction, keys, &steps)
    }

    private func readFirstRecords(_ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        let first = lane(direction).kept
        readRecords(direction, keys, &steps)
        watch(first.span, direction)
    }

    /// Bytes that were kept are clear after all.
    func handOnKept(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        guard !lane.kept.isEmpty else { return }
        steps.append(.chunk(lane.kept, outward(direction)))
        lane.kept = []
    }

    func halfClosed(_ given: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        if !isDecided { passThrough(&steps) }
        let direction = isTurned ? given.opposite : given
        if direction == clearDirection { handOnKept(direction, &steps) }
        exchange.halfClosed(direction, at: context.now)
        let lane = lane(direction)
        if lane.isHolding { readRecords(direction, keys, &steps) }
        // The end comes behind the records.
        guard !lane.isHolding else { return lane.isEndWaiting = true }
        bytesEnded(direction, &steps)
    }

    /// No more bytes of a direction come, and those that came were read.
    func bytesEnded(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        lane.isEndWaiting = false
        if case .inStep = lane.framing, !lane.kept.isEmpty, !isClear { addGap(direction, &steps) }
        endLane(direction, &steps)
    }

    func closed(_ reason: CloseReason, _ keys: KeyLog, _ steps: inout [TLSStep]) -> CloseReason {
        defer { _ = inner?.closed(reason, keys, &steps) }
        if !isDecided { passThrough(&steps) }
        if let clearDirection { handOnKept(clearDirection, &steps) }
        // The last chance of what waited for its secrets.
        resume(keys, &steps)
        if isHolding { giveUpWaiting(keys, &steps) }
        handOnOpened(&steps)
        reportUnfinishedHandshake(reason, &steps)
        reportOwedAnswer(reason, &steps)
        guard isDecided, !isClear else { return reason }
        if !session.isReadable, !hasFailed { context.counters.unreadableConnections += 1 }
        if case .reset(let by) = reason { return .reset(by: isTurned && openedByUs ? by.opposite : by) }
        return reason
    }

    var isHolding: Bool { toServer.isHolding || toClient.isHolding || inner?.isHolding ?? false }

    /// More secrets have come.
    func resume(_ keys: KeyLog, _ steps: inout [TLSStep]) {
        for direction in StreamDirection.allCases { resume(direction, keys, &steps) }
    }

    /// - Returns: when the latest bytes of the direction came.
    @discardableResult
    func resume(_ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) -> Instant {
        let lane = lane(direction)
        if lane.isHolding { readRecords(direction, keys, &steps) }
        if let inner { inner.resume(inner.inward(outward(direction)), keys, &steps) }
        return lane.latestBytesAt
    }

    /// Its secrets have not come. From the outside of its records it is still seen how the handshake went.
    private func giveUpWaiting(_ keys: KeyLog, _ steps: inout [TLSStep]) {
        markUnreadable(&steps)
        for direction in StreamDirection.allCases { readRecords(direction, keys, &steps) }
    }

    /// What was read is read no further; its handshake, if it is under way, may still fail in the clear.
    func forgetSecrets(_ keys: KeyLog, _ steps: inout [TLSStep]) {
        guard isDecided, !isClear else { return }
        inner?.forgetSecrets(keys, &steps)
        let wasRead = session.isReadable
        for direction in StreamDirection.allCases {
            let lane = lane(direction)
            if wasRead { loseStep(direction, &steps) }
            (lane.cipher, lane.pendingCipher, lane.secret) = (nil, nil, nil)
            if wasRead { lane.kept = [] }
        }
        (master, encryptedPremaster, newTicket) = (nil, [], [])
        if wasRead || isHolding { giveUpWaiting(keys, &steps) }
    }

    /// Bytes that waited no longer do.
    func release() {
        inner?.release()
        context.waitingByteCount -= toServer.waitingByteCount + toClient.waitingByteCount
        toServer.waitingByteCount = 0
        toClient.waitingByteCount = 0
    }

    /// One direction ends, for the consumer, once.
    func endLane(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        guard !lane.isEnded else { return }
        lane.isEnded = true
        handOnOpened(&steps)
        if let inner { return inner.endLane(inner.inward(outward(direction)), &steps) }
        steps.append(.halfClosed(outward(direction)))
    }

    func markUnreadable(_ steps: inout [TLSStep]) {
        isUnreadable = true
        for lane in [toServer, toClient] {
            lane.isHolding = false
            // Whether the handshake succeeds is still to be seen; what is in the records is not.
            if isHandshakeComplete { lane.kept = [] }
        }
        release()
        announce(&steps)
        for direction in StreamDirection.allCases where lane(direction).isEndWaiting { bytesEnded(direction, &steps) }
    }

    /// Tells the consumer what is known by now, if it is more than before.
    func announce(_ steps: inout [TLSStep]) {
        guard announced != session else { return }
        handOnOpened(&steps)
        announced = session
        steps.append(.secured(session))
    }

    /// The direction as the consumer knows it.
    ///
    /// Where the connection opened as TLS the consumer was told the true client; where it was clear at first it was told what the
    /// source had guessed.
    func outward(_ direction: StreamDirection) -> StreamDirection {
        isTurned && !openedByUs ? direction.opposite : direction
    }

    private var openedByUs = false

    /// - Parameter hasSecrets: the source is then a key log.
    func handOnOpened(hasSecrets: Bool = false, _ steps: inout [TLSStep]) {
        guard var origin else { return }
        self.origin = nil
        openedByUs = true
        if isTurned { swap(&origin.client, &origin.server) }
        if let hello {
            origin.isClientKnown = true
            origin.serverName = origin.serverName ?? hello.serverName
        }
        if hasSecrets { origin.source = .keylog }
        steps.append(.opened(origin, openedAt))
    }

    // MARK: Clear or TLS

    /// - Returns: whether the connection speaks TLS. If it does not, what was kept has been handed on.
    private func decide(_ given: StreamDirection, _ steps: inout [TLSStep]) -> Bool {
        guard !isLate else { return decideLate(given, &steps) }
        let kept = lane(given).kept
        if !lane(given).hasEarlyGap {
            switch ProxyPreamble.read(kept.span) {
            case .none: break
            case .needsMore: return false
            case .whole(let end, _): return preambleArrived(end, given, &steps)
            }
        }
        guard Self.mayBeRecord(kept.span) else {
            passThrough(&steps)
            return false
        }
        guard kept.count >= 6 else { return false }
        isDecided = true
        context.counters.connections += 1
        // Only a client says ClientHello: where the source had to guess, it is right now.
        if kept[0] == RecordType.handshake, let origin, !origin.isClientKnown {
            let isHello = kept[5] == 1
            let isAnswer = kept[5] == 2
            if isHello && given == .toClient || isAnswer && given == .toServer { turn() }
        }
        return true
    }

    private func decideLate(_ given: StreamDirection, _ steps: inout [TLSStep]) -> Bool {
        let kept = lane(inward(given)).kept
        switch Self.clientHello(kept.span) {
        case .needsMore: return false
        case .none:
            passThrough(&steps)
            return false
        case .begins:
            isDecided = true
            context.counters.connections += 1
            return true
        }
    }

    /// A load balancer's preamble is clear; what it stands before may be TLS.
    private func preambleArrived(_ end: Int, _ given: StreamDirection, _ steps: inout [TLSStep]) -> Bool {
        let lane = lane(given)
        let rest = Array(lane.kept[end...])
        lane.kept.removeLast(rest.count)
        handOnOpened(&steps)
        openedByUs = false
        handOnKept(given, &steps)
        handOnKept(given.opposite, &steps)
        becomeLate(clientSends: given)
        guard !rest.isEmpty else {
            isClear = true
            return false
        }
        self.lane(inward(given)).kept = rest
        return decideLate(given, &steps)
    }

    private func turn() {
        isTurned = true
        let kept = toServer.kept
        toServer.kept = toClient.kept
        toClient.kept = kept
        swap(&toServer.hasSeenBytes, &toClient.hasSeenBytes)
        swap(&toServer.hasLostBytes, &toClient.hasLostBytes)
        swap(&toServer.hasEarlyGap, &toClient.hasEarlyGap)
        swap(&toServer.earlyGapByteCount, &toClient.earlyGapByteCount)
    }

    func passThrough(_ steps: inout [TLSStep]) {
        isDecided = true
        isClear = true
        handOnOpened(&steps)
        for direction in StreamDirection.allCases {
            let lane = lane(direction)
            if lane.hasEarlyGap { steps.append(.gap(lane.earlyGapByteCount, direction)) }
            handOnKept(direction, &steps)
        }
    }

    var isUndecided: Bool { !isDecided }

    func isClear(_ direction: StreamDirection) -> Bool { clearDirection == direction }

    func inward(_ given: StreamDirection) -> StreamDirection { isTurned ? given.opposite : given }

    /// Whether these may be the first bytes of a record; few bytes may be the start of many things.
    private static func mayBeRecord(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 5 else {
            return (bytes.count < 1 || bytes[0] >= RecordType.changeCipherSpec && bytes[0] <= RecordType.heartbeat)
                && (bytes.count < 2 || bytes[1] == 3) && (bytes.count < 3 || bytes[2] <= 4)
        }
        return beginsWithRecord(bytes)
    }

    private static func beginsWithRecord(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 5 else { return false }
        let byteCount = Int(bytes[3]) << 8 | Int(bytes[4])
        return byteCount > 0 && RecordType.isHeader(bytes[0], bytes[1], bytes[2], byteCount: byteCount)
    }

    enum ClientHelloStart { case none, needsMore, begins }

    /// Strict, because it may turn a clear connection into TLS: record and message agree in length and version.
    static func clientHello(_ bytes: Span<UInt8>) -> ClientHelloStart {
        guard mayBeRecord(bytes) else { return .none }
        // A handshake record; in it a ClientHello of less than 64 KiB, and a version of its own.
        let fixed: [(index: Int, values: ClosedRange<UInt8>)] = [
            (0, RecordType.handshake...RecordType.handshake), (5, 1...1), (6, 0...0), (9, 3...3), (10, 0...3),
            (43, 0...32),
        ]
        for byte in fixed where byte.index < bytes.count && !byte.values.contains(bytes[byte.index]) { return .none }
        guard bytes.count >= 9 else { return .needsMore }
        let record = Int(bytes[3]) << 8 | Int(bytes[4])
        let message = Int(bytes[7]) << 8 | Int(bytes[8])
        guard message + 4 >= record else { return .none }
        return bytes.count >= 44 ? .begins : .needsMore
    }

    private func copy(_ bytes: Span<UInt8>) -> [UInt8] { bytes.withUnsafeBufferPointer { Array($0) } }
}
