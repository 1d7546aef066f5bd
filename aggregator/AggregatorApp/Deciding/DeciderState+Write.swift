import Alerting
import CallModel
import Detection
import Incidents
import Postgres
import Storage

/// What people said is read, and everything that was decided is written: in one transaction, fenced by the epoch.
extension DeciderState {
    /// What was learned is large and changes slowly; what is lost of it is lived through again.
    private static let learnedPeriod: Duration = .seconds(300)
    /// The figures of open incidents are written so often, their changes at once.
    private static let openPeriod: Duration = .seconds(10)
    private static let quietsPeriod: Duration = .seconds(3)
    private static let decisionsPeriod: Duration = .seconds(5)

    /// Silences, maintenances and owners, as they are now.
    mutating func readWhatHolds(at now: Instant, _ connection: PostgresConnection) throws {
        guard now - quietsReadAt >= Self.quietsPeriod else { return }
        quietsReadAt = now
        let (quiets, owners) = (try QuietStore.current(at: now, connection), try OwnerStore.list(connection))
        maintenances = quiets.compactMap(Quiet.init)
        if maintenances != alerting.quiets { alerting.replace(quiets: maintenances) }
        let known = owners.compactMap(Owner.init)
        alerting.replace(owners: known, at: now)
        let unread = Unreadable(
            quietCount: quiets.count - maintenances.count, ownerCount: owners.count - known.count)
        if unread != unreadable, unread != Unreadable() {
            note(
                "silences or owners cannot be read and are passed over: a newer release wrote them",
                ["quiets": "\(unread.quietCount)", "owners": "\(unread.ownerCount)"])
        }
        unreadable = unread
    }

    mutating func readWhatPeopleSaid(at now: Instant, _ connection: PostgresConnection) throws {
        let actions = try ActionStore.pending(connection)
        // Somebody may ask for an owner whom he made a moment ago.
        if !actions.isEmpty { quietsReadAt = .epoch }
        try readWhatHolds(at: now, connection)
        for action in actions {
            finishedActions.append((action.id, apply(action, at: now)))
            changed.insert(action.incident)
        }
    }

    /// Returns why it was refused.
    private mutating func apply(_ record: ActionRecord, at now: Instant) -> String? {
        let action = AlertingCore.Action(record)
        guard let incident = incident(record.incident), incident.state != .resolved || record.what == .note else {
            return "incident \(record.incident) is over"
        }
        if let refusal = alerting.refusal(of: action, to: record.incident) { return refusal }
        messages += alerting.apply(action, by: record.who, to: record.incident, at: now)
        switch action {
        case .acknowledge: core.acknowledge(record.incident)
        case .resolve: handle(core.declareOver(record.incident, by: record.who, at: now), at: now)
        case .assign, .note, .caseSent, .caseAcknowledged, .partnerSays: break
        }
        return nil
    }

    private func incident(_ id: Int64) -> Incident? {
        core.open.first { $0.id == id } ?? core.resolved.last { $0.id == id }
    }

