import NIOCore
import NIOHTTP1

/// One request and its answer on a connection of its own.
final class WebExchange: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let request: WebRequest
    private let answer: EventLoopPromise<ClientResponse>
    private var response = ClientResponse(status: 0, headers: Headers(), body: ByteBuffer())
    /// What never became a connection is the connector's to report: it may try another address.
    private var wasActive = false

    init(_ request: WebRequest, _ answer: EventLoopPromise<ClientResponse>) {
        self.request = request
        self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
        wasActive = true
        var headers: [(String, String)] = [("host", hostField), ("connection", "close"), ("user-agent", "farwatch")]
        if !request.body.isEmpty || request.method != "GET" {
            headers.append(("content-length", String(request.body.count)))
        }
        headers += request.headers.fields.map { ($0.name, Headers.sanitized($0.value)) }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.address.target,
            headers: HTTPHeaders(headers))
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !request.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: request.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Without the port where it is the scheme's own (RFC 9110, section 7.2): some receivers route by it.
    private var hostField: String {
        let endpoint = request.address.endpoint
        let isUsual = endpoint.port == (endpoint.isTLS ? 443 : 80)
        return isUsual ? (endpoint.host.contains(":") ? "[\(endpoint.host)]" : endpoint.host) : endpoint.authority
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response.status = Int(head.status.code)
            response.headers = Headers(head.headers.map { ($0.name.lowercased(), $0.value) })
        case .body(var bytes): response.body.writeBuffer(&bytes)
        case .end:
            // An interim answer (RFC 9110, section 15.2) stands before the one that counts.
            guard response.status >= 200 else { return }
            answer.succeed(response)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    private func fail(_ error: any Error) {
        guard wasActive else { return }
        let endpoint = request.address.endpoint
        guard case ChannelError.eof = error else {
            return answer.fail(exchangeFailure(error, request.method, endpoint))
        }
        answer.fail(
            TransportError(
                .connectionLost, operation: request.method, subject: "\(endpoint)",
                cause: "the connection ended before the answer did"))
    }
}
