import CallModel
import Detection
import Glibc
import Rollups

/// From a candidate to an incident, or a reason why not.
extension IncidentCore {
    mutating func examine(_ key: CandidateKey, _ candidate: Candidate, at now: Instant) {
        let since = max(candidate.onset, now - configuration.detection.historyAgeMax)
        guard let finding = explain(key, since: since, at: now) else {
            return wait(key, "nothing fails that is not explained", later: false, at: now)
        }
        if let doubt = doubt(finding.best) { return wait(key, doubt, later: false, at: now) }
        let over = evidenceOfEnd(finding.best, at: now)
        if let haste = haste(finding.best, over) {
            guard over >= Self.overMin else { return wait(key, haste, later: true, at: now) }
            candidates[key] = nil
            detector.explain(key.group, partner: finding.best.scope.partner)
            return decide("not opened: \(haste)", key, at: now)
        }
        candidates[key] = nil
        if join(finding, key, at: now) { return }
        openIncident(finding, key, at: now)
    }

    /// The best explanation with the runners-up.
    struct Finding {
        var best: Hypothesis
        var confidence: Double
        /// Of the scope that an incident has now.
        var currentScore = 0.0
    }

    /// Evidence that a candidate is over, in nats, from which on it is forgotten; from a third on it is not opened.
    private static let overMin = 9.0

    func localizer(_ group: SymptomGroup, but own: Set<Int64> = [], at now: Instant) -> Localizer {
        let networks = detector.networks
        let scopes = open.filter { !own.contains($0.id) && $0.silence == nil && $0.groups.contains(group) }.map(\.scope)
        // What an incident explained stays explained when it is over.
        let oldest = now - configuration.detection.historyAgeMax
        let past = resolved.suffix(200).filter {
            $0.silence == nil && $0.groups.contains(group) && ($0.resolvedAt ?? .epoch) > oldest
        }.map { (scope: $0.scope, from: $0.startedAt, until: $0.resolvedAt ?? now) }
        return Localizer(detector, at: now) { cell in
            for scope in scopes where scope.holds(cell, networks) { return true }
            for past in past where past.from <= cell.time && cell.time <= past.until && past.scope.holds(cell, networks)
            {
                return true
            }
            return false
        }
    }

    func explain(_ key: CandidateKey, since: Instant, but own: Set<Int64> = [], current: Scope? = nil, at now: Instant)
        -> Finding?
    {
        var localizer = localizer(key.group, but: own, at: now)
        var ranked: [Hypothesis] = []
        if key.partner != 0 {
            ranked = localizer.explain(key.group, key.partner, key.direction, since: since, also: current)
        }
        // Asked only where an incident would follow: it looks at everybody's calls.
        let isSerious = key.partner == 0 || ranked.first.map { $0.score >= configuration.openMin } ?? false
        if key.group == .down, key.direction == .outbound, isSerious,
            let fleet = localizer.explainFleet(key.group, since: since)
        {
            // One cause for several partners, unless theirs one by one explain more.
            if fleet.hypothesis.score > fleet.separately { ranked.append(fleet.hypothesis) }
        }
        ranked.sort { $0.score > $1.score }
        guard let best = ranked.first, best.failures > 0 else { return nil }
        let doubt = ranked.dropFirst().reduce(0) { $0 + exp(min(0, $1.score - best.score)) }
        return Finding(
            best: best, confidence: 1 / (1 + doubt), currentScore: ranked.first { $0.scope == current }?.score ?? 0)
    }

    private func figures(_ best: Hypothesis) -> String {
        "\(Int(best.failures)) of \(Int(best.calls)) calls \(best.group.verb), \(rounded(best.expected)) are usual"
    }

