import CallModel
import Incidents

/// What a partner changed without telling, to be told once.
///
/// A release of a partner's changes many things at once: all that was found within minutes of each other is one notice.
public struct PartnerNotice: Sendable {
    public struct Change: Sendable, Equatable {
        /// Its own, for good (`DriftFinding.id`).
        public var id: String
        /// Empty: of no single route.
        public var route: String
        public var text: String
        public var firstSeen: Instant
        public var hostsSeeing: Int
        public var hostsCalling: Int
        /// A call that shows it.
        public var sample: String?

        public init(
            id: String, route: String, text: String, firstSeen: Instant, hostsSeeing: Int, hostsCalling: Int,
            sample: String?
        ) {
            self.id = id
            self.route = route
            self.text = text
            self.firstSeen = firstSeen
            self.hostsSeeing = hostsSeeing
            self.hostsCalling = hostsCalling
            self.sample = sample
        }
    }

    /// What becomes of a notice.
    public enum Verdict: Sendable, Equatable {
        /// Empty where it is silenced, or nobody is there to hear of it.
        case tell([Message])
        /// Not before the quiet hours are over.
        case wait
    }

    static let shownMax = 20

    public var partner: String
    /// As people call it.
    public var partnerName: String
    /// The oldest first; at least one.
    public var changes: [Change]

    public init(partner: String, partnerName: String, changes: [Change]) {
        self.partner = partner
        self.partnerName = partnerName
        self.changes = changes
    }

    /// Below zero, so that it is no incident's, and the same for the same changes: told again it is known for a repetition.
    var number: Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for change in changes {
            for byte in change.id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        }
        return -1 - Int64(hash >> 2)
    }

    /// The one route that it is about; nil for several.
    var route: String? {
        let routes = Set(changes.map(\.route))
        return routes.count == 1 ? routes.first.flatMap { $0.isEmpty ? nil : $0 } : nil
    }

    var title: String {
        let name = shown(partnerName, max: 40)
        guard changes.count == 1 else { return "\(name): \(changes.count) changes without notice" }
        return "\(name): \(shown(changes[0].text, max: 100))"
    }

    var summary: String {
        let first = changes[0]
        var sentences = ["\(shown(partnerName, max: 40)): \(shown(first.text, max: 110))."]
        if !first.route.isEmpty { sentences.append("\(shown(first.route, max: 50)).") }
        if changes.count > 1 { sentences.append("\(changes.count - 1) more below.") }
        sentences.append("Seen by \(first.hostsSeeing) of \(first.hostsCalling) hosts.")
        return sentences.joined(separator: " ")
    }

    var text: String {
        var lines = changes.prefix(Self.shownMax).map { change in
            let route = change.route.isEmpty ? "" : "\(change.route): "
            let sample = change.sample.map { ", such as call \($0)" } ?? ""
            return "- \(route)\(change.text) (since \(change.firstSeen.text(fractionDigits: 0)), "
                + "\(change.hostsSeeing) of \(change.hostsCalling) hosts\(sample))"
        }
        if changes.count > Self.shownMax { lines.append("- and \(changes.count - Self.shownMax) more") }
        lines.append("All of them: farwatch drift --partner \(partner)")
        return lines.joined(separator: "\n")
    }
}

extension AlertingCore {
    /// Whom a notice is told: those who would hear first of a minor incident of this partner, and route if it is about one. Silences,
    /// maintenances of ours and quiet hours hold for it as for that; it needs no acknowledgement, and has no end.
    public func verdict(on notice: PartnerNotice, at now: Instant) -> PartnerNotice.Verdict {
        let report = report(notice)
        let name = ownerName(of: report)
        let isSilenced = quiets.contains { $0.kind != .partnerMaintenance && $0.holds(report, owner: name, at: now) }
        guard !isSilenced else { return .tell([]) }
        let owner = allOwners.first { $0.name == name }
        if let hours = owner?.quietHours ?? configuration.quietHours, hours.contains(now) { return .wait }
        let first = route(of: report)?.steps ?? []
        let schedule = owner?.schedule
        var channels = first.channels(1) { schedule?.participant(at: now).channel }
        if channels.isEmpty { channels = owner?.channels(1, at: now) ?? [] }
        if channels.isEmpty { channels = configuration.fallback.prefix(1).map(\.channel) }
        return .tell(channels.map { message(notice, report, owner: name, to: $0, at: now) })
    }

    private func report(_ notice: PartnerNotice) -> IncidentReport {
        var predicate = [IncidentReport.Condition("partner", notice.partner)]
        if let route = notice.route { predicate.append(.init("route", route)) }
        return IncidentReport(
            id: notice.number, state: .open, kind: .unknown, severity: .minor, partners: [notice.partner],
            partnerNames: [notice.partnerName], predicate: predicate, confidence: 1,
            startedAt: notice.changes[0].firstSeen, openedAt: notice.changes[0].firstSeen, title: notice.title)
    }

    private func message(
        _ notice: PartnerNotice, _ report: IncidentReport, owner: String?, to channel: String, at now: Instant
    ) -> Message {
        var labels = ["partner": notice.partner, "severity": report.severity.name, "cause": "drift"]
        if let route = notice.route { labels["route"] = route }
        return Message(
            id: "\(report.id)-\(channel)-1", incident: report.id, sequence: 1, channel: channel, kind: .notice, at: now,
            severity: report.severity.name, title: notice.title, summary: notice.summary, text: notice.text,
            reason: "the partner changed something without telling", owner: owner, labels: labels)
    }
}
