import CallModel
import Incidents

/// Makes the message that is sent, and keeps account of it.
extension AlertingCore {
    mutating func message(
        _ kind: Message.Kind, _ reason: String, to channel: String, _ thread: inout AlertThread,
        others: [IncidentReport] = [], at now: Instant
    ) -> Message {
        sentCount += 1
        thread.messageCount += 1
        thread.sequences[channel, default: 0] += 1
        if !thread.heard.contains(channel) { thread.heard.append(channel) }
        var report = thread.report
        if report.state == .open, thread.acknowledgedBy != nil { report.state = .acknowledged }
        var words = words(kind, reason, report, thread, at: now)
        words.others = others.map { ($0, configuration.links($0.id).incident) }
        let sequence = thread.sequences[channel] ?? 1
        return Message(
            id: "\(report.id)-\(channel)-\(sequence)", incident: report.id, sequence: sequence, channel: channel,
            kind: kind, at: now, severity: report.severity.name, title: words.title, summary: words.summary,
            text: words.text, reason: reason, owner: thread.owner, incidentURL: words.links.incident,
            acknowledgeURL: kind == .resolved ? nil : words.links.acknowledge, runbookURL: words.runbook,
            labels: labels(report, thread, isMaintenance: words.maintenance != nil), document: report.document())
    }

    private func words(
        _ kind: Message.Kind, _ reason: String, _ report: IncidentReport, _ thread: AlertThread, at now: Instant
    ) -> MessageText {
        var words = MessageText(report: report, kind: kind, reason: reason, now: now)
        let owner = thread.owner.flatMap { ownersByName[$0] }
        words.rank = thread.rank
        words.owner = thread.owner
        words.onCall = onCall(thread, at: now)?.name
        words.ownerContact = owner?.contact ?? ""
        words.runbook = owner?.runbook
        words.acknowledgedBy = thread.acknowledgedBy
        words.partnerContact = report.partners.lazy.compactMap { configuration.partnerContacts[$0] }.first
        words.pageSource = (thread.page?.page).map { page in
            page.statedBy.map { "seen by \(shown($0, max: 60)), \(page.at.told(at: now))" }
                ?? "read \(page.at.told(at: now))"
        }
        words.partnerCase = thread.partnerCase
        words.notes = thread.notes
        words.maintenance =
            quiets.first { $0.kind == .partnerMaintenance && $0.holds(report, owner: thread.owner, at: now) }
            .map { ($0.until, $0.comment) }
        words.links = configuration.links(report.id)
        return words
    }

    private func labels(_ report: IncidentReport, _ thread: AlertThread, isMaintenance: Bool) -> [String: String] {
        var labels = [
            "cause": report.kind.rawValue, "severity": report.severity.name,
            "scope": report.kind == .host ? "host" : "fleet", "owner": thread.owner ?? Owner.nobody,
        ]
        if !report.partners.isEmpty { labels["partner"] = report.partners.joined(separator: ",") }
        for condition in report.predicate { labels[condition.dimension] = condition.value }
        if isMaintenance { labels["maintenance"] = "partner" }
        return labels
    }
}
