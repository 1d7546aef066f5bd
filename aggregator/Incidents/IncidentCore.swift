import CallModel
import Detection
import Rollups

/// Turns deviations into incidents: one for each cause, opened once, followed, and resolved.
///
/// Calls come in by `observe`, time passes by `advance`, which returns what changed. Between, nothing happens: a value
/// without clock or I/O. A suspicion of `Detector` becomes a *candidate*; it is explained by the `Localizer`, joined to an incident
/// that is open where one cause covers both, opened where it stands alone, and otherwise waits. Every verdict is kept with its
/// reason (`decisions`).
public struct IncidentCore: Sendable {
    /// What changed for the outside.
    public struct Event: Sendable {
        public enum Kind: String, Sendable {
            case opened, updated, escalated, resolved, reopened
        }

        public var kind: Kind
        public var at: Instant
        /// As it is now.
        public var incident: Incident

        public init(kind: Kind, at: Instant, incident: Incident) {
            self.kind = kind
            self.at = at
            self.incident = incident
        }
    }

    /// Why something was, or was not, done.
    public struct Decision: Sendable {
        public var at: Instant
        public var partner: NameID
        public var group: SymptomGroup
        public var reason: String
    }

    /// What may become an incident.
    struct Candidate: Sendable {
        /// Of the strongest suspicion.
        var onset: Instant
        var evidence: Double
        var heardAt: Instant
        /// Nil: when there is more evidence.
        var lookAt: Instant?
        var evidenceAtLook = 0.0
        var reason = ""
    }

    struct CandidateKey: Hashable, Sendable {
        /// 0 for the fleet.
        var partner: NameID
        var direction: Direction
        var group: SymptomGroup
    }

    public let configuration: Configuration
    public internal(set) var detector: Detector
    public internal(set) var open: [Incident] = []
    /// Newest last.
    public internal(set) var resolved: [Incident] = []
    public internal(set) var decisions: [Decision] = []
    /// Candidates and incidents that a limit kept out.
    public internal(set) var refusedCount = 0
    /// Hosts of which nothing is heard. What they would have called is not missing: nobody knows.
    public var silentHosts: Set<NameID> = []
    var silence: SilenceWatch
    /// Of `open`, as of the last step.
    var scopes = OpenScopes()
    var blindSince: Instant?
    var candidates: [CandidateKey: Candidate] = [:]
    var lookedForSilenceAt: Instant?
    var events: [Event] = []
    var nextID: Int64 = 1
    private var prunedAt: Instant?

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        detector = Detector(configuration: configuration.detection)
        silence = SilenceWatch(configuration: configuration.silence)
    }

    /// Takes in calls.
    public mutating func observe(_ cell: CallCell) {
        let cell = detector.count(cell, teaches: !scopes.hold(cell, detector.networks))
        let group = cell.symptom.group
        if group != .none, !scopes.explain(cell, group, detector.networks) { detector.test(cell) }
        silence.observe(cell)
    }

    /// Lets time pass; to be called every second or so, and at `nextDeadline`.
    ///
    /// - Parameter isBlind: nothing is heard from any host. Then no flow of calls is silent: time stands still for all of them.
    public mutating func advance(to now: Instant, isBlind: Bool = false) -> [Event] {
        follow(at: now)
        collectSuspicions(at: now)
        examineCandidates(at: now)
        if isBlind {
            blindSince = blindSince ?? now
        } else {
            if let blindSince { silence.skip(now - blindSince) }
            blindSince = nil
            lookForSilence(at: now)
        }
        if prunedAt.map({ now - $0 > .seconds(60) }) ?? true {
            detector.prune(at: now)
            prunedAt = now
        }
        scopes = OpenScopes(open)
        defer { events.removeAll() }
        return events
    }

    /// When something is due though no call comes.
    public func nextDeadline(after now: Instant) -> Instant {
        open.isEmpty && candidates.isEmpty ? now + .seconds(2) : now + .seconds(1)
    }

    public var candidateCount: Int { candidates.count }

    mutating func decide(_ reason: String, _ key: CandidateKey, at now: Instant) {
        decide(reason, partner: key.partner, key.group, at: now)
    }

    mutating func decide(_ reason: String, partner: NameID, _ group: SymptomGroup, at now: Instant) {
        if decisions.count >= configuration.decisionsMax { decisions.removeFirst(decisions.count / 2) }
        decisions.append(Decision(at: now, partner: partner, group: group, reason: reason))
    }

    private mutating func collectSuspicions(at now: Instant) {
        for suspicion in detector.takeSuspicions() {
            let key = CandidateKey(
                partner: suspicion.series.partner, direction: suspicion.series.direction, group: suspicion.group)
            guard var candidate = candidates[key] else {
                guard candidates.count < configuration.candidatesMax else {
                    refusedCount += 1
                    continue
                }
                candidates[key] = Candidate(
                    onset: suspicion.onset, evidence: suspicion.evidence, heardAt: now, lookAt: now)
                continue
            }
            // The strongest come first; of a later time they tell more than an old onset.
            if candidate.heardAt < now || suspicion.evidence > candidate.evidence {
                (candidate.onset, candidate.evidence) = (suspicion.onset, suspicion.evidence)
            }
            candidate.heardAt = now
            let more = moreEvidence(for: key, than: candidate.evidenceAtLook)
            if candidate.lookAt == nil, candidate.evidence >= candidate.evidenceAtLook + more { candidate.lookAt = now }
            candidates[key] = candidate
        }
    }

    /// How much more evidence is worth another look, in nats. A look takes the longer the more calls there are, and of many calls
    /// there is more evidence every second.
    private func moreEvidence(for key: CandidateKey, than evidence: Double) -> Double {
        let history = detector.history
        let cellCount = key.partner == 0 ? history.cellCount : history.line(key.partner).cells.count
        return cellCount < Self.cheapLookMax ? 1 : max(1, evidence / 20)
    }

    private static let cheapLookMax = 5_000

    private mutating func examineCandidates(at now: Instant) {
        guard !candidates.isEmpty else { return }
        // The fleet's first: what they explain need not be asked of each partner.
        for (key, candidate) in candidates where now - candidate.heardAt > configuration.candidateAgeMax {
            candidates[key] = nil
            decide("not opened: \(candidate.reason), and nothing more was heard of it", key, at: now)
        }
        let due = candidates.filter { $0.value.lookAt.map { $0 <= now } ?? false }.keys.sorted {
            ($0.partner, $0.group.rawValue, $0.direction.rawValue) < (
                $1.partner, $1.group.rawValue, $1.direction.rawValue
            )
        }
        for key in due {
            guard let candidate = candidates[key] else { continue }
            examine(key, candidate, at: now)
        }
    }
}
