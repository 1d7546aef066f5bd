import CallModel
import Incidents

/// Says an incident in words: a title, a summary of 300 characters, and a text with the rest.
///
/// Read at three in the morning, on a telephone: the summary alone must say whose fault it is and how sure that is, since
/// when, who is hurt, whether it grows, what to do and who has it. It is a list of sentences. When they do not fit, names are cut
/// shorter first; then sentences are left out, the least important first. No sentence is ever cut, and so no figure.
struct MessageText {
    /// Unicode scalars; every channel's limit counts at most those.
    static let summaryMax = 300
    static let titleMax = 150

    let report: IncidentReport
    let kind: Message.Kind
    let reason: String
    let now: Instant
    var rank: String?
    var owner: String?
    /// Who is on call.
    var onCall: String?
    var ownerContact = ""
    var runbook: String?
    var acknowledgedBy: String?
    var partnerContact: String?
    var partnerCase = AlertThread.PartnerCase()
    var notes: [AlertThread.Note] = []
    /// Of the partner, announced, with its end.
    var maintenance: (until: Instant, comment: String)?
    var links: (incident: String?, acknowledge: String?) = (nil, nil)

    var title: String {
        let prefix = kind == .resolved ? "Resolved: " : kind == .acknowledged ? "Acknowledged: " : ""
        for nameMax in [60, 40, 24, 14] {
            let title = prefix + CauseWords(report: report, nameMax: nameMax).title
            if title.unicodeScalars.count <= Self.titleMax { return title }
        }
        return prefix + CauseWords(report: report, nameMax: 8).title
    }

    var summary: String {
        for nameMax in [40, 30, 20, 12] {
            let summary = sentences(nameMax).map(\.text).joined(separator: " ")
            if summary.unicodeScalars.count <= Self.summaryMax { return summary }
        }
        var sentences = sentences(12)
        func length() -> Int { sentences.reduce(-1) { $0 + $1.text.unicodeScalars.count + 1 } }
        while length() > Self.summaryMax, sentences.count > 1,
            let last = sentences.indices.max(by: { (sentences[$0].rank, $0) < (sentences[$1].rank, $1) })
        {
            sentences.remove(at: last)
        }
        return sentences.map(\.text).joined(separator: " ")
    }

    /// In the order of reading; the higher the rank, the sooner one is left out.
    private func sentences(_ nameMax: Int) -> [(text: String, rank: Int)] {
        let words = CauseWords(report: report, nameMax: nameMax)
        var sentences = [("\(words.fault)\(sureness).", 0), ("\(time).", 1)]
        if let maintenance {
            sentences.append(("Announced maintenance until \(maintenance.until.told(at: now)).", 2))
        }
        sentences.append(("\(hurt(nameMax)).", 1))
        if let page = report.partnerPage { sentences.append(("Their page: \"\(shown(page, max: nameMax))\".", 5)) }
        if let next = next(words, nameMax) { sentences.append(("\(next).", 3)) }
        sentences.append(("\(ownership(nameMax)).", 4))
        if let runbook {
            let isShort = runbook.unicodeScalars.count <= 100
            sentences.append((isShort ? "Runbook: \(shown(runbook, max: 100))" : "Runbook below.", 6))
        }
        return sentences
    }

    private var sureness: String {
        report.kind == .unknown ? "" : ", \(percent(report.confidence)) sure"
    }

    private var time: String {
        let start = report.startedAt.told(at: now)
        guard let end = report.resolvedAt ?? (kind == .resolved ? now : nil) else {
            return "Since \(start) (\((now - report.startedAt).told))"
        }
        return "From \(start) to \(end.told(at: now)) (\((end - report.startedAt).told))"
    }

    /// Which customers and how many, how many calls, and whether it grows.
    private func hurt(_ nameMax: Int) -> String {
        var parts: [String] = []
        if report.customerCount > 0 {
            let customers = listed(report.customers, max: 2, nameMax: nameMax, of: report.customerCount)
            let count = counted(report.customerCount, "customer")
            parts.append(report.customers.isEmpty ? count : "\(count): \(customers)")
        }
        if report.callsFailed > 0 {
            let share = report.calls > 0 ? " (\(percent(Double(report.callsFailed) / Double(report.calls))))" : ""
            parts.append("\(grouped(report.callsFailed)) of \(grouped(report.calls)) calls\(share)")
        }
        if parts.isEmpty { parts.append("No customer is known to be hurt") }
        if kind == .resolved { return parts.joined(separator: "; ") }
        return "\(parts.joined(separator: "; ")), \(report.trend.rawValue)"
    }

    private func next(_ words: CauseWords, _ nameMax: Int) -> String? {
        if kind == .resolved { return nil }
        if let sentAt = partnerCase.sentAt {
            if let at = partnerCase.acknowledgedAt { return "They acknowledged our case \(at.told(at: now))" }
            return "Case sent \(sentAt.told(at: now)), not acknowledged by them: ask again"
        }
        if report.kind.isTheirs, let partnerContact {
            return "Next: \(words.nextStep), \(shown(partnerContact, max: max(20, nameMax)))"
        }
        return "Next: \(words.nextStep)"
    }

    private func ownership(_ nameMax: Int) -> String {
        guard let owner else { return "Nobody owns it" }
        let name = shown(owner, max: nameMax)
        if let acknowledgedBy { return "Owner: \(name), acknowledged by \(shown(acknowledgedBy, max: nameMax))" }
        return onCall.map { "Owner: \(name), on call: \(shown($0, max: nameMax))" } ?? "Owner: \(name)"
    }
}
