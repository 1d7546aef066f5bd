import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Sends requests to one server over one HTTP/2 connection, which it opens when it is first needed and again when it was lost.
///
/// HTTP/2 only: by prior knowledge for `http`, by ALPN for `https` (RFC 9113, section 3). Requests share the connection. One that
/// the server surely did not look at (it was going away) is sent again by itself, once; every other failure is the caller's.
public final class HTTPClient: Sendable {
    public let endpoint: Endpoint
    private let configuration: ClientConfiguration
    private let tls: ClientTLS?
    private let eventLoop: any EventLoop
    private let state = Mutex(State())

    private struct State {
        var connection: EventLoopFuture<ConnectionReference>?
        var number = 0
        var requestCount = 0
        var isShutDown = false
    }

    public init(
        endpoint: Endpoint, tls: ClientTLS? = nil, configuration: ClientConfiguration = .init(),
        group: any EventLoopGroup
    ) {
        self.endpoint = endpoint
        self.tls = tls ?? (endpoint.isTLS ? ClientTLS() : nil)
        self.configuration = configuration
        eventLoop = group.next()
    }

    /// Returns whatever the server answered, errors of HTTP included; throws when there is no answer.
    public func send(_ request: ClientRequest) async throws(TransportError) -> ClientResponse {
        try admit(request)
        defer { state.withLock { $0.requestCount -= 1 } }
        do {
            return try await sendOnce(request)
        } catch {
            guard error.kind == .refused, error.isUnprocessed else { throw error }
            return try await sendOnce(request)
        }
    }

    /// Sends a request whose answer may have no end: the body of a 200 goes to `receive` piece by piece, on the client's event
    /// loop, and as long as that is busy nothing more is read. Returns when the answer has ended, with the body of anything
    /// but a 200.
    public func stream(
        _ request: ClientRequest, receive: @escaping @Sendable (ByteBuffer) -> Void
    ) async throws(TransportError) -> ClientResponse {
        try admit(request)
        defer { state.withLock { $0.requestCount -= 1 } }
        return try await sendOnce(request, receive: receive)
    }

