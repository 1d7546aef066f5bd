import CallModel
import Detection
import Rollups

/// One cause that spreads: from a region of ours to all of them, from a route to the whole partner.
///
/// What fails later, beside or around what fails already, did not begin at the same time and need not fail in the same measure, so
/// no single share explains both. Yet a partner that breaks down region by region is one outage, and a second cause in the
/// same partner in the same hour is rare. So the same partner's failures of the same kind are one incident that grows, unless
/// they fail in another way: time-outs beside server errors have a cause of their own.
extension IncidentCore {
    /// Of the symptoms, so much must be alike.
    static let likenessMin = 0.4

    mutating func spread(_ finding: Finding, at now: Instant) -> Bool {
        let best = finding.best
        let reached = open.indices.filter { hasSpread(open[$0], to: best, at: now) }
        guard let first = reached.first else { return false }
        let scope = reached.reduce(best.scope) { $0.common(open[$1].scope) }
        for index in reached.dropFirst().reversed() { merge(index, into: open[first].id, at: now) }
        var localizer = localizer(best.group, but: [open[first].id], at: now)
        var grown = finding
        grown.best = localizer.weigh(scope, best.group, since: best.firstFailure)
        restate(first, grown, why: "it spread", at: now)
        // From here on it is explained by what it has become.
        open[first].evidenceSince = best.firstFailure
        return true
    }

    private func hasSpread(_ incident: Incident, to best: Hypothesis, at now: Instant) -> Bool {
        guard incident.explains(best.group), !incident.isQuiet, !best.group.isRejection,
            incident.scope.partner != 0, incident.scope.partner == best.scope.partner,
            incident.scope.direction == best.scope.direction,
            (incident.scope.narrowing + best.scope.narrowing).allSatisfy({ $0 == .route || $0 == .region })
        else { return false }
        let isBeside = Dimension.allCases.filter { incident.scope[$0] != best.scope[$0] } == [.region]
        guard isBeside || best.scope.contains(incident.scope, detector.networks) else { return false }
        return likeness(incident, best, at: now) >= Self.likenessMin
    }

    /// How much of an incident's symptoms and of what was found are the same, 0...1.
    private func likeness(_ incident: Incident, _ best: Hypothesis, at now: Instant) -> Double {
        Symptom.likeness(
            incident.extent.symptoms.filter { $0.key.group == best.group },
            localizer(best.group, at: now).symptoms(of: best))
    }
}

extension Localizer {
    /// What happened to the calls that a hypothesis explains, and nothing else does.
    func symptoms(of best: Hypothesis) -> [Symptom: Double] {
        var found: [Symptom: Double] = [:]
        for cell in recent(best.scope.partner, best.scope.direction, since: best.firstFailure)
        where cell.symptom.group == best.group && best.scope.holds(cell, detector.networks) {
            found[cell.symptom, default: 0] += Double(cell.count)
        }
        return found
    }
}

extension Symptom {
    /// How much two mixtures of symptoms have in common, 0...1; 1 where one is not known.
    static func likeness(_ first: [Symptom: Double], _ second: [Symptom: Double]) -> Double {
        let (ofFirst, ofSecond) = (first.values.reduce(0, +), second.values.reduce(0, +))
        guard ofFirst > 0, ofSecond > 0 else { return 1 }
        return first.reduce(0) { $0 + min($1.value / ofFirst, (second[$1.key] ?? 0) / ofSecond) }
    }
}
