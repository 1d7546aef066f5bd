/// An operation on the network that failed: what was tried, on what, why, and what an operator can do about it.
public struct TransportError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable, CaseIterable {
        /// The address to listen on cannot be had.
        case listenFailed
        /// Certificates or keys cannot be used as they are.
        case tlsConfiguration
        case dnsFailed
        /// The name leads to an address that must not be connected to.
        case addressRefused
        case connectFailed
        case connectTimeout
        /// The handshake failed, a certificate that is not trusted included.
        case tlsFailed
        /// The other end does not speak HTTP/2.
        case notHTTP2
        /// No answer within the request's time.
        case timeout
        /// The server said that it did nothing with the request.
        case refused
        /// The connection ended while the answer was due.
        case connectionLost
        /// The server broke off this one request.
        case streamReset
        /// The answer exceeds `responseByteCountMax`.
        case responseTooLarge
        /// Too many requests already wait in this client.
        case overloaded
        /// The caller's task was cancelled.
        case cancelled
        /// The client or server was shut down.
        case shutDown
    }

    public var kind: Kind
    /// What was tried, such as `send POST /v1/batches`.
    public var operation: String
    /// With what, such as `https://aggregator:7443`.
    public var subject: String
    public var cause: String
    public var hint: String?
    /// Surely nothing was done at the other end: sending again cannot do anything twice.
    public var isUnprocessed: Bool

    public init(
        _ kind: Kind, operation: String, subject: String, cause: String, hint: String? = nil,
        isUnprocessed: Bool = false
    ) {
        self.kind = kind
        self.operation = operation
        self.subject = subject
        self.cause = cause
        self.hint = hint
        self.isUnprocessed = isUnprocessed
    }

    /// Whether the same request can succeed later without anybody changing a setting. Whether it is safe to send again is
    /// another question: where `isUnprocessed` is false the first one may have been carried out.
    public var isRetryable: Bool {
        switch kind {
        case .listenFailed, .tlsConfiguration, .addressRefused, .responseTooLarge, .cancelled, .shutDown: false
        case .dnsFailed, .connectFailed, .connectTimeout, .tlsFailed, .notHTTP2, .timeout, .refused, .connectionLost,
            .streamReset, .overloaded:
            true
        }
    }

    public var description: String {
        "cannot \(operation) (\(subject)): \(cause)" + (hint.map { "; \($0)" } ?? "")
    }
}
