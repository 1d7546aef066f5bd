import CallModel

/// One connection as its bytes come in: first it is found out what it speaks, then that is read, and where one protocol
/// opens a tunnel for another, the search begins again inside it.
final class Connection {
    private enum Layer {
        case undecided
        case http1(HTTP1Conversation)
        case http2(HTTP2Conversation)
        case socks(SocksHandshake)
        /// Nothing that is read here; the rest is passed over.
        case opaque
    }

    private(set) var info: ConnectionInfo
    private let context: ReaderContext
    private var layer = Layer.undecided
    /// Both ends were taken for each other: what the source calls the client is the server.
    private var isReversed = false
    /// Whether the bytes are seen from the first one on. A gap before anything is decided means that they are not.
    private var isFromStart: Bool
    private var tunnelDepth = 0
    private var toServer = Undecided()
    private var toClient = Undecided()
    private let opened: Instant
    private(set) var lastActivity: Instant
    /// Whether bytes of the client's were seen.
    private var isSilent = true
    /// The handshake of its encryption failed, or an answer stayed away, which has been told.
    private var hasFailed = false

    /// What is known of a direction while it is open what it speaks.
    private struct Undecided {
        var held: [UInt8] = []
        var isUnknown = false
        /// The other end has spoken since: what comes next may be the beginning of something.
        var isTurn = true
        var isEnded = false
    }

    init(_ id: ConnectionID, _ origin: ConnectionOrigin, context: ReaderContext, at now: Instant) {
        info = ConnectionInfo(id: id, origin: origin)
        self.context = context
        // A probe knows who connected also where it came late; and it tells of bytes in their true order, always.
        isFromStart = origin.isClientKnown && (origin.source == .packets || origin.source == .keylog)
        opened = now
        lastActivity = now
    }

    // MARK: Events

    /// The source has found out that the bytes are encrypted, and what the handshake shows.
    func secured(_ session: SecureSession) {
        info.isEncrypted = true
        isSilent = false
        defer { if session.version != 0 { serverAnswered() } }
        if session.isReadable, info.origin.source == .packets { info.origin.source = .keylog }
        if let end = session.certificateEnd, info.certificateEnd == nil {
            info.certificateEnd = end
            context.certified.append(info)
        }
        guard let name = session.serverName, !name.isEmpty else { return }
        info.serverName = name
        info.isServerNameCertain = true
    }

    private func serverAnswered() {
        context.failures.reached(info, began: opened, &context.counters)
        guard !info.isToldSecured else { return }
        info.isToldSecured = true
        context.secured.append(info)
    }

    func handshakeFailed(at now: Instant) {
        guard !hasFailed else { return }
        hasFailed = true
        info.isEncrypted = true
        context.endFailed(on: info, .tlsFailure, from: opened, to: now)
    }

    /// A call of which nothing could be read.
    func leftUnanswered(_ failure: FailureKind, since: Instant, at now: Instant) {
        guard !hasFailed, FailedConnection.mayCarryCalls(info.origin.server.port) else { return }
        hasFailed = true
        context.endFailed(on: info, failure, from: since, to: now)
    }

    func named(_ name: String) {
        guard info.serverName == nil else { return }
        info.serverName = name
    }

    /// Whether another protocol, such as TLS, may begin with the next bytes of that direction: not in the midst of what is read.
    func mayBeginAnew(_ wireDirection: StreamDirection) -> Bool {
        let direction = isReversed ? wireDirection.opposite : wireDirection
        switch layer {
        case .undecided, .opaque: return true
        case .http1(let conversation): return conversation.mayBeginAnew(direction)
        case .http2, .socks: return false
        }
    }

    func bytesArrived(_ bytes: Span<UInt8>, _ wireDirection: StreamDirection, at now: Instant) {
        lastActivity = now
        let direction = isReversed ? wireDirection.opposite : wireDirection
        if direction == .toServer { isSilent = false }
        switch layer {
        case .undecided: decide(bytes, direction, at: now)
        case .http1(let conversation):
            switch conversation.bytesArrived(bytes, direction, at: now) {
            case .none: break
            case .tunnel(let start, let kind): enterTunnel(kind, conversation, bytes, from: start, at: now)
            }
        case .http2(let conversation): conversation.bytesArrived(bytes, direction, at: now)
        case .socks: socksBytesArrived(bytes, direction, at: now)
        case .opaque: break
        }
    }

    func bytesLost(_ byteCount: Int?, _ wireDirection: StreamDirection, at now: Instant) {
        let direction = isReversed ? wireDirection.opposite : wireDirection
        switch layer {
        case .undecided: startWasCut(byteCount, direction, at: now)
        case .http1(let conversation): conversation.bytesLost(byteCount, direction, at: now)
        case .http2(let conversation): conversation.bytesLost(byteCount, direction, at: now)
        case .socks: layer = .opaque
        case .opaque: break
        }
    }

