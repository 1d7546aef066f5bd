import CProbes
import CallModel

/// A record of the ring, read: what a probe saw, without the bytes that stand behind it.
///
/// The layout is `fw_event` of bpf/include/ProbeEvents.h, little-endian as the hosts that have probes. The kernel side is ours, but what it read in
/// applications may be anything, so nothing here trusts a length.
public struct ProbeRecord: Sendable {
    public enum Kind: UInt16, Sendable {
        case data = 1
        case address, name, handshake, end, closed, connect, tcpClosed, executed, exited, quic, lookup
    }

    public enum Role: UInt8, Sendable { case unknown, client, server }

    public struct Flags: OptionSet, Hashable, Sendable {
        public var rawValue: UInt32

        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let handshakeTried = Flags(rawValue: 1)
        public static let handshakeDone = Flags(rawValue: 2)
        public static let hasData = Flags(rawValue: 4)
        public static let peerReset = Flags(rawValue: 8)
        public static let peerEnded = Flags(rawValue: 16)
        public static let midstream = Flags(rawValue: 32)
    }

    public static let byteCount = MemoryLayout<fw_event>.size

    /// On the kernel's monotonic clock.
    public var timeNs: UInt64
    /// The number of the TLS session, 0 where the record concerns none.
    public var session: UInt64
    /// `data`: the bytes of this direction before these. `connect`: how long it took, in nanoseconds.
    public var offset: UInt64
    public var processID: UInt32
    public var threadID: UInt32
    /// How many bytes of the stream the record stands for; at least as many as were captured.
    public var byteCount: Int
    /// An errno, or how the address was found.
    public var value: UInt32
    public var kind: Kind
    /// Whether the bytes went to the peer.
    public var isToPeer: Bool
    public var role: Role
    public var flags: Flags
    /// The name of the thread, its bytes from the lowest up.
    private var name: (UInt64, UInt64)
    /// Where the captured bytes stand in what was read.
    public var payload: Range<Int>

    /// Nil where the bytes are no record: too few, of no known kind, or claiming more than there is.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= Self.byteCount, let kind = Kind(rawValue: bytes.integer(at: 44)) else { return nil }
        let captured = Int(bytes.integer(at: 36) as UInt32)
        guard captured <= bytes.count - Self.byteCount else { return nil }
        timeNs = bytes.integer(at: 0)
        session = bytes.integer(at: 8)
        offset = bytes.integer(at: 16)
        processID = bytes.integer(at: 24)
        threadID = bytes.integer(at: 28)
        byteCount = max(Int(bytes.integer(at: 32) as UInt32), captured)
        value = bytes.integer(at: 40)
        self.kind = kind
        isToPeer = bytes[46] != 0
        role = Role(rawValue: bytes[47]) ?? .unknown
        flags = Flags(rawValue: bytes.integer(at: 48))
        name = (bytes.integer(at: 56), bytes.integer(at: 64))
        payload = Self.byteCount..<Self.byteCount + captured
    }

    /// The name of the thread, without the zeros behind it.
    public var command: String {
        let bytes = [name.0, name.1].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (8 * $0)) } }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// Both ends of a connection, and what the kernel measured of it: `fw_address`.
public struct ProbeAddress: Equatable, Sendable {
    public var local: SocketEndpoint
    public var remote: SocketEndpoint
    /// The smoothed round-trip time; nil where the kernel has none yet.
    public var roundTrip: Duration?
    /// How long this end took to connect; nil where it was not seen to.
    public var connect: Duration?
    public var isActive: Bool

    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count >= MemoryLayout<fw_address>.size else { return nil }
        local = SocketEndpoint(high: bytes.bigEndian(at: 0), low: bytes.bigEndian(at: 8), port: bytes.integer(at: 32))
        remote = SocketEndpoint(
            high: bytes.bigEndian(at: 16), low: bytes.bigEndian(at: 24), port: bytes.integer(at: 34))
        let rttUs: UInt32 = bytes.integer(at: 36)
        roundTrip = rttUs == 0 ? nil : .microseconds(Int64(rttUs))
        let connectNs: UInt64 = bytes.integer(at: 40)
        connect = connectNs == 0 ? nil : .nanoseconds(Int64(clamping: connectNs))
        isActive = bytes[48] != 0
    }
}

extension Span<UInt8> {
    /// A little-endian integer: probes exist for little-endian hosts only. The caller has checked that it lies inside.
    func integer<Value: FixedWidthInteger>(at index: Int) -> Value {
        var value: Value = 0
        for place in 0..<MemoryLayout<Value>.size {
            value |= Value(truncatingIfNeeded: self[index + place]) << Value(place * 8)
        }
        return value
    }

    func bigEndian(at index: Int) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<8 { value = value << 8 | UInt64(self[index + place]) }
        return value
    }
}
