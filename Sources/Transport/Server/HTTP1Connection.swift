import NIOCore
import NIOHTTP1
import NIOSSL

/// Serves HTTP/1.0 and HTTP/1.1 on one connection, behind swift-nio's decoder.
///
/// Requests of one connection are answered in order, one at a time. While one is with the handler, or the client does not read
/// its answers, no more input is taken. Lives on its event loop and is never touched elsewhere.
final class HTTP1Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let core: ServerCore
    let peer: Peer
    var state = State.waiting
    /// When the present patience began.
    var since = NIODeadline.now()
    var requestCount = 0
    var context: ChannelHandlerContext?
    var parts = CircularBuffer<HTTPServerRequestPart>()
    /// The decoder has given up; told when the parts before are done.
    var failure: HTTPParserError?
    var isPeerDone = false
    /// Writes the channel has not finished, and when it last finished one.
    var pendingWriteCount = 0
    var lastWriteFinished = NIODeadline.now()
    private var isAdvancing = false
    private var isReadWithheld = false
    private var isInRead = false
    private var isFlushScheduled = false

    init(core: ServerCore, peer: Peer) {
        self.core = core
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        scheduleTick()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        endStream()
        state = .closed
        parts.removeAll()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInRead = true
        parts.append(unwrapInboundIn(data))
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInRead = false
        context.flush()
        context.fireChannelReadComplete()
    }

    /// Back-pressure: as long as parts wait, the socket is left alone.
    func read(context: ChannelHandlerContext) {
        if parts.isEmpty { context.read() } else { isReadWithheld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            feedStream()
            advance()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            isPeerDone = true
            advance()
        case is ServerShutdownEvent:
            if case .waiting = state, parts.isEmpty { close() }
            if case .streaming(let source, _) = state { source.finish() }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case HTTPParserError.invalidEOFState: isPeerDone = true
        case let error as HTTPParserError: failure = error
        case NIOSSLError.uncleanShutdown: isPeerDone = true
        default: return close()
        }
        advance()
    }

    /// Takes parts as far as the state allows. Answers given on the way come back here: the loop goes on, the stack does not grow.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        if isLeaving { parts.removeAll() }
        while takesParts, context?.channel.isWritable ?? false, let part = parts.popFirst() { take(part) }
        isAdvancing = false
        if parts.isEmpty { inputExhausted() }
        if parts.isEmpty, isReadWithheld {
            isReadWithheld = false
            context?.read()
        }
    }

    private func inputExhausted() {
        switch state {
        case .waiting:
            if let failure {
                self.failure = nil
                answerFailure(failure)
            } else if isPeerDone || core.isShuttingDown.load(ordering: .relaxed) {
                close()
            }
        case .collecting:
            if let failure {
                self.failure = nil
                answerFailure(failure)
            } else if isPeerDone {
                close()
            }
        case .skipping, .lingering:
            if isPeerDone || failure != nil { close() }
        // Who closes his side while a stream runs has gone: nothing he could still send would matter.
        case .streaming: if isPeerDone || failure != nil { close() }
        case .handling, .finishing, .closed: break
        }
    }

    func close() {
        guard let context else { return }
        if case .closed = state { return }
        endStream()
        state = .closed
        parts.removeAll()
        context.close(promise: nil)
    }

    /// One flush for all that a turn of the loop wrote.
    func scheduleFlush() {
        guard !isInRead, !isFlushScheduled, let context else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            self.context?.flush()
        }
    }
}
