import CallModel

/// Both directions of one HTTP/1 connection: messages are framed, and requests paired with their answers.
///
/// Framing follows RFC 9112, section 6.3, pairing its section 9.3.2: answers come in the order of the requests, whichever
/// is seen first. Where bytes are missing, nothing is guessed:
///
/// - lost bytes inside a body of known length are passed over, and its size stays exact;
/// - otherwise the direction is *lost*, and found again when the ends take turns: a client that does not pipeline speaks
///   when it has its whole answer, and so the next byte of a direction after the other spoke begins a message, if it does
///   look like one. The same goes for the first byte behind lost ones that earlier, unanswered requests explain;
/// - calls whose answer may have been among the lost bytes end with their answer unknown. With pipelining the rest of the connection
///   stays unknown too, unless counting tells which answer belongs to whom (`CountedAnswers`).
final class HTTP1Conversation {
    let connection: ConnectionInfo
    let context: ReaderContext
    var toServer = HTTP1Direction()
    var toClient = HTTP1Direction()
    /// Calls whose request was seen and which have not ended, oldest first.
    var waiting: [ObservedCall] = []
    /// Answers that were seen before their request.
    var early: [ObservedCall] = []
    /// Whether the connection is seen from its first byte on.
    let isFromStart: Bool
    /// Requests and answers seen so far belong together: from the first byte on, or since one answered the other.
    var isInStep: Bool
    /// The client has sent a request before it had the answer to the one before.
    var isPipelined = false
    /// Requests were lost, and answers of theirs may be missing too.
    var hasLostRequests = false
    /// Answers behind lost ones, until the end of the connection tells whose they are.
    var counted: CountedAnswers?
    /// Interim answers came on this connection.
    var hasInterimAnswers = false
    /// When the last answer began that belonged to no request.
    var orphanBegan: Instant?
    /// When the client ended its direction, and whether it did so before the server.
    var clientLeft: Instant?
    var clientLeftFirst = false
    var serverLeft = false
    /// The response direction was lost by what the server sent, not by what the capture missed.
    var responseIsNonsense = false

    /// What the connection turns into, when it stops being HTTP/1.
    enum Handover {
        case none
        /// Bytes behind this index, of the response's direction, are of another protocol.
        case tunnel(from: Int, TunnelKind)
    }

    enum TunnelKind {
        case connect(ObservedCall)
        case http2(ObservedCall)
        case opaque
    }

    init(connection: ConnectionInfo, context: ReaderContext, isFromStart: Bool) {
        self.connection = connection
        self.context = context
        self.isFromStart = isFromStart
        isInStep = isFromStart
    }

    // MARK: Bytes

    func bytesArrived(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) -> Handover {
        switch direction {
        case .toServer:
            requestBytesArrived(bytes, at: now)
            toClient.isAnchored = true
            return .none
        case .toClient:
            let handover = responseBytesArrived(bytes, at: now)
            toServer.isAnchored = true
            return handover
        }
    }

    private func requestBytesArrived(_ bytes: Span<UInt8>, at now: Instant) {
        toServer.isSeen = true
        var at = 0
        while at < bytes.count {
            switch toServer.phase {
            case .start:
                // Empty lines before a request are passed over (RFC 9112, section 2.2).
                guard let first = bytes.firstIndexOfMessage(from: at) else { return }
                at = beginHead(bytes, from: first, .request, at: now)
            case .head:
                at = continueHead(bytes, from: at, .request, at: now)
            case .fixedBody, .chunkedBody, .openBody:
                at = requestBodyArrived(bytes, from: at, at: now)
            case .paused:
                return holdTunnel(bytes, from: at, at: now)
            case .lost:
                guard toServer.isAnchored else { return }
                toServer.isAnchored = false
                toServer.phase = .start
            case .ended:
                return
            }
        }
    }