    func halfClosed(_ wireDirection: StreamDirection, at now: Instant) {
        let direction = isReversed ? wireDirection.opposite : wireDirection
        switch layer {
        case .undecided: withUndecided(direction) { $0.isEnded = true }
        case .http1(let conversation): conversation.halfClosed(direction, at: now)
        case .http2(let conversation): conversation.halfClosed(direction, at: now)
        case .socks, .opaque: break
        }
    }

    func closed(_ wireReason: CloseReason, at now: Instant) {
        var reason = wireReason
        if isReversed, case .reset(let end) = wireReason { reason = .reset(by: end.opposite) }
        switch layer {
        case .undecided:
            forget(.toServer)
            forget(.toClient)
            if tunnelDepth == 0, !hasFailed,
                let failure = FailedConnection.failure(for: reason, info.origin, isSilent: isSilent)
            {
                context.failures.failed(
                    FailureBook.Failure(connection: info, kind: failure, began: opened, ended: now),
                    context.configuration, &context.counters)
            }
        case .http1(let conversation): conversation.closed(reason, at: now)
        case .http2(let conversation): conversation.closed(reason, at: now)
        case .socks, .opaque: break
        }
        layer = .opaque
    }

    // MARK: What is spoken

    private func decide(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) {
        withUndecided(direction.opposite) { $0.isTurn = true }
        var isFirst = false
        var isPassedOver = false
        withUndecided(direction) { side in
            isPassedOver = side.isUnknown && !(side.isTurn && !isFromStart)
            isFirst = side.held.isEmpty
            side.isTurn = false
        }
        guard !isPassedOver else { return }
        if isFirst { return decide(FirstBytes.classify(bytes, isFromStart: isFromStart), bytes, direction, at: now) }
        var held: [UInt8] = []
        withUndecided(direction) { swap(&held, &$0.held) }
        context.heldByteCount &-= held.count
        held.append(bytes, in: 0..<bytes.count)
        decide(FirstBytes.classify(held.span, isFromStart: isFromStart), held.span, direction, at: now)
    }

    private func decide(
        _ verdict: FirstBytes, _ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant
    ) {
        guard let speaker = speaker(verdict) else { return settle(verdict, bytes, direction, at: now) }
        if speaker != direction {
            // Content tells the ends apart, unless the handshake did.
            guard !info.origin.isClientKnown, tunnelDepth == 0 else {
                return settle(.unknown, bytes, direction, at: now)
            }
            reverse()
        }
        begin(verdict, bytes, speaker, at: now)
    }

    /// In which direction bytes of this kind travel.
    private func speaker(_ verdict: FirstBytes) -> StreamDirection? {
        switch verdict {
        case .http1Request, .http2Preface, .socks: .toServer
        case .http1Response, .http2Settings: .toClient
        case .http2Frames, .tls, .proxyPreamble, .unknown, .needsMore: nil
        }
    }

    private func reverse() {
        isReversed.toggle()
        info.exchangeEnds()
        swap(&toServer, &toClient)
    }

    private func settle(
        _ verdict: FirstBytes, _ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant
    ) {
        switch verdict {
        case .needsMore: hold(bytes, direction)
        case .http2Frames: begin(verdict, bytes, direction, at: now)
        case .proxyPreamble(let end, let client):
            info.proxiedClient = client ?? info.proxiedClient
            // What follows is the connection itself.
            if end < bytes.count { decide(bytes.extracting(end..<bytes.count), direction, at: now) }
        case .tls: becomeOpaque()
        default:
            withUndecided(direction) { $0.isUnknown = true }
            if isFromStart, toServer.isUnknown, toClient.isUnknown { becomeOpaque() }
        }
    }

    private func begin(
        _ verdict: FirstBytes, _ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant
    ) {
        var other = Undecided()
        switch direction {
        case .toServer: swap(&other, &toClient)
        case .toClient: swap(&other, &toServer)
        }
        context.heldByteCount &-= other.held.count
        context.failures.reached(info, began: opened, &context.counters)
        layer = makeLayer(verdict)
        if other.isUnknown { loseStart(of: direction.opposite, at: now) }
        // What was held came first.
        if !other.held.isEmpty {
            bytesArrived(other.held.span, isReversed ? direction : direction.opposite, at: now)
        }
        bytesArrived(bytes, isReversed ? direction.opposite : direction, at: now)
        if other.isEnded { halfClosed(isReversed ? direction : direction.opposite, at: now) }
    }

    private func makeLayer(_ verdict: FirstBytes) -> Layer {
        switch verdict {
        case .http1Request, .http1Response:
            .http1(HTTP1Conversation(connection: info, context: context, isFromStart: isFromStart))
        case .http2Preface, .http2Settings, .http2Frames:
            .http2(HTTP2Conversation(connection: info, context: context, isFromStart: verdict != .http2Frames))
        case .socks: .socks(SocksHandshake())
        case .tls, .proxyPreamble, .unknown, .needsMore: .opaque
        }
    }

    /// Bytes of that direction came before it was known what they are, and they were no beginning.
    private func loseStart(of direction: StreamDirection, at now: Instant) {
        switch layer {
        case .http1(let conversation): conversation.startWasMissed(direction, isNonsense: isFromStart, at: now)
        case .http2(let conversation): conversation.bytesLost(nil, direction, at: now)
        case .undecided, .socks, .opaque: break
        }
    }

