import CallModel

/// A call as it was seen on a connection, still as bytes: whoever takes it decides whether text is made of it (`makeCall`).
///
/// It is lent for the time of `CallSink.observed` and used again for another call afterwards. Objects are kept in a pool,
/// so that a call costs no allocation beyond growing buffers.
public final class ObservedCall {
    /// What the connection knows beside the messages.
    public internal(set) var connection: ConnectionInfo
    /// The status code; 0 where no response came.
    public internal(set) var status = 0
    /// Why no answer came, or why it is not whole.
    public internal(set) var error: FailureKind?
    /// Whether it is unknown if an answer came: only a part of the connection was seen. Then `error` is nil.
    public internal(set) var isAnswerUnknown = false

    var version = HTTPVersion.http11
    var request = Message()
    var response = Message()
    /// Places in the request's head.
    var method = ByteRange()
    var target = ByteRange()
    var authority = ByteRange()
    var hasRequest = false
    var isRequestComplete = false
    var isResponseComplete = false
    var isHead = false
    var isConnect = false
    var upgrade = UpgradeToken.none
    /// HTTP/2: promised by the server and so never asked for.
    var isPush = false

    init(connection: ConnectionInfo) {
        self.connection = connection
    }

    /// There was no request: the connection failed, or the name did not resolve.
    public var isWithoutRequest: Bool { !hasRequest }
    var hasResponse: Bool { status != 0 }
    var heldByteCount: Int { request.heldByteCount + response.heldByteCount }

    func clear() {
        status = 0
        error = nil
        isAnswerUnknown = false
        request.clear()
        response.clear()
        method = ByteRange()
        target = ByteRange()
        authority = ByteRange()
        hasRequest = false
        isRequestComplete = false
        isResponseComplete = false
        isHead = false
        isConnect = false
        upgrade = .none
        isPush = false
    }
}

/// The protocol version a call was made in.
enum HTTPVersion: UInt8 {
    case http10, http11, http2

    var name: StaticString {
        switch self {
        case .http10: "1.0"
        case .http11: "1.1"
        case .http2: "2"
        }
    }
}

/// What a request asks to switch the connection to (RFC 9110, section 7.8).
enum UpgradeToken {
    case none, http2, other
}

/// What is known of a connection while its calls are seen.
public final class ConnectionInfo {
    public let id: ConnectionID
    public internal(set) var origin: ConnectionOrigin
    /// Whether the bytes were encrypted on the wire, and so the scheme is https.
    public internal(set) var isEncrypted: Bool
    /// The name the server was asked for in TLS, by a proxy's CONNECT or SOCKS, or that DNS gave its address.
    public internal(set) var serverName: String?
    /// Whether `serverName` was asked for on this connection, rather than guessed from DNS answers.
    public internal(set) var isServerNameCertain: Bool
    /// The server's address as text, made once.
    public var serverAddress: String {
        if let known = serverAddressText { return known }
        let text = origin.server.addressText
        serverAddressText = text
        return text
    }

    /// Where the connection comes from: what a load balancer said of it (PROXY protocol), else its other end.
    public var clientAddress: String { (proxiedClient ?? origin.client).addressText }
    var proxiedClient: SocketEndpoint?
    /// Whom it reaches, as the beginning of a URL: `https://api.bank.example`, `http://[::1]:8080`.
    public var serverURL: String {
        let name = serverName ?? serverAddress
        let host = name.utf8.contains(UInt8(ascii: ":")) && !name.hasPrefix("[") ? "[\(name)]" : name
        let isUsual = origin.server.port == (isEncrypted ? 443 : 80)
        return (isEncrypted ? "https://" : "http://") + (isUsual ? host : "\(host):\(origin.server.port)")
    }
    private var serverAddressText: String?
    /// When the certificate ends that the server showed; nil where none could be read.
    public internal(set) var certificateEnd: Instant?
    /// Whether the sink was told that TLS was agreed on.
    public internal(set) var isToldSecured = false
    private var hasShownCall = false

    init(id: ConnectionID, origin: ConnectionOrigin) {
        self.id = id
        self.origin = origin
        serverName = origin.serverName
        isServerNameCertain = origin.serverName != nil
        isEncrypted = origin.serverName != nil || origin.source == .keylog || origin.source == .probe
    }

    /// True for the first call of the connection: from then on it counts as read.
    public func showsFirstCall() -> Bool {
        defer { hasShownCall = true }
        return !hasShownCall
    }

    /// The content told that the ends were taken for each other.
    func exchangeEnds() {
        let ends = origin
        origin.client = ends.server
        origin.server = ends.client
        serverAddressText = nil
    }
}

/// Takes calls as they end. Only `ObservedCall`'s own methods may outlive the call.
public protocol CallSink {
    mutating func observed(_ call: ObservedCall)

    /// TLS was agreed on, once a connection: it is known whom it reaches, and whether its calls can be read is still to be seen.
    mutating func secured(_ connection: ConnectionInfo)

    /// The server showed a certificate, once a connection; it ends at `connection.certificateEnd`.
    mutating func certified(_ connection: ConnectionInfo, at now: Instant)
}

extension CallSink {
    public mutating func secured(_ connection: ConnectionInfo) {}
    public mutating func certified(_ connection: ConnectionInfo, at now: Instant) {}
}
