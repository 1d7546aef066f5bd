import Alerting
import CallModel
import Incidents
import Logging
import Postgres
import QueryAPI
import Rollups
import Runtime
import Storage
import Synchronization

/// Decides: reads what every writer counted, finds the incidents, says who hears of them, and publishes the status.
///
/// One aggregator decides at a time, the holder of a lease; the others show what it published. A round reads, decides, and writes
/// everything it decided in one transaction that the lease's epoch fences: incidents, the messages about them, what people asked
/// for, the cores' state, the status. Whoever takes over reads that state and goes on from the very flush where it stopped, so no
/// incident is doubled and none is lost. When the transaction fails, what was decided in memory is thrown away with it.
final class Decider: Sendable {
    static let leaseName = "decider"
    static let snapshotName = "status"
    static let decisionsName = "decisions"
    private static let decisionsPeriod: Duration = .seconds(5)
    private static let leaseTime: Duration = .seconds(12)
    private static let blocksAtOnceMax = 500
    private static let roundTime: Duration = .seconds(1)
    /// For looking into the calls of incidents that open in one round.
    private static let evidenceTimeMax: Duration = .seconds(2)
    /// After so many rounds that failed one after the other, another aggregator may try.
    private static let failuresMax = 5

    private let database: DatabaseAccess
    private let agents: AgentRegistry
    private let settings: Mutex<DecidingSettings>
    /// Not yet taken over by the state.
    private let newSettings = Mutex<DecidingSettings?>(nil)
    private let pagesHeard = Mutex<[String: PartnerPage]>([:])
    private let pagesAsked = Mutex<[String]>([])
    private let holder: String
    private let logger: Logger
    private let latest = Mutex<PublishedStatus?>(nil)
    private let deciding = Mutex(false)
    private let decisionsText = Mutex<[DecisionText]>([])
    private let decisionsReadAt = Mutex(Instant.epoch)
    private let core = CoreBox()
    private let metrics: DeciderMetrics
    /// Called when messages were put into the outbox.
    private let wakeOutbox: @Sendable () -> Void

    init(
        _ database: DatabaseAccess, _ agents: AgentRegistry, _ settings: DecidingSettings, holder: String,
        _ metrics: MetricsRegistry, logger: Logger, wakeOutbox: @escaping @Sendable () -> Void = {}
    ) {
        self.database = database
        self.agents = agents
        self.settings = Mutex(settings)
        self.holder = holder
        self.logger = logger
        self.metrics = DeciderMetrics(metrics)
        self.wakeOutbox = wakeOutbox
    }

    /// The status as it was last published, by whomever.
    var status: PublishedStatus? { latest.withLock { $0 } }
    /// Whether this aggregator is the one that decides.
    var isDeciding: Bool { deciding.withLock { $0 } }
    /// Why incidents were opened, merged or not opened, newest last; of whichever aggregator decides.
    var decisions: [DecisionText] { decisionsText.withLock { $0 } }

    /// Who is told, how and when, from the next round on. How incidents are found changes with the next start.
    func use(_ settings: DecidingSettings) {
        self.settings.withLock { $0 = settings }
        newSettings.withLock { $0 = settings }
    }

    /// Partners whose status page would tell something; none where another aggregator decides.
    var pagesWanted: [String] { isDeciding ? pagesAsked.withLock { $0 } : [] }

    func pageSays(_ page: PartnerPage, of partner: String) { pagesHeard.withLock { $0[partner] = page } }

