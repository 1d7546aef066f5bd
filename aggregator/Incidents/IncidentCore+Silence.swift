import CallModel
import Detection
import Rollups

/// Flows of calls that stop: a partner that no longer calls us, or we that no longer call it.
extension IncidentCore {
    mutating func lookForSilence(at now: Instant) {
        guard lookedForSilenceAt.map({ now - $0 >= configuration.silenceStep }) ?? true else { return }
        lookedForSilenceAt = now
        let (silent, resumed) = silence.look(at: now)
        for key in resumed {
            guard let index = open.firstIndex(where: { $0.silence == key }) else { continue }
            open[index].note("resolved: calls come again", at: now)
            close(index, at: now)
        }
        for silence in silent { fellSilent(silence, at: now) }
    }

    private mutating func fellSilent(_ silent: SilenceWatch.Silence, at now: Instant) {
        let key = CandidateKey(partner: silent.key.partner, direction: silent.key.direction, group: .none)
        let reason =
            "no call for \(Int((now - silent.since).inSeconds)) s where \(rounded(silent.missing)) were expected"
        // It is open already.
        guard !open.contains(where: { $0.silence == silent.key }) else { return }
        if let other = open.first(where: { explainsSilence($0, of: silent.key) }) {
            decide("not opened: \(reason), which incident \(other.id) explains", key, at: now)
            return silence.dismiss(silent.key)
        }
        let unheard = shareOfSilentHosts(silent.key, at: now)
        if unheard >= Self.unheardMax {
            decide(
                "not opened: \(reason), but hosts that made \(percent(unheard)) of them are not heard of", key, at: now)
            return silence.dismiss(silent.key)
        }
        guard open.count < configuration.openMax else { return refusedCount += 1 }
        var incident = Incident(
            id: nextID, kind: silent.key.direction == .inbound ? .webhookSilence : .trafficStopped,
            scope: Scope(partner: silent.key.partner, direction: silent.key.direction), groups: [.none],
            partners: [silent.key.partner], startedAt: silent.since, openedAt: now)
        nextID += 1
        incident.silence = silent.key
        incident.confidence = 0.95
        incident.severity = .major
        incident.relocateAt = Instant(nanosecondsSinceEpoch: .max)
        incident.note("opened: \(reason)", at: now)
        decide("opened: \(reason)", key, at: now)
        open.append(incident)
        events.append(Event(kind: .opened, at: now, incident: incident))
    }

    /// From this share of a flow's calls on its silence may be that of the hosts' agents.
    private static let unheardMax = 0.3

    /// Of a flow's recent calls, the share of hosts of which nothing is heard now.
    private func shareOfSilentHosts(_ key: SilenceWatch.Key, at now: Instant) -> Double {
        guard !silentHosts.isEmpty else { return 0 }
        var (all, silent) = (0.0, 0.0)
        for cell in detector.history.line(key.partner).cells where cell.direction == key.direction {
            all += Double(cell.count)
            if silentHosts.contains(cell.host) { silent += Double(cell.count) }
        }
        return all > 0 ? silent / all : 0
    }

    /// A partner whose calls fail is called less, and one that is called no more need not call back.
    private func explainsSilence(_ incident: Incident, of key: SilenceWatch.Key) -> Bool {
        if incident.isQuiet { return false }
        if incident.silence != nil { return incident.scope.partner == key.partner }
        guard incident.groups[0] == .down, incident.scope.narrowing.allSatisfy({ $0 == .network }) else { return false }
        return incident.scope.partner == 0
            ? incident.partners.isEmpty || incident.partners.contains(key.partner)
            : incident.scope.partner == key.partner
    }
}
