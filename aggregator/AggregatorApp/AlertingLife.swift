import CallModel

/// Whether somebody would be told of an outage now, as far as this aggregator can tell: what the heartbeat speaks for.
struct AlertingLife {
    /// Of the status that was decided last; nil: none yet.
    var decidedAt: Instant?
    /// When the outbox was last read without an error; nil: not yet.
    var outboxReadAt: Instant?
    /// Of the messages that wait, when the oldest was written.
    var oldestPendingAt: Instant?

    /// Why nobody would be told; nil where all goes on.
    func stall(_ settings: HeartbeatSettings, at now: Instant) -> String? {
        stall(staleAfter: settings.staleAfter, undeliveredAfter: settings.undeliveredAfter, at: now)
    }

    func stall(staleAfter: Duration, undeliveredAfter: Duration, at now: Instant) -> String? {
        if let age = age(decidedAt, over: staleAfter, at: now) { return "nothing was decided for \(age) s" }
        if let age = age(outboxReadAt, over: staleAfter, at: now) { return "the outbox was not read for \(age) s" }
        guard let oldestPendingAt, now - oldestPendingAt > undeliveredAfter else { return nil }
        return "a message has waited for \(Int((now - oldestPendingAt).inSeconds)) s, and no channel took it"
    }

    /// In seconds, where it is too great. What has not happened yet is not old: it is about to.
    private func age(_ time: Instant?, over limit: Duration, at now: Instant) -> Int? {
        guard let time, now - time > limit else { return nil }
        return Int((now - time).inSeconds)
    }
}