    /// Runs until cancelled.
    func run() async {
        var failureCount = 0
        while !Task.isCancelled {
            let startedAt = MonotonicClock.now()
            do {
                try await decide()
                if failureCount > 0 { logger.notice("deciding again") }
                failureCount = 0
            } catch {
                metrics.failures.add()
                if failureCount == 0 {
                    logger.error("could not decide, trying again", metadata: ["error": "\(error)"])
                }
                failureCount += 1
                if failureCount % Self.failuresMax == 0 { await releaseLease() }
            }
            let isUnable = failureCount > 0 && failureCount % Self.failuresMax == 0
            let rest = (isUnable ? Self.leaseTime : Self.roundTime) - .nanoseconds(MonotonicClock.now() - startedAt)
            do {
                try await Task.sleep(for: max(rest, .milliseconds(50)))
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// Lets another try what fails here.
    private func releaseLease() async {
        // Where that fails, too, the lease runs out.
        try? await database.queries.run { connection in
            try StateStore.releaseLease(Self.leaseName, holder: self.holder, connection)
        }
    }

    /// Saves what was learned and gives the lease back, so that the next holder need neither wait nor learn again.
    func stop() async {
        do {
            try await database.queries.run { connection in
                if let state = self.core.state {
                    self.core.state = nil
                    try connection.transaction {
                        guard
                            try StateStore.holdsLease(
                                Self.leaseName, holder: self.holder, epoch: state.epoch, connection)
                        else { return }
                        _ = try state.save(learned: true, at: currentInstant(), connection)
                    }
                }
                try StateStore.releaseLease(Self.leaseName, holder: self.holder, connection)
            }
        } catch {
            logger.info("the lease was not given back and will run out", metadata: ["error": "\(error)"])
        }
    }

    /// One round: never twice at the same time.
    private func decide() async throws {
        do {
            let published = try await database.queries.run { connection -> PublishedStatus? in
                let epoch = try StateStore.acquireLease(
                    Self.leaseName, holder: self.holder, for: Self.leaseTime, connection)
                guard let epoch else {
                    self.core.state = nil
                    self.deciding.withLock { $0 = false }
                    try self.readDecisions(connection)
                    return try StateStore.published(Self.snapshotName, connection).flatMap {
                        PublishedStatus(encoded: $0.bytes)
                    }
                }
                let published = try self.decide(epoch, connection)
                self.deciding.withLock { $0 = published != nil }
                return published
            }
            if let published { latest.withLock { $0 = published } }
        } catch {
            // What was decided and not written must not be taken for written.
            core.state = nil
            deciding.withLock { $0 = false }
            throw error
        }
    }

    private func decide(_ epoch: Int64, _ connection: PostgresConnection) throws -> PublishedStatus? {
        let now = currentInstant()
        let fleet = agents.hearing(at: now)
        let silent = silentHosts(fleet.silentHosts)
        // No second name for the state: then each round would copy it.
        let isKnown = core.state?.epoch == epoch
        let lastDecidedAt = try isKnown ? nil : StateStore.published(Self.snapshotName, connection)?.at
        var state =
            try core.state.flatMap { $0.epoch == epoch ? $0 : nil }
            ?? rebuild(epoch, (silent, fleet.reporting == 0), at: now, connection)
        // Taken out, so that nothing is copied while it changes; put back when all is written.
        core.state = nil
        if let settings = newSettings.withLock({ $0.take() }) { state.use(settings, at: now) }
        for (partner, page) in takePages() { state.alerting.pageSays(page, of: partner) }
        while true {
            let blocks = try RollupStore.blocks(
                after: state.positions, since: now - DeciderState.replayTime, countMax: Self.blocksAtOnceMax,
                connection)
            for block in blocks { state.take(block, at: now) }
            if blocks.count < Self.blocksAtOnceMax { break }
        }
        try state.readWhatPeopleSaid(at: now, connection)
        // Explaining takes a second or two: for one incident a round, so that a storm of causes delays nobody, and no longer than
        // the lease allows.
        var mayExplain = true
        let evidenceUntil = MonotonicClock.now() + Self.evidenceTimeMax.nanoseconds
        state.advance(to: now, isBlind: fleet.reporting == 0, silentHosts: silent) { incident, state in
            defer { mayExplain = false }
            guard MonotonicClock.now() < evidenceUntil else { return IncidentEvidence(scope: incident.scope) }
            return IncidentEvidence(incident, state, mayExplain: mayExplain, at: now, connection)
        }
        let snapshot = try state.snapshot(fleet, at: now, connection)
        let published = PublishedStatus(snapshot)
        let messageCount = try connection.transaction { () -> Int? in
            try state.write(published.encoded(), holder: holder, at: now, connection)
        }
        guard let messageCount else { return nil }
        if let lastDecidedAt { metrics.tookOver(after: currentInstant() - lastDecidedAt) }
        if messageCount > 0 { wakeOutbox() }
        pagesAsked.withLock { $0 = state.alerting.pagesWanted }
        metrics.refusedActions.add(state.takeRefusedActionCount())
        for line in state.takeNews() { logger.notice("\(line.what)", metadata: line.metadata) }
        decisionsText.withLock { $0 = state.decisions }
        metrics.show(state)
        core.state = state
        return published
    }

    /// What the aggregator that decides has published: whoever asks this one why gets the same answer.
    private func readDecisions(_ connection: PostgresConnection) throws {
        let now = currentInstant()
        let isDue = decisionsReadAt.withLock { readAt in
            guard now - readAt >= Self.decisionsPeriod else { return false }
            readAt = now
            return true
        }
        guard isDue, let bytes = try StateStore.published(Self.decisionsName, connection)?.bytes,
            let decisions = [DecisionText](encoded: bytes)
        else { return }
        decisionsText.withLock { $0 = decisions }
    }

    private func takePages() -> [String: PartnerPage] {
        pagesHeard.withLock { pages in
            defer { pages = [:] }
            return pages
        }
    }

    private func silentHosts(_ names: [String]) -> Set<NameID> {
        Set(names.compactMap { database.storage.names.id(of: $0, .host) })
    }

    private func rebuild(
        _ epoch: Int64, _ hearing: (silent: Set<NameID>, isBlind: Bool), at now: Instant,
        _ connection: PostgresConnection
    ) throws -> DeciderState {
        let startedAt = MonotonicClock.now()
        var keptAt = startedAt
        let state = try DeciderState(
            epoch, settings.withLock { $0 }, database.storage, hearing, at: now, logger: logger, connection
        ) {
            guard MonotonicClock.now() - keptAt > Self.leaseTime.nanoseconds / 4 else { return }
            keptAt = MonotonicClock.now()
            let kept = try StateStore.acquireLease(Self.leaseName, holder: holder, for: Self.leaseTime, connection)
            guard kept == epoch else { throw LeaseLost() }
        }
        logger.notice(
            "deciding about incidents and the status",
            metadata: [
                "epoch": "\(epoch)", "partners": "\(state.partnerCount)", "open_incidents": "\(state.openCount)",
                "took_ms": "\((MonotonicClock.now() - startedAt) / 1_000_000)",
            ])
        return state
    }

    /// Only `decide` and, after its loop has ended, `stop` come here, one after the other.
    private final class CoreBox: @unchecked Sendable {
        var state: DeciderState?
    }
}

/// Another aggregator has begun to decide.
struct LeaseLost: Error, CustomStringConvertible {
    var description: String { "the lease was lost while the state was read" }
}
