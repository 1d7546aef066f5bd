import CCapture
import Glibc
import Privileges

/// Packets from an interface of this host, by the kernel's packet ring (AF_PACKET, TPACKET_V3).
///
/// Opening needs the capability `CAP_NET_RAW`; receiving needs none, so a process may open, give up its privileges, and then look at
/// bytes. The kernel fills blocks of the ring and hands each over when it is full or some milliseconds old; packets are borrowed
/// from there and never copied. What does not fit because nobody came in time is dropped and counted by the kernel: capturing
/// never holds up the host's traffic.
///
/// One thread uses a capture at a time.
public final class InterfaceCapture {
    public struct Configuration: Sendable {
        /// Nil captures on every interface, as libpcap's `any` does.
        public var interface: String?
        /// The ring's size in bytes, locked memory of the kernel: what may wait while the agent is not running. A busy host's
        /// 5,000 calls a second are about 20 MB a second.
        public var ringByteCount = 4 << 20
        /// How long the kernel may keep a packet in a block that is not full.
        public var blockWait = Duration.milliseconds(50)
        public var filter = CaptureFilter()
        /// Also packets for other hosts, as on a mirror port.
        public var isPromiscuous = false

        public init(interface: String? = nil) { self.interface = interface }
    }

    /// Running totals since the capture was opened.
    public struct Counters: Sendable, Equatable {
        /// Packets that passed the filter, those dropped included.
        public var packets: UInt64 = 0
        /// Packets the kernel dropped because the ring was full.
        public var kernelDrops: UInt64 = 0
        /// Packets handed out.
        public var receivedPackets: UInt64 = 0
        public var receivedBytes: UInt64 = 0
        /// What is no IP where link headers are cut off, and loopback packets seen as they leave, which the filter keeps back.
        public var skippedPackets: UInt64 = 0

        public init() {}
    }

    /// What is known of a packet besides its bytes.
    public struct Packet: Sendable {
        /// Its length on the wire, in bytes.
        public var originalByteCount: Int
        /// What the first bytes are, by the numbers of tcpdump.org/linktypes.html: 1 is Ethernet, 101 is IP.
        public var linkType: UInt32
        /// When the kernel saw it, on the host's clock.
        public var nanosecondsSinceEpoch: Int64
        public var interfaceIndex: Int32
        /// It left this host.
        public var isOutgoing: Bool
    }

    private static let blockByteCount = 256 << 10
    private static let linkTypeEthernet: UInt32 = 1
    private static let linkTypeRawIP: UInt32 = 101

    /// Owned: closed and unmapped in `deinit`.
    private let descriptor: Int32
    private let ring: UnsafeMutableRawPointer
    private let blockCount: Int
    private let hasLinkHeader: Bool
    private var nextBlock = 0
    private var totals = Counters()

