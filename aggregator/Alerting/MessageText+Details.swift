import CallModel
import Incidents

/// The text for channels with room, below the summary: everything that helps before one opens a page, and what the
/// summary had no room for. Links stand beside it, in each channel's own form.
extension MessageText {
    /// Characters of one line.
    private static let lineMax = 500
    /// Samples and notes that are told.
    private static let listMax = 5

    var text: String {
        var lines: [String] = []
        lines.append("Why now: \(shown(reason, max: Self.lineMax))")
        lines.append("Severity: \(report.severity.name)" + (rank.map { ", \(shown($0, max: Self.lineMax))" } ?? ""))
        let level = Level(nameMax: 120)
        lines.append(time(level))
        if let next = next(CauseWords(report: report, nameMax: 120), level) { lines.append(next) }
        lines.append(ownership(120))
        lines += opened + cause + extent + people
        return lines.joined(separator: "\n")
    }

    private var opened: [String] {
        others.map { other, link in
            let title = CauseWords(report: other, nameMax: 60).title
            let page = link.map { ", \($0)" } ?? ""
            return "Opened with it: incident \(other.id), \(other.severity.name): \(title)\(page)"
        }
    }

    private var cause: [String] {
        var lines: [String] = []
        if !report.predicate.isEmpty {
            let conditions = report.predicate.map { "\($0.dimension) = \(shown($0.value, max: 120))" }
            lines.append("Where: \(conditions.joined(separator: ", "))")
        }
        if let maintenance {
            lines.append("Maintenance: announced, \(shown(maintenance.comment, max: Self.lineMax))")
        }
        if let page = report.partnerPage {
            let source = pageSource.map { " (\($0))" } ?? ""
            lines.append("Their status page: \(shown(page, max: Self.lineMax))\(source)")
        }
        if let partnerContact, report.kind.isTheirs {
            lines.append("Their contact: \(shown(partnerContact, max: 200))")
        }
        return lines
    }

    private var extent: [String] {
        var lines: [String] = []
        if let calls { lines.append("Failed: \(calls)") }
        if report.calls > 0 {
            lines.append("Usually \(percent(report.usualShare)) of these calls fail")
        }
        for (word, names, count) in [
            ("Customers", report.customers, report.customerCount), ("Hosts", report.hosts, report.hostCount),
            ("Routes", report.routes, report.routeCount), ("Regions", report.regions, report.regions.count),
        ] where count > 0 {
            lines.append("\(word) (\(count)): \(listed(names, max: 10, nameMax: 60, of: count))")
        }
        if !report.failures.isEmpty {
            let failures = report.failures.prefix(6).map { "\(grouped($0.calls)) \($0.name)" }
            lines.append("Failures: \(failures.joined(separator: ", "))")
        }
        for sentence in report.explanation.prefix(3) {
            lines.append("In common: \(shown(sentence, max: Self.lineMax))")
        }
        if !report.samples.isEmpty {
            lines.append("Calls: \(report.samples.prefix(Self.listMax).joined(separator: ", "))")
        }
        return lines
    }

    private var people: [String] {
        var lines: [String] = []
        if !ownerContact.isEmpty { lines.append("Owner's contact: \(shown(ownerContact, max: 200))") }
        for note in notes.suffix(Self.listMax) {
            lines.append(
                "Note by \(shown(note.who, max: 60)), \(note.at.told(at: now)): \(shown(note.text, max: Self.lineMax))")
        }
        return lines
    }
}
