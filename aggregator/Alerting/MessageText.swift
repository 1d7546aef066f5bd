import CallModel
import Incidents

/// Says an incident in words: a title, a summary of 296 characters, and a text with the rest.
///
/// Read at three in the morning, on a telephone: the summary alone says whose fault it is and how sure that is, since
/// when, who is hurt, whether it grows, what the partner's page says, what to do, the runbook, and the link that
/// acknowledges. Each of these has a budget, and `Level` an order in which room is made: runbook and link become one,
/// what is good to know besides goes, names are cut shorter, and at last words. No sentence is ever cut, and so no
/// figure and no link. At the last level every sentence has its longest form counted in `BudgetTests`: whatever
/// comes, it fits.
struct MessageText {
    /// Unicode scalars: 300 less what a channel puts before it. Every channel's limit counts at most those.
    static let summaryMax = 296
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
    /// Who read the partner's page, and when.
    var pageSource: String?
    var partnerCase = AlertThread.PartnerCase()
    var notes: [AlertThread.Note] = []
    /// Of the partner, announced, with its end.
    var maintenance: (until: Instant, comment: String)?
    /// Incidents of the same owner that opened in the same minute, with their pages.
    var others: [(report: IncidentReport, link: String?)] = []
    var links: (incident: String?, acknowledge: String?) = (nil, nil)

    var title: String {
        let more = others.isEmpty ? "" : ", and \(others.count) more"
        for nameMax in [60, 40, 24, 14] {
            let title = prefix + CauseWords(report: report, nameMax: nameMax).title + more
            if title.unicodeScalars.count <= Self.titleMax { return title }
        }
        return prefix + CauseWords(report: report, nameMax: 8).title + more
    }

    /// An incident that became part of another is over by its number only.
    private var prefix: String {
        switch kind {
        case .resolved: report.mergedInto.map { "Goes on as incident \($0): " } ?? "Resolved: "
        case .acknowledged: "Acknowledged: "
        default: ""
        }
    }

    var summary: String {
        var text = ""
        for level in Level.all {
            text = sentences(level).joined(separator: " ")
            if text.unicodeScalars.count <= Self.summaryMax { break }
        }
        return text
    }

    private func sentences(_ level: Level) -> [String] {
        let words = CauseWords(report: report, nameMax: level.nameMax)
        var sentences = ["\(level.isBrief ? words.briefFault : words.fault)\(sureness).", "\(time(level))."]
        if kind == .resolved, let id = report.mergedInto { sentences.insert("Goes on as incident \(id).", at: 0) }
        if !others.isEmpty, level.besides.contains(.calls) {
            sentences.append("\(counted(others.count, "more incident")) opened with it.")
        }
        if let maintenance, level.besides.contains(.maintenance) {
            sentences.append("Announced maintenance until \(maintenance.until.told(at: now)).")
        }
        sentences.append("\(hurt(level)).")
        if let page = report.partnerPage {
            sentences.append("\(level.isBrief ? "Page" : "Their page"): \"\(shown(page, max: level.pageMax))\".")
        }
        if let next = next(words, level) { sentences.append("\(next).") }
        if level.besides.contains(.owner) { sentences.append("\(ownership(level.nameMax)).") }
        if let links = linkSentence(level) { sentences.append(links) }
        return sentences
    }

    private var sureness: String {
        report.kind == .unknown ? "" : ", \(percent(report.confidence)) sure"
    }

    func time(_ level: Level) -> String {
        let start = report.startedAt.told(at: now)
        guard let end = report.resolvedAt ?? (kind == .resolved ? now : nil) else {
            return level.isBrief ? "Since \(start)" : "Since \(start) (\((now - report.startedAt).told))"
        }
        let span = "From \(start) to \(end.told(at: now))"
        return level.isBrief ? span : "\(span) (\((end - report.startedAt).told))"
    }

