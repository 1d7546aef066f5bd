import CallModel
import Capture
import Logging
import Packets
import Probes
import Protocols
import Runtime
import Transport

/// What the capturing thread owns: packets, streams, clear bytes, calls, each layer a value inside the one before.
final class PacketRunner {
    private var packets: PacketReassembler<TLSReader<CallReader<PacketSink>>>
    private let settings: AgentSettings
    private var keyLog: KeyLogFollower?
    private(set) var governor: PacketGovernor
    private let probesRead: @Sendable () -> Bool
    private let take: @Sendable (SeenCalls.Taken, Instant) -> Void
    private var nextTick: Int64 = 0
    private var nextHandOn: Int64 = 0
    private var nextAddresses: Int64 = 0
    private var nextKeys: Int64 = 0
    /// By the wall clock, as packets are.
    private var keysReadAt: Int64 = 0
    /// Of captures that ended, as when the interface went away.
    private var former = InterfaceCapture.Counters()

    private static let tickInterval = Duration.seconds(1)
    private static let addressInterval = Duration.seconds(10)
    private static let keyInterval = Duration.milliseconds(50)
    /// At a time: the end of a file, and the beginning of the one that took its place.
    private static let keyPiecesMax = 4
    /// Connections whose secrets are kept: those open, and as many that come.
    private static let secretsMax = 16_384
    private static let wait = Duration.milliseconds(200)
    /// Nobody waits for calls seen on the wire, and what follows costs less a call the more of them come together.
    private static let handOnInterval = Duration.milliseconds(250)
    private static let handOnCountMax = 512

    init(
        _ settings: AgentSettings, lanes: ExpressLanes, logger: Logger,
        endpoints: @escaping @Sendable () -> [Endpoint], probesRead: @escaping @Sendable () -> Bool,
        lookingCPU: @escaping @Sendable () -> Duration, take: @escaping @Sendable (SeenCalls.Taken, Instant) -> Void
    ) {
        self.settings = settings
        self.probesRead = probesRead
        self.take = take
        governor = PacketGovernor(settings.capture, lookingCPU: lookingCPU, logger: logger)
        keyLog = settings.capture.keyLog.map { KeyLogFollower($0) }
        let protocols = Self.protocolConfiguration
        var tls = Self.tlsConfiguration
        tls.waitsForKeys = keyLog != nil
        packets = PacketReassembler(
            consumer: TLSReader(
                consumer: CallReader(
                    sink: PacketSink(settings, protocols, endpoints: endpoints, lanes: lanes),
                    configuration: protocols),
                configuration: tls, keys: KeyLog(entryCountMax: Self.secretsMax, countsUnendedLine: false)),
            configuration: Self.packetConfiguration)
    }

    /// Reads until told to stop, the governor detaches, or the interface is gone. What connections carry goes on with the next capture.
    /// - Parameter publish: Takes the totals, about once a second, while packets can be received.
    func run(
        _ capture: InterfaceCapture, goesOn: () -> Bool, publish: (PacketTotals) -> Void
    ) throws(CaptureError) {
        defer { former = total(capture.counters()) }
        learnAddresses()
        while goesOn(), !governor.isDetached {
            // Mostly secrets are written before what they open is sent: those of a packet are there when it comes.
            var keysWereRead = false
            try capture.receive(waitingUpTo: Self.wait) { bytes, packet in
                if packets.consumer.isWaiting, !keysWereRead || packet.nanosecondsSinceEpoch > keysReadAt {
                    readKeys()
                    keysWereRead = true
                }
                packets.packet(
                    bytes, originalByteCount: packet.originalByteCount, linkType: LinkType(rawValue: packet.linkType),
                    at: Instant(nanosecondsSinceEpoch: packet.nanosecondsSinceEpoch))
            }
            // Not before something could be received: an interface that is down can be opened, and no more.
            let time = MonotonicClock.now()
            if time >= nextKeys { readKeys() }
            govern(at: time)
            if time >= nextTick {
                tick(at: time)
                publish(totals(capture))
            }
            if time >= nextHandOn || packets.consumer.consumer.sink.callCount >= Self.handOnCountMax {
                nextHandOn = time + Self.handOnInterval.nanoseconds
                handOn()
            }
        }
        handOn()
    }

    /// Whether nothing is to be captured; to be asked now and then, for it ends by itself.
    func isDetached(at time: Int64) -> Bool {
        govern(at: time)
        return governor.isDetached
    }

    private func govern(at time: Int64) {
        governor.timePassed(to: Instant(nanosecondsSinceEpoch: WallClock.now()), at: time)
        packets.consumer.consumer.sink.setLevel(governor.governor.level)
    }

    /// Failures that had to settle are told; what is still open is let go.
    func finish() {
        packets.finish()
        packets.consumer.finish()
        packets.consumer.consumer.finish()
        handOn()
    }

    private func tick(at time: Int64) {
        nextTick = time + Self.tickInterval.nanoseconds
        if time >= nextAddresses {
            nextAddresses = time + Self.addressInterval.nanoseconds
            learnAddresses()
        }
        packets.consumer.consumer.sink.probesTellFailures = probesRead()
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        packets.timePassed(to: now)
        packets.consumer.timePassed(to: now)
        packets.consumer.consumer.timePassed(to: now)
        handOn()
    }

