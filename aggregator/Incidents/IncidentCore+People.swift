import CallModel
import Detection

/// What people say of incidents, and what a restart has to tell the core.
extension IncidentCore {
    /// Somebody has taken it on. It goes on being followed.
    public mutating func acknowledge(_ id: Int64) {
        guard let index = open.firstIndex(where: { $0.id == id }) else { return }
        open[index].state = .acknowledged
    }

    /// Somebody declares it over. If it is not, what fails from now on opens it again.
    public mutating func declareOver(_ id: Int64, by who: String, at now: Instant) -> [Event] {
        guard let index = open.firstIndex(where: { $0.id == id }) else { return [] }
        open[index].note("resolved: declared over by \(who)", at: now)
        close(index, at: now)
        scopes = OpenScopes(open)
        defer { events.removeAll() }
        return events
    }

    /// Ids of new incidents are higher than this one.
    public mutating func startIDs(above id: Int64) { nextID = max(nextID, id + 1) }

    /// Nobody looked between two times, so nothing that lacks in between is missing.
    public mutating func wasAway(from start: Instant, until end: Instant) {
        let start = min(start, blindSince ?? start)
        blindSince = nil
        if end > start { silence.skip(end - start) }
    }
}
