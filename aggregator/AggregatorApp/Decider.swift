import CallModel
import Detection
import Logging
import PartnerCatalog
import Postgres
import QueryAPI
import Rollups
import Runtime
import Storage
import Synchronization

/// Works out the status: reads what every writer counted, judges, records outages, publishes the status.
///
/// One aggregator decides at a time, the holder of a lease; the others show what it published. The engine's state is a
/// function of the counts, so that a new holder, or a restarted one, works it out again from the last hour's blocks and the
/// lasting counts of the day before.
final class Decider: Sendable {
    private static let leaseName = "decider"
    private static let snapshotName = "status"
    private static let leaseTime: Duration = .seconds(15)
    private static let replayTime: Duration = .seconds(3_600)
    private static let baselineTime: Duration = .seconds(86_400)
    private static let blocksAtOnceMax = 500

    private let database: DatabaseAccess
    private let agents: AgentRegistry
    private let partnerNames: @Sendable (String) -> String
    private let holder: String
    private let logger: Logger
    private let latest = Mutex<PublishedStatus?>(nil)
    private let core = CoreBox()
    private let holdsLease = Atomic(false)

    init(
        _ database: DatabaseAccess, _ agents: AgentRegistry, holder: String, logger: Logger,
        partnerNames: @escaping @Sendable (String) -> String
    ) {
        self.database = database
        self.agents = agents
        self.holder = holder
        self.logger = logger
        self.partnerNames = partnerNames
    }

    var status: PublishedStatus? { latest.withLock { $0 } }

    /// Whether this aggregator held the lease when it last asked.
    var isDeciding: Bool { holdsLease.load(ordering: .relaxed) }

    /// One round: to be called about once a second, never twice at the same time.
    func decide() async throws {
        let published = try await database.queries.run { connection -> PublishedStatus? in
            let epoch = try StateStore.acquireLease(
                Self.leaseName, holder: self.holder, for: Self.leaseTime, connection)
            self.holdsLease.store(epoch != nil, ordering: .relaxed)
            guard let epoch else {
                self.core.state = nil
                return try StateStore.published(Self.snapshotName, connection).flatMap {
                    PublishedStatus(encoded: $0.bytes)
                }
            }
            return try self.decide(epoch, connection)
        }
        if let published { latest.withLock { $0 = published } }
    }

    func release() async {
        do {
            try await database.queries.run { connection in
                try StateStore.releaseLease(Self.leaseName, holder: self.holder, connection)
            }
        } catch {
            logger.info("the lease was not given back and will run out", metadata: ["error": "\(error)"])
        }
    }

    private func decide(_ epoch: Int64, _ connection: PostgresConnection) throws -> PublishedStatus? {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        if core.state?.epoch != epoch { core.state = try rebuild(epoch, at: now, connection) }
        while true {
            let blocks = try RollupStore.blocks(
                after: core.state!.positions, since: now - Self.replayTime, countMax: Self.blocksAtOnceMax, connection)
            for block in blocks { core.state!.take(block, at: now) }
            if blocks.count < Self.blocksAtOnceMax { break }
        }
        _ = core.state!.engine.evaluate(at: now)
        for outage in core.state!.outages.update(core.state!.engine.verdicts, at: now) {
            try StateStore.store(OutageRecord(outage), connection)
            log(outage)
        }
        let published = PublishedStatus(try snapshot(core.state!.engine, at: now, connection))
        let isOurs = try StateStore.publish(Self.snapshotName, epoch: epoch, at: now, published.encoded(), connection)
        return isOurs ? published : nil
    }

    /// Learns what is normal, then lives through the last hour again.
    private func rebuild(_ epoch: Int64, at now: Instant, _ connection: PostgresConnection) throws -> DeciderState {
        var state = DeciderState(epoch: epoch)
        let replayFrom = now - Self.replayTime
        for total in try RollupStore.totals(from: now - Self.baselineTime, to: replayFrom, connection) {
            state.engine.learn(
                partner: total.partner, calls: total.calls, failures: total.failures, latency: total.latency)
        }
        var evaluatedAt = Instant.epoch
        while true {
            let blocks = try RollupStore.blocks(
                after: state.positions, since: replayFrom, countMax: Self.blocksAtOnceMax, connection)
            for block in blocks {
                if block.receivedAt - evaluatedAt > .seconds(5) {
                    evaluatedAt = block.receivedAt
                    _ = state.engine.evaluate(at: evaluatedAt)
                }
                state.take(block, at: block.receivedAt)
            }
            if blocks.count < Self.blocksAtOnceMax { break }
        }
        _ = state.engine.evaluate(at: now)
        let open = try StateStore.outages(since: now, connection).filter { $0.endedAt == nil }
        state.outages = OutageLog(open: open.compactMap(OutageLog.Outage.init))
        for outage in open {
            guard let status = PartnerStatus(rawValue: outage.status) else { continue }
            state.engine.restore(partner: outage.partner, status: status, since: outage.startedAt)
        }
        logger.notice(
            "deciding about the status", metadata: ["epoch": "\(epoch)", "partners": "\(state.engine.verdicts.count)"])
        return state
    }

