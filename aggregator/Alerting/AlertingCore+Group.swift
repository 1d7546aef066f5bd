import CallModel
import Incidents

/// Incidents of one owner that open together are told together.
///
/// The first is told at once. Those that open within `groupInterval` of it wait for its end, and are then one message: that of the
/// severest, with the others named in it. So people hear twice of a bad minute, however many causes it has. Channels that programs
/// read (`ungroupedChannels`) hear of each incident by itself and at once: they keep an alert for each, and group by themselves.
///
/// For the outbox each incident still has its one `opened` through each channel: those that were told with another are
/// superseded by it from the start (`Message.toldWith`), so that numbers have no holes and everybody sees who heard of what.
extension AlertingCore {
    /// Splits the first message's audience: returns who hears of it at once, and lets the others wait.
    mutating func gather(
        _ thread: inout AlertThread, _ pending: AlertThread.Pending, _ audience: [String], at now: Instant
    ) -> [String] {
        guard pending.kind == .opened, thread.heard.isEmpty, configuration.groupInterval > .zero else {
            let left =
                pending.kind == .resolved ? [] : (thread.gathered?.channels ?? []).filter { !audience.contains($0) }
            thread.gathered = left.isEmpty ? nil : AlertThread.Gathered(channels: left, reason: pending.reason)
            return audience
        }
        thread.gathered = nil
        let waiting = audience.filter { !configuration.ungroupedChannels.contains($0) }
        guard !waiting.isEmpty else { return audience }
        let owner = groupName(thread)
        guard let openedAt = groupsToldAt[owner], now - openedAt < configuration.groupInterval else {
            groupsToldAt[owner] = now
            return audience
        }
        thread.gathered = AlertThread.Gathered(channels: waiting, reason: pending.reason)
        groupsDueAt[owner] = openedAt + configuration.groupInterval
        return audience.filter { !waiting.contains($0) }
    }

    /// The groups whose time has come.
    mutating func tellGroups(at now: Instant) -> [Message] {
        guard groupsDueAt.values.contains(where: { $0 <= now }) else { return [] }
        // Of those that have another owner by now.
        for thread in threads.values where thread.gathered != nil && groupsDueAt[groupName(thread)] == nil {
            groupsDueAt[groupName(thread)] = now
        }
        return groupsDueAt.filter { $0.value <= now }.keys.sorted().flatMap { tellGroup($0, at: now) }
    }

    private mutating func tellGroup(_ owner: String, at now: Instant) -> [Message] {
        let members = threads.values.filter { $0.gathered != nil && groupName($0) == owner }
            .sorted { ($0.report.severity, $1.report.id) > ($1.report.severity, $0.report.id) }.map(\.report.id)
        for id in members { settle(id, at: now) }
        var sent: [Message] = []
        for channel in channelsWaiting(members) {
            let waiting = members.filter { threads[$0]?.gathered?.channels.contains(channel) ?? false }
            guard let lead = waiting.first, bucket.take(1, at: now) else { continue }
            sent += tell(lead, with: waiting.dropFirst().prefix(configuration.groupMax - 1), through: channel, at: now)
        }
        groupsToldAt[owner] = now
        let isLeft = members.contains { threads[$0]?.gathered != nil }
        groupsDueAt[owner] = isLeft ? now + configuration.groupInterval : nil
        return sent
    }

    /// What is over has no beginning to be told; what a quiet time holds waits by itself.
    private mutating func settle(_ id: Int64, at now: Instant) {
        guard var thread = threads.removeValue(forKey: id) else { return }
        defer { threads[id] = thread }
        if thread.isOver { return thread.gathered = nil }
        guard holder(of: thread, at: now) != nil, let gathered = thread.gathered else { return }
        thread.gathered = nil
        if thread.heard.isEmpty { _ = thread.propose(.opened, gathered.reason, dueAt: now) }
        wakes[id]?.at = .distantPast
    }

    private func channelsWaiting(_ members: [Int64]) -> [String] {
        members.flatMap { threads[$0]?.gathered?.channels ?? [] }.reduce(into: []) { channels, channel in
            if !channels.contains(channel) { channels.append(channel) }
        }
    }

    private mutating func tell(_ lead: Int64, with others: ArraySlice<Int64>, through channel: String, at now: Instant)
        -> [Message]
    {
        let named = others.compactMap { threads[$0]?.report }
        var sent = told(lead, channel, others: named, at: now)
        guard let first = sent.first?.id else { return sent }
        for id in others {
            sent += told(id, channel, at: now).map { message in
                var message = message
                message.toldWith = first
                return message
            }
        }
        return sent
    }

    private mutating func told(
        _ id: Int64, _ channel: String, others: [IncidentReport] = [], at now: Instant
    ) -> [Message] {
        guard var thread = threads.removeValue(forKey: id), let gathered = thread.gathered else { return [] }
        let left = gathered.channels.filter { $0 != channel }
        thread.gathered = left.isEmpty ? nil : AlertThread.Gathered(channels: left, reason: gathered.reason)
        if thread.firstSentAt == nil, thread.stepSince != nil { thread.stepSince = now }
        if thread.pending?.kind == .opened { thread.pending = nil }
        thread.isToldOpen = true
        thread.onCall = onCall(thread, at: now)?.channel
        (thread.firstSentAt, thread.lastSentAt) = (thread.firstSentAt ?? now, now)
        thread.markTold()
        let message = message(.opened, gathered.reason, to: channel, &thread, others: others, at: now)
        threads[id] = thread
        wakes[id]?.at = .distantPast
        return [message]
    }

    func groupName(_ thread: AlertThread) -> String { thread.owner ?? Owner.nobody }

    /// After the threads were read: what waits is told a whole interval later.
    mutating func restoreGroups() {
        for thread in threads.values {
            let owner = groupName(thread)
            if let at = thread.firstSentAt { groupsToldAt[owner] = max(groupsToldAt[owner] ?? at, at) }
        }
        for thread in threads.values where thread.gathered != nil {
            let owner = groupName(thread)
            groupsDueAt[owner] = (groupsToldAt[owner] ?? .epoch) + configuration.groupInterval
        }
    }
}
