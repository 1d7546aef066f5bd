import CallModel

/// What `PacketReassembler` does, apart from calling its consumer.
///
/// The core handles one packet and notes what follows from it as steps; the reassembler takes the steps to the consumer. Thus the
/// core is compiled once, calls nobody back while its own state is half changed, and only a short loop is generic.
@usableFromInline
struct PacketCore {
    let configuration: PacketConfiguration
    /// How long a connection may be silent, by the number of its phase, in nanoseconds: asked for with every packet.
    let waitsNs: [Int64]
    @usableFromInline var counters = PacketCounters()
    @usableFromInline var output = PacketOutput()
    /// The datagram made of fragments that the steps' ranges refer to, if they do not refer to the packet.
    @usableFromInline var assembled: [UInt8]?
    @usableFromInline var isAssembled = false

    /// The virtual network of the packet at hand, made of the identifiers of its tunnels; 0 outside of any.
    var scope: UInt32 = 0
    var fragments = FragmentStore()
    var connections: ConnectionTable
    var holes = HoleQueue()
    var heldByteCount = 0
    var nextConnectionID: UInt64 = 1
    /// The latest time seen: captures of several interfaces go back in time now and then.
    var clock = Instant(nanosecondsSinceEpoch: .min)
    /// When something may have been waited for long enough.
    var nextDeadline = Instant(nanosecondsSinceEpoch: .min)

    @usableFromInline
    init(configuration: PacketConfiguration) {
        self.configuration = configuration
        waitsNs = [configuration.connectWaitMax, configuration.idleWaitMax, configuration.lingerWait].map(\.nanoseconds)
        connections = ConnectionTable(max: configuration.connectionsMax, seed: configuration.hashSeed)
    }

    /// - Parameter originalByteCount: the packet's length on the wire.
    @usableFromInline
    mutating func packetArrived(_ bytes: Span<UInt8>, originalByteCount: Int, _ linkType: LinkType, at now: Instant) {
        counters.packets += 1
        counters.bytes &+= bytes.count
        timePassed(to: now)
        scope = 0
        // What a record says of the wire is believed up to the largest packets there are.
        let end = max(bytes.count, min(originalByteCount, Self.packetByteCountMax))
        linkLayer(bytes, linkType, PacketView(end: end, now: now, depth: 0))
        // A datagram of which nothing follows must not be there any more when the next packet's steps are taken.
        if isAssembled, output.stepCount == 0 { stepsTaken() }
    }

    /// "Big TCP" hands segments of up to 512 KiB to the capture.
    private static let packetByteCountMax = 1 << 20

    /// Forgets the steps, once the consumer has them.
    @usableFromInline
    mutating func stepsTaken() {
        output.removeAll()
        if isAssembled {
            assembled = nil
            isAssembled = false
        }
    }

    mutating func addDatagram(
        _ range: Range<Int>, from source: SocketEndpoint, to destination: SocketEndpoint, at now: Instant
    ) {
        output.now = now
        output.connection = ConnectionID(rawValue: 0)
        output.addDatagram(
            range, EndpointPair(client: source, server: destination, isClientKnown: true))
    }
}

/// How much of the bytes handed in belongs to the header being read.
struct PacketView {
    /// Where the packet ended on the wire; the captured bytes may end before.
    var end: Int
    var now: Instant
    /// IP headers around this one.
    var depth: Int

    @inline(__always)
    func inside(end: Int) -> PacketView { PacketView(end: end, now: now, depth: depth + 1) }
}
