import CallModel
import Incidents

/// A message that is due: what happened to which incident, and through which channel it goes.
public struct Notification: Sendable {
    public enum Kind: String, Sendable {
        case opened, escalated, updated, resolved
    }

    public var at: Instant
    public var channel: String
    public var kind: Kind
    /// As it was when the message fell due.
    public var incident: Incident
    /// Why it is sent now.
    public var reason: String
}

/// Which incidents a rule concerns: those that pass every test that is set.
public struct IncidentMatcher: Sendable, Hashable {
    public var partners: Set<Int32>?
    public var kinds: Set<CauseKind>?
    public var hosts: Set<Int32>?
    public var severityMin = Incident.Severity.minor

    public init() {}

    public func matches(_ incident: Incident) -> Bool {
        if let partners, partners.isDisjoint(with: incident.partners) { return false }
        if let kinds, !kinds.contains(incident.kind) { return false }
        if let hosts, !hosts.contains(incident.scope.host) { return false }
        return incident.severity >= severityMin
    }
}

/// Who hears of which incidents: the first channel at once, the next ones when nobody acknowledges.
public struct AlertRoute: Sendable {
    public var matcher: IncidentMatcher
    /// In the order of escalation; at least one.
    public var channels: [String]

    public init(_ matcher: IncidentMatcher, channels: [String]) {
        self.matcher = matcher
        self.channels = channels
    }
}

/// A time in which matching incidents are told to nobody: a silence, or a maintenance of ours or a partner's.
public struct Quiet: Sendable {
    public enum Kind: String, Sendable {
        case silence, maintenance
    }

    public var id: Int64
    public var kind: Kind
    public var matcher: IncidentMatcher
    public var from: Instant
    public var until: Instant
    /// Who asked for it and why, for people.
    public var comment: String

    public init(id: Int64, kind: Kind, matcher: IncidentMatcher, from: Instant, until: Instant, comment: String) {
        self.id = id
        self.kind = kind
        self.matcher = matcher
        self.from = from
        self.until = until
        self.comment = comment
    }

    func holds(_ incident: Incident, at now: Instant) -> Bool {
        from <= now && now < until && matcher.matches(incident)
    }
}
