import CallModel
import Incidents

/// What was told of one incident, to whom, and what is about to be.
struct AlertThread: Sendable, Equatable {
    struct Pending: Sendable, Equatable {
        var kind: Message.Kind
        var reason: String
        /// Not before.
        var dueAt: Instant
    }

    /// What has been told, to see what is new.
    struct Told: Sendable, Equatable {
        var severity: Incident.Severity
        var kind: CauseKind
        /// Which it had reached.
        var regions: Set<String>
        var troubles: Set<String>
        /// Whether the partner's page admitted it.
        var pageHasTrouble = false
    }

    /// A partner's fault, brought to the partner.
    struct PartnerCase: Sendable, Equatable {
        var sentAt: Instant?
        var sentBy: String?
        var acknowledgedAt: Instant?
        var remindedAt: Instant?

        var isWaiting: Bool { sentAt != nil && acknowledgedAt == nil }
    }

    /// Channels that hear of its beginning together with that of others.
    struct Gathered: Sendable, Equatable {
        var channels: [String]
        var reason: String
    }

    struct Note: Sendable, Equatable {
        var at: Instant
        var who: String
        var text: String
    }

    /// In the form of its document, with the severity that business weights give it.
    var report: IncidentReport
    /// Why the severity is another than the evidence's.
    var rank: String?
    /// By route, matchers or assignment; nil: unowned.
    var owner: String?
    var assignedBy: String?

    /// How many steps of the escalation know of it.
    var step = 1
    /// Since when the last of them could have acknowledged; nil: somebody has.
    var stepSince: Instant?
    /// Who was on call when it was told last.
    var onCall: String?
    var pending: Pending?
    var gathered: Gathered?
    /// Why nothing is told now: a quiet time's id, 0 for quiet hours.
    var heldBy: Int64?

    /// Channels that heard of it, in order.
    var heard: [String] = []
    var sequences: [String: Int32] = [:]
    var messageCount = 0
    /// Whether the last message said that it goes on.
    var isToldOpen = false
    var firstSentAt: Instant?
    /// Sent, or refused by the incident's limit.
    var lastSentAt: Instant?
    var told: Told?

    var acknowledgedBy: String?
    var acknowledgedAt: Instant?
    /// Whether channels that track it are still to hear that somebody has.
    var isAcknowledgementDue = false
    /// Who declared it over, though the evidence did not yet.
    var closedBy: String?
    var notes: [Note] = []
    /// What the partners' pages say, by partner; and what one of us says they do, which counts before them.
    var pages: [String: PartnerPage] = [:]
    var stated: PartnerPage?
    var partnerCase = PartnerCase()

    var isOver: Bool { report.state == .resolved || closedBy != nil }

    /// The weightier news wins; the end wins over all, where a beginning was told. Returns whether two became one.
    mutating func propose(_ kind: Message.Kind, _ reason: String, dueAt: Instant) -> Bool {
        guard let old = pending else {
            // What nobody was told of has no end, and whatever comes first, and nothing else, is its beginning.
            guard isToldOpen || kind != .resolved else { return false }
            let isFirst = heard.isEmpty
            pending = Pending(
                kind: isFirst ? .opened : kind == .opened ? .updated : kind, reason: reason, dueAt: dueAt)
            return false
        }
        let isEnd = kind == .resolved
        if isEnd, !isToldOpen {
            pending = nil
            return true
        }
        let replaces = isEnd || old.kind == .updated || old.kind == .resolved
        pending = Pending(
            kind: replaces && kind != .opened ? kind : old.kind, reason: reason,
            dueAt: isEnd ? dueAt : min(old.dueAt, dueAt))
        return true
    }

    /// What has come up since the last message that nobody should miss, acknowledged or not.
    func news() -> (kind: Message.Kind, reason: String)? {
        guard let told, isToldOpen, !isOver else { return nil }
        if report.severity > told.severity { return (.escalated, "more severe: \(report.severity.name)") }
        if report.kind != told.kind {
            return (.updated, "the cause was taken for \(told.kind.words) and is \(report.kind.words)")
        }
        let regions = report.regionsReached.filter { !told.regions.contains($0) }
        if !regions.isEmpty { return (.updated, "it reached \(listed(regions, max: 5))") }
        let troubles = report.troubles.filter { !told.troubles.contains($0) }
        if !troubles.isEmpty, !told.troubles.isEmpty { return (.updated, "calls \(listed(troubles, max: 3)), too") }
        if let page = page?.page, page.hasTrouble, page.statedBy == nil, !told.pageHasTrouble, acknowledgedBy == nil {
            return (.updated, "their status page says so now: \(page.words)")
        }
        return nil
    }

    /// Why a message is sent, before it is marked as told: what is new is named, whatever gave the occasion.
    func reason(of pending: Pending) -> String {
        guard pending.kind == .updated, let news = news(), news.reason != pending.reason else { return pending.reason }
        return "\(news.reason); \(pending.reason)"
    }

    mutating func markTold() {
        told = Told(
            severity: report.severity, kind: report.kind,
            regions: Set(report.regionsReached).union(told?.regions ?? []),
            troubles: Set(report.troubles).union(told?.troubles ?? []),
            pageHasTrouble: page?.page.hasTrouble ?? false || told?.pageHasTrouble ?? false)
    }

    mutating func unacknowledge(at now: Instant) {
        (acknowledgedBy, acknowledgedAt, closedBy) = (nil, nil, nil)
        isAcknowledgementDue = false
        (step, stepSince) = (1, now)
    }
}
