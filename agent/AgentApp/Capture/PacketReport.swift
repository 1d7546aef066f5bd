import CallModel
import Capture
import Packets
import Probes
import Protocols
import Runtime

/// How the capture of packets is; running totals since it began.
struct PacketReport: Sendable {
    var isOn = false
    var interface = CaptureSettings.everyInterface
    /// Why nothing is captured although it should be.
    var problem: String?
    var capture = InterfaceCapture.Counters()
    var packets = PacketCounters()
    var tls = TLSCounters()
    var protocols = ProtocolCounters()
    var calls = PacketSink.Tally()
    var connections = ConnectionCounts()
    /// What is taken of what is seen, the steps that led there, and the agent's share of a core.
    var level = Governor.Level.full
    private(set) var steps: [Governor.Step] = []
    private(set) var stepCount = 0
    private(set) var agentShare = 0.0
    /// Connections open, and bytes held of them.
    var openConnections = 0
    var heldByteCount = 0
    /// The file of TLS secrets: whether it is read, and lines of it understood.
    var keyLog = KeyLogFollower.State.off
    var keyLogLines = 0

    mutating func note(_ governor: Governor) {
        level = governor.level
        steps = governor.history
        stepCount = governor.stepCounts.reduce(0, +)
        agentShare = governor.agentShare
    }

    var word: String { !isOn ? "off" : problem == nil ? "on" : "refused" }

    /// Name, what it is, value: for metrics and the page alike.
    static let totals: [(name: String, help: String, value: @Sendable (PacketReport) -> Int)] = [
        ("packets", "Packets that passed the kernel's filter.", { Int(clamping: $0.capture.packets) }),
        ("kernel_drops", "Packets dropped because the ring was full.", { Int(clamping: $0.capture.kernelDrops) }),
        ("bytes", "Bytes of packets looked at.", { Int(clamping: $0.capture.receivedBytes) }),
        ("malformed", "Packets whose headers contradict themselves.", { $0.packets.malformedPackets }),
        ("connections", "TCP connections seen.", { $0.packets.connectionsOpened }),
        (
            "evicted_connections", "Connections given up to keep within bounds.",
            { $0.packets.connectionsEvicted &+ $0.protocols.connectionsEvicted }
        ),
        ("gaps", "Holes in streams.", { $0.packets.gaps }),
        ("gap_bytes", "Bytes of streams that were not seen.", { $0.packets.gapBytes }),
        (
            "tls_connections", "Connections that speak TLS, which packets do not open without their secrets.",
            { $0.tls.connections }
        ),
        ("decrypted_connections", "Of these: opened with the key log.", { $0.tls.readableConnections }),
        (
            "closed_before_secrets_connections", "Connections that had ended and waited for their secrets in vain.",
            { $0.tls.closedBeforeSecrets }
        ),
        ("key_log_lines", "Lines of the key log understood.", { $0.keyLogLines }),
        (
            "passed_over_certificates",
            "Times a certificate's end was not noted, because those of too many servers are kept.",
            { $0.connections.certificates.passedOverCount }
        ),
        ("tls_failures", "TLS handshakes that failed.", { $0.tls.handshakeFailures }),
        (
            "unanswered_connections", "Unread TLS connections whose server owed an answer when they ended.",
            { $0.tls.unansweredConnections }
        ),
        ("opaque_connections", "Connections that speak nothing read here.", { $0.protocols.opaqueConnections }),
        ("calls", "Calls and failures seen.", { $0.calls.seen }),
        ("unknown_answer_calls", "Let go: not seen whether they were answered.", { $0.calls.unknownAnswer }),
        ("left_to_probes_calls", "Let go: failed connects, which the probes tell.", { $0.calls.leftToProbes }),
        ("passing_calls", "Let go: between other hosts or containers.", { $0.calls.passing }),
        ("own_calls", "Let go: the agent's own.", { $0.calls.own }),
        ("sampled_out_calls", "Successes another one stands for, by its weight.", { $0.calls.sampledOut }),
        ("dropped_calls", "Let go: too many came at once.", { $0.calls.dropped }),
        ("steps", "Steps of the governor.", { $0.stepCount }),
    ]

    /// For the health listener, as one JSON object.
    var json: [UInt8] {
        var writer = StatusWriter()
        writer.open(nil)
        writer.text("mode", isOn ? "on" : "off")
        writer.text("interface", interface)
        if let problem { writer.text("problem", problem) }
        writer.text("level", level.name)
        writer.number("agent_cpu_ppm", Int(agentShare * 1_000_000))
        writer.text("key_log", keyLog.text)
        writer.number("open_connections", openConnections)
        writer.number("held_bytes", heldByteCount)
        for total in Self.totals where total.name != "steps" { writer.number(total.name, total.value(self)) }
        writer.openList("steps")
        for step in steps {
            writer.open(nil)
            writer.text("at", step.at.rfc3339)
            writer.text("from", step.from.name)
            writer.text("to", step.to.name)
            writer.text("reason", step.reason)
            writer.close()
        }
        writer.closeList()
        writer.close()
        return writer.bytes
    }

    static func register(in metrics: MetricsRegistry, _ state: @escaping @Sendable () -> PacketReport) {
        metrics.gauge(
            "farwatch_packets_open_connections", help: "Connections followed.",
            read: { Double(state().openConnections) })
        metrics.gauge(
            "farwatch_packets_held_bytes", help: "Bytes of messages held.", read: { Double(state().heldByteCount) })
        metrics.gauge(
            "farwatch_packets_level", help: "The governor's level: 0 everything, 4 detached.",
            read: { Double(state().level.rawValue) })
        for total in totals {
            // `packets` themselves would be called twice what they are.
            let name = total.name == "packets" ? "seen" : total.name
            metrics.counter(
                "farwatch_packets_\(name)_total", help: total.help, read: { Double(total.value(state())) })
        }
    }
}
