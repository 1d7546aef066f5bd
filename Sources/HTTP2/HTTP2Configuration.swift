/// The limits and windows of one session.
public struct HTTP2Configuration: Sendable {
    /// Requests the peer may have open at once (1 to 2³¹ − 1); what comes beyond is refused.
    public var streamsMax = 256
    /// One message's headers, counted as RFC 9113 section 6.5.2 counts: name and value and 32 bytes for each field.
    public var headerByteCountMax = 32 << 10
    /// What the peer may send on one stream before we have consumed it: 1 MiB keeps a 64 ms path at 16 MB/s busy.
    public var streamWindowByteCount = 1 << 20
    /// The same for all streams of the connection together.
    public var connectionWindowByteCount = 16 << 20
    /// Entries in one SETTINGS frame of the peer.
    public var settingsEntriesMax = 32
    /// Answers to PING and SETTINGS that may wait for a peer who does not read.
    public var acknowledgementsMax = 1_000
    /// CONTINUATION frames after one HEADERS frame.
    public var continuationsMax = 8
    /// Rapid reset (CVE-2023-44487): resets accepted at once, and regained per second.
    public var resetBurstMax = 1_000
    public var resetsPerSecondMax = 33
    /// Streams on which one connection may make our work worthless, over its whole life; then it is told to go. Unlike the rate
    /// above this also counts resets that the peer provokes us to send.
    public var abandonedStreamsMax = 10_000
    /// Frames that may wait for a peer who does not read, whatever their kind.
    public var outboundFramesMax = 20_000
    /// Frames that bring nothing (empty DATA, PING, SETTINGS, WINDOW_UPDATE) before the owner forgives them.
    public var barrenFramesMax = 20_000
    /// Requests a client may have open before the server's own limit is known.
    public var assumedPeerStreamsMax = 100

    public init() {}
}