    private func responseBytesArrived(_ bytes: Span<UInt8>, at now: Instant) -> Handover {
        toClient.isSeen = true
        var at = 0
        while at < bytes.count {
            switch toClient.phase {
            case .start:
                guard let first = bytes.firstIndexOfMessage(from: at) else { return .none }
                at = beginHead(bytes, from: first, .response, at: now)
            case .head:
                at = continueHead(bytes, from: at, .response, at: now)
            case .fixedBody, .chunkedBody, .openBody:
                at = responseBodyArrived(bytes, from: at, at: now)
            case .lost:
                guard toClient.isAnchored, mayPairAgain else { return .none }
                toClient.isAnchored = false
                toClient.phase = .start
            case .paused, .ended:
                return .none
            }
            if let kind = pendingTunnel {
                pendingTunnel = nil
                return .tunnel(from: at, kind)
            }
        }
        return .none
    }

    /// Whether the next byte of a direction is in the midst of no message.
    func mayBeginAnew(_ direction: StreamDirection) -> Bool {
        switch direction == .toServer ? toServer.phase : toClient.phase {
        case .start, .paused, .lost, .ended: true
        case .head, .fixedBody, .chunkedBody, .openBody: false
        }
    }

    /// Set while a response is read that ends HTTP/1 on this connection.
    var pendingTunnel: TunnelKind?

    /// A lost response direction can be found again only where it is plain whose answer comes next.
    private var mayPairAgain: Bool { counted != nil || !isPipelined && waiting.count <= 1 }

    private func holdTunnel(_ bytes: Span<UInt8>, from start: Int, at now: Instant) {
        guard toServer.held.count &+ (bytes.count &- start) <= context.configuration.heldTunnelByteCountMax else {
            return lose(.toServer, at: now)
        }
        toServer.hold(bytes, from: start, context)
    }

    // MARK: Losing a direction

    /// The next bytes of the direction mean nothing that is known. A message that was being read ends with its size unknown.
    /// - Parameter isCountable: It is known to be lost bytes, and at which place.
    func lose(_ direction: StreamDirection, at now: Instant, isCountable: Bool = false) {
        context.counters.lostDirections &+= 1
        switch direction {
        case .toServer:
            let call = toServer.lose(context)
            call?.request.isBodySizeKnown = false
            call.map { requestEnded($0, at: now) }
            toServer.phase = .lost
        case .toClient:
            let call = toClient.lose(context)
            call?.response.isBodySizeKnown = false
            call.map { responseEnded($0, at: now) }
            toClient.phase = .lost
        }
        // Answers that came before their request belong to nobody who can be named now.
        dropEarly()
        guard counted != nil, !isCountable else { return }
        // Whose the next answers are is unknown from here on.
        if direction == .toServer { return lose(.toClient, at: now) }
        dropCounted()
    }

    /// Bytes came that begin no message, before it was known that this is HTTP/1.
    func startWasMissed(_ direction: StreamDirection, isNonsense: Bool, at now: Instant) {
        lose(direction, at: now)
        if direction == .toClient { responseIsNonsense = isNonsense }
    }

    /// What the client has sent behind the request that made a tunnel.
    func takeTunnelBytes() -> [UInt8] {
        guard case .paused = toServer.phase else { return [] }
        let bytes = toServer.held
        toServer.releaseHeld(context)
        toServer.phase = .ended
        return bytes
    }

    func dropEarly() {
        // An answer that is still being read is let go where it ends.
        for call in early where call !== toClient.call {
            context.counters.responsesWithoutRequest &+= 1
            context.recycle(call)
        }
        early.removeAll(keepingCapacity: true)
    }
}

extension HTTP1Direction {
    /// Returns the call whose message was being read.
    fileprivate mutating func lose(_ context: ReaderContext) -> ObservedCall? {
        releaseHeld(context)
        phase = .lost
        isAnchored = false
        wasLost = true
        defer { call = nil }
        return call
    }
}

extension Span<UInt8> {
    /// The first byte from `start` on that belongs to no empty line.
    @inline(__always)
    fileprivate func firstIndexOfMessage(from start: Int) -> Int? {
        var at = start
        while at < count, self[at] == 0x0D || self[at] == 0x0A { at &+= 1 }
        return at < count ? at : nil
    }
}
