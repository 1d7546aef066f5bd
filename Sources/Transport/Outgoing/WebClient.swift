import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One request to whoever a setting names.
public struct WebRequest: Sendable {
    public var method: String
    public var address: WebAddress
    public var headers: Headers
    public var body: [UInt8]

    public init(method: String = "POST", _ address: WebAddress, headers: Headers = Headers(), body: [UInt8] = []) {
        self.method = method
        self.address = address
        self.headers = headers
        self.body = body
    }
}

/// Sends requests to receivers that are not ours, and trusts them with nothing.
///
/// HTTP/1.1 (RFC 9112), which all of them speak, one connection a request: messages are few and receivers many.
/// Redirects are answers like any other and never followed. Everything is bounded: the time from the call to the end of
/// the answer, the bytes of the answer with its heads, and the addresses by `AddressPolicy`. Errors name the server and
/// never the path, which may be a secret.
public final class WebClient: Sendable {
    public struct Configuration: Sendable {
        /// From the call of `send` to the end of the answer, the name's resolution included.
        public var timeout: Duration = .seconds(15)
        /// To one address.
        public var connectTimeout: Duration = .seconds(5)
        /// Everything the server sends, heads included.
        public var responseByteCountMax = 64 << 10
        public var addresses = AddressPolicy()
        public var tls = ClientTLS()
        /// The way around a network's border, by `Proxy.named`; nil for the direct way. Not for dialogues.
        public var proxy: @Sendable (Endpoint) -> Proxy? = { _ in nil }

        public init() {}
    }

    private let configuration: Configuration
    private let connector: OutgoingConnector

    public init(_ configuration: Configuration = Configuration(), group: any EventLoopGroup) {
        self.configuration = configuration
        connector = OutgoingConnector(
            configuration, protocols: ["http/1.1"], proxy: configuration.proxy, group: group)
    }

    /// Returns whatever the server answered, errors and redirects included; throws when there is no whole answer.
    public func send(_ request: WebRequest) async throws(TransportError) -> ClientResponse {
        let (endpoint, limit) = (request.address.endpoint, configuration.responseByteCountMax)
        return try await withDeadline(
            connector.makeLoop(), configuration.timeout, operation: request.method, endpoint
        ) { [connector] answer, loop async throws(TransportError) -> any Channel in
            try await connector.connect(to: endpoint, on: loop, whenFailed: { answer.fail($0) }) { channel in
                let pipeline = channel.pipeline.syncOperations
                if endpoint.isTLS { try pipeline.addHandler(connector.tlsHandler(for: endpoint.host)) }
                try pipeline.addHandler(ReceivedByteLimit(limit, request.method, endpoint))
                try pipeline.addHTTPClientHandlers()
                try pipeline.addHandler(WebExchange(request, answer))
            }
        }
    }
}

/// Gives `start` a promise and a loop, and returns what the promise is given, within the time; the connection ends with
/// it.
func withDeadline<R: Sendable>(
    _ loop: any EventLoop, _ timeout: Duration, operation: String, _ endpoint: Endpoint,
    start: @escaping @Sendable (EventLoopPromise<R>, any EventLoop) async throws(TransportError) -> any Channel
) async throws(TransportError) -> R {
    let answer = loop.makePromise(of: R.self)
    let fail = { @Sendable (kind: TransportError.Kind, cause: String) in
        answer.fail(TransportError(kind, operation: operation, subject: "\(endpoint)", cause: cause))
    }
    let deadline = loop.scheduleTask(in: TimeAmount(timeout)) { fail(.timeout, "no whole answer within \(timeout)") }
    defer { deadline.cancel() }
    Task {
        do throws(TransportError) {
            let channel = try await start(answer, loop)
            answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
        } catch {
            answer.fail(error)
        }
    }
    do {
        return try await withTaskCancellationHandler {
            try await answer.futureResult.get()
        } onCancel: {
            fail(.cancelled, "cancelled")
        }
    } catch {
        throw exchangeFailure(error, operation, endpoint)
    }
}

/// Counts what comes, before anybody parses it: an answer without end costs no more than its bound.
final class ReceivedByteLimit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let byteCountMax: Int
    private let operation: String
    private let endpoint: Endpoint
    private var byteCount = 0

    init(_ byteCountMax: Int, _ operation: String, _ endpoint: Endpoint) {
        self.byteCountMax = byteCountMax
        self.operation = operation
        self.endpoint = endpoint
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        byteCount += unwrapInboundIn(data).readableBytes
        guard byteCount <= byteCountMax else {
            context.fireErrorCaught(
                TransportError(
                    .responseTooLarge, operation: operation, subject: "\(endpoint)",
                    cause: "the answer is larger than \(byteCountMax) bytes"))
            return context.close(promise: nil)
        }
        context.fireChannelRead(data)
    }
}