    private func readKeys() {
        guard keyLog != nil else { return nextKeys = .max }
        nextKeys = MonotonicClock.now() + Self.keyInterval.nanoseconds
        keysReadAt = WallClock.now()
        let now = Instant(nanosecondsSinceEpoch: keysReadAt)
        var hasMore = false
        for _ in 0..<Self.keyPiecesMax {
            guard let text = keyLog?.read(at: now) else { break }
            switch text {
            case .more(let bytes): packets.consumer.keyLog(bytes.span)
            case .expired: packets.consumer.forgetSecrets(at: now)
            }
            hasMore = true
        }
        if hasMore { packets.consumer.resume() }
    }

    private func learnAddresses() {
        if let addresses = LocalAddresses.current() { packets.consumer.consumer.sink.addresses = addresses }
    }

    private func handOn() {
        let calls = packets.consumer.consumer.sink.takeCalls()
        if !calls.isEmpty { take(calls, Instant(nanosecondsSinceEpoch: WallClock.now())) }
    }

    private func totals(_ capture: InterfaceCapture) -> PacketTotals {
        let reader = packets.consumer.consumer
        return PacketTotals(
            capture: total(capture.counters()), packets: packets.counters, tls: packets.consumer.counters,
            protocols: reader.counters, calls: reader.sink.tally, connections: reader.sink.connections,
            governor: governor.governor,
            openConnections: reader.connectionCount,
            heldByteCount: reader.heldByteCount, keyLog: keyLog?.state ?? .off,
            keyLogLines: packets.consumer.keys.lineCount)
    }

    private func total(_ counters: InterfaceCapture.Counters) -> InterfaceCapture.Counters {
        var total = counters
        total.packets += former.packets
        total.kernelDrops += former.kernelDrops
        total.receivedPackets += former.receivedPackets
        total.receivedBytes += former.receivedBytes
        total.skippedPackets += former.skippedPackets
        return total
    }
}

/// What the thread counts.
struct PacketTotals {
    var capture: InterfaceCapture.Counters
    var packets: PacketCounters
    var tls: TLSCounters
    var protocols: ProtocolCounters
    var calls: PacketSink.Tally
    var connections: ConnectionCounts
    var governor: Governor
    var openConnections: Int
    var heldByteCount: Int
    var keyLog: KeyLogFollower.State
    var keyLogLines: Int

    func write(to report: inout PacketReport) {
        report.capture = capture
        report.packets = packets
        report.tls = tls
        report.protocols = protocols
        report.calls = calls
        report.connections = connections
        report.note(governor)
        report.openConnections = openConnections
        report.heldByteCount = heldByteCount
        report.keyLog = keyLog
        report.keyLogLines = max(report.keyLogLines, keyLogLines)
    }
}

// Bounds of a live capture: a few MiB, on a host that has other things to do. Files are read with larger ones.
extension PacketRunner {
    private static let connectionsMax = 8_192

    static var packetConfiguration: PacketConfiguration {
        var configuration = PacketConfiguration()
        configuration.connectionsMax = connectionsMax
        configuration.heldBytesMax = 1 << 20
        configuration.heldSegmentsMax = 1_024
        configuration.heldBytesTotalMax = 2 << 20
        configuration.fragmentedDatagramsMax = 64
        configuration.fragmentBytesTotalMax = 512 << 10
        configuration.lingerWait = .seconds(10)
        configuration.hashSeed = UInt64.random(in: .min ... .max)
        return configuration
    }

    static var tlsConfiguration: TLSConfiguration {
        var configuration = TLSConfiguration()
        configuration.connectionsMax = connectionsMax
        configuration.handshakeByteCountMax = 32 << 10
        configuration.waitingByteCountTotalMax = 1 << 20
        return configuration
    }

    static var protocolConfiguration: ProtocolConfiguration {
        var configuration = ProtocolConfiguration()
        configuration.connectionCountMax = connectionsMax
        configuration.heldByteCountMax = 4 << 20
        configuration.bodyByteCountMax = 64 << 10
        configuration.decodedBodyByteCountMax = 256 << 10
        configuration.headByteCountMax = 64 << 10
        configuration.nameCountMax = 4_096
        return configuration
    }
}

extension AgentSettings {
    /// What the capture leaves out in the kernel: the agent's own connections, by their ports; but for HTTP's own ports, which others
    /// share (`PacketSink` tells those apart by name).
    var ownPorts: [UInt16] {
        let ports = [receive.address.port, healthAddress.port] + endpoints.map(\.port)
        var own: [UInt16] = []
        for port in ports.compactMap({ UInt16(exactly: $0) }) where ![0, 80, 443].contains(port) && !own.contains(port)
        {
            own.append(port)
        }
        return own
    }

    var interfaceConfiguration: InterfaceCapture.Configuration {
        let isEvery = capture.interface == CaptureSettings.everyInterface
        var configuration = InterfaceCapture.Configuration(interface: isEvery ? nil : capture.interface)
        configuration.filter = CaptureFilter(
            ignoredPorts: ownPorts, onlyPorts: capture.ports, includesTunnels: capture.tunnels)
        return configuration
    }
}

extension PacketRunner {
    var captureConfiguration: InterfaceCapture.Configuration { settings.interfaceConfiguration }
}
