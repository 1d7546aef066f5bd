import HTTP2
import NIOCore
import NIOSSL
import NIOTLS

/// One connection of a client: requests in, answers out, libnghttp2 in between. Lives on its event loop.
final class HTTP2ClientConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request under way.
    private struct Exchange {
        let operation: String
        let answer: EventLoopPromise<ClientResponse>
        let requestBody: ByteBuffer
        var status = 0
        var headers = Headers()
        var body = ByteBuffer()
        var hasEnded = false
        /// Gets the body of a success as it comes, in place of `body`.
        let receive: ((ByteBuffer) -> Void)?
    }

    private let endpoint: Endpoint
    private let configuration: ClientConfiguration
    private let session: HTTP2Session
    private let ready: EventLoopPromise<ConnectionReference>
    private let whenUnusable: @Sendable () -> Void
    private var exchanges: [HTTP2StreamID: Exchange] = [:]
    private var context: ChannelHandlerContext?
    private var isDraining = false
    private var isInRead = false
    private var isPumping = false
    private var isPumpScheduled = false

    /// - Parameters:
    ///   - ready: fulfilled when requests can be sent, after the TLS handshake where there is one.
    ///   - whenUnusable: called when this connection takes no further requests.
    init(
        _ endpoint: Endpoint, _ configuration: ClientConfiguration, ready: EventLoopPromise<ConnectionReference>,
        whenUnusable: @escaping @Sendable () -> Void
    ) throws(HTTP2Error) {
        self.endpoint = endpoint
        self.configuration = configuration
        self.ready = ready
        self.whenUnusable = whenUnusable
        session = try HTTP2Session(role: .client)
    }

    // MARK: Requests

    func send(
        _ request: ClientRequest, _ answer: EventLoopPromise<ClientResponse>, receive: ((ByteBuffer) -> Void)? = nil
    ) {
        let operation = "send \(request.method) \(request.path)"
        guard context != nil, !isDraining, session.acceptsRequests else {
            drain()
            return answer.fail(
                failure(.refused, operation, "the connection was ending", isUnprocessed: true))
        }
        var fields: HTTP2Fields = [
            (":method", request.method), (":scheme", endpoint.isTLS ? "https" : "http"),
            (":authority", endpoint.authority), (":path", request.path),
        ]
        fields += request.headers.fields
        if request.body.readableBytes > 0 {
            fields.append(("content-length", String(request.body.readableBytes)))
        }
        do {
            let id = try session.submitRequest(fields, bodyByteCount: request.body.readableBytes)
            exchanges[id] = Exchange(
                operation: operation, answer: answer, requestBody: request.body, receive: receive)
            // Timed out or cancelled by the caller: the server need not go on.
            answer.futureResult.assumeIsolated().whenFailure { _ in self.abandon(id) }
            schedulePump()
        } catch {
            answer.fail(failure(.connectionLost, operation, "\(error)", isUnprocessed: true))
        }
    }

    private func abandon(_ id: HTTP2StreamID) {
        guard exchanges[id] != nil else { return }
        session.cancel(id, code: .cancel)
        schedulePump()
    }

    /// Takes no further requests; ends when those under way are answered.
    private func drain() {
        if !isDraining {
            isDraining = true
            whenUnusable()
        }
        if exchanges.isEmpty { context?.close(promise: nil) }
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive, !endpoint.isTLS { becameReady() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !endpoint.isTLS { becameReady() }
        context.fireChannelActive()
    }

    private func becameReady() {
        guard let context else { return }
        ready.succeed(
            ConnectionReference(channel: context.channel, handler: NIOLoopBound(self, eventLoop: context.eventLoop)))
        let age = configuration.connectionAgeMax * Double.random(in: 0.8...1.2)
        context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(age)) { [weak self] in
            self?.drain()
        }
        schedulePump()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted(let chosen) = event {
            if chosen == "h2" {
                becameReady()
            } else {
                fail(.notHTTP2, "the server did not choose HTTP/2", hint: "is \(endpoint) an aggregator's address?")
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isInRead = true
        let bytes = unwrapInboundIn(data)
        var problem: HTTP2Error?
        bytes.withUnsafeReadableBytes { buffer in
            do throws(HTTP2Error) { try session.receive(buffer) } catch { problem = error }
        }
        for event in session.takeEvents() { take(event, in: bytes) }
        if let problem { fail(.notHTTP2, "\(problem)", hint: "does the server speak HTTP/2 there?") }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isInRead = false
        pump()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { pump() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.connectionLost, "the connection ended")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTLS = error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
        fail(isTLS ? .tlsFailed : .connectionLost, "\(error)")
    }

    /// Ends the connection, and with it everything under way.
    private func fail(_ kind: TransportError.Kind, _ cause: String, hint: String? = nil) {
        ready.fail(
            TransportError(
                kind, operation: "connect", subject: "\(endpoint)", cause: cause, hint: hint, isUnprocessed: true))
        if !isDraining {
            isDraining = true
            whenUnusable()
        }
        let lost = exchanges
        exchanges = [:]
        for exchange in lost.values { exchange.answer.fail(failure(kind, exchange.operation, cause)) }
        let context = self.context
        self.context = nil
        context?.close(promise: nil)
    }

    // MARK: Events

    private func take(_ event: HTTP2Event, in segment: ByteBuffer) {
        switch event {
        case .head(let id, let fields):
            guard exchanges[id] != nil else { return }
            for field in fields {
                if field.name == ":status" {
                    exchanges[id]!.status = Int(field.value) ?? 0
                } else {
                    exchanges[id]!.headers.add(field.name, field.value)
                }
            }
        case .headTooLarge(let id): refuse(id, .responseTooLarge, "the answer's headers are too large")
        case .body(let id, let range):
            append(range, of: segment, to: id)
            // After it: a reader who takes his time holds the sender back.
            session.consume(range.count, on: id)
        case .ended(let id): exchanges[id]?.hasEnded = true
        case .closed(let id, let code): closed(id, code)
        case .goAway: drain()
        case .trailers, .settings, .pong: break
        }
    }

    private func append(_ range: Range<Int>, of segment: ByteBuffer, to id: HTTP2StreamID) {
        guard let count = exchanges[id]?.body.readableBytes,
            var bytes = segment.getSlice(at: segment.readerIndex + range.lowerBound, length: range.count)
        else { return }
        if let receive = exchanges[id]!.receive, exchanges[id]!.status == 200 { return receive(bytes) }
        guard count + range.count <= configuration.responseByteCountMax else {
            return refuse(
                id, .responseTooLarge, "the answer is larger than \(configuration.responseByteCountMax) bytes")
        }
        exchanges[id]!.body.writeBuffer(&bytes)
    }

    private func refuse(_ id: HTTP2StreamID, _ kind: TransportError.Kind, _ cause: String) {
        guard let exchange = exchanges.removeValue(forKey: id) else { return }
        exchange.answer.fail(failure(kind, exchange.operation, cause))
        session.cancel(id, code: .cancel)
    }

    private func closed(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        defer { if isDraining, exchanges.isEmpty { context?.close(promise: nil) } }
        guard let exchange = exchanges.removeValue(forKey: id) else { return }
        if exchange.hasEnded, exchange.status > 0 {
            exchange.answer.succeed(
                ClientResponse(status: exchange.status, headers: exchange.headers, body: exchange.body))
        } else if code == .refusedStream {
            exchange.answer.fail(
                failure(.refused, exchange.operation, "the server did not look at it", isUnprocessed: true))
        } else {
            exchange.answer.fail(failure(.streamReset, exchange.operation, "the server broke it off (\(code))"))
        }
    }

    private func failure(
        _ kind: TransportError.Kind, _ operation: String, _ cause: String, isUnprocessed: Bool = false
    ) -> TransportError {
        TransportError(kind, operation: operation, subject: "\(endpoint)", cause: cause, isUnprocessed: isUnprocessed)
    }

    // MARK: Output

    /// Sends what is due, once a turn of the loop.
    private func schedulePump() {
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
            try HTTP2Output.write(session, to: context) { id, range in
                guard let body = self.exchanges[id]?.requestBody else { return nil }
                return body.getSlice(at: body.readerIndex + range.lowerBound, length: range.count)
            }
            for event in session.takeEvents() { take(event, in: ByteBuffer()) }
        } catch {
            fail(.connectionLost, "\(error)")
        }
    }
}
