import Attribution
import CallModel
import Documents
import PartnerCatalog
import Probes
import Runtime
import Spool

/// What `GET /status` tells, and `farwatch-agent status` shows: one JSON object.
struct StatusDocument {
    var agentID: String
    var settings: AgentSettings
    var catalogue: LayeredCatalogue
    var startedAt: Instant
    var now: Instant
    var tally: PipelineTally.State
    var spool: SpoolLevel
    var statistics: SpoolStatistics
    var aside: AsideBatches
    var keyLog = KeyLogFollower.State.off
    /// Processes with TLS, as the probes know them.
    var processes: [Coverage.Process] = []
    /// What cannot be done any more, where the process with the privileges is gone.
    var privilegesProblem: String?

    /// Further ones are in `GET /probes`.
    private static let processesMax = 200

    func json() -> [UInt8] {
        var writer = StatusWriter()
        writer.open(nil)
        writer.text("version", Agent.version)
        writer.text("agent", agentID)
        writer.text("host", settings.hostName)
        writer.text("started_at", startedAt.rfc3339)
        writer.text("as_of", now.rfc3339)
        writer.text("catalogue_version", catalogue.version)
        writer.text("forwards_to", settings.endpoints.map { "\($0)" }.joined(separator: " "))
        // None where the privileges were parted: then whatever comes from outside is read without any.
        writer.text("capabilities", "0x" + String(ThisProcess.capabilities, radix: 16))
        if let privilegesProblem { writer.text("privileges_problem", privilegesProblem) }
        if let grant = settings.capture.keyLog {
            writer.open("key_log")
            writer.text("file", grant.file)
            writer.text("until", grant.until.rfc3339)
            writer.text("state", keyLog.text)
            writer.close()
        }
        writeSpool(&writer)
        writeCalls(&writer)
        writeProcesses(&writer)
        writePartners(&writer)
        writer.close()
        return writer.bytes
    }

    private func writeSpool(_ writer: inout StatusWriter) {
        writer.open("spool")
        writer.number("waiting_batches", spool.batchCount)
        writer.number("waiting_calls", spool.callCount + spool.openCallCount)
        writer.number("bytes", spool.diskByteCount)
        writer.number("bytes_max", settings.spool.byteCountMax)
        writer.number("acknowledged_calls", statistics.acknowledgedCalls)
        writer.number("refused_calls", statistics.fullCalls)
        writer.number("set_aside_batches", spool.asideCount)
        if aside.count > 0 { writeAside(&writer) }
        if let oldest = spool.oldestSealedAt {
            writer.text("oldest_waiting_since", Instant(nanosecondsSinceEpoch: oldest).rfc3339)
        }
        if let failure = spool.failure { writer.text("failure", "\(failure)") }
        writer.close()
    }

    private func writeAside(_ writer: inout StatusWriter) {
        writer.open("set_aside")
        writer.number("refused", aside.refusedCount)
        writer.number("damaged", aside.damagedCount)
        writer.number("bytes", aside.byteCount)
        if let oldest = aside.oldestSealedAt { writer.text("oldest_sealed_at", oldest.rfc3339) }
        writer.text("directory", settings.spoolDirectory)
        writer.close()
    }

    private func writeCalls(_ writer: inout StatusWriter) {
        writer.open("calls")
        writer.number("kept", tally.keptCount)
        writer.open("not_ours")
        for reason in Catalogue.NotOurs.allCases { writer.number(reason.rawValue, tally.notOurs[reason] ?? 0) }
        writer.close()
        // The share of calls without a name: a figure by customer is worth as much as this is small.
        writer.open("without")
        for field in AttributedField.allCases {
            writer.open(field.rawValue)
            let missing = tally.missing[field] ?? 0
            writer.number("calls", missing)
            writer.ratio("ratio", missing, of: tally.namedCount)
            writer.close()
        }
        writer.close()
        writer.close()
    }

    /// How each is read, or why not.
    private func writeProcesses(_ writer: inout StatusWriter) {
        let shown = processes.filter(\.isOfInterest).sorted { $0.id < $1.id }.prefix(Self.processesMax)
        guard !shown.isEmpty else { return }
        writer.openList("processes")
        for process in shown {
            writer.open(nil)
            writer.number("pid", Int(process.id))
            writer.text("command", process.command)
            writer.bool("is_read", !process.readBy.isEmpty)
            writer.text("summary", process.line)
            writer.close()
        }
        writer.closeList()
    }

    private func writePartners(_ writer: inout StatusWriter) {
        writer.openList("partners")
        let order = tally.partners.sorted { ($1.value.callCount, $0.key) < ($0.value.callCount, $1.key) }
        for (id, partner) in order {
            writer.open(nil)
            writer.text("id", id)
            writer.text("name", catalogue.name(of: id))
            writer.number("calls", partner.callCount)
            writer.ratio("failure_ratio", partner.failureCount, of: partner.callCount)
            writer.text("last_call_at", partner.lastCallAt.rfc3339)
            writer.text("bodies", settings.redaction.mode(for: id, at: now).rawValue)
            writer.close()
        }
        writer.closeList()
    }
}

/// JSON objects and lists of scalars, written in order.
struct StatusWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func open(_ name: String?) { begin(name, "{") }
    mutating func close() { end("}") }
    mutating func openList(_ name: String?) { begin(name, "[") }
    mutating func closeList() { end("]") }

    mutating func text(_ name: String, _ value: String) {
        key(name)
        JSONText.appendString(value, to: &bytes)
    }

    mutating func number(_ name: String, _ value: Int) {
        key(name)
        JSONText.appendInt(value, to: &bytes)
    }

    /// Null for nothing of nothing.
    mutating func ratio(_ name: String, _ part: Int, of whole: Int) {
        key(name)
        guard whole > 0 else { return bytes.append(contentsOf: "null".utf8) }
        JSONText.appendDouble((Double(part) / Double(whole) * 10_000).rounded() / 10_000, to: &bytes)
    }

    mutating func bool(_ name: String, _ value: Bool) {
        key(name)
        JSONText.appendBool(value, to: &bytes)
    }

    private mutating func begin(_ name: String?, _ bracket: String) {
        if let name { key(name) } else { separate() }
        bytes.append(contentsOf: bracket.utf8)
        needsComma = false
    }

    private mutating func end(_ bracket: String) {
        bytes.append(contentsOf: bracket.utf8)
        needsComma = true
    }

    private mutating func key(_ name: String) {
        separate()
        JSONText.appendString(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
