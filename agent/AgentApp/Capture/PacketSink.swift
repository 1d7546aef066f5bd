import CallModel
import Probes
import Protocols
import Transport

/// Which calls seen in packets are kept, and which way they went. What is let go is counted.
struct PacketSink: CallSink {
    /// What became of the calls. Running totals.
    struct Tally: Sendable, Equatable {
        var seen = 0
        /// Let go: it was not seen whether they were answered.
        var unknownAnswer = 0
        /// Let go: connects that failed, which the probes tell as well.
        var leftToProbes = 0
        /// Let go: between other hosts or containers, passing through. See `direction(of:)`.
        var passing = 0
        /// Let go: the agent's own.
        var own = 0
        /// Successes another one stands for, by its weight.
        var sampledOut = 0
        /// Let go: too many at once.
        var dropped = 0
    }

    /// A pass takes one turn of the ring, which holds fewer.
    private static let callCountMax = 16_384

    private(set) var tally = Tally()
    /// Outbound connections that speak TLS or carried a call.
    private(set) var connections = ConnectionCounts()
    var addresses = LocalAddresses()
    /// Probes that read tell of each connect that fails, by whatever process: then packets do not. Of what else fails probes tell only
    /// where they read the client's library, so packets tell of it too, and what both saw is joined.
    var probesTellFailures = false
    private let settings: AgentSettings
    /// The aggregators, which can change meanwhile.
    private let endpoints: @Sendable () -> [Endpoint]
    private let isEveryInterface: Bool
    private let fullConfiguration: ProtocolConfiguration
    private var configuration: ProtocolConfiguration
    private var sampler = SuccessSampler()
    private var bodyByteCountMax = Int.max
    private let calls: SeenCalls

    init(
        _ settings: AgentSettings, _ configuration: ProtocolConfiguration,
        endpoints: (@Sendable () -> [Endpoint])? = nil, lanes: ExpressLanes? = nil
    ) {
        calls = SeenCalls(lanes)
        self.settings = settings
        self.endpoints = endpoints ?? { settings.endpoints }
        self.configuration = configuration
        fullConfiguration = configuration
        isEveryInterface = settings.capture.interface == CaptureSettings.everyInterface
    }

    mutating func observed(_ observed: ObservedCall) {
        tally.seen += 1
        guard !observed.isAnswerUnknown else { return tally.unknownAnswer += 1 }
        guard !(probesTellFailures && observed.isFailedConnect) else { return tally.leftToProbes += 1 }
        guard !isOwn(observed.connection) else { return tally.own += 1 }
        guard let direction = direction(of: observed.connection) else { return tally.passing += 1 }
        if direction == .outbound { connections.read(observed) }
        let isSuccess = observed.error == nil && observed.status < 400
        guard let weight = sampler.weight(isSuccess: isSuccess) else { return tally.sampledOut += 1 }
        guard calls.count < Self.callCountMax else { return tally.dropped += 1 }
        if direction == .outbound, isTakenShort(observed, weight) { return }
        var call = observed.makeCall(direction, configuration: configuration)
        call.host = settings.hostName
        call.weight = weight
        shorten(&call.request.body)
        if call.response != nil { shorten(&call.response!.body) }
        call.adoptTraceParent()
        calls.add(call)
    }

    private func isTakenShort(_ observed: ObservedCall, _ weight: UInt32) -> Bool {
        let byteCountMax = bodyByteCountMax
        return calls.take(observed, configuration) { row in
            row.weight = weight
            Self.shorten(&row.request.body, to: byteCountMax)
            Self.shorten(&row.response.body, to: byteCountMax)
        }
    }

    mutating func secured(_ connection: ConnectionInfo) {
        guard direction(of: connection) == .outbound, !isOwn(connection) else { return }
        connections.secured(connection)
    }

    mutating func certified(_ connection: ConnectionInfo, at now: Instant) {
        guard let end = connection.certificateEnd, direction(of: connection) == .outbound, !isOwn(connection) else {
            return
        }
        connections.certificates.saw(end, of: connection.serverURL, at: now)
    }

    /// What the governor allows, from now on.
    mutating func setLevel(_ level: Governor.Level) {
        sampler.weight = level.successWeight
        bodyByteCountMax = level.packetBodyByteCountMax
        // Decoding no further than is kept saves most of what compressed bodies cost.
        configuration.decodedBodyByteCountMax = min(
            fullConfiguration.decodedBodyByteCountMax, max(1 << 10, bodyByteCountMax))
    }

    /// What it was in all stands beside it.
    private func shorten(_ body: inout Body?) {
        guard let bytes = body?.bytes, bytes.count > bodyByteCountMax else { return }
        body = bodyByteCountMax == 0 ? nil : Body(Array(bytes.prefix(bodyByteCountMax)))
    }

    private static func shorten(_ body: inout CallRow.Text?, to byteCountMax: Int) {
        guard let bytes = body, bytes.count > byteCountMax else { return }
        body = byteCountMax == 0 ? nil : CallRow.Text(rebasing: bytes.prefix(byteCountMax))
    }

    var callCount: Int { calls.count }

    func takeCalls() -> SeenCalls.Taken { calls.takeAll() }

    /// Outbound from an address of this host's, inbound to one.
    ///
    /// A connection between other addresses belongs to a container. Where it is translated on its way (NAT), `any` sees it again with
    /// this host's address, and that one counts: nil. One interface sees it once, and then the private end is ours.
    private func direction(of connection: ConnectionInfo) -> Direction? {
        let (client, server) = (connection.origin.client, connection.origin.server)
        if addresses.contains(client) { return .outbound }
        if addresses.contains(server) { return .inbound }
        guard !isEveryInterface else { return nil }
        return server.isPrivate && !client.isPrivate ? .inbound : .outbound
    }

    /// To the agent's receivers, or to its aggregators. The kernel's filter leaves most of it out already; not what shares a port
    /// with other calls.
    private func isOwn(_ connection: ConnectionInfo) -> Bool {
        let server = connection.origin.server
        let port = Int(server.port)
        if port == settings.receive.address.port || port == settings.healthAddress.port {
            return addresses.contains(server)
        }
        return endpoints().contains {
            $0.port == port && ($0.host == connection.serverName || $0.host == connection.serverAddress)
        }
    }
}

extension ObservedCall {
    /// The kernel itself says that the connection could not be made.
    fileprivate var isFailedConnect: Bool {
        switch error {
        case .connectRefused, .connectTimeout, .unreachable: isWithoutRequest
        case .dnsFailure, .tlsFailure, .reset, .responseTimeout, .protocolError, .cancelled, .other, nil: false
        }
    }
}
