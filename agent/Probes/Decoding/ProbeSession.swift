import CallModel

/// What is known of one TLS session.
struct ProbeSession: Sendable {
    var processID: UInt32
    var firstSeen: Instant
    var lastSeen: Instant
    var role = ProbeRecord.Role.unknown
    var flags: ProbeRecord.Flags = []
    var address: ProbeAddress?
    var serverName: String?
    /// What it was opened as; nil before.
    var openedRole: ProbeRecord.Role?
    var isOpened: Bool { openedRole != nil }
    var hasBytes = false
    var sentCount: UInt64 = 0
    var receivedCount: UInt64 = 0
    var held: [HeldBytes] = []
    var heldByteCount = 0
    /// Directions that ended before it was opened: whether each was the one to the peer.
    var endedWhileHeld: [Bool] = []
    private var hasEndedToPeer = false
    private var hasEndedFromPeer = false
    var tcpClosedAt: Instant?

    init(processID: UInt32, at now: Instant) {
        self.processID = processID
        firstSeen = now
        lastSeen = now
    }

    /// Whether this end is the client: by its role, else by who connected, else by the ports, where the lower is the server's.
    private var isClient: Bool {
        switch openedRole ?? role {
        case .client: true
        case .server: false
        case .unknown: address.map { $0.isActive || $0.remote.port < $0.local.port } ?? true
        }
    }

    /// Its last bit tells which end was seen; fixed once the session is opened, as its role is.
    func connection(_ id: UInt64) -> ConnectionID { ConnectionID(rawValue: id << 1 | (isClient ? 0 : 1)) }

    func direction(isToPeer: Bool) -> StreamDirection { isToPeer == isClient ? .toServer : .toClient }

    func origin() -> ConnectionOrigin {
        let local = address?.local ?? SocketEndpoint(ipv4: 0, port: 0)
        let remote = address?.remote ?? SocketEndpoint(ipv4: 0, port: 0)
        return ConnectionOrigin(
            client: isClient ? local : remote, server: isClient ? remote : local,
            // A protocol takes this for "seen from its first byte".
            isClientKnown: role != .unknown && !flags.contains(.midstream), source: .probe,
            processID: Int32(truncatingIfNeeded: processID), serverName: serverName)
    }

    /// Whether a direction ends for the first time: applications say it as often as they like.
    mutating func firstEnd(isToPeer: Bool) -> Bool {
        defer { if isToPeer { hasEndedToPeer = true } else { hasEndedFromPeer = true } }
        return isToPeer ? !hasEndedToPeer : !hasEndedFromPeer
    }

    var secured: SecureSession { SecureSession(serverName: serverName, isReadable: true) }
}

/// Bytes that wait for their connection to be known.
struct HeldBytes: Sendable {
    var offset: UInt64
    var byteCount: Int
    var bytes: [UInt8]
    var isToPeer: Bool
    var time: Instant
}

/// Names by address and port, the oldest forgotten first: a connection that was refused could not say whom it wanted.
struct RecentNames: Sendable {
    private var names: [SocketEndpoint: String] = [:]
    private var order: [SocketEndpoint] = []
    private var oldest = 0

    mutating func learn(_ name: String, of endpoint: SocketEndpoint, countMax: Int) {
        guard names.updateValue(name, forKey: endpoint) == nil else { return }
        guard order.count >= countMax else { return order.append(endpoint) }
        names[order[oldest]] = nil
        order[oldest] = endpoint
        oldest = (oldest + 1) % order.count
    }

    func name(of endpoint: SocketEndpoint) -> String? { names[endpoint] }
}

/// The kernel's error numbers that say why a connect failed (asm-generic/errno.h; the same on all our architectures).
enum Errno {
    static let connectionReset: UInt32 = 104

    /// Nil where the application gave up early: nothing failed.
    static func reason(_ number: UInt32, took: Duration, patience: Duration) -> CloseReason? {
        switch number {
        case 111: .refused
        case connectionReset: .reset(by: .toClient)
        case 100, 101, 112, 113: .unreachable  // ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH
        case 110: .connectTimeout
        case 125: took >= patience ? .connectTimeout : nil
        default: .unreachable
        }
    }
}

extension [UInt8] {
    init(copying span: Span<UInt8>) {
        self.init()
        reserveCapacity(span.count)
        for index in span.indices { append(span[index]) }
    }
}
