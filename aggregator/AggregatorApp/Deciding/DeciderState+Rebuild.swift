import Alerting
import CallModel
import Detection
import Incidents
import Logging
import Postgres
import Rollups
import Storage

/// Taking over: what was learned and decided is read, the recent calls are lived through again.
extension DeciderState {
    static let learnedName = "learned"
    static let decidedName = "decided"
    /// As much of the counted calls is read again, in bytes as they are stored: some seconds' work.
    private static let replayByteCountMax: Int64 = 48 << 20
    private static let blocksAtOnceMax = 500
    private static let stepTime: Duration = .seconds(2)
    /// Between two flushes; what is longer is time in which nothing was taken in.
    private static let gapMin: Duration = .seconds(35)
    private static let baselineTime: Duration = .seconds(86_400)

    /// - Parameters:
    ///   - hearing: of which hosts something is heard now.
    ///   - keepLease: called now and then, because this can take longer than a lease; throws where it is lost.
    init(
        _ epoch: Int64, _ settings: DecidingSettings, _ storage: Storage,
        _ hearing: (silent: Set<NameID>, isBlind: Bool),
        at now: Instant, logger: Logger, _ connection: PostgresConnection, keepLease: () throws -> Void
    ) throws {
        try storage.names.load(connection)
        let learned = try Self.saved(Self.learnedName, partCount: 1, logger, connection)
        let decided = try Self.saved(Self.decidedName, partCount: 3, logger, connection)
        let core = Self.core(learned, decided, settings, logger)
        let alerting = Self.alerting(decided, settings, logger)
        self.init(epoch: epoch, settings, storage, core.value, alerting, at: now)
        self.core.startIDs(above: try IncidentStore.maxID(connection))
        self.core.silentHosts = hearing.silent
        let savedAt = decided?.savedAt
        if let decided { readEvidence(decided.parts[2]) }
        try readWhatHolds(at: now, connection)
        try keepLease()
        try learnTotals(before: now - Self.replayTime, connection)
        try keepLease()
        try replay(
            core.learnedPositions, decided?.positions, savedAt: savedAt, isBlind: hearing.isBlind, at: now, connection,
            keepLease)
        try restoreOutages(at: now, connection)
        try findForgotten(at: now, connection)
        try restoreThreads(at: now, connection)
    }

