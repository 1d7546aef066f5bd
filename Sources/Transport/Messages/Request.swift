import NIOCore

public enum HTTPVersion: Sendable, Equatable {
    case http1_0
    case http1_1
    case http2
}

/// Who is at the other end of a connection.
public struct Peer: Sendable, Equatable {
    /// The IP address as text.
    public var address: String
    public var port: Int
    public var isLoopback: Bool
    public var isTLS: Bool
    /// What the client proved to hold; nil without one, or with one that names nobody.
    public var certificate: ClientCertificate?

    public init(
        address: String, port: Int, isLoopback: Bool, isTLS: Bool, certificate: ClientCertificate? = nil
    ) {
        self.address = address
        self.port = port
        self.isLoopback = isLoopback
        self.isTLS = isTLS
        self.certificate = certificate
    }

    init(channel: any Channel, isTLS: Bool, certificate: ClientCertificate?) {
        let address = channel.remoteAddress?.ipAddress ?? ""
        self.init(
            address: address, port: channel.remoteAddress?.port ?? 0, isLoopback: Self.isLoopback(address),
            isTLS: isTLS, certificate: certificate)
    }

    static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.") || address.lowercased().hasPrefix("::ffff:127.")
    }
}

/// All of a request but its body.
public struct RequestHead: Sendable {
    /// As sent; methods are case-sensitive.
    public var method: String
    /// Without query, not decoded.
    public var path: String
    /// What follows the first `?`, not decoded.
    public var query: String?
    /// HTTP/2's `:authority` stands here as `host`.
    public var headers: Headers
    public var version: HTTPVersion
    public var peer: Peer

    public init(
        method: String, path: String, query: String? = nil, headers: Headers = .init(), version: HTTPVersion, peer: Peer
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.version = version
        self.peer = peer
    }

    /// The body's size as announced; nil when it was not, or not as a number.
    public var contentLength: Int? {
        headers[first: "content-length"].flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil }
    }

    /// Splits a request target: `/path?query`, `http://host/path?query`, `*`.
    static func split(target: String) -> (path: String, query: String?) {
        var rest = target[...]
        if !rest.hasPrefix("/"), let scheme = rest.firstRange(of: "://") {
            rest = rest[scheme.upperBound...].drop { $0 != "/" && $0 != "?" }
            if !rest.hasPrefix("/") { rest = "/" + rest }
        }
        guard let mark = rest.firstIndex(of: "?") else { return (String(rest), nil) }
        return (String(rest[..<mark]), String(rest[rest.index(after: mark)...]))
    }
}

/// A request with its whole body.
public struct Request: Sendable {
    public var head: RequestHead
    public var body: ByteBuffer

    public init(head: RequestHead, body: ByteBuffer) {
        self.head = head
        self.body = body
    }
}
