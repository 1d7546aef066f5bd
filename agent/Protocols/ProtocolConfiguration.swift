/// The bounds of everything `Protocols` keeps. What is over a bound is dropped on purpose and counted (`ProtocolCounters`).
public struct ProtocolConfiguration: Sendable {
    /// Connections whose state is kept, 1 and up; the one idle longest goes first. A connection costs about half a kilobyte.
    public var connectionCountMax = 65_536
    /// Bytes held for all connections together: heads, bodies, unfinished frames. At the bound bodies are not kept any more,
    /// and over it the connections idle longest go.
    public var heldByteCountMax = 64 << 20
    /// Start line and fields of one HTTP/1 message. Servers allow 8 KiB to 64 KiB (nginx, Apache, Node, Jetty).
    public var headByteCountMax = 128 << 10
    /// Fields of one message that are kept; the others are read for their meaning and left out.
    public var fieldCountMax = 128
    /// The part of a body that is kept, before content decoding. 0 keeps none; the size is told all the same.
    public var bodyByteCountMax = 1 << 20
    /// A body after content decoding: what a small bomb can cost.
    public var decodedBodyByteCountMax = 1 << 20
    /// Requests of one HTTP/1 connection that wait for their answer.
    public var waitingRequestCountMax = 2_048
    /// Requests that follow each other faster were sent without waiting for the answer: no partner answers in that time.
    public var pipeliningIntervalMax: Duration = .milliseconds(2)
    /// Bytes held while it is open whether a connection becomes a tunnel.
    public var heldTunnelByteCountMax = 64 << 10
    /// Layers inside one another: a proxy inside a proxy's tunnel, and no further.
    public var tunnelDepthMax = 4
    /// HTTP/2 streams of one connection that are open at a time; the oldest goes first.
    public var streamCountMax = 1_024
    /// A header block with its continuations.
    public var headerBlockByteCountMax = 256 << 10
    /// What a header block may expand to.
    public var headerListByteCountMax = 256 << 10
    /// Names learnt from DNS answers, by address.
    public var nameCountMax = 16_384
    /// Failures without a request (DNS, connection, TLS) remembered, so that one is told once.
    public var recentFailureCountMax = 1_024
    /// One failure of a name is told once in this time: resolvers ask for two kinds of address, several times.
    public var failureRepeatInterval: Duration = .seconds(5)
    /// A client that leaves before this time has cancelled; one that waited longer ran out of patience.
    public var patienceMin: Duration = .seconds(1)

    public init() {}
}
