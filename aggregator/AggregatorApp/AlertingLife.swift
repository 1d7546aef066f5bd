import CallModel

/// Whether somebody would be told of an outage now, as far as this aggregator can tell: what the heartbeat speaks for.
struct AlertingLife {
    /// Since when this aggregator is the one that decides: from then on the others are due.
    var decidingSince: Instant
    /// Of the status that was decided last; nil: none yet.
    var decidedAt: Instant?
    /// When the outbox was last read without an error; nil: not yet.
    var outboxReadAt: Instant?
    /// Since when there is trouble of which every channel has given up telling.
    var untoldSince: Instant?
    /// Of the messages that wait, when the oldest was written.
    var oldestPendingAt: Instant?

    /// Why nobody would be told; nil where all goes on.
    func stall(_ settings: HeartbeatSettings, at now: Instant) -> String? {
        stall(staleAfter: settings.staleAfter, undeliveredAfter: settings.undeliveredAfter, at: now)
    }

    func stall(staleAfter: Duration, undeliveredAfter: Duration, at now: Instant) -> String? {
        if let age = age(decidedAt, over: staleAfter, at: now) { return "nothing was decided for \(age) s" }
        if let age = age(outboxReadAt, over: staleAfter, at: now) { return "the outbox was not read for \(age) s" }
        if let untoldSince {
            return "of an incident of \(untoldSince.rfc3339) nobody was told: its messages were given up"
        }
        guard let oldestPendingAt, now - oldestPendingAt > undeliveredAfter else { return nil }
        return "a message has waited for \(Int((now - oldestPendingAt).inSeconds)) s, and no channel took it"
    }

    /// In seconds, where it is too great. What has not happened yet is due since this aggregator decides.
    private func age(_ time: Instant?, over limit: Duration, at now: Instant) -> Int? {
        let last = max(time ?? decidingSince, decidingSince)
        return now - last > limit ? Int((now - last).inSeconds) : nil
    }
}
