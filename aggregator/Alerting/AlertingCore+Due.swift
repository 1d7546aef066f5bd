import CallModel
import Incidents

/// One incident at a time: what is new, who waits for an answer, what is sent.
extension AlertingCore {
    mutating func touch(_ id: Int64, at now: Instant) -> [Message] {
        guard var thread = threads.removeValue(forKey: id) else { return [] }
        notice(&thread, at: now)
        hold(&thread, at: now)
        if thread.heldBy == nil { remind(&thread, at: now) }
        let sent = tellAcknowledgement(&thread, at: now) + send(&thread, at: now)
        // Kept while it could be reopened.
        let isForgotten = isFinished(thread) && now >= forgetAt(thread)
        threads[id] = isForgotten ? nil : thread
        let waits =
            thread.isAcknowledgementDue || thread.heldBy == nil && thread.pending.map { $0.dueAt <= now } ?? false
        wakes[id] =
            isForgotten ? nil : Wake(at: wake(thread, at: now), severity: thread.report.severity, waits: waits)
        return sent
    }

    // MARK: What is new

    private mutating func notice(_ thread: inout AlertThread, at now: Instant) {
        guard let news = thread.news() else { return }
        let isAtOnce = news.kind == .escalated
        let dueAt = isAtOnce ? now : (thread.lastSentAt ?? now) + configuration.newsInterval
        if let pending = thread.pending, pending.dueAt <= dueAt, pending.kind == news.kind || pending.kind == .escalated
        {
            return
        }
        if thread.propose(news.kind, news.reason, dueAt: dueAt) { gatheredCount += 1 }
    }

    // MARK: What is held back

    /// The quiet time that holds an incident, with its end.
    func holder(of thread: AlertThread, at now: Instant) -> (id: Int64, until: Instant)? {
        // Who heard that it began hears that it is over.
        let isEnd = thread.pending?.kind == .resolved && thread.isToldOpen
        if !isEnd,
            let quiet = quiets.first(where: {
                $0.kind != .partnerMaintenance && $0.holds(thread.report, owner: thread.owner, at: now)
            })
        {
            return (quiet.id, quiet.until)
        }
        let severity = thread.report.severity
        guard severity != .critical, severity <= configuration.quietSeverityMax,
            let hours = thread.owner.flatMap({ ownersByName[$0]?.quietHours }) ?? configuration.quietHours,
            hours.contains(now), let end = hours.nextChange(after: now)
        else { return nil }
        return (0, end)
    }

    private mutating func hold(_ thread: inout AlertThread, at now: Instant) {
        let holder = holder(of: thread, at: now)
        if holder != nil, thread.heldBy == nil, thread.pending != nil { heldCount += 1 }
        // Who could not hear of it could not answer.
        if holder == nil, thread.heldBy != nil, thread.stepSince != nil { thread.stepSince = now }
        thread.heldBy = holder?.id
    }

    // MARK: Who waits for an answer

    /// Nobody answers: the next step hears of it, and after the last everybody again. Whoever goes on call hears of what is
    /// open; and a partner's silence is told to whoever wrote to it.
    private mutating func remind(_ thread: inout AlertThread, at now: Instant) {
        guard thread.pending == nil, thread.isToldOpen, !thread.isOver else { return }
        if let next = nextStepAt(thread), next <= now {
            thread.step += 1
            thread.stepSince = now
            _ = thread.propose(.escalated, "nobody has acknowledged it", dueAt: now)
        } else if let participant = onCall(thread, at: now), participant.channel != thread.onCall {
            _ = thread.propose(.updated, "on call from now: \(participant.name)", dueAt: now)
        } else if let reminder = caseReminderAt(thread), reminder <= now {
            thread.partnerCase.remindedAt = now
            let sentAt = thread.partnerCase.sentAt ?? now
            _ = thread.propose(
                .updated, "the partner has not acknowledged the case sent \(sentAt.told(at: now))", dueAt: now)
        } else if let repeats = repeatAt(thread), repeats <= now {
            _ = thread.propose(.updated, "still open, and nobody has acknowledged it", dueAt: now)
        }
    }

    private func nextStepAt(_ thread: AlertThread) -> Instant? {
        let steps = steps(of: thread)
        guard let since = thread.stepSince, thread.step < steps.count else { return nil }
        return since + (steps[thread.step].after ?? configuration.escalateAfter)
    }

    private func repeatAt(_ thread: AlertThread) -> Instant? {
        thread.stepSince.flatMap { _ in thread.lastSentAt.map { $0 + configuration.repeatInterval } }
    }