    private func becomeOpaque() {
        context.counters.opaqueConnections &+= 1
        forget(.toServer)
        forget(.toClient)
        layer = .opaque
    }

    private func hold(_ bytes: Span<UInt8>, _ direction: StreamDirection) {
        guard context.heldByteCount < context.configuration.heldByteCountMax else { return becomeOpaque() }
        context.heldByteCount &+= bytes.count
        withUndecided(direction) { $0.held.append(bytes, in: 0..<bytes.count) }
    }

    private func forget(_ direction: StreamDirection) {
        withUndecided(direction) {
            context.heldByteCount &-= $0.held.count
            $0.held = []
        }
    }

    private func withUndecided(_ direction: StreamDirection, _ body: (inout Undecided) -> Void) {
        switch direction {
        case .toServer: body(&toServer)
        case .toClient: body(&toClient)
        }
    }

    /// Bytes are missing before anything was decided. A start line that came before them decides all the same.
    private func startWasCut(_ byteCount: Int?, _ direction: StreamDirection, at now: Instant) {
        var held: [UInt8] = []
        withUndecided(direction) { swap(&held, &$0.held) }
        context.heldByteCount &-= held.count
        let kind: HTTP1Head.Kind = direction == .toServer ? .request : .response
        guard !held.isEmpty, HTTP1Head.isWorthTelling(held, kind) else {
            isFromStart = false
            return
        }
        begin(kind == .request ? .http1Request : .http1Response, held.span, direction, at: now)
        bytesLost(byteCount, isReversed ? direction.opposite : direction, at: now)
    }

    // MARK: Tunnels

    private func enterTunnel(
        _ kind: HTTP1Conversation.TunnelKind, _ conversation: HTTP1Conversation, _ bytes: Span<UInt8>,
        from start: Int, at now: Instant
    ) {
        let fromClient = conversation.takeTunnelBytes()
        switch kind {
        case .opaque:
            context.counters.upgrades &+= 1
            conversation.closed(.endOfCapture, at: now)
            layer = .opaque
        case .http2(let call):
            context.counters.upgrades &+= 1
            conversation.closed(.endOfCapture, at: now)
            let upgraded = HTTP2Conversation(connection: info, context: context, isFromStart: true)
            upgraded.upgraded(call)
            layer = .http2(upgraded)
        case .connect(let call):
            let authority = call.request.text(call.target, byteCountMax: Limits.nameByteCountMax)
            conversation.closed(.endOfCapture, at: now)
            openTunnel(toward: authority)
        }
        enter(fromClient.span, .toServer, at: now)
        enter(bytes.extracting(min(start, bytes.count)..<bytes.count), .toClient, at: now)
    }

    /// A direction goes on inside with what has come of it already; what came first of both must be handed in first.
    private func enter(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) {
        guard bytes.count > 0 else { return }
        bytesArrived(bytes, isReversed ? direction.opposite : direction, at: now)
    }

    /// - Parameter authority: `host:port` of the far end; empty where it is unknown.
    private func openTunnel(toward authority: String) {
        context.counters.tunnels &+= 1
        tunnelDepth += 1
        guard tunnelDepth <= context.configuration.tunnelDepthMax else { return layer = .opaque }
        info = info.inside(tunnelToward: authority)
        toServer = Undecided()
        toClient = Undecided()
        isFromStart = true
        layer = .undecided
    }

    private func socksBytesArrived(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) {
        guard case .socks(var handshake) = layer else { return }
        layer = .opaque
        switch handshake.bytesArrived(bytes, fromClient: direction == .toServer) {
        case .needsMore: layer = .socks(handshake)
        case .failed: becomeOpaque()
        case .established:
            openTunnel(toward: handshake.host.isEmpty ? "" : "\(handshake.host):\(handshake.port)")
            if handshake.port != 0 { info.origin.server.port = handshake.port }
            // The bytes that completed the handshake came last.
            if direction == .toServer { enter(handshake.proxyRest.span, .toClient, at: now) }
            enter(handshake.clientRest.span, .toServer, at: now)
            if direction == .toClient { enter(handshake.proxyRest.span, .toClient, at: now) }
        }
    }
}

extension ConnectionInfo {
    /// What is known inside a tunnel: the proxy's address, and the name and port it was asked for.
    fileprivate func inside(tunnelToward authority: String) -> ConnectionInfo {
        let inner = ConnectionInfo(id: id, origin: origin)
        inner.isEncrypted = false
        inner.proxiedClient = proxiedClient
        guard ObservedCall.isAuthority(authority.utf8) else { return inner }
        var name = authority[...]
        if let colon = authority.lastIndex(of: ":"), let port = UInt16(authority[authority.index(after: colon)...]) {
            inner.origin.server.port = port
            name = authority[..<colon]
        }
        inner.serverName = String(name)
        inner.isServerNameCertain = true
        return inner
    }
}