    private func log(_ outage: OutageLog.Outage) {
        let partner = database.storage.names.name(of: outage.partner, .partner) ?? "\(outage.partner)"
        logger.notice(
            outage.endedAt == nil ? "a partner is in trouble" : "a partner is out of trouble",
            metadata: ["partner": "\(partner)", "status": "\(outage.status.rawValue)", "reason": "\(outage.reason)"])
    }

    // MARK: The snapshot

    private func snapshot(
        _ engine: VerdictEngine, at now: Instant, _ connection: PostgresConnection
    ) throws -> StatusSnapshot {
        let names = database.storage.names
        if engine.verdicts.keys.contains(where: { names.name(of: $0, .partner) == nil }) { try reloadNames(connection) }
        func text(_ id: NameID, _ kind: NameKind) -> String { names.name(of: id, kind) ?? "{unknown}" }
        func shares(_ share: VerdictEngine.Share, _ kind: NameKind, _ partner: NameID) -> [StatusSnapshot.Share] {
            engine.shares(share, of: partner, at: now).map {
                StatusSnapshot.Share(name: text($0.name, kind), calls: $0.calls, failures: $0.failures)
            }
        }
        let partners = engine.verdicts.map { id, verdict in
            let partner = text(id, .partner)
            return StatusSnapshot.Partner(
                id: partner, name: partnerNames(partner), verdict: verdict, routes: shares(.routes, .route, id),
                hosts: shares(.hosts, .host, id), customers: shares(.customers, .customer, id))
        }
        let outages = try StateStore.outages(since: now - .seconds(90 * 86_400), connection).map { outage in
            let partner = text(outage.partner, .partner)
            return StatusSnapshot.Outage(
                partner: partner, partnerName: partnerNames(partner), startedAt: outage.startedAt,
                endedAt: outage.endedAt,
                status: outage.status, worst: outage.worst, reason: outage.reason, callsFailed: outage.callsFailed)
        }
        let hosts = engine.troubledHosts.values.map { host in
            StatusSnapshot.TroubledHost(
                host: text(host.host, .host), since: host.since, calls: host.calls, callsFailed: host.callsFailed,
                partnersAffected: host.partnersAffected)
        }
        let fleet = agents.counts(at: now)
        return StatusSnapshot(
            asOf: now, hostsReporting: fleet.reporting, hostsSilent: fleet.silent,
            partners: partners.sorted { $0.id < $1.id }, outages: outages,
            troubledHosts: hosts.sorted { $0.host < $1.host })
    }

    private func reloadNames(_ connection: PostgresConnection) throws {
        try database.storage.names.load(connection)
    }

    /// Only `decide` comes here, and its rounds follow one another.
    private final class CoreBox: @unchecked Sendable {
        var state: DeciderState?
    }
}

/// What a holder of the lease knows.
private struct DeciderState {
    let epoch: Int64
    var engine = VerdictEngine()
    var outages = OutageLog()
    var positions: [Int32: Int64] = [:]

    init(epoch: Int64) { self.epoch = epoch }

    mutating func take(_ block: CommittedBlock, at now: Instant) {
        engine.observe(block.block, at: now)
        positions[block.writer] = block.flush
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

extension OutageLog.Outage {
    /// Nil for a record in words of a later release.
    fileprivate init?(_ record: OutageRecord) {
        guard let status = PartnerStatus(rawValue: record.status), let worst = PartnerStatus(rawValue: record.worst)
        else {
            return nil
        }
        self.init(
            partner: record.partner, startedAt: record.startedAt, endedAt: record.endedAt, status: status, worst: worst,
            reason: record.reason, callsFailed: record.callsFailed)
    }
}
