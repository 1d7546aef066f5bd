import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Connects to receivers that a setting names: resolves, judges each address by the policy, and connects to one that
/// was judged.
final class OutgoingConnector: Sendable {
    private let policy: AddressPolicy
    private let tls: ClientTLS
    private let protocols: [String]
    private let connectTimeout: Duration
    private let proxy: @Sendable (Endpoint) -> Proxy?
    private let group: any EventLoopGroup
    /// Made with the first connection that needs it: reading the system's authorities takes milliseconds.
    private let context = Mutex<NIOSSLContext?>(nil)

    init(
        _ configuration: WebClient.Configuration, protocols: [String],
        proxy: @escaping @Sendable (Endpoint) -> Proxy? = { _ in nil }, group: any EventLoopGroup
    ) {
        policy = configuration.addresses
        tls = configuration.tls
        connectTimeout = configuration.connectTimeout
        self.protocols = protocols
        self.proxy = proxy
        self.group = group
    }

    func makeLoop() -> any EventLoop { group.next() }

    /// A handler that proves who the server is: by its name, or by its address where there is no name.
    func tlsHandler(for host: String) throws -> NIOSSLClientHandler {
        let context = try context.withLock { context in
            if let context { return context }
            let made = try tls.makeContext(protocols: protocols)
            context = made
            return made
        }
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress(host) ? nil : host)
    }

    /// Connected, with what `initialize` put into the channel; it is called for each address that is tried.
    ///
    /// A proxy resolves names itself, and what it lets through is its operator's: then only addresses are judged here.
    func connect(
        to endpoint: Endpoint, on loop: any EventLoop, whenFailed: @escaping @Sendable (TransportError) -> Void,
        initialize: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(TransportError) -> any Channel {
        guard let proxy = proxy(endpoint) else {
            return try await connect(
                endpoint, try await judgedAddresses(of: endpoint, on: loop), on: loop, initialize)
        }
        if isAddress(endpoint.host) { _ = try await judgedAddresses(of: endpoint, on: loop) }
        let way = Endpoint(isTLS: false, host: proxy.host, port: proxy.port)
        return try await connect(endpoint, try await addresses(of: way, on: loop), on: loop) { channel in
            try channel.pipeline.syncOperations.addHandler(
                ProxyTunnel(proxy, to: endpoint, whenFailed: whenFailed, whenOpen: initialize))
        }
    }

    private func connect(
        _ endpoint: Endpoint, _ addresses: [SocketAddress], on loop: any EventLoop,
        _ initialize: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(TransportError) -> any Channel {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try initialize(channel) } }
        var causes: [String] = []
        for address in addresses {
            do {
                return try await bootstrap.connect(to: address).get()
            } catch {
                if let error = error as? TransportError { throw error }
                causes.append("\(address.ipAddress ?? "\(address)"): \(shortText(error))")
            }
        }
        throw TransportError(
            .connectFailed, operation: "connect", subject: "\(endpoint)", cause: causes.joined(separator: "; "),
            hint: "does the receiver run, and is the way to it open?", isUnprocessed: true)
    }

    private func judgedAddresses(
        of endpoint: Endpoint, on loop: any EventLoop
    ) async throws(TransportError) -> [SocketAddress] {
        let found = try await addresses(of: endpoint, on: loop)
        let allowed = found.filter { policy.refusal(of: $0.addressBytes) == nil }
        guard allowed.isEmpty else { return allowed }
        guard let first = found.first, let reason = policy.refusal(of: first.addressBytes) else {
            throw TransportError(
                .dnsFailed, operation: "resolve", subject: endpoint.host, cause: "the name has no address",
                isUnprocessed: true)
        }
        throw TransportError(
            .addressRefused, operation: "connect", subject: "\(endpoint)",
            cause: first.ipAddress == endpoint.host
                ? "the address is \(reason)" : "its address is \(first.ipAddress ?? ""), which is \(reason)",
            hint: "set allow_private: true where that is meant", isUnprocessed: true)
    }
}

extension OutgoingConnector {
    private func addresses(
        of endpoint: Endpoint, on loop: any EventLoop
    ) async throws(TransportError) -> [SocketAddress] {
        do {
            return try await Resolver.addresses(of: endpoint.host, port: endpoint.port, on: loop).get()
        } catch {
            throw (error as? TransportError)
                ?? TransportError(
                    .dnsFailed, operation: "resolve", subject: endpoint.host, cause: "\(error)", isUnprocessed: true)
        }
    }
}

private func isAddress(_ host: String) -> Bool {
    (try? SocketAddress(ipAddress: host, port: 0)) != nil  // An error says that it is a name.
}

private func shortText(_ error: any Error) -> String {
    if case ChannelError.connectTimeout = error { return "no answer in time" }
    if let error = error as? IOError { return error.reason }
    return "\(error)"
}

extension IOError {
    /// `Connection refused` rather than where in the library it was noticed.
    fileprivate var reason: String { String(cString: strerror(errnoCode)) }
}

/// What went wrong on an open connection.
func exchangeFailure(_ error: any Error, _ operation: String, _ endpoint: Endpoint) -> TransportError {
    if let error = error as? TransportError { return error }
    func failure(_ kind: TransportError.Kind, _ cause: String, hint: String? = nil) -> TransportError {
        TransportError(kind, operation: operation, subject: "\(endpoint)", cause: cause, hint: hint)
    }
    if let error = error as? IOError { return failure(.connectionLost, error.reason) }
    guard error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError else {
        return failure(.connectionLost, "\(error)")
    }
    // The library's words hold file names of its own; these are what an operator can do something about.
    let text = "\(error)"
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
        return failure(
            .tlsFailed, "its certificate is not trusted",
            hint: "has it expired, is it by an authority this machine knows, or by the one that `ca` names?")
    }
    if text.contains("failedToValidateHostname") || text.contains("unableToValidateCertificate") {
        return failure(.tlsFailed, "its certificate is for another name than \(endpoint.host)")
    }
    if text.contains("WRONG_VERSION_NUMBER") { return failure(.tlsFailed, "it does not speak TLS there") }
    return failure(.tlsFailed, "the TLS handshake failed: \(text.prefix { $0 != "/" })")
}
