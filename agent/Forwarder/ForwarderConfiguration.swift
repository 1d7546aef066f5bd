import Transport

/// The knobs of the way to the aggregator.
public struct ForwarderConfiguration: Sendable {
    /// Aggregators; each agent prefers one of them, and falls over to the others.
    public var endpoints: [Endpoint]
    public var tls: ClientTLS?
    /// Of each endpoint that is not reached directly, by its place in `endpoints`.
    public var proxies: [Int: Proxy] = [:]
    /// Batches under way at once.
    public var inFlightMax = 4
    /// While more than this wait, the newest go first and every fourth is the oldest.
    public var orderlyWaitingMax = 8
    /// From sending a batch to its acknowledgement, the commit included.
    public var requestTimeout: Duration = .seconds(60)
    /// Waits after failures: random up to a bound that doubles from `backoffMin` to `backoffMax`.
    public var backoffMin: Duration = .milliseconds(250)
    public var backoffMax: Duration = .seconds(30)
    /// Wait after an answer that only an operator can change: a bad token, a wrong address, a version not read there.
    public var refusedBackoffMin: Duration = .seconds(5)
    public var refusedBackoffMax: Duration = .seconds(300)
    /// A server's `Retry-After` is honoured up to this.
    public var retryAfterMax: Duration = .seconds(300)
    /// Failures in a row after which the next endpoint is tried.
    public var failuresPerEndpoint = 3
    /// After this long with another endpoint the preferred one is tried again.
    public var preferredRetryInterval: Duration = .seconds(60)
    /// After this long, give or take a fifth, a connection makes way for a new one, so that load spreads again and what stands in
    /// between is found anew.
    public var connectionAgeMax: Duration = .seconds(600)
    public var heartbeatInterval: Duration = .seconds(10)
    /// Of one answer: acknowledgements are small, a published catalogue is a mebibyte at most. A larger one is cut off.
    public var responseByteCountMax = 2 << 20

    public init(endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }
}
