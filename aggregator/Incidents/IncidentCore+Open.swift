import CallModel
import Detection
import Rollups

/// How incidents begin and change their cause.
extension IncidentCore {
    mutating func openIncident(_ finding: Finding, _ key: CandidateKey, at now: Instant) {
        let best = finding.best
        let kind = CauseKind(best.scope, best.group)
        if reopen(finding, kind, at: now) { return }
        guard open.count < configuration.openMax else { return refusedCount += 1 }
        var incident = Incident(
            id: nextID, kind: kind, scope: best.scope, groups: [best.group], partners: partners(of: best.scope),
            startedAt: best.firstFailure, openedAt: now)
        nextID += 1
        incident.confidence = finding.confidence
        incident.isQuiet = best.group.isRejection && kind == .customer
        let reason =
            "\(Int(best.failures)) of \(Int(best.calls)) calls \(best.group.verb) in \(Int(best.span.inSeconds)) s where "
            + "\(rounded(best.expected)) are usual (evidence \(rounded(best.score)) nats)"
        incident.note("opened: \(reason)", at: now)
        decide(
            incident.isQuiet ? "nobody told, one customer's bad requests: \(reason)" : "opened: \(reason)", key, at: now
        )
        begin(&incident, best, countedSince: best.firstFailure, at: now)
        open.append(incident)
        if !incident.isQuiet { events.append(Event(kind: .opened, at: now, incident: incident)) }
        detector.explain(best.group, partner: best.scope.partner)
    }

    private mutating func begin(
        _ incident: inout Incident, _ best: Hypothesis, countedSince start: Instant, at now: Instant
    ) {
        incident.recovery = Recovery(calls: best.calls, failures: best.failures)
        incident.extent = Incident.Extent()
        count(&incident, since: start, at: now)
        incident.extent.usualShare = best.usualShare
        incident.severity = incident.severityOfLate
        for partner in detector.history.partners { incident.places[partner] = detector.history.line(partner).end }
    }

    /// What it did since a time, by what is still known.
    private func count(_ incident: inout Incident, since: Instant, at now: Instant) {
        let lines = detector.history.lines
        for line in incident.scope.partner == 0
            ? lines[...] : lines[Int(incident.scope.partner)...Int(incident.scope.partner)]
        {
            for cell in line.cells where cell.time >= since {
                guard incident.scope.holds(cell, detector.networks) else { continue }
                incident.extent.count(cell, failed: incident.groups.contains(cell.symptom.group))
            }
        }
    }

    /// The same cause a while ago is the same incident.
    private mutating func reopen(_ finding: Finding, _ kind: CauseKind, at now: Instant) -> Bool {
        let best = finding.best
        guard
            let index = resolved.lastIndex(where: {
                $0.mergedInto == nil && $0.groups.contains(best.group) && $0.scope.partner == best.scope.partner
                    && now - ($0.resolvedAt ?? .epoch) <= configuration.reopenWithin
                    && ($0.scope.contains(best.scope, detector.networks)
                        || best.scope.contains($0.scope, detector.networks))
            })
        else { return false }
        var incident = resolved.remove(at: index)
        incident.state = .open
        incident.resolvedAt = nil
        (incident.scope, incident.kind, incident.partners) = (best.scope, kind, partners(of: best.scope))
        incident.confidence = finding.confidence
        incident.isQuiet = incident.isQuiet && best.group.isRejection && kind == .customer
        incident.note("reopened: \(Int(best.failures)) of \(Int(best.calls)) calls \(best.group.verb) again", at: now)
        incident.evidenceSince = best.firstFailure
        begin(&incident, best, countedSince: best.firstFailure, at: now)
        open.append(incident)
        if !incident.isQuiet { events.append(Event(kind: .reopened, at: now, incident: incident)) }
        detector.explain(best.group, partner: best.scope.partner)
        return true
    }

    /// Gives an open incident another cause.
    mutating func restate(_ index: Int, _ finding: Finding, why: String, at now: Instant) {
        let best = finding.best
        let (before, scope) = (open[index].kind, open[index].scope)
        open[index].confidence = finding.confidence
        guard open[index].scope != best.scope else { return }
        open[index].scope = best.scope
        open[index].kind = CauseKind(best.scope, open[index].groups[0])
        open[index].partners = partners(of: best.scope)
        open[index].startedAt = min(open[index].startedAt, best.firstFailure)
        open[index].isQuiet = open[index].isQuiet && open[index].kind == .customer
        let why = scope.contains(best.scope, detector.networks) ? "it narrowed, \(why)" : why
        let reason =
            "\(why): \(Int(best.failures)) of \(Int(best.calls)) calls \(best.group.verb) where \(rounded(best.expected)) are "
            + "usual; the cause was \(before.rawValue) and is \(open[index].kind.rawValue)"
        open[index].note(reason, at: now)
        decide("incident \(open[index].id) restated: \(reason)", partner: best.scope.partner, best.group, at: now)
        var incident = open[index]
        begin(&incident, best, countedSince: incident.startedAt, at: now)
        open[index] = incident
        if !open[index].isQuiet { events.append(Event(kind: .updated, at: now, incident: open[index])) }
        detector.explain(best.group, partner: best.scope.partner)
    }

    func partners(of scope: Scope) -> [NameID] {
        if scope.network != 0 {
            return detector.networks.indices.filter { detector.networks[$0] == scope.network }.map { NameID($0) }
        }
        return scope.partner == 0 ? [] : [scope.partner]
    }
}

extension Incident {
    /// From the share that fails and how much of the partner it is.
    var severityOfLate: Severity {
        let share = max(recovery.share, extent.share)
        if groups[0] == .slow || groups[0].isRejection { return share >= 0.5 ? .major : .minor }
        let isWide = scope.narrowing.isEmpty || scope.network != 0
        return share >= 0.75 && isWide ? .critical : share >= 0.2 ? .major : .minor
    }
}