    /// - Parameter part: Opens the socket; answers by `PacketPrivileges`.
    public init(
        _ configuration: Configuration, _ part: PrivilegedPart = PacketPrivileges.here
    ) throws(CaptureError) {
        let subject = configuration.interface ?? "any"
        let opened = try Socket.open(configuration, part, subject)
        guard configuration.filter.attach(to: opened.descriptor) == 0 else {
            throw .failed(operation: "filter the packets of", interface: subject, errno: errno)
        }
        let blockCount = max(2, configuration.ringByteCount / Self.blockByteCount)
        let wait = UInt32(clamping: max(1, configuration.blockWait.milliseconds))
        guard farwatch_ring_set(opened.descriptor, UInt32(Self.blockByteCount), UInt32(blockCount), wait) == 0 else {
            throw .failed(operation: "make the packet ring of", interface: subject, errno: errno)
        }
        let byteCount = blockCount * Self.blockByteCount
        guard
            let ring = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, opened.descriptor, 0),
            ring != MAP_FAILED
        else { throw .failed(operation: "map the packet ring of", interface: subject, errno: errno) }
        self.ring = ring
        self.blockCount = blockCount
        hasLinkHeader = opened.hasLinkHeader
        let interfaceIndex = opened.interfaceIndex
        let isPromiscuous = configuration.isPromiscuous && interfaceIndex != 0
        descriptor = opened.release()
        // From here `deinit` cleans up. Bound last, so that nothing comes in before the filter stands.
        if isPromiscuous, farwatch_promiscuous_set(descriptor, interfaceIndex) != 0 {
            throw .failed(operation: "see all packets of", interface: subject, errno: errno)
        }
        guard farwatch_capture_bind(descriptor, interfaceIndex) == 0 else {
            throw .failed(operation: "capture on", interface: subject, errno: errno)
        }
    }

    deinit {
        munmap(ring, blockCount * Self.blockByteCount)
        close(descriptor)
    }

    /// Hands out the packets there are, or waits for some.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait when there are none.
    ///   - body: gets each packet; its bytes are borrowed for the call.
    /// - Returns: how many packets were handed out.
    @discardableResult
    public func receive(
        waitingUpTo timeout: Duration, _ body: (Span<UInt8>, Packet) -> Void
    ) throws(CaptureError) -> Int {
        if farwatch_block_is_ready(block(nextBlock)) == 0 { try wait(timeout) }
        var count = 0
        // One turn of the ring at most, so that the caller gets to its other work under any load.
        for _ in 0..<blockCount where farwatch_block_is_ready(block(nextBlock)) != 0 {
            count += handOut(block(nextBlock), body)
            farwatch_block_release(block(nextBlock))
            nextBlock = (nextBlock + 1) % blockCount
        }
        return count
    }

    /// The totals, with the kernel's own up to now.
    public func counters() -> Counters {
        var (packets, drops): (UInt32, UInt32) = (0, 0)
        // The kernel forgets what it has told; a refusal leaves the totals as they were.
        if farwatch_statistics(descriptor, &packets, &drops) == 0 {
            totals.packets += UInt64(packets)
            totals.kernelDrops += UInt64(drops)
        }
        return totals
    }

    /// - Precondition: `index` is below `blockCount`, so the address lies in the mapping.
    private func block(_ index: Int) -> UnsafeMutableRawPointer { ring + index * Self.blockByteCount }

    private func handOut(_ block: UnsafeMutableRawPointer, _ body: (Span<UInt8>, Packet) -> Void) -> Int {
        var offset = farwatch_block_first_offset(block)
        var count = 0
        for _ in 0..<farwatch_block_packet_count(block) {
            let packet = farwatch_block_packet(block, offset)
            offset += packet.next_offset
            guard let linkType = linkType(of: packet) else {
                totals.skippedPackets += 1
                continue
            }
            totals.receivedPackets += 1
            totals.receivedBytes += UInt64(packet.captured)
            count += 1
            // The kernel promises the bytes to us until the block is released, which happens after the last call of `body`.
            body(
                UnsafeBufferPointer(start: packet.bytes, count: Int(packet.captured)).span,
                Packet(
                    originalByteCount: Int(packet.original), linkType: linkType,
                    nanosecondsSinceEpoch: Int64(clamping: packet.timestamp_ns),
                    interfaceIndex: packet.interface_index, isOutgoing: packet.is_outgoing != 0))
        }
        return count
    }

    /// - Returns: nil for what is not handed out.
    private func linkType(of packet: farwatch_ring_packet) -> UInt32? {
        // Loopback packets are seen as they leave and as they arrive; libpcap drops the first sighting too.
        if packet.is_outgoing != 0, Int32(packet.hardware) == ARPHRD_LOOPBACK { return nil }
        if hasLinkHeader { return Self.linkTypeEthernet }
        return packet.protocol == 0x0800 || packet.protocol == 0x86dd ? Self.linkTypeRawIP : nil
    }

    private func wait(_ timeout: Duration) throws(CaptureError) {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let result = poll(&request, 1, Int32(clamping: timeout.milliseconds))
        // A signal is no error: the caller looks at the ring, finds nothing, and comes back.
        if result < 0, errno != EINTR {
            throw .failed(operation: "wait for packets of", interface: "the capture", errno: errno)
        }
        if result > 0, Int32(request.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 { throw pendingError() }
    }

    private func pendingError() -> CaptureError {
        var (number, size): (Int32, socklen_t) = (0, socklen_t(MemoryLayout<Int32>.size))
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size)
        return number == ENETDOWN || number == ENODEV
            ? .interfaceGone : .failed(operation: "receive from", interface: "the capture", errno: number)
    }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        return overflow ? (seconds < 0 ? .min : .max) : scaled &+ attoseconds / 1_000_000_000_000_000
    }
}
