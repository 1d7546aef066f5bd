import HTTP2
import NIOCore

/// Serves HTTP/2 on one connection: a session of libnghttp2 between the socket and the handler.
///
/// Answers of one turn of the loop leave with one flush. Lives on its event loop and is never touched elsewhere.
final class HTTP2Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request between its head and the end of its answer.
    final class Stream {
        enum State {
            case collecting(RequestHead, BodyCollector)
            case handling(isForHead: Bool)
            /// Also what is left of a request that was refused: its body is not wanted.
            case answering
        }

        var state: State
        /// When the present state began, or the answer last moved.
        var since = NIODeadline.now()
        var body = ByteBuffer()
        /// How much of a streamed body went out before `body` begins.
        var bodyStart = 0
        /// Set while more of the body may come.
        var source: BodyStream? { didSet { isStreamed = isStreamed || source != nil } }
        private(set) var isStreamed = false
        var reservation: ByteReservation?

        init(_ state: State) {
            self.state = state
        }
    }

    let core: ServerCore
    let peer: Peer
    let session: HTTP2Session
    var streams: [HTTP2StreamID: Stream] = [:]
    var context: ChannelHandlerContext?
    /// When the last request was over.
    var idleSince = NIODeadline.now()
    var unwritableSince: NIODeadline?
    var isPeerDone = false
    var isShuttingDown = false
    /// The client's settings came: its preface is whole (RFC 9113, section 3.4).
    var hasGreeted = false
    /// Either side has said that the connection ends, so that its end is no fault.
    var isEndExpected = false
    /// All is said; only the last bytes are on their way.
    private(set) var hasEnded = false
    private var isInRead = false
    private var isPumping = false
    private var isPumpScheduled = false

    init(core: ServerCore, peer: Peer) throws(HTTP2Error) {
        self.core = core
        self.peer = peer
        session = try HTTP2Session(role: .server, configuration: core.configuration.http2)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleTick()
        if core.isShuttingDown.load(ordering: .relaxed) { beginShutdown() }
        schedulePump()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Requests still with the handler keep their reservation until they are answered; the rest ends here.
        endSources()
        streams = [:]
        self.context = nil
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.context != nil, !hasEnded else { return }
        isInRead = true
        let bytes = unwrapInboundIn(data)
        do throws(HTTP2Error) {
            try receive(bytes)
        } catch {
            core.counters.add(error == .flooded ? .floods : .protocolErrors)
            return close()
        }
        // Ranges in the events refer to these bytes.
        for event in session.takeEvents() { take(event, in: bytes) }
        if !session.wantsBytes { countFault() }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInRead = false
        pump()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unwritableSince = context.channel.isWritable ? nil : .now()
        if context.channel.isWritable { pump() }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isPeerDone = true
            if hasEnded { close() } else { endIfDone() }
        case is ServerShutdownEvent: beginShutdown()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close()
    }

    private func receive(_ bytes: ByteBuffer) throws(HTTP2Error) {
        var failure: HTTP2Error?
        bytes.withUnsafeReadableBytes { bytes in
            do throws(HTTP2Error) { try session.receive(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Sends what is due. While reading that is left for the end of the read.
    func schedulePump() {
        guard !isInRead, !isPumpScheduled, let context else { return }
        isPumpScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    private func pump() {
        guard !isPumping, let context else { return }
        isPumping = true
        defer { isPumping = false }
        do throws(HTTP2Error) {
            let now = NIODeadline.now()
            _ = feedStreams(at: now)
            repeat {
                try HTTP2Output.write(session, to: context) { id, range in
                    guard let stream = streams[id] else { return nil }
                    stream.since = now
                    return stream.takeBody(range)
                }
                // A stream whose window was written may have more; one that is held up takes none.
            } while feedStreams(at: now)
            for event in session.takeEvents() { take(event, in: ByteBuffer()) }
            endIfDone()
        } catch {
            core.counters.add(.protocolErrors)
            close()
        }
    }

    /// The session was ended by what the peer did. The library says so at once, or only when its GOAWAY is written.
    private func countFault() {
        guard !isEndExpected, !isPeerDone else { return }
        isEndExpected = true
        let configuration = core.configuration
        let isFlood = session.abandonedStreamCount > min(configuration.abandonedStreamsMax, configuration.resetBurstMax)
        core.counters.add(isFlood ? .floods : .protocolErrors)
    }

    private func endIfDone() {
        if session.isFinished { countFault() }
        let isUseless = isPeerDone && !streams.values.contains(where: \.isAnswerDue)
        if session.isFinished || isUseless { end() }
    }

    /// Closes our side once all is written, and the whole when the peer has noticed: closing at once could take back what he has
    /// not read yet.
    private func end() {
        guard !hasEnded, let context else { return }
        hasEnded = true
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard case .success = result, !self.isPeerDone, let context = self.context else { return self.close() }
            context.close(mode: .output).assumeIsolated().whenFailure { _ in self.close() }
            self.close(in: self.core.configuration.lingerTimeout)
        }
        close(in: core.configuration.writeTimeout + core.configuration.lingerTimeout)
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
    }

    private func close(in patience: Duration) {
        context?.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(patience)) { [weak self] in self?.close() }
    }

    func close() {
        guard let context else { return }
        self.context = nil
        endSources()
        streams = [:]
        context.close(promise: nil)
    }
}

extension HTTP2Connection.Stream {
    /// False for requests whose rest will never come.
    var isAnswerDue: Bool {
        switch state {
        case .collecting: false
        case .handling, .answering: true
        }
    }
}