    /// Why it is not worth an incident, unless there is more.
    private func doubt(_ best: Hypothesis) -> String? {
        let isRefusal = best.scope.serviceVersion == 0 && isOfRequests(best)
        guard best.score >= (isRefusal ? configuration.refusedOpenMin : configuration.openMin) else {
            return "\(figures(best)): that may be chance (\(rounded(best.score)) nats)"
        }
        let failuresMin = best.group == .slow ? configuration.slowFailuresMin : configuration.failuresMin
        guard best.failures >= failuresMin else { return "\(figures(best)): too few" }
        let rise = best.share - best.usualShare
        let riseMin =
            best.group == .slow
            ? configuration.slowRiseMin : isRefusal ? configuration.refusedRiseMin : configuration.riseMin
        guard rise >= riseMin else {
            return "\(figures(best)): too small a rise"
        }
        return nil
    }

    /// Whether the requests are refused for what they are. Credentials fail for a customer or for all of a partner; where one
    /// route alone says 401 or 403, it speaks of the request.
    private func isOfRequests(_ best: Hypothesis) -> Bool {
        best.group.isRejection || (best.group == .unauthorized && best.scope.customer == 0 && best.scope.route != 0)
    }

    /// Why it is too early.
    private func haste(_ best: Hypothesis, _ over: Double) -> String? {
        let isTotal = best.share >= 0.97 && best.failures >= configuration.totalCallsMin
        guard best.span >= (isTotal ? configuration.totalDwell : configuration.dwell) else {
            return "\(figures(best)), seen for \(Int(best.span.inSeconds)) s only: it may be a blip"
        }
        guard over < Self.overMin / 3 else { return "\(figures(best)): it seems to be over" }
        return nil
    }

    /// What the calls since the last failure say for its being over, in nats.
    private func evidenceOfEnd(_ best: Hypothesis, at now: Instant) -> Double {
        let share = min(0.9, best.failures / (best.calls + 1))
        let usual = min(best.usualShare, share / 2)
        let perSuccess = log((1 - usual) / (1 - share))
        var evidence = 0.0
        let lines = detector.history.lines
        for line in best.scope.partner == 0 ? lines[...] : lines[Int(best.scope.partner)...Int(best.scope.partner)] {
            for cell in line.cells.reversed() {
                if cell.time < best.lastFailure - .seconds(60) || evidence > Self.overMin { break }
                guard cell.time > best.lastFailure, best.scope.holds(cell, detector.networks) else { continue }
                evidence += perSuccess * Double(cell.count)
            }
        }
        return evidence
    }

    private mutating func wait(_ key: CandidateKey, _ reason: String, later: Bool, at now: Instant) {
        guard var candidate = candidates[key] else { return }
        candidate.reason = reason
        candidate.evidenceAtLook = candidate.evidence
        candidate.lookAt = later ? now + .seconds(2) : nil
        if later, now - candidate.heardAt > .seconds(60) { candidate.lookAt = now + .seconds(10) }
        candidates[key] = candidate
    }

    // MARK: One incident a cause

    /// Whether an open incident has the same cause, or one that covers both; then it is made to.
    private mutating func join(_ finding: Finding, _ key: CandidateKey, at now: Instant) -> Bool {
        let best = finding.best
        let networks = detector.networks
        // Wider than what is open: that was a part of it, unless it fails in its own measure.
        let inside = open.indices.filter { isPart(open[$0], of: finding, at: now) }
        if let first = inside.first {
            for index in inside.dropFirst().reversed() { merge(index, into: open[first].id, at: now) }
            restate(first, finding, why: "it grew", at: now)
            return true
        }
        // Another symptom of what is open.
        if let index = open.firstIndex(where: {
            $0.silence == nil && Self.areRelated($0.groups[0], best.group) && !$0.groups.contains(best.group)
                && $0.scope.contains(best.scope, networks)
        }) {
            open[index].groups.append(best.group)
            open[index].note("calls \(best.group.verb), too", at: now)
            detector.explain(best.group, partner: open[index].scope.partner)
            return true
        }
        return widen(finding, key, at: now) || joinAcross(finding, at: now)
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
            $0 + localizer.weigh($1.scope, best.group, since: max($1.startedAt, oldest)).likelihood
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
        open[index].note("merged into incident \(id): one cause explains both", at: now)
        close(index, at: now)
    }
}

func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return "\(tenths)"
}
