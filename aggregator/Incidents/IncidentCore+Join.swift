import CallModel
import Detection
import Rollups

/// One incident a cause: whether what was found belongs to an incident that is open.
extension IncidentCore {
    /// Whether an open incident has the same cause, or one that covers both; then it is made to.
    mutating func join(_ finding: Finding, _ key: CandidateKey, at now: Instant) -> Bool {
        let best = finding.best
        let networks = detector.networks
        // Another symptom of what is open.
        if let index = open.firstIndex(where: {
            $0.silence == nil && Self.areRelated($0.groups[0], best.group) && !$0.groups.contains(best.group)
                && $0.scope.contains(best.scope, networks)
        }) {
            open[index].groups.append(best.group)
            open[index].note("calls \(best.group.verb), too", at: now)
            decide("not opened: calls \(best.group.verb), too, where incident \(open[index].id) is", key, at: now)
            if !open[index].isQuiet { events.append(Event(kind: .updated, at: now, incident: open[index])) }
            detector.explain(best.group, partner: open[index].scope.partner)
            return true
        }
        // Wider than what is open: that was a part of it, unless it fails in its own measure.
        let inside = open.indices.filter { isPart(open[$0], of: finding, at: now) }
        if let first = inside.first {
            for index in inside.dropFirst().reversed() { merge(index, into: open[first].id, at: now) }
            if !open[first].groups.contains(best.group) { open[first].groups.append(best.group) }
            restate(first, finding, why: "it grew", at: now)
            return true
        }
        return spread(finding, at: now) || widen(finding, key, at: now) || joinAcross(finding, at: now)
    }

    /// Whether one share explains an open incident and what was found as well as two do, but for the price of a second incident.
    private func isPart(_ incident: Incident, of finding: Finding, at now: Instant) -> Bool {
        let best = finding.best
        guard incident.silence == nil, !incident.isQuiet, Self.areRelated(incident.groups[0], best.group) else {
            return false
        }
        guard best.scope.contains(incident.scope, detector.networks) else {
            // Wider than its failures warrant: a host, say, of which one partner's calls alone were seen to fail.
            return !incident.scope.contains(best.scope, detector.networks)
                && shareOfFailures(of: incident, in: best.scope) >= 0.8
        }
        return doTogether(best, [incident], at: now)
    }

    /// One share since the first failure of all, against each its own since its own: what began at another time, or fails in
    /// another measure, is another cause.
    private func doTogether(_ best: Hypothesis, _ parts: [Incident], in scope: Scope? = nil, at now: Instant) -> Bool {
        var localizer = localizer(best.group, but: Set(parts.map(\.id)), at: now)
        let oldest = now - .seconds(3_600)
        let since = parts.map(\.startedAt).reduce(best.firstFailure, min)
        let both = localizer.weigh(scope ?? best.scope, best.group, since: max(since, oldest)).likelihood
        let rest = localizer.weigh(best.scope, best.group, since: best.firstFailure, without: parts.map(\.scope))
            .likelihood
        let separately = parts.reduce(rest) {
            $0 + localizer.weigh($1.scope, best.group, since: max($1.evidenceSince, oldest)).likelihood
                - Localizer.incidentCost
        }
        return both >= separately
    }

    /// How much of an incident's failures a scope across partners holds.
    private func shareOfFailures(of incident: Incident, in scope: Scope) -> Double {
        var (all, inside) = (0.0, 0.0)
        let partners = incident.scope.partner != 0 ? [incident.scope.partner] : detector.history.partners
        for cell in partners.lazy.flatMap({ detector.history.line($0).cells }) where cell.time >= incident.startedAt {
            guard incident.groups.contains(cell.symptom.group), incident.scope.holds(cell, detector.networks) else {
                continue
            }
            all += Double(cell.count)
            if scope.holds(cell, detector.networks) { inside += Double(cell.count) }
        }
        return all > 0 ? inside / all : 0
    }

    /// Whether a wider scope explains an open incident of the partner and this one better than two do.
    private mutating func widen(_ finding: Finding, _ key: CandidateKey, at now: Instant) -> Bool {
        let best = finding.best
        guard best.scope.partner != 0 else { return false }
        for index in open.indices {
            let incident = open[index]
            guard incident.silence == nil, !incident.isQuiet, incident.groups.contains(best.group),
                incident.scope.partner == best.scope.partner
                    || incident.scope.partner == 0 && incident.scope.network != 0
            else { continue }
            let since = min(incident.startedAt, best.firstFailure)
            guard let both = explain(key, since: since, but: [incident.id], at: now),
                both.best.scope.contains(best.scope, detector.networks),
                both.best.scope.contains(incident.scope, detector.networks),
                doTogether(best, [incident], in: both.best.scope, at: now)
            else { continue }
            restate(index, both, why: "it grew", at: now)
            return true
        }
        return false
    }

    /// Whether one cause across partners explains this and other partners' open incidents better than each its own.
    private mutating func joinAcross(_ finding: Finding, at now: Instant) -> Bool {
        let best = finding.best
        guard best.group == .down, best.scope.partner != 0 else { return false }
        let others = open.filter {
            $0.silence == nil && !$0.isQuiet && $0.groups[0] == .down && $0.scope.partner != 0
                && $0.scope.partner != best.scope.partner && now - $0.startedAt < .seconds(3_600)
        }
        guard !others.isEmpty else { return false }
        var localizer = localizer(.down, but: Set(others.map(\.id)), at: now)
        let since = min(best.firstFailure - .seconds(30), now - .seconds(120))
        guard let fleet = localizer.explainFleet(.down, since: since),
            fleet.hypothesis.scope.contains(best.scope, detector.networks)
        else { return false }
        let scope = fleet.hypothesis.scope
        let parts = others.filter { scope.contains($0.scope, detector.networks) }
        guard doTogether(best, parts, in: scope, at: now) else { return false }
        let covered = parts.map(\.id)
        guard let first = covered.first else { return false }
        for id in covered.dropFirst() {
            if let index = open.firstIndex(where: { $0.id == id }) { merge(index, into: first, at: now) }
        }
        guard let index = open.firstIndex(where: { $0.id == first }) else { return false }
        restate(index, Finding(best: fleet.hypothesis, confidence: finding.confidence), why: "it spread", at: now)
        return true
    }

    /// Slowness and missing answers are two faces of one trouble.
    static func areRelated(_ first: SymptomGroup, _ second: SymptomGroup) -> Bool {
        first == second || (first == .down && second == .slow) || (first == .slow && second == .down)
    }

    mutating func merge(_ index: Int, into id: Int64, at now: Instant) {
        open[index].mergedInto = id
        let incident = open[index]
        open[index].note("merged into incident \(id): one cause explains both", at: now)
        decide(
            "merged: incident \(incident.id) into \(id), one cause explains both", partner: incident.scope.partner,
            incident.groups[0], at: now)
        close(index, at: now)
    }
}
