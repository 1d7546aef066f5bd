import CallModel
import PartnerCatalog
import Probes
import Spool

/// What the aggregator is told every ten seconds: how the agent is, what it lost, and what it can see, as one JSON object.
struct Heartbeat {
    var settings: AgentSettings
    var catalogue: LayeredCatalogue
    var spool: SpoolLevel
    var statistics: SpoolStatistics
    var probes: ProbeReport
    var packets: PacketReport
    var coverage: PartnerCoverage.Figures
    var certificates: [CertificateBook.End] = []
    var now: Instant

    /// Programs listed by name and reason.
    private static let blindProgramsMax = 32

    func json() -> [UInt8] {
        var writer = StatusWriter()
        writer.open(nil)
        writer.text("version", Agent.version)
        writer.text("host", settings.hostName)
        if let region = settings.region { writer.text("region", region) }
        if let environment = settings.environment { writer.text("environment", environment) }
        writer.text("catalogue_version", catalogue.version)
        writer.text("sent_at", now.rfc3339)
        writeSpool(&writer)
        writeProbes(&writer)
        writePackets(&writer)
        writeCoverage(&writer)
        writeCertificates(&writer)
        writer.close()
        return writer.bytes
    }

    private func writeSpool(_ writer: inout StatusWriter) {
        writer.number("spooled_batches", spool.batchCount)
        writer.number("spooled_calls", spool.callCount + spool.openCallCount)
        writer.number("spooled_bytes", spool.diskByteCount)
        writer.number("appended_calls", statistics.appendedCalls)
        writer.number("acknowledged_calls", statistics.acknowledgedCalls)
        writer.number("suppressed_calls", statistics.suppressedCalls)
        writer.number("refused_calls", statistics.fullCalls + statistics.failedCalls)
        writer.number("shed_calls", statistics.shedCalls)
        writer.number("shed_payload_calls", statistics.shedPayloadCalls)
        writer.number("dropped_calls", statistics.damagedCalls)
        writer.number("set_aside_calls", statistics.setAsideCalls)
        writer.number("aside_batches", spool.asideCount)
        if let failure = spool.failure { writer.text("spool_trouble", "\(failure)") }
    }

    private func writeProbes(_ writer: inout StatusWriter) {
        writer.text("probes", probes.problem == nil ? probes.mode.rawValue : "refused")
        writer.text("probes_level", probes.level.name)
        writer.number("tls_connections", Int(clamping: probes.coverage.tlsConnects))
        writer.number("tls_sessions_read", Int(clamping: probes.coverage.sessions))
        let blind = probes.coverage.blindProcesses
        writer.number("blind_processes", blind.count)
        writer.openList("blind_programs")
        for (program, count) in Self.programs(blind) {
            writer.open(nil)
            writer.text("command", program.command)
            writer.text("reason", program.reason)
            writer.number("processes", count)
            writer.close()
        }
        writer.closeList()
    }

    private struct Program: Hashable {
        var command: String
        var reason: String
    }

    /// Those with the most processes first.
    private static func programs(_ processes: [Coverage.Process]) -> [(Program, Int)] {
        var counts: [Program: Int] = [:]
        for process in processes {
            let reason = process.blindness?.word ?? "quic"
            counts[Program(command: process.command, reason: reason), default: 0] += 1
        }
        let order = counts.sorted { ($1.value, $0.key.command) < ($0.value, $1.key.command) }
        return order.prefix(blindProgramsMax).map { ($0.key, $0.value) }
    }

    private func writePackets(_ writer: inout StatusWriter) {
        writer.text("packets", packets.word)
        writer.text("packets_level", packets.level.name)
        writer.number("packets_seen", Int(clamping: packets.capture.packets))
        writer.number("packets_dropped_by_kernel", Int(clamping: packets.capture.kernelDrops))
        writer.number("packet_connections", packets.packets.connectionsOpened)
        writer.number("packet_evicted_connections", packets.packets.connectionsEvicted)
        writer.number("packet_gap_bytes", packets.packets.gapBytes)
    }

    private func writeCoverage(_ writer: inout StatusWriter) {
        let partners = coverage.partners.values
        writer.number("connections_seen", partners.reduce(0) { $0 + $1.seen })
        writer.number("connections_read", partners.reduce(0) { $0 + $1.read })
        writer.number("connections_unnamed", coverage.unnamed)
        writer.open("partner_connections")
        for (id, partner) in coverage.partners.sorted(by: { $0.key < $1.key }) {
            writer.open(id)
            writer.number("seen", partner.seen)
            writer.number("read", partner.read)
            writer.bool("blind", partner.isBlind)
            writer.close()
        }
        writer.close()
    }
}

extension Heartbeat {
    private func writeCertificates(_ writer: inout StatusWriter) {
        writer.openList("certificates")
        for certificate in certificates {
            writer.open(nil)
            writer.text("name", certificate.name)
            writer.text("partner", certificate.partner)
            writer.text("not_after", certificate.notAfter.rfc3339)
            writer.close()
        }
        writer.closeList()
    }
}

extension PartnerCoverage.Sources {
    init(_ packets: PacketCapture, _ probes: ProbeCapture, _ pipeline: CallPipeline) {
        self.init(
            packets: packets.state.connections, probes: probes.connections, connects: probes.state.connectsByName,
            calls: pipeline.tally.current.partners.mapValues(\.callCount))
    }
}
