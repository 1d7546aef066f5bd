/// What happened to the packets. Running totals since the start.
public struct PacketCounters: Sendable, Equatable {
    public var packets = 0
    public var bytes = 0
    /// Packets whose link type or network protocol is not read here (ARP, LLDP, ESP …).
    public var unreadPackets = 0
    /// Packets whose headers contradict themselves or are cut off.
    public var malformedPackets = 0
    /// IP fragments, whole datagrams made of them, and datagrams given up.
    public var fragments = 0
    public var fragmentedDatagrams = 0
    public var abandonedDatagrams = 0
    /// Packets found inside a tunnel.
    public var tunnelledPackets = 0
    public var segments = 0
    public var datagrams = 0
    /// Segments of no known connection and without bytes, and such that cannot belong to the one they name.
    public var straySegments = 0
    public var duplicateBytes = 0
    /// Segments that arrived before those they follow.
    public var heldSegments = 0
    /// Bytes handed out in order, and bytes reported missing.
    public var streamBytes = 0
    public var gaps = 0
    public var gapBytes = 0
    public var connectionsOpened = 0
    public var connectionsClosed = 0
    /// Given up to stay within `connectionsMax`.
    public var connectionsEvicted = 0
    /// Closed because they were silent for too long.
    public var connectionsExpired = 0
    /// Holes given up early to stay within the bounds of what may wait.
    public var heldBytesOverflows = 0

    public init() {}
}
