import CallModel
import Detection
import Rollups

/// What becomes of open incidents: they take in their calls, are explained again as evidence grows, and end.
extension IncidentCore {
    mutating func follow(at now: Instant) {
        for index in open.indices.reversed() where open[index].silence == nil {
            takeCalls(index, at: now)
            if open[index].recovery.isOver(at: now, failuresSeen: open[index].extent.failures) {
                open[index].note("resolved: calls are back to usual", at: now)
                close(index, at: now)
            } else if open[index].hasLostItsCalls(at: now) {
                open[index].note("resolved: there are no calls of the release any more", at: now)
                close(index, at: now)
            } else if let last = open[index].recovery.lastCall, now - last > configuration.callsGoneMax {
                open[index].note("resolved: no calls any more, its end is unknown", at: now)
                close(index, at: now)
            }
        }
        for index in open.indices.reversed() where index < open.count && open[index].relocateAt <= now {
            explainAgain(index, at: now)
        }
    }

    private mutating func takeCalls(_ index: Int, at now: Instant) {
        open[index].takeCalls(detector.history.lines, detector.networks)
        let severity = open[index].severityOfLate
        if severity > open[index].severity {
            open[index].severity = severity
            open[index].note("more severe: \(severity.name)", at: now)
            if !open[index].isQuiet { events.append(Event(kind: .escalated, at: now, incident: open[index])) }
        }
    }

    /// Looks for a better explanation, soon at first and then ever more seldom.
    private mutating func explainAgain(_ index: Int, at now: Instant) {
        let incident = open[index]
        open[index].relocateStep = min(.seconds(300), incident.relocateStep * 1.5)
        open[index].relocateAt = now + open[index].relocateStep
        guard incident.silence == nil, incident.recovery.evidence < 3 else { return }
        let direction = incident.scope.direction ?? .outbound
        // One of several partners' is asked for among those, one partner's among both.
        let key = CandidateKey(partner: incident.scope.partner, direction: direction, group: incident.groups[0])
        let since = max(incident.evidenceSince, now - .seconds(3_600))
        guard let finding = explain(key, since: since, but: [incident.id], current: incident.scope, at: now) else {
            return
        }
        if narrow(index, at: now) || split(index, finding, since: since, at: now) { return }
        guard finding.best.scope != incident.scope else {
            open[index].confidence = finding.confidence
            return
        }
        guard finding.best.score >= finding.currentScore + 2, finding.best.score >= configuration.openMin else {
            return
        }
        if let wider = open.firstIndex(where: {
            $0.id != incident.id && $0.silence == nil && $0.groups.contains(incident.groups[0])
                && $0.scope.contains(finding.best.scope, detector.networks)
        }) {
            return merge(index, into: open[wider].id, at: now)
        }
        restate(index, finding, why: "more is known", at: now)
    }

    mutating func close(_ index: Int, at now: Instant) {
        var incident = open.remove(at: index)
        incident.state = .resolved
        incident.resolvedAt = now
        incident.places = [:]
        if resolved.count >= configuration.resolvedMax { resolved.removeFirst(resolved.count / 2) }
        resolved.append(incident)
        if !incident.isQuiet { events.append(Event(kind: .resolved, at: now, incident: incident)) }
        for group in incident.groups { detector.explain(group, partner: incident.scope.partner) }
    }
}

extension Incident {
    /// Whether a release was withdrawn: many calls should have come, and none has.
    func hasLostItsCalls(at now: Instant) -> Bool {
        guard scope.serviceVersion != 0, let last = recovery.lastCall, now - last > Recovery.durationMin else {
            return false
        }
        let pace = extent.calls / max(30, (last - startedAt).inSeconds)
        return pace * (now - last).inSeconds > 6
    }

    /// Counts what came since the last time.
    mutating func takeCalls(_ lines: [CallHistory.Line], _ networks: [NameID]) {
        let usual = max(extent.usualShare, 3e-4)
        for partner in scope.partner != 0 ? [scope.partner] : lines.indices.map({ NameID($0) }) {
            guard lines.indices.contains(Int(partner)) else { continue }
            let line = lines[Int(partner)]
            let place = places[partner] ?? line.end
            places[partner] = line.end
            guard place < line.end else { continue }
            for cell in line.suffix(from: place) where scope.holds(cell, networks) {
                let failed = groups.contains(cell.symptom.group)
                extent.count(cell, failed: failed)
                recovery.observe(Double(cell.count), failed: failed, usual: usual, at: cell.time)
            }
        }
    }
}
