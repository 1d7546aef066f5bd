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
    private var isTurned = false
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

    init(_ id: ConnectionID, _ origin: ConnectionOrigin, openedAt: Instant, _ context: TLSContext) {
        self.id = id
        self.origin = origin
        self.openedAt = openedAt
        self.context = context
        isDecided = false
        depth = 0
    }

    /// A connection that was clear so far, and whose client has just sent a ClientHello.
    init(_ id: ConnectionID, clientSends direction: StreamDirection, depth: Int = 0, _ context: TLSContext) {
        self.id = id
        self.depth = depth
        self.context = context
        openedAt = .epoch
        isDecided = true
        // Its consumer knows the directions as the source gave them, so here only this layer turns them round.
        isTurned = direction == .toClient
        clearDirection = .toClient
        context.counters.connections += 1
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
            guard Self.beginsWithRecord(bytes) else {
                return steps.append(.chunk(copy(bytes), outward(direction)))
            }
            clearDirection = nil
        }
        if isUnreadable, isHandshakeComplete || hasFailed { return }
        lane.kept.append(contentsOf: copy(bytes))
        guard isDecided || decide(given, keys, &steps) else { return }
        // The client may have been found to be the other end.
        readRecords(isTurned ? given.opposite : given, keys, &steps)
    }

    func halfClosed(_ given: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        if !isDecided { passThrough(&steps) }
        let direction = isTurned ? given.opposite : given
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
        // The last chance of what waited for its secrets.
        resume(keys, &steps)
        if isHolding { giveUpWaiting(keys, &steps) }
        handOnOpened(&steps)
        reportUnfinishedHandshake(reason, &steps)
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
    private func decide(_ given: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) -> Bool {
        let kept = lane(given).kept
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
            if !lane.kept.isEmpty { steps.append(.chunk(lane.kept, direction)) }
            lane.kept = []
        }
    }

    var isUndecided: Bool { !isDecided }
    var hasClearDirection: Bool { clearDirection != nil }

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

    /// Strict, because it may turn a clear connection into TLS: record and message agree in length and version.
    static func beginsWithClientHello(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 44, beginsWithRecord(bytes), bytes[5] == 1, bytes[6] == 0 else { return false }
        let record = Int(bytes[3]) << 8 | Int(bytes[4])
        let message = Int(bytes[7]) << 8 | Int(bytes[8])
        return message + 4 >= record && bytes[9] == 3 && bytes[10] <= 3 && bytes[43] <= 32
    }

    private func copy(_ bytes: Span<UInt8>) -> [UInt8] { bytes.withUnsafeBufferPointer { Array($0) } }
}
