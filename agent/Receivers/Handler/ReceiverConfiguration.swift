/// The knobs of the agent's receivers.
public struct ReceiverConfiguration: Sendable {
    /// The agent's own host, put into every call that names none, and into those that name another without `trustHost`.
    public var hostName: String
    /// Whether senders may speak for other hosts: a relay in front of a fleet.
    public var trustHost = false
    public var otlp = OTLPConfiguration()
    /// Where Moesif's events tell our customer, best first. A user is a person, so `user_id` is not among them.
    public var moesifCustomerFields: [MoesifCustomerField] = [.company]
    /// Senders must bring one of these; empty on loopback, where every process of the host may send.
    public var tokens = AcceptedTokens([])
    /// The largest body, as received and again after decompression: what OTLP/HTTP recommends.
    public var bodyByteCountMax = 64 << 20
    /// Calls taken from one request in the native form.
    public var callCountMax = 100_000
    /// Bodies up to this size, decompressed, are decoded where they arrive: on the event loop, in half a millisecond at
    /// most. Larger ones go to the decoding thread, so that no other connection waits.
    public var inlineByteCountMax = 128 << 10
    /// Requests that may wait for the decoding thread; further ones are told to come again.
    public var waitingMax = 64
    /// How far ahead of the host's clock a call may lie. The past is open: any call time can be stored.
    public var futureMax: Duration = .seconds(86_400)
    /// What is asked of a sender when the pipeline failed or the decoding thread is behind.
    public var retryAfter: Duration = .seconds(5)
    /// Rejections told to the sender one by one; the count is exact beyond.
    public var rejectionsToldMax = 100

    /// Asked for each call in the native form; nil where all go the general way.
    public var shortcuts: (any CallShortcuts)?

    public init(hostName: String) {
        self.hostName = hostName
    }
}
