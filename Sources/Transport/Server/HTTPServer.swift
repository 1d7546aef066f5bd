import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// One port that serves HTTP/1.0, HTTP/1.1 and HTTP/2, in the clear or over TLS, to one handler.
///
/// Requests and answers are whole; every buffer, connection and wait is bounded by the configuration.
public final class HTTPServer: Sendable {
    private let core: ServerCore
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var listener: (any Channel)?
        var tls: NIOSSLContext?
        var connections: [ObjectIdentifier: any Channel] = [:]
        /// Resumed when the last connection has gone, or patience ends.
        var whenEmpty: CheckedContinuation<Void, Never>?
        var isPatienceOver = false
    }

    public init(
        configuration: ServerConfiguration, handler: any RequestHandler, group: any EventLoopGroup, logger: Logger
    ) {
        core = ServerCore(configuration: configuration, handler: handler)
        self.group = group
        self.logger = logger
    }

    public var counters: TransportCounters {
        core.counters
    }

    public var connectionCount: Int {
        state.withLock { $0.connections.count }
    }

    /// Bytes of bodies held for requests not yet answered, and for answers not yet sent.
    public var heldByteCount: (requests: Int, responses: Int) {
        (core.requestBudget.heldByteCount, core.responseBudget.heldByteCount)
    }

    /// Listens. Returns the address that was bound.
    public func start() async throws(TransportError) -> (address: String, port: Int) {
        let configuration = core.configuration
        try reloadCertificates()
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1_024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A client may end its side and still wait for the answer.
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            // The larger maximum pays from bodies of 64 kB on; idle connections shrink back to the smallest.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2_048, initial: 4_096, maximum: 262_144)
            )
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
            .childChannelInitializer { [self] channel in accept(channel) }
        let listener: any Channel
        do {
            listener = try await bootstrap.bind(host: configuration.address, port: configuration.port).get()
        } catch {
            let subject = "\(configuration.address):\(configuration.port)"
            throw TransportError(
                .listenFailed, operation: "listen", subject: subject, cause: "\(error)",
                hint: "is another process listening there, or is the address not one of this host's?")
        }
        state.withLock { $0.listener = listener }
        let bound = listener.localAddress
        let (address, port) = (bound?.ipAddress ?? configuration.address, bound?.port ?? configuration.port)
        logger.info(
            "listening", metadata: ["address": "\(address)", "port": "\(port)", "tls": "\(configuration.tls != nil)"])
        return (address, port)
    }

    /// Reads certificate, key and authorities again; connections made from now on use them. On error the old ones stay.
    public func reloadCertificates() throws(TransportError) {
        guard let tls = core.configuration.tls else { return }
        let context = try tls.makeContext()
        state.withLock { $0.tls = context }
    }

    /// Takes no new connections and requests, waits for those under way, then ends what is left.
    ///
    /// HTTP/2 clients get GOAWAY, HTTP/1 clients `Connection: close` with their last answer.
    public func shutdown(grace: Duration) async {
        core.isShuttingDown.store(true, ordering: .sequentiallyConsistent)
        let listener = state.withLock { $0.listener.take() }
        try? await listener?.close().get()
        let connections = state.withLock { Array($0.connections.values) }
        for channel in connections { channel.pipeline.fireUserInboundEventTriggered(ServerShutdownEvent()) }
        await waitUntilEmpty(atMost: grace)
        let left = state.withLock { Array($0.connections.values) }
        for channel in left { channel.close(promise: nil) }
        for channel in left { try? await channel.closeFuture.get() }
        logger.info("stopped listening", metadata: ["connections_cut": "\(left.count)"])
    }

    private func waitUntilEmpty(atMost grace: Duration) async {
        let deadline = group.next().scheduleTask(in: TimeAmount(grace)) { [self] in
            let waiter = state.withLock { state in
                state.isPatienceOver = true
                return state.whenEmpty.take()
            }
            waiter?.resume()
        }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isOver = state.withLock { state in
                let isOver = state.connections.isEmpty || state.isPatienceOver
                if !isOver { state.whenEmpty = continuation }
                return isOver
            }
            if isOver { continuation.resume() }
        }
        deadline.cancel()
    }

    /// On the connection's loop, before its first byte.
    private func accept(_ channel: any Channel) -> EventLoopFuture<Void> {
        let id = ObjectIdentifier(channel)
        let (isWelcome, tls) = state.withLock { state in
            let isWelcome =
                state.connections.count < core.configuration.connectionsMax
                && !core.isShuttingDown.load(ordering: .sequentiallyConsistent)
            if isWelcome { state.connections[id] = channel }
            return (isWelcome, state.tls)
        }
        guard isWelcome else {
            core.counters.add(.connectionsRefused)
            return channel.close()
        }
        core.counters.add(.connectionsAccepted)
        channel.closeFuture.whenComplete { [self] _ in forget(id) }
        return channel.eventLoop.makeCompletedFuture {
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            try channel.pipeline.syncOperations.addHandler(ProtocolSelector(core: core))
        }
    }

    private func forget(_ id: ObjectIdentifier) {
        core.counters.add(.connectionsClosed)
        let waiter = state.withLock { state in
            state.connections[id] = nil
            return state.connections.isEmpty ? state.whenEmpty.take() : nil
        }
        waiter?.resume()
    }
}
