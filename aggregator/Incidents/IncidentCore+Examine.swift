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
        /// All that were tried within the partner.
        var within: [Hypothesis] = []
        /// The calls they explain.
        var calls = TalliedCalls()
        /// Of the scope that an incident has now.
        var currentScore = 0.0
    }

    /// The chance that the cause is any of those that scopes can name: measured, docs/detection.md.
    private static let nameable = 0.96
    /// Evidence that a candidate is over, in nats, from which on it is forgotten; from a third on it is not opened.
    private static let overMin = 9.0

    /// - Parameter other: a scope that is taken for explained, too.
    func localizer(_ group: SymptomGroup, but own: Set<Int64> = [], and other: Scope? = nil, at now: Instant)
        -> Localizer
    {
        var explained = ExplainedCalls()
        if let other { explained.add(other) }
        for incident in open where !own.contains(incident.id) && incident.explains(group) {
            explained.add(incident.scope)
        }
        // What an incident explained stays explained when it is over.
        let oldest = now - configuration.detection.historyAgeMax
        for incident in resolved.suffix(200) where incident.explains(group) {
            let end = incident.resolvedAt ?? now
            if end > oldest { explained.add(incident.scope, from: incident.startedAt, until: end) }
        }
        return Localizer(detector, at: now, explained: explained)
    }

    func explain(_ key: CandidateKey, since: Instant, but own: Set<Int64> = [], current: Scope? = nil, at now: Instant)
        -> Finding?
    {
        var localizer = localizer(key.group, but: own, at: now)
        var (calls, within) = (TalliedCalls(), [Hypothesis]())
        if key.partner != 0 {
            calls = localizer.tally(key.group, key.partner, key.direction, since: since)
            within = localizer.explain(calls, key.group, key.partner, key.direction, since: since, also: current)
        }
        var ranked = within
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
        let rivals = ranked.dropFirst().reduce(0) { $0 + exp(min(0, $1.score - best.score)) }
        let doubt = rivals + doubtOfNetwork(best, &localizer) + doubtOfOurs(best, since: since, &localizer, at: now)
        return Finding(
            best: best, confidence: Self.nameable / (1 + doubt), within: within, calls: calls,
            currentScore: ranked.first { $0.scope == current }?.score ?? 0)
    }

    /// One partner of a shared network in five fails because the network does; the odds of that before the others were heard.
    private static let sharedOdds = 0.25

    /// Whether it may be the partner's network all the same: the others that share it may be called too seldom to tell.
    private func doubtOfNetwork(_ best: Hypothesis, _ localizer: inout Localizer) -> Double {
        let scope = best.scope
        guard best.group == .down, scope.partner != 0, scope.narrowing.isEmpty, scope.direction == .outbound,
            best.score >= configuration.openMin, Int(scope.partner) < detector.networks.count
        else { return 0 }
        let network = detector.networks[Int(scope.partner)]
        let others = detector.networks.indices.filter {
            network != 0 && detector.networks[$0] == network && $0 != Int(scope.partner)
        }
        guard !others.isEmpty else { return 0 }
        let share = min(0.95, best.share)
        var ratio = 0.0
        for partner in others {
            let other = localizer.weigh(
                Scope(partner: NameID(partner), direction: .outbound), best.group, since: best.firstFailure)
            let usual = min(max(other.usualShare, 3e-4), share)
            ratio += other.failures * log(share / usual)
            ratio += (other.calls - other.failures) * log((1 - share) / (1 - usual))
        }
        return Self.sharedOdds * exp(min(0, ratio))
    }

    /// However much speaks for it, in nats: it may still be theirs.
    private static let oursMax = 3.0
    /// Where two partners fail out of one region of ours alone: that it is the region, against two that fail there by chance.
    private static let regionOdds = 4.0

    /// The odds that it befalls only some of our hosts or customers, which no scope names.
    private func doubtOfOurs(_ best: Hypothesis, since: Instant, _ localizer: inout Localizer, at now: Instant)
        -> Double
    {
        guard best.score >= configuration.openMin, CauseKind(best.scope, best.group).isTheirs else { return 0 }
        let ours = localizer.concentration(of: best, since: since).map { exp(min(Self.oursMax, $0)) } ?? 0
        guard best.scope.region != 0, best.scope.partner != 0 else { return ours }
        var everything = Localizer(detector, at: now, explained: ExplainedCalls())
        let isRegion = everything.otherFails(
            out: best.scope.region, but: best.scope.partner, best.group, since: best.firstFailure)
        return isRegion ? ours + Self.regionOdds : ours
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
        guard best.failures >= failuresMin, best.independentFailures >= configuration.independentMin else {
            return "\(figures(best)): too few"
        }
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
        let isTotal = best.share >= 0.5 && isTotalOfLate(best)
        guard best.span >= (isTotal ? configuration.totalDwell : configuration.dwell) else {
            return "\(figures(best)), seen for \(Int(best.span.inSeconds)) s only: it may be a blip"
        }
        guard best.span < configuration.dwell * Self.dwellsMin || failingDwells(best) >= Self.failingDwellsMin else {
            return "\(figures(best)), nearly all within \(Int(configuration.dwell.inSeconds)) s: it may be a blip"
        }
        guard over < Self.overMin / 3 else { return "\(figures(best)): it seems to be over" }
        return nil
    }

    /// A blip and one more failure minutes later are no outage: of a longer time so many stretches must have failures, each as long as
    /// what may be a blip.
    private static let failingDwellsMin = 3
    /// What is longer, in such stretches.
    private static let dwellsMin = 4

    private func failingDwells(_ best: Hypothesis) -> Int {
        var stretches: Set<Int64> = []
        let length = configuration.dwell.nanoseconds
        for line in lines(best.scope) {
            for cell in line.cells.reversed() {
                if cell.time < best.firstFailure - .seconds(60) { break }
                guard cell.symptom.group == best.group, cell.time >= best.firstFailure,
                    best.scope.holds(cell, detector.networks)
                else { continue }
                let since = cell.time.nanosecondsSinceEpoch - best.firstFailure.nanosecondsSinceEpoch
                stretches.insert(since / length)
                if stretches.count >= Self.failingDwellsMin { return stretches.count }
            }
        }
        return stretches.count
    }

    /// Whether every call fails, or nearly: of the last seconds, because calls that went well may stand beside the first failures.
    private func isTotalOfLate(_ best: Hypothesis) -> Bool {
        let since = best.lastFailure - configuration.totalDwell
        var (calls, failures) = (0.0, 0.0)
        for line in lines(best.scope) {
            for cell in line.cells.reversed() {
                if cell.time < since - .seconds(60) { break }
                guard cell.time > since, best.scope.holds(cell, detector.networks) else { continue }
                calls += Double(cell.count)
                if cell.symptom.group == best.group { failures += Double(cell.count) }
            }
        }
        return failures >= configuration.totalCallsMin && failures >= 0.97 * calls
    }

    private func lines(_ scope: Scope) -> ArraySlice<CallHistory.Line> {
        let lines = detector.history.lines
        return scope.partner == 0 ? lines[...] : lines[Int(scope.partner)...Int(scope.partner)]
    }

    /// What the calls since the last failure say for its being over, in nats.
    private func evidenceOfEnd(_ best: Hypothesis, at now: Instant) -> Double {
        let share = min(0.9, best.failures / (best.calls + 1))
        let usual = min(best.usualShare, share / 2)
        let perSuccess = log((1 - usual) / (1 - share))
        var evidence = 0.0
        for line in lines(best.scope) {
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
}

func rounded(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return "\(tenths)"
}
