import CallModel
import Incidents

/// Decides who hears of an incident, when, and when again.
///
/// Incidents' events come in, messages that are due go out. For each incident one message is *pending* at most: later events
/// replace what an earlier one would have said, so what waits is bounded by the number of incidents. **A storm cannot
/// happen:** every message takes a token from a bucket of `burstMax` that refills with `perHourMax`, and one incident has
/// `messagesPerIncidentMax`; whatever comes in, no hour sees more than the sum of both. An incident that nobody was told of (silenced,
/// or over before its turn) is never reported as resolved.
public struct AlertingCore: Sendable {
    struct Thread: Sendable {
        var incident: Incident
        var channels: [String]
        /// How far it has been escalated: so many channels know of it.
        var told = 0
        var pending: Notification.Kind?
        var reason = ""
        /// Not before.
        var dueAt: Instant
        var lastSentAt: Instant?
        var unacknowledgedSince: Instant?
        var messageCount = 0
        var isAcknowledged = false
        /// Why nothing is sent now.
        var heldBy: Int64?
    }

    public let configuration: Configuration
    public private(set) var quiets: [Quiet] = []
    /// Messages that were merged into another, held back by a quiet time, or refused by a limit.
    public private(set) var gatheredCount = 0
    public private(set) var heldCount = 0
    public private(set) var refusedCount = 0
    private var threads: [Int64: Thread] = [:]
    private var tokens: Double
    private var refilledAt: Instant?

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
        tokens = configuration.burstMax
    }

    // MARK: What happens

    public mutating func handle(_ event: IncidentCore.Event, at now: Instant) -> [Notification] {
        let id = event.incident.id
        guard threads[id] != nil || event.kind != .resolved else { return [] }
        guard threads[id] != nil || threads.count < configuration.incidentsMax else {
            refusedCount += 1
            return []
        }
        var thread = threads[id] ?? begin(event.incident, at: now)
        thread.incident = event.incident
        let why = event.incident.timeline.last?.what ?? event.kind.rawValue
        switch event.kind {
        case .opened: propose(.opened, why, &thread, dueAt: now)
        case .reopened:
            thread.unacknowledgedSince = now
            propose(.updated, why, &thread, dueAt: now)
        // Acknowledged is not deaf: a rise speaks up.
        case .escalated: propose(.escalated, why, &thread, dueAt: now)
        case .updated:
            propose(.updated, why, &thread, dueAt: (thread.lastSentAt ?? now) + configuration.updateInterval)
        case .resolved: propose(.resolved, why, &thread, dueAt: now)
        }
        threads[id] = thread
        return advance(to: now)
    }

    public mutating func acknowledge(_ id: Int64) {
        threads[id]?.isAcknowledged = true
        threads[id]?.unacknowledgedSince = nil
    }

    /// Returns false at the limit.
    public mutating func add(_ quiet: Quiet) -> Bool {
        guard quiets.count < configuration.quietsMax else {
            refusedCount += 1
            return false
        }
        quiets.append(quiet)
        return true
    }

    /// Ends a silence or maintenance before its time.
    public mutating func end(_ id: Int64, at now: Instant) {
        for index in quiets.indices where quiets[index].id == id { quiets[index].until = min(quiets[index].until, now) }
    }

    // MARK: What is due

    public mutating func advance(to now: Instant) -> [Notification] {
        refill(at: now)
        quiets.removeAll { $0.until <= now }
        var due: [Notification] = []
        for id in threads.keys.sorted() {
            guard var thread = threads[id] else { continue }
            due += send(&thread, at: now)
            let isFinished = thread.incident.state == .resolved && thread.pending == nil
            // Kept while it could be reopened.
            let isForgotten = isFinished && now - (thread.incident.resolvedAt ?? now) > .seconds(3_600)
            threads[id] = isForgotten ? nil : thread
        }
        return due
    }

    /// When a message falls due though nothing happens.
    public func nextDeadline(after now: Instant) -> Instant? {
        threads.values.compactMap { thread -> Instant? in
            if thread.pending != nil { return max(thread.dueAt, now + .seconds(1)) }
            guard thread.incident.state == .open, let since = thread.unacknowledgedSince else { return nil }
            return min(since + configuration.escalateAfter, (thread.lastSentAt ?? now) + configuration.repeatInterval)
        }.min()
    }

    private func begin(_ incident: Incident, at now: Instant) -> Thread {
        let channels = configuration.routes.first { $0.matcher.matches(incident) }?.channels ?? configuration.fallback
        return Thread(
            incident: incident, channels: channels.isEmpty ? configuration.fallback : channels, dueAt: now,
            unacknowledgedSince: now)
    }

    /// The weightier news wins; the end wins over all, where a beginning was told.
    private mutating func propose(_ kind: Notification.Kind, _ reason: String, _ thread: inout Thread, dueAt: Instant) {
        guard let pending = thread.pending else {
            // What nobody was told of has no end, and whatever comes first is its beginning.
            guard thread.told > 0 || kind != .resolved else { return }
            (thread.pending, thread.reason, thread.dueAt) = (thread.told == 0 ? .opened : kind, reason, dueAt)
            return
        }
        gatheredCount += 1
        thread.dueAt = min(thread.dueAt, dueAt)
        thread.reason = reason
        if kind == .resolved {
            thread.pending = thread.told == 0 ? nil : .resolved
        } else if pending == .updated || pending == .resolved {
            thread.pending = kind
        }
    }

    private mutating func send(_ thread: inout Thread, at now: Instant) -> [Notification] {
        remind(&thread, at: now)
        guard let kind = thread.pending, thread.dueAt <= now else { return [] }
        if let quiet = quiets.first(where: { $0.holds(thread.incident, at: now) }) {
            if thread.heldBy == nil { heldCount += 1 }
            thread.heldBy = quiet.id
            return []
        }
        thread.heldBy = nil
        let limit = configuration.messagesPerIncidentMax - (kind == .resolved ? 0 : 1)
        guard thread.messageCount < limit else {
            thread.pending = nil
            refusedCount += 1
            return []
        }
        guard tokens >= 1 else { return [] }
        let audience = kind == .opened ? 1 : max(1, thread.told)
        var sent: [Notification] = []
        for channel in thread.channels.prefix(audience) where tokens >= 1 {
            tokens -= 1
            sent.append(
                Notification(at: now, channel: channel, kind: kind, incident: thread.incident, reason: thread.reason))
        }
        thread.messageCount += sent.count
        thread.told = max(thread.told, 1)
        thread.lastSentAt = now
        thread.pending = nil
        return sent
    }

    /// Nobody answers: the next channel hears of it, and after the last everybody again.
    private func remind(_ thread: inout Thread, at now: Instant) {
        guard thread.pending == nil, thread.told > 0, thread.incident.state == .open,
            let since = thread.unacknowledgedSince
        else { return }
        if thread.told < thread.channels.count, now - since >= configuration.escalateAfter {
            thread.told += 1
            thread.unacknowledgedSince = now
            (thread.pending, thread.reason) = (.escalated, "nobody has acknowledged it")
            thread.dueAt = now
        } else if let last = thread.lastSentAt, now - last >= configuration.repeatInterval {
            (thread.pending, thread.reason) = (.updated, "still open")
            thread.dueAt = now
        }
    }

    private mutating func refill(at now: Instant) {
        if let refilledAt, now > refilledAt {
            tokens = min(
                configuration.burstMax, tokens + (now - refilledAt).inSeconds / 3_600 * configuration.perHourMax)
        }
        refilledAt = max(refilledAt ?? now, now)
    }
}
