import NIOCore

/// What a client sends.
public struct ClientRequest: Sendable {
    public var method: String
    /// With the query.
    public var path: String
    public var headers: Headers
    public var body: ByteBuffer
    /// From the call of `send` to the end of the answer.
    public var timeout: Duration

    public init(
        method: String, path: String, headers: Headers = Headers(), body: ByteBuffer = ByteBuffer(),
        timeout: Duration = .seconds(30)
    ) {
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.timeout = timeout
    }
}

/// What came back.
public struct ClientResponse: Sendable {
    public var status: Int
    public var headers: Headers
    public var body: ByteBuffer

    public init(status: Int, headers: Headers = Headers(), body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// The knobs of a client.
public struct ClientConfiguration: Sendable {
    /// Including the TLS handshake.
    public var connectTimeout: Duration = .seconds(10)
    /// One answer's body.
    public var responseByteCountMax = 64 << 20
    /// Requests under way at once; further ones are refused.
    public var requestsMax = 1_024
    /// A connection older than this takes no further requests, so that load spreads again after servers came and went.
    /// Each by up to a fifth more or less, so that a fleet does not come back as one.
    public var connectionAgeMax: Duration = .seconds(600)
    /// Through which to reach the server; nil for the direct way.
    public var proxy: Proxy?

    public init() {}
}
