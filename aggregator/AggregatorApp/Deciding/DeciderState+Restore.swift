import Alerting
import CallModel
import Documents
import Incidents
import Postgres
import Storage

/// Who was told what, where the saved state does not say it: it could not be read, or there was none.
///
/// The outbox holds every message that was decided, so it says who heard of an incident and what its next number is.
/// Nobody is left with an incident that never ends: those that the core knows go on from there, and those that it
/// knows nothing of any more are told as over, with the reason.
extension DeciderState {
    private static let lostReason = "what was known of it was lost at a restart; what goes on is told anew"

    mutating func restoreThreads(at now: Instant, _ connection: PostgresConnection) throws {
        let unknown = (core.open + core.resolved).filter { !$0.isQuiet && !alerting.knows($0.id) }
        let heard = try OutboxStore.heard(
            ofIncidents: unknown.map(\.id) + forgotten.map(\.id).filter { !alerting.knows($0) }, connection)
        for incident in unknown {
            guard let heard = heard[incident.id] else {
                // Nobody was told of it: not lost, but new.
                if incident.state != .resolved { announce(incident, at: now) }
                continue
            }
            let record = try IncidentStore.read(id: incident.id, connection)
            alerting.restore(
                report(incident), heard: heard, acknowledgedBy: record?.acknowledgedBy,
                acknowledgedAt: record?.acknowledgedAt, at: now)
        }
        forgotten = forgotten.map { closed($0, heard[$0.id] ?? [], at: now) }
    }

    private mutating func closed(
        _ record: IncidentRecord, _ heard: [AlertingCore.Heard], at now: Instant
    ) -> IncidentRecord {
        guard var report = report(record) else { return record }
        var record = record
        report.timeline.append(IncidentReport.Entry(at: now, what: "closed: \(Self.lostReason)"))
        (report.state, report.resolvedAt) = (.resolved, now)
        record.document = report.document()
        guard !record.isQuiet else { return record }
        if !heard.isEmpty {
            alerting.restore(
                report, heard: heard, acknowledgedBy: record.acknowledgedBy, acknowledgedAt: record.acknowledgedAt,
                at: now)
        }
        messages += alerting.close(report, why: Self.lostReason, at: now)
        note("an incident was closed", ["incident": "\(record.id)", "why": "\(Self.lostReason)"])
        return record
    }

    /// Nil for a document that cannot be read either: then nothing can be said of it but its row.
    private func report(_ record: IncidentRecord) -> IncidentReport? {
        // An error says that it is no JSON.
        let parsed = try? JSONParser(byteCountMax: Message.jsonByteCountMax).parse(record.document) {
            IncidentReport(document: $0)
        }
        guard var report = parsed ?? nil else { return nil }
        report.partnerNames = report.partners.map(settings.partnerName)
        return report
    }

    private mutating func announce(_ incident: Incident, at now: Instant) {
        handle([IncidentCore.Event(kind: .opened, at: now, incident: incident)], at: now)
    }
}