    private static func saved(
        _ name: String, partCount: Int, _ logger: Logger, _ connection: PostgresConnection
    ) throws -> SavedState? {
        do {
            guard let bytes = try StateStore.savedState(name, connection) else { return nil }
            return try SavedState(encoded: bytes, partCount: partCount)
        } catch let error where error is StorageError || error is StateError {
            logger.warning("saved state cannot be used", metadata: ["state": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    private static func core(
        _ learned: SavedState?, _ decided: SavedState?, _ settings: DecidingSettings, _ logger: Logger
    ) -> (value: IncidentCore, learnedPositions: [Int32: Int64]) {
        // What was decided is worth more than what was learned, so one that cannot be read does not take the other with it.
        for (first, second) in [(learned, decided), (nil, decided), (learned, nil)] {
            do {
                let core = try IncidentCore(
                    learned: first?.parts[0], decided: second?.parts[0], configuration: settings.incidents)
                return (core, first?.positions ?? [:])
            } catch {
                logger.warning(
                    "what an earlier decider knew cannot be read; normal is learned anew from recent calls",
                    metadata: ["error": "\(error)"])
            }
        }
        return (IncidentCore(configuration: settings.incidents), [:])
    }

    private static func alerting(_ decided: SavedState?, _ settings: DecidingSettings, _ logger: Logger) -> AlertingCore
    {
        guard let decided else { return AlertingCore(configuration: settings.alerting) }
        if let alerting = AlertingCore(encoded: decided.parts[1], configuration: settings.alerting) { return alerting }
        logger.warning("whom an earlier decider told cannot be read; the outbox says it")
        return AlertingCore(configuration: settings.alerting)
    }

    /// What was normal a day ago and more recently: figures only.
    private mutating func learnTotals(before end: Instant, _ connection: PostgresConnection) throws {
        for total in try RollupStore.totals(from: end - Self.baselineTime, to: end, connection) {
            figures.learn(
                partner: total.partner, calls: total.calls, failures: total.failures, latency: total.latency)
        }
    }

    /// - Parameters:
    ///   - learned: up to which flush of each writer calls are part of what was learned.
    ///   - decided: up to which they were decided about; nil where nothing was.
    private mutating func replay(
        _ learned: [Int32: Int64], _ decided: [Int32: Int64]?, savedAt: Instant?, isBlind: Bool, at now: Instant,
        _ connection: PostgresConnection, _ keepLease: () throws -> Void
    ) throws {
        let since = try RollupStore.start(
            notBefore: now - Self.replayTime, byteCountMax: Self.replayByteCountMax, connection)
        var steppedAt = Instant.epoch
        var isLive = false
        // Until when somebody decided, or calls came in.
        var heardUntil = savedAt
        while true {
            let blocks = try RollupStore.blocks(
                after: positions, since: since, countMax: Self.blocksAtOnceMax, connection)
            try keepLease()
            for block in blocks {
                let isDecided = block.flush <= decided?[block.writer] ?? -1
                if !isDecided, decided != nil, !isLive {
                    isLive = true
                    core.resume()
                }
                if isLive {
                    if let heardUntil, block.receivedAt - heardUntil > Self.gapMin {
                        core.wasAway(from: heardUntil, until: block.receivedAt)
                    }
                    heardUntil = block.receivedAt
                }
                if isLive || decided == nil, block.receivedAt - steppedAt >= Self.stepTime {
                    steppedAt = block.receivedAt
                    step(to: block.receivedAt, isTold: isLive, isBlind: isBlind, at: now)
                }
                if block.flush <= learned[block.writer] ?? -1 {
                    remember(block, at: now)
                } else {
                    take(block, at: block.receivedAt)
                }
            }
            if blocks.count < Self.blocksAtOnceMax { break }
        }
        if !isLive, decided != nil { core.resume() }
        if let heardUntil, now - heardUntil > Self.gapMin { core.wasAway(from: heardUntil, until: now) }
    }

    /// What happened while nobody decided is told now; what an earlier release already showed is not.
    private mutating func step(to time: Instant, isTold: Bool, isBlind: Bool, at now: Instant) {
        let events = core.advance(to: time, isBlind: isBlind)
        if isTold { handle(events, at: now) } else { changed.formUnion(events.map(\.incident.id)) }
    }

    private mutating func remember(_ block: CommittedBlock, at now: Instant) {
        figures.observe(block.block, at: now)
        for cell in CallCell.cells(of: block.block) { core.remember(cell) }
        positions[block.writer] = block.flush
    }

    private mutating func restoreOutages(at now: Instant, _ connection: PostgresConnection) throws {
        let open = try StateStore.outages(since: now, connection).filter { $0.endedAt == nil }
        outages = OutageLog(open: open.compactMap(OutageLog.Outage.init))
        for outage in open {
            guard let status = PartnerStatus(rawValue: outage.status) else { continue }
            board.restore(partner: outage.partner, status: status, since: outage.startedAt, core)
        }
        figures.settle(at: now)
        judge(&board, at: now)
    }

    /// Incidents that are open in the database and of which the core knows nothing: their state was lost.
    private mutating func findForgotten(at now: Instant, _ connection: PostgresConnection) throws {
        let known = Set(core.open.map(\.id))
        let open = try IncidentStore.open(connection)
        storedOpen = known.intersection(open.map(\.id))
        for var record in open where !known.contains(record.id) {
            // One whose end was decided before and not written is told of by the core.
            guard !core.resolved.contains(where: { $0.id == record.id }) else {
                changed.insert(record.id)
                continue
            }
            record.state = Incident.State.resolved.rawValue
            record.resolvedAt = now
            record.updatedAt = now
            forgotten.append(record)
        }
    }

    /// What was found out about open incidents; what cannot be read is done without.
    private mutating func readEvidence(_ bytes: [UInt8]) {
        guard let found = try? IncidentEvidence.read(bytes) else { return }
        for incident in core.open {
            guard let (samples, explanation) = found[incident.id] else { continue }
            evidence[incident.id] = IncidentEvidence(
                scope: incident.scope, samples: samples, explanation: explanation)
        }
    }

    func encodedEvidence() -> [UInt8] { IncidentEvidence.encoded(evidence) }

}

/// State as it is saved: when, up to which flush of each writer, and the parts.
struct SavedState {
    private static let version: UInt32 = 1

    var savedAt: Instant
    var positions: [Int32: Int64]
    var parts: [[UInt8]]

    init(savedAt: Instant, positions: [Int32: Int64], parts: [[UInt8]]) {
        self.savedAt = savedAt
        self.positions = positions
        self.parts = parts
    }

    init(encoded bytes: [UInt8], partCount: Int) throws(StateError) {
        var reader = try StateReader(bytes, version: Self.version)
        savedAt = Instant(nanosecondsSinceEpoch: try reader.next())
        let known = try reader.array { (reader) throws(StateError) in
            (try reader.next() as Int32, try reader.next() as Int64)
        }
        positions = Dictionary(known, uniquingKeysWith: max)
        parts = try reader.array { (reader) throws(StateError) in try reader.numbers() }
        try reader.finish()
        guard parts.count == partCount else { throw .malformed("\(parts.count) parts") }
    }

    func encoded() -> [UInt8] {
        var writer = StateWriter(version: Self.version)
        writer.put(savedAt.nanosecondsSinceEpoch)
        writer.put(positions.sorted { $0.key < $1.key }) { writer, position in
            writer.put(position.key)
            writer.put(position.value)
        }
        writer.put(parts) { $0.put(numbers: $1) }
        return writer.bytes
    }
}

extension OutageLog.Outage {
    /// Nil for a record in words of a later release.
    fileprivate init?(_ record: OutageRecord) {
        guard let status = PartnerStatus(rawValue: record.status), let worst = PartnerStatus(rawValue: record.worst)
        else { return nil }
        self.init(
            partner: record.partner, startedAt: record.startedAt, endedAt: record.endedAt, status: status, worst: worst,
            reason: record.reason, callsFailed: record.callsFailed)
    }
}
