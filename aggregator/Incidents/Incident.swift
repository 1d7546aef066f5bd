import CallModel
import Detection
import Rollups

/// One cause, and everything it explains.
public struct Incident: Sendable {
    public enum State: String, Sendable {
        case open, acknowledged, resolved
    }

    public enum Severity: Int, Sendable, Comparable, CaseIterable {
        case minor = 0
        case major = 1
        case critical = 2

        public var name: String { "\(self)" }
        public static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
    }

    /// Something that happened to it, and why.
    public struct Entry: Sendable {
        public var at: Instant
        public var what: String
    }

    /// Entries of a timeline.
    public static let entriesMax = 200

    public let id: Int64
    public internal(set) var state = State.open
    public internal(set) var kind: CauseKind
    public internal(set) var scope: Scope
    /// The symptom groups it explains; the first is the one it was found by.
    public internal(set) var groups: [SymptomGroup]
    /// Those the cause is limited to; empty for a host or our network.
    public internal(set) var partners: [NameID]
    /// When the first failure came.
    public internal(set) var startedAt: Instant
    public internal(set) var openedAt: Instant
    public internal(set) var resolvedAt: Instant?
    public internal(set) var severity = Severity.minor
    /// The chance that the cause is as stated, 0...1.
    public internal(set) var confidence = 0.0
    /// The cause as it is told: nobody outside is blamed for what is as likely as not a cause of ours.
    public var toldKind: CauseKind { kind.isTheirs && confidence < Self.blameConfidenceMin ? .unknown : kind }
    static let blameConfidenceMin = 0.5
    /// Watched and explained, but nobody is told: a customer's bad requests.
    public internal(set) var isQuiet = false
    /// The incident that took it over.
    public internal(set) var mergedInto: Int64?
    public internal(set) var timeline: [Entry] = []

    public internal(set) var extent = Extent()
    var recovery = Recovery(calls: 0, failures: 0)
    /// Places in the history up to which cells were looked at, by partner.
    var places: [NameID: Int] = [:]
    /// From when on its calls say what the cause is: since it began, or since it spread.
    var evidenceSince: Instant
    var relocateAt: Instant
    var relocateStep: Duration = .seconds(5)
    /// Where a silence is its cause.
    var silence: SilenceWatch.Key?

    init(
        id: Int64, kind: CauseKind, scope: Scope, groups: [SymptomGroup], partners: [NameID], startedAt: Instant,
        openedAt: Instant
    ) {
        self.id = id
        self.kind = kind
        self.scope = scope
        self.groups = groups
        self.partners = partners
        self.startedAt = startedAt
        self.openedAt = openedAt
        evidenceSince = startedAt
        relocateAt = openedAt + .seconds(5)
    }

    /// Whether a symptom in its scope is its own.
    func explains(_ group: SymptomGroup) -> Bool { silence == nil && groups.contains(group) }

    mutating func note(_ what: String, at now: Instant) {
        if timeline.count < Self.entriesMax { timeline.append(Entry(at: now, what: what)) }
    }
}
