/// The joint between sources of bytes and the protocols that read them.
///
/// Packets with a key log, probes inside TLS libraries and clear TCP all end in the same five events: a connection opened,
/// a chunk of one direction arrived in order, bytes were lost, it closed, a datagram was seen. Whoever parses HTTP implements
/// `StreamConsumer` and never learns where the bytes came from; a layer that decrypts is a consumer with another behind it.
/// Events are calls with borrowed bytes rather than values of an enum, so that no chunk is copied on its way.

/// A connection, as its source numbers it: never reused within a source.
public struct ConnectionID: Hashable, Sendable {
    public var rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// An IP address and a port. Addresses are kept as 16 bytes; IPv4 is mapped (RFC 4291, section 2.5.5.2).
public struct SocketEndpoint: Hashable, Sendable {
    /// The address, first byte most significant.
    public var high: UInt64
    public var low: UInt64
    public var port: UInt16

    public init(high: UInt64, low: UInt64, port: UInt16) {
        self.high = high
        self.low = low
        self.port = port
    }

    /// - Parameter ipv4: the address, first byte most significant.
    public init(ipv4: UInt32, port: UInt16) {
        self.init(high: 0, low: 0xffff_0000_0000 | UInt64(ipv4), port: port)
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }
}

/// What a source knows of a connection when it opens.
public struct ConnectionOrigin: Sendable, Hashable {
    /// Who opened it; by the handshake where one was seen, else a guess a protocol may turn round.
    public var client: SocketEndpoint
    public var server: SocketEndpoint
    /// Whether the handshake, or the process that connected, told which end is the client.
    public var isClientKnown: Bool
    public var source: CallSource
    /// The process on this host, where the source knows it.
    public var processID: Int32?
    /// The name asked for in TLS (SNI), where known already.
    public var serverName: String?

    public init(
        client: SocketEndpoint, server: SocketEndpoint, isClientKnown: Bool, source: CallSource,
        processID: Int32? = nil, serverName: String? = nil
    ) {
        self.client = client
        self.server = server
        self.isClientKnown = isClientKnown
        self.source = source
        self.processID = processID
        self.serverName = serverName
    }
}

/// One direction of a connection.
public enum StreamDirection: UInt8, Sendable, CaseIterable {
    case toServer = 0
    case toClient = 1

    public var opposite: StreamDirection { self == .toServer ? .toClient : .toServer }
}

/// Why no more bytes will come on a connection.
public enum CloseReason: Hashable, Sendable {
    /// Both directions were ended in order.
    case finished
    /// Reset by the end that sends in this direction: `.toClient` means that the server reset it.
    case reset(by: StreamDirection)
    /// The server answered the SYN with a reset.
    case refused
    /// No answer to the SYN.
    case connectTimeout
    /// ICMP, or the kernel, said that the way is closed.
    case unreachable
    /// The source gave it up, to keep within its bounds.
    case evicted
    /// Nothing more to read: the file or the capture ended first.
    case endOfCapture
}

/// Takes what sources of bytes see. `now` is the time of the observation, on the host's clock.
public protocol StreamConsumer {
    mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant)

    /// Bytes of one direction, each once and in order. They are borrowed: keep a copy of what must outlive the call.
    mutating func chunk(
        _ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant)

    /// Bytes are missing here.
    /// - Parameter byteCount: nil when nobody knows how many.
    mutating func gap(byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant)

    /// One direction was ended in order (FIN, or TLS close_notify); the other may go on.
    mutating func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant)

    mutating func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant)

    /// A UDP payload, such as a DNS answer.
    mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant)

    /// The connection speaks TLS. What `session` tells is what the handshake has shown so far; called again when it shows more.
    mutating func secured(_ connection: ConnectionID, _ session: SecureSession, at now: Instant)

    /// The TLS handshake failed; `closed` follows in its time.
    /// - Parameter alert: the number of the alert that ended it (RFC 8446, section 6.2), nil where none could be read.
    mutating func handshakeFailed(_ connection: ConnectionID, alert: UInt8?, at now: Instant)

    /// What the client sent on an encrypted connection that cannot be read has no answer, and none will come; `closed` follows.
    /// - Parameter since: when the first of it was sent.
    mutating func leftUnanswered(
        _ connection: ConnectionID, _ failure: FailureKind, since: Instant, at now: Instant)

    /// Asked by a layer that decrypts: whether another protocol may begin with the next bytes of that direction, rather than what is being
    /// read go on. Where the consumer does not know, it may.
    mutating func mayBeginAnew(_ connection: ConnectionID, _ direction: StreamDirection) -> Bool

    /// Secrets found with the traffic: a key log in NSS format, as text.
    mutating func keyLog(_ text: Span<UInt8>)
}

/// What is known of a connection's encryption. The bytes a consumer receives are always the clear ones; where they cannot be
/// had, it receives none, and no gaps either: `isReadable` says so.
public struct SecureSession: Sendable, Hashable {
    /// The name asked for (SNI, RFC 6066 section 3).
    public var serverName: String?
    /// The protocol agreed on (ALPN, RFC 7301), such as `h2`; nil where none was, or where only the peers can read it.
    public var applicationProtocol: String?
    /// The protocol version on the wire: 0x0303 is TLS 1.2, 0x0304 is TLS 1.3; 0 before the server has answered.
    public var version: UInt16
    /// Whether clear bytes follow, because the keys are known.
    public var isReadable: Bool
    /// When the certificate ends that the server showed; nil where it could not be read: after a resumption there is none, and in TLS 1.3
    /// it is encrypted.
    public var certificateEnd: Instant?

    public init(
        serverName: String? = nil, applicationProtocol: String? = nil, version: UInt16 = 0, isReadable: Bool = false
    ) {
        self.serverName = serverName
        self.applicationProtocol = applicationProtocol
        self.version = version
        self.isReadable = isReadable
    }
}

/// Most consumers stand behind the layer that decrypts, or before it; what does not concern them they need not write.
extension StreamConsumer {
    public mutating func secured(_ connection: ConnectionID, _ session: SecureSession, at now: Instant) {}
    public mutating func handshakeFailed(_ connection: ConnectionID, alert: UInt8?, at now: Instant) {}
    public mutating func leftUnanswered(
        _ connection: ConnectionID, _ failure: FailureKind, since: Instant, at now: Instant
    ) {}
    public mutating func mayBeginAnew(_ connection: ConnectionID, _ direction: StreamDirection) -> Bool { true }
    public mutating func keyLog(_ text: Span<UInt8>) {}
}