    private func caseReminderAt(_ thread: AlertThread) -> Instant? {
        guard thread.partnerCase.isWaiting, let sentAt = thread.partnerCase.sentAt else { return nil }
        return (thread.partnerCase.remindedAt ?? sentAt) + configuration.caseReminderInterval
    }

    /// Who is on call for an incident, where its steps ask for one.
    func onCall(_ thread: AlertThread, at now: Instant) -> OnCallSchedule.Participant? {
        guard steps(of: thread).prefix(thread.step).contains(where: { $0.channel == Step.onCall }) else { return nil }
        return thread.owner.flatMap { ownersByName[$0]?.schedule?.participant(at: now) }
    }

    // MARK: What is sent

    private mutating func send(_ thread: inout AlertThread, at now: Instant) -> [Message] {
        guard let pending = thread.pending, pending.dueAt <= now, thread.heldBy == nil else { return [] }
        let audience = pending.kind == .resolved ? thread.heard : channels(of: thread, at: now)
        guard pending.kind == .resolved || hasRoom(thread, for: audience) else {
            refusedCount += 1
            (thread.pending, thread.lastSentAt) = (nil, now)
            thread.onCall = onCall(thread, at: now)?.channel
            thread.markTold()
            return []
        }
        // As many as the bucket holds: more channels than that can only have gathered by many hand-overs.
        guard bucket.holds(min(audience.count, Int(configuration.burstMax)), at: now) else { return [] }
        let told = gather(&thread, pending, audience, at: now).prefix(Int(configuration.burstMax))
        guard !told.isEmpty else {
            thread.pending = nil
            return []
        }
        let reason = thread.reason(of: pending)
        guard bucket.take(told.count, at: now) else { return [] }
        // Nobody can answer before having heard of it.
        if thread.firstSentAt == nil, thread.stepSince != nil { thread.stepSince = now }
        thread.pending = nil
        thread.isToldOpen = pending.kind != .resolved
        if thread.isToldOpen { thread.onCall = onCall(thread, at: now)?.channel }
        (thread.firstSentAt, thread.lastSentAt) = (thread.firstSentAt ?? now, now)
        thread.markTold()
        return told.map { message(pending.kind, reason, to: $0, &thread, at: now) }
    }

    /// Whether the incident's limit leaves room for a message to these and for its end to all who heard of it.
    private func hasRoom(_ thread: AlertThread, for audience: [String]) -> Bool {
        let new = audience.count { !thread.heard.contains($0) }
        return thread.messageCount + audience.count + thread.heard.count + new <= configuration.messagesPerIncidentMax
    }

    func steps(of thread: AlertThread) -> [Step] {
        if thread.assignedBy == nil, let steps = route(of: thread.report)?.steps, !steps.isEmpty { return steps }
        guard let name = thread.owner else { return configuration.fallback }
        if let owner = ownersByName[name] { return owner.steps.isEmpty ? configuration.fallback : owner.steps }
        return participant(named: name).map { [Step($0.channel)] } ?? configuration.fallback
    }

    func channels(of thread: AlertThread, at now: Instant) -> [String] {
        let schedule = thread.owner.flatMap { ownersByName[$0]?.schedule }
        let channels = steps(of: thread).channels(thread.step) { schedule?.participant(at: now).channel }
        return channels.isEmpty ? configuration.fallback.channels(1) { nil } : channels
    }

    /// Somebody of a rotation, by name.
    func participant(named name: String) -> OnCallSchedule.Participant? {
        for owner in allOwners {
            if let participant = owner.schedule?.participants.first(where: { $0.name == name }) { return participant }
        }
        return nil
    }

    // MARK: When to look again

    private func isFinished(_ thread: AlertThread) -> Bool { thread.report.state == .resolved && thread.pending == nil }

    private func forgetAt(_ thread: AlertThread) -> Instant {
        (thread.report.resolvedAt ?? thread.report.openedAt) + configuration.forgetAfter
    }

    private func wake(_ thread: AlertThread, at now: Instant) -> Instant {
        let last = Instant(nanosecondsSinceEpoch: .max)
        if isFinished(thread) { return forgetAt(thread) }
        if thread.isAcknowledgementDue { return now }
        if let holder = holder(of: thread, at: now) { return holder.until }
        if let pending = thread.pending { return pending.dueAt }
        guard thread.isToldOpen, !thread.isOver else { return last }
        let handOver = onCall(thread, at: now).flatMap { _ in
            thread.owner.flatMap { ownersByName[$0]?.schedule?.nextHandOver(after: now) }
        }
        return [nextStepAt(thread), repeatAt(thread), caseReminderAt(thread), handOver].compactMap { $0 }.min() ?? last
    }
}
