import CallModel
import Detection
import Rollups

/// An incident that proves to be less than it was taken for: a part of it is over, or it is two causes.
///
/// Both are asked when it is explained again, and both need more than the better sum: a division is told to people, and what is
/// told twice an hour is believed never.
extension IncidentCore {
    /// Of late: what has not failed for so long is over, if it was called enough.
    private static let lateTime: Duration = .seconds(300)
    /// Failures that the rest would have had in that time, were it not over; a tenth of them may be left.
    private static let missedMin = 10.0
    /// By so much, in nats, two causes must explain more than one, beyond the price of an incident.
    private static let marginMin = 6.0
    /// Parts that are tried.
    private static let partsMax = 6
    /// Two beginnings within this time are one.
    private static let togetherWithin: Duration = .seconds(120)

    // MARK: Narrower

    /// Whether all but a part of an incident's calls are well again; then the part is what is left of it.
    mutating func narrow(_ index: Int, at now: Instant) -> Bool {
        let incident = open[index]
        let since = now - Self.lateTime
        guard incident.scope.partner != 0, max(incident.startedAt, incident.evidenceSince) < since else { return false }
        var localizer = localizer(incident.groups[0], but: [incident.id], at: now)
        guard let (whole, parts) = parts(of: incident, explanations(&localizer, incident, since: since)) else {
            return false
        }
        for part in parts where part.score >= whole.score + Self.marginMin {
            let rest = localizer.weigh(incident.scope, part.group, since: since, without: [part.scope])
            let missed = rest.calls * incident.extent.share
            guard missed >= Self.missedMin, rest.failures <= rest.expected + 0.1 * missed else { continue }
            let extent = incident.extent
            restate(
                index, Finding(best: part, confidence: incident.confidence), why: "it is over elsewhere", at: now)
            // What it did where it is over, it did.
            open[index].extent = extent
            open[index].evidenceSince = since
            return true
        }
        return false
    }

    // MARK: Two

    /// Whether an incident is two causes: two parts of it, that explain more than the whole and have no beginning or no symptom in
    /// common. The incident goes on as the greater, and another is opened for the other.
    ///
    /// - Parameter finding: what explains the incident's calls since then.
    mutating func split(_ index: Int, _ finding: Finding, since: Instant, at now: Instant) -> Bool {
        let incident = open[index]
        guard incident.scope.partner != 0, !incident.isQuiet, open.count < configuration.openMax,
            let (whole, parts) = parts(of: incident, finding.within)
        else { return false }
        for first in parts where first.score < whole.score {
            var others = self.localizer(incident.groups[0], but: [incident.id], and: first.scope, at: now)
            let rest = others.explain(
                finding.calls, incident.groups[0], incident.scope.partner, incident.scope.direction ?? .outbound,
                since: since, also: incident.scope, without: first.scope)
            guard let second = self.parts(of: incident, rest)?.parts.first,
                first.score + second.score >= whole.score + Localizer.incidentCost + Self.marginMin
            else { continue }
            let symptoms = localizer(incident.groups[0], but: [incident.id], at: now).symptoms(of: first)
            if isOneCause(first, symptoms, second, others.symptoms(of: second)) { continue }
            divide(index, first, second, at: now)
            return true
        }
        return false
    }

    private mutating func divide(_ index: Int, _ first: Hypothesis, _ second: Hypothesis, at now: Instant) {
        let incident = open[index]
        restate(
            index, Finding(best: first, confidence: incident.confidence), why: "it proved to be two causes", at: now)
        let key = CandidateKey(
            partner: incident.scope.partner, direction: incident.scope.direction ?? .outbound, group: second.group)
        openIncident(Finding(best: second, confidence: incident.confidence), key, at: now)
        guard let new = open.last, new.id != incident.id else { return }
        open[open.count - 1].note("split from incident \(incident.id), which has another cause", at: now)
        open[index].note("split: incident \(new.id) is the other cause", at: now)
        decide("split: incident \(new.id) from \(incident.id), two causes explain them", key, at: now)
    }

    private func explanations(_ localizer: inout Localizer, _ incident: Incident, since: Instant) -> [Hypothesis] {
        let scope = incident.scope
        return localizer.explain(
            incident.groups[0], scope.partner, scope.direction ?? .outbound, since: since, also: scope)
    }

    /// Of the explanations of an incident's calls: its whole scope, and the scopes within it that would be incidents by
    /// themselves, best first; nil where the whole is none any more.
    private func parts(of incident: Incident, _ ranked: [Hypothesis]) -> (whole: Hypothesis, parts: [Hypothesis])? {
        let scope = incident.scope
        guard let whole = ranked.first(where: { $0.scope == scope }) else { return nil }
        let parts = ranked.filter {
            $0.scope != scope && scope.contains($0.scope, detector.networks) && $0.score >= configuration.openMin
                && $0.failures >= configuration.failuresMin && $0.span >= configuration.dwell
        }
        return (whole, Array(parts.prefix(Self.partsMax)))
    }

    /// Two values of one dimension that began to fail together and alike are hit by the same; and what spreads from route to
    /// route or from region to region is one cause whenever it began (`spread`).
    private func isOneCause(
        _ first: Hypothesis, _ symptoms: [Symptom: Double], _ second: Hypothesis, _ others: [Symptom: Double]
    ) -> Bool {
        guard Symptom.likeness(symptoms, others) >= Self.likenessMin else { return false }
        let (one, other) = (first.scope.narrowing, second.scope.narrowing)
        if (one + other).allSatisfy({ $0 == .route || $0 == .region }) { return true }
        let apart = first.firstFailure - second.firstFailure
        return one == other && max(apart, .zero - apart) <= Self.togetherWithin
    }
}
