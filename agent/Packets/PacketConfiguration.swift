/// The bounds of what `PacketReassembler` keeps and how long it waits. All of it is memory or time on an application host.
public struct PacketConfiguration: Sendable {
    /// Connections followed at once, those lately closed included. Each costs about 300 bytes.
    public var connectionsMax = 65_536
    /// Bytes that wait behind a hole, for one direction of a connection.
    public var heldBytesMax = 4 << 20
    /// Segments that wait behind a hole, for one direction. Bounds the cost of keeping them in order.
    public var heldSegmentsMax = 4_096
    /// Bytes that wait behind holes, in all.
    public var heldBytesTotalMax = 16 << 20
    /// How long a hole is waited for that the receiver has acknowledged, or of whose receiver nothing is seen: the capture lost
    /// it, and only a reordering capture still brings it.
    public var gapWaitMax = Duration.seconds(2)
    /// How long a hole is waited for that the receiver has not acknowledged: a retransmission must come, or the connection dies.
    public var retransmissionWaitMax = Duration.seconds(60)
    /// Silence after a SYN that counts as no answer. Linux sends it again after 1, 2, 4, 8 … s.
    public var connectWaitMax = Duration.seconds(10)
    /// Silence after which an open connection is forgotten.
    public var idleWaitMax = Duration.seconds(3_600)
    /// How long the ends of a closed connection are remembered, so that late segments do not open it anew.
    public var lingerWait = Duration.seconds(60)
    /// IP datagrams being put together from fragments, and the bytes of all of them.
    public var fragmentedDatagramsMax = 256
    public var fragmentBytesTotalMax = 4 << 20
    /// RFC 8200, section 4.5 gives up after 60 s; Linux after 30 s.
    public var fragmentWaitMax = Duration.seconds(30)
    /// Headers within headers: VLAN tags, tunnels, IPv6 extensions. Bounds the work on one packet.
    public var headersMax = 24
    /// UDP ports whose payloads are handed on.
    public var datagramPorts: [UInt16] = [53]
    /// Makes the places in the connection table unpredictable to those who send the packets; random in live use.
    public var hashSeed: UInt64 = 0x9e37_79b9_7f4a_7c15

    public init() {}
}