    /// Which customers and how many, how many calls, and whether it grows.
    private func hurt(_ level: Level) -> String {
        let trend = kind == .resolved ? "" : ", \(report.trend.rawValue)"
        let count = counted(report.customerCount, "customer")
        if level.isBrief {
            guard report.customerCount > 0 else { return "No customer is known\(trend)" }
            return count + (report.customers.first.map { " (\(shown($0, max: level.nameMax)))" } ?? "") + trend
        }
        var parts: [String] = []
        if report.customerCount > 0 {
            let customers = listed(report.customers, max: 2, nameMax: level.nameMax, of: report.customerCount)
            parts.append(report.customers.isEmpty ? count : "\(count): \(customers)")
        }
        if let calls, level.besides.contains(.calls) || parts.isEmpty { parts.append(calls) }
        if parts.isEmpty { parts.append("No customer is known to be hurt") }
        return parts.joined(separator: "; ") + trend
    }

    /// Nil where none is known to have failed.
    var calls: String? {
        guard report.callsFailed > 0 else { return nil }
        let share = report.calls > 0 ? " (\(percent(Double(report.callsFailed) / Double(report.calls))))" : ""
        return "\(grouped(report.callsFailed)) of \(grouped(report.calls)) calls\(share)"
    }

    func next(_ words: CauseWords, _ level: Level) -> String? {
        if kind == .resolved { return nil }
        if let sentAt = partnerCase.sentAt {
            if let at = partnerCase.acknowledgedAt {
                return level.isBrief ? "They have our case" : "They acknowledged our case \(at.told(at: now))"
            }
            if level.isBrief { return "Case sent: ask again" }
            return "Case sent \(sentAt.told(at: now)), not acknowledged by them: ask again"
        }
        if level.isBrief { return "Next: \(words.briefStep)" }
        guard report.kind.isTheirs, let partnerContact else { return "Next: \(words.nextStep)" }
        return "Next: \(words.nextStep), \(shown(partnerContact, max: max(20, level.nameMax)))"
    }

    func ownership(_ nameMax: Int) -> String {
        guard let owner else { return "Nobody owns it" }
        let name = shown(owner, max: nameMax)
        if let acknowledgedBy { return "Owner: \(name), acknowledged by \(shown(acknowledgedBy, max: nameMax))" }
        return onCall.map { "Owner: \(name), on call: \(shown($0, max: nameMax))" } ?? "Owner: \(name)"
    }

    /// Last, and without a full stop, which would be taken for a part of it. A runbook that is long is found behind
    /// the link.
    private func linkSentence(_ level: Level) -> String? {
        let acknowledge = kind == .resolved ? nil : links.acknowledge
        guard let runbook else { return acknowledge.map { "Ack: \($0)" } }
        let isShort = runbook.unicodeScalars.count <= level.runbookMax
        guard let acknowledge else {
            return isShort ? "Runbook: \(shown(runbook, max: level.runbookMax))" : "Runbook below."
        }
        guard isShort, !level.joinsLinks else { return "Runbook, ack: \(acknowledge)" }
        return "Runbook: \(shown(runbook, max: level.runbookMax)) Ack: \(acknowledge)"
    }
}

extension MessageText {
    /// How much room a summary takes; the first of `all` that fits is told.
    struct Level {
        struct Besides: OptionSet {
            let rawValue: Int
            static let owner = Besides(rawValue: 1)
            static let maintenance = Besides(rawValue: 2)
            static let calls = Besides(rawValue: 4)
        }

        var nameMax: Int
        var besides: Besides = []
        var joinsLinks = true
        var isBrief = false

        var pageMax: Int { max(16, nameMax) }
        var runbookMax: Int { isBrief ? 40 : 100 }

        static let all = [
            Level(nameMax: 40, besides: [.owner, .maintenance, .calls], joinsLinks: false),
            Level(nameMax: 40, besides: [.owner, .maintenance, .calls]),
            Level(nameMax: 28, besides: [.owner, .maintenance, .calls]),
            Level(nameMax: 20, besides: [.owner, .maintenance, .calls]),
            Level(nameMax: 28, besides: [.maintenance, .calls]), Level(nameMax: 20, besides: [.maintenance, .calls]),
            Level(nameMax: 20, besides: [.calls]), Level(nameMax: 14, besides: [.calls]), Level(nameMax: 20),
            Level(nameMax: 14), Level(nameMax: 20, isBrief: true), Level(nameMax: 14, isBrief: true),
            Level(nameMax: 8, isBrief: true),
        ]
    }
}