    private func admit(_ request: ClientRequest) throws(TransportError) {
        let refusal = state.withLock { state -> TransportError? in
            if state.isShutDown { return failure(.shutDown, request, "the client was shut down") }
            if state.requestCount >= configuration.requestsMax {
                return failure(.overloaded, request, "\(state.requestCount) requests are under way already")
            }
            state.requestCount += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    private func sendOnce(
        _ request: ClientRequest, receive: (@Sendable (ByteBuffer) -> Void)? = nil
    ) async throws(TransportError) -> ClientResponse {
        let answer = eventLoop.makePromise(of: ClientResponse.self)
        let operation = "send \(request.method) \(request.path)"
        let endpoint = endpoint
        let deadline = eventLoop.scheduleTask(in: TimeAmount(request.timeout)) {
            answer.fail(
                TransportError(
                    .timeout, operation: operation, subject: "\(endpoint)",
                    cause: "no answer within \(request.timeout)"))
        }
        connected().whenComplete { result in
            switch result {
            case .failure(let error): answer.fail(error)
            case .success(let connection): connection.handler.value.send(request, answer, receive: receive)
            }
        }
        do {
            let response = try await withTaskCancellationHandler {
                try await answer.futureResult.get()
            } onCancel: {
                answer.fail(
                    TransportError(.cancelled, operation: operation, subject: "\(endpoint)", cause: "cancelled"))
            }
            deadline.cancel()
            return response
        } catch {
            deadline.cancel()
            throw (error as? TransportError) ?? failure(.connectionLost, request, "\(error)")
        }
    }

    /// Ends the connection; what is under way fails with `shutDown` or `connectionLost`.
    public func shutdown() async {
        let connection = state.withLock { state in
            state.isShutDown = true
            defer { state.connection = nil }
            return state.connection
        }
        guard let open = try? await connection?.get() else { return }  // It never came to be: nothing to close.
        try? await open.channel.close()  // Closed already is as good.
    }

    // MARK: The connection

    /// The present connection, or a new one. Completes on the client's event loop.
    private func connected() -> EventLoopFuture<ConnectionReference> {
        // Made first, so that whoever finds no connection puts this one in its place under the same lock.
        let promise = eventLoop.makePromise(of: ConnectionReference.self)
        let present: EventLoopFuture<ConnectionReference>?
        let number: Int
        (present, number) = state.withLock { state -> (EventLoopFuture<ConnectionReference>?, Int) in
            if let connection = state.connection { return (connection, state.number) }
            state.number += 1
            state.connection = promise.futureResult
            return (nil, state.number)
        }
        if let present {
            promise.fail(TransportError(.shutDown, operation: "connect", subject: "\(endpoint)", cause: "not needed"))
            return present
        }
        promise.futureResult.whenFailure { _ in self.forget(number) }
        connect(number, promise)
        return promise.futureResult
    }

    private func forget(_ number: Int) {
        state.withLock { state in
            if state.number == number { state.connection = nil }
        }
    }

    private func connect(_ number: Int, _ ready: EventLoopPromise<ConnectionReference>) {
        let context: NIOSSLContext?
        do {
            context = try tls?.makeContext()
        } catch {
            return ready.fail(error)
        }
        let (endpoint, configuration) = (endpoint, configuration)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let addHandlers = { (channel: any Channel) throws in
                        if let context {
                            let name = isAddress(endpoint.host) ? nil : endpoint.host
                            try channel.pipeline.syncOperations.addHandler(
                                NIOSSLClientHandler(context: context, serverHostname: name))
                        }
                        let handler = try HTTP2ClientConnection(
                            endpoint, configuration, ready: ready, whenUnusable: { self.forget(number) })
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    guard let proxy = configuration.proxy else { return try addHandlers(channel) }
                    try channel.pipeline.syncOperations.addHandler(
                        ProxyTunnel(proxy, to: endpoint, whenFailed: { ready.fail($0) }, whenOpen: addHandlers))
                }
            }
        let (host, port) = configuration.proxy.map { ($0.host, $0.port) } ?? (endpoint.host, endpoint.port)
        bootstrap.connect(host: host, port: port).whenFailure { error in
            ready.fail(connectFailure(error, endpoint))
        }
        eventLoop.scheduleTask(in: TimeAmount(configuration.connectTimeout)) {
            // Fulfilled before, unless the handshake hangs; failing a fulfilled promise does nothing.
            ready.fail(
                TransportError(
                    .connectTimeout, operation: "connect", subject: "\(endpoint)",
                    cause: "not connected within \(configuration.connectTimeout)", isUnprocessed: true))
        }
    }

    private func failure(_ kind: TransportError.Kind, _ request: ClientRequest, _ cause: String) -> TransportError {
        TransportError(kind, operation: "send \(request.method) \(request.path)", subject: "\(endpoint)", cause: cause)
    }
}

/// A connection that takes requests, as it passes between threads: its handler is touched on its loop alone.
struct ConnectionReference: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<HTTP2ClientConnection>
}

private func isAddress(_ host: String) -> Bool {
    (try? SocketAddress(ipAddress: host, port: 0)) != nil  // An error says that it is a name.
}

private func connectFailure(_ error: any Error, _ endpoint: Endpoint) -> TransportError {
    if let known = error as? TransportError { return known }
    if case ChannelError.connectTimeout = error {
        return TransportError(
            .connectTimeout, operation: "connect", subject: "\(endpoint)", cause: "no answer", isUnprocessed: true)
    }
    if let failure = error as? NIOConnectionError {
        if failure.connectionErrors.isEmpty {
            return TransportError(
                .dnsFailed, operation: "connect", subject: "\(endpoint)", cause: "the name cannot be resolved",
                hint: "is \(endpoint.host) spelt right?", isUnprocessed: true)
        }
        return TransportError(
            .connectFailed, operation: "connect", subject: "\(endpoint)",
            cause: failure.connectionErrors.map { "\($0.error)" }.joined(separator: "; "),
            hint: "does the server run, and listen there?", isUnprocessed: true)
    }
    return TransportError(
        .connectFailed, operation: "connect", subject: "\(endpoint)", cause: "\(error)", isUnprocessed: true)
}