    /// Returns how many messages wait to be delivered by it; nil where another decider has taken over: then nothing is written.
    ///
    /// - Parameter holder: of the lease, who must still be that.
    mutating func write(
        _ published: [UInt8], holder: String, at now: Instant, _ connection: PostgresConnection
    ) throws -> Int? {
        guard try StateStore.holdsLease(Decider.leaseName, holder: holder, epoch: epoch, connection) else { return nil }
        guard try StateStore.publish(Decider.snapshotName, epoch: epoch, at: now, published, connection) else {
            return nil
        }
        for record in forgotten { _ = try IncidentStore.store(record, epoch: epoch, connection) }
        let open = Set(core.open.map(\.id))
        if now - openWrittenAt >= Self.openPeriod {
            openWrittenAt = now
            changed.formUnion(open)
        }
        // The end of one that nobody was told of is no event.
        changed.formUnion(storedOpen.subtracting(open))
        storedOpen = open
        for id in changed.sorted() {
            guard let incident = incident(id) else { continue }
            guard try IncidentStore.store(record(incident, at: now), epoch: epoch, connection) else { return nil }
        }
        if settings.hasChannels { try OutboxStore.append(messages, connection) }
        for action in finishedActions {
            _ = try ActionStore.finish(action.id, refused: action.refused, at: now, connection)
        }
        try publishDecisions(at: now, connection)
        for outage in changedOutages { try StateStore.store(OutageRecord(outage), connection) }
        let isNews = !changed.isEmpty || !messages.isEmpty || !finishedActions.isEmpty
        let isLearnedDue = now - learnedSavedAt >= Self.learnedPeriod
        if isNews || isLearnedDue {
            guard try save(learned: isLearnedDue, at: now, connection) else { return nil }
        }
        if isLearnedDue { learnedSavedAt = now }
        refused(finishedActions.count { $0.refused != nil })
        defer { (changed, messages, finishedActions, changedOutages, forgotten) = ([], [], [], [], []) }
        return messages.count
    }

    /// For the aggregators that do not decide.
    private mutating func publishDecisions(at now: Instant, _ connection: PostgresConnection) throws {
        let mark = (core.decisions.count, core.decisions.last?.at ?? .epoch)
        guard now - decisionsWrittenAt >= Self.decisionsPeriod, mark != decisionsPublished else { return }
        (decisionsWrittenAt, decisionsPublished) = (now, mark)
        _ = try StateStore.publish(Decider.decisionsName, epoch: epoch, at: now, decisions.encoded(), connection)
    }

    /// Returns whether it was taken: not when another decider has taken over.
    func save(learned: Bool, at now: Instant, _ connection: PostgresConnection) throws -> Bool {
        let decided = SavedState(
            savedAt: now, positions: positions, parts: [core.decided(), alerting.encoded(), encodedEvidence()])
        guard
            try StateStore.saveState(Self.decidedName, epoch: epoch, at: now, decided.encoded(), connection)
        else { return false }
        guard learned else { return true }
        let state = SavedState(savedAt: now, positions: positions, parts: [core.learned()])
        return try StateStore.saveState(Self.learnedName, epoch: epoch, at: now, state.encoded(), connection)
    }

    private func record(_ incident: Incident, at now: Instant) -> IncidentRecord {
        var report = report(incident)
        let people = alerting.state(of: incident.id)
        if let severity = people?.severity { report.severity = severity }
        report.partnerPage = people?.partnerPage
        return IncidentRecord(
            id: incident.id, state: report.state.rawValue, severity: report.severity.name, kind: report.kind.rawValue,
            partners: report.partners, isQuiet: report.isQuiet, startedAt: report.startedAt, openedAt: report.openedAt,
            resolvedAt: report.resolvedAt, updatedAt: now, owner: people?.owner,
            acknowledgedAt: people?.acknowledgedAt, acknowledgedBy: people?.acknowledgedBy, document: report.document())
    }
}

extension AlertingCore.Action {
    fileprivate init(_ record: ActionRecord) {
        switch record.what {
        case .acknowledge: self = .acknowledge
        case .assign: self = .assign(to: record.detail ?? "")
        case .note: self = .note(record.detail ?? "")
        case .resolve: self = .resolve
        case .caseSent: self = .caseSent
        case .caseAcknowledged: self = .caseAcknowledged
        case .partnerSays: self = .partnerSays(record.detail ?? "")
        }
    }
}

extension OutageRecord {
    fileprivate init(_ outage: OutageLog.Outage) {
        self.init(
            partner: outage.partner, startedAt: outage.startedAt, endedAt: outage.endedAt,
            status: outage.status.rawValue, worst: outage.worst.rawValue, reason: outage.reason,
            callsFailed: outage.callsFailed)
    }
}
