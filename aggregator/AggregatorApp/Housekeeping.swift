import CallModel
import Logging
import Postgres
import Runtime
import Storage

/// What has to be done again and again: fold rollups, refresh tokens, store heartbeats, forget ledger entries, make and
/// drop partitions. One task, one chore after the other; a chore that fails is counted, logged once, and tried again.
struct Housekeeping: Sendable {
    private let database: DatabaseAccess
    private let agents: AgentRegistry
    private let tokens: AccessTokens
    private let history: HistoryKeeper
    private let reports: ReportKeeper
    private let retention: RetentionPolicy
    private let failures: @Sendable (String) -> Counter
    private let damagedBlocks: Counter
    private let damagedSegments: Counter
    private let logger: Logger

    init(
        _ database: DatabaseAccess, _ agents: AgentRegistry, _ tokens: AccessTokens, _ history: HistoryKeeper,
        _ retention: RetentionPolicy, _ metrics: MetricsRegistry, logger: Logger
    ) {
        self.database = database
        self.agents = agents
        self.tokens = tokens
        self.history = history
        reports = ReportKeeper(database, agents, metrics, logger: logger)
        self.retention = retention
        self.logger = logger
        damagedBlocks = metrics.counter(
            "farwatch_rollup_damaged_blocks_total",
            help: "Blocks of counts that could not be read and were left out of the lasting counts.")
        damagedSegments = metrics.counter(
            "farwatch_rollup_damaged_segments_total",
            help: "Lasting counts of one partner, minute or hour that could not be read and were set aside.")
        failures = { chore in
            metrics.counter(
                "farwatch_chore_failures_total", help: "Chores that failed and are tried again.",
                labels: [("chore", chore)])
        }
    }

    /// What must be there before anybody is served.
    func prepare() async throws {
        try await maintainPartitions()
        try await refreshTokens()
        let agents = agents
        let since = currentInstant() - .seconds(86_400)
        agents.restore(try await database.queries.run { try database.storage.agents.load(since: since, $0) })
    }

    private struct Chore {
        let name: String
        let period: Duration
        /// The pause grows to so many times what the work took, up to `pauseMax`: for work that costs less in larger pieces.
        var pausePerWork = 0
        let work: @Sendable () async throws -> Void
        var dueAt: Int64 = 0
        var hasFailed = false

        static let pauseMax: Duration = .seconds(30)

        func pause(after workNs: Int64) -> Int64 {
            max(period.nanoseconds, min(workNs * Int64(pausePerWork), Self.pauseMax.nanoseconds))
        }
    }

    /// Runs until cancelled, then does the last folding.
    func run() async {
        var chores = [
            Chore(name: "refresh tokens", period: .seconds(2), work: refreshTokens),
            Chore(name: "fold rollups", period: .seconds(5), pausePerWork: 100, work: compact),
            Chore(name: "store heartbeats", period: .seconds(10), work: reports.store),
            Chore(name: "read history", period: .seconds(60), work: history.refresh),
            Chore(name: "forget ledger entries", period: .seconds(60), work: forgetLedger),
            Chore(name: "maintain partitions", period: .seconds(600), work: maintainPartitions),
        ]
        // Shown from the start, so that the first failure is a rise.
        for chore in chores { _ = failures(chore.name) }
        while !Task.isCancelled {
            for index in chores.indices where chores[index].dueAt <= MonotonicClock.now() && !Task.isCancelled {
                await perform(&chores[index])
            }
            do {
                try await Task.sleep(for: .milliseconds(200))
            } catch {
                break  // Cancelled.
            }
        }
    }

    private func perform(_ chore: inout Chore) async {
        let began = MonotonicClock.now()
        defer { chore.dueAt = began + chore.pause(after: MonotonicClock.now() - began) }
        do {
            try await chore.work()
            if chore.hasFailed { logger.notice("works again", metadata: ["chore": "\(chore.name)"]) }
            chore.hasFailed = false
        } catch {
            guard !Task.isCancelled else { return }
            failures(chore.name).add()
            if !chore.hasFailed {
                logger.error(
                    "a chore failed and is tried again", metadata: ["chore": "\(chore.name)", "error": "\(error)"])
            }
            chore.hasFailed = true
        }
    }

    private func refreshTokens() async throws {
        tokens.refresh(try await database.queries.run { try TokenStore.list($0) })
    }

    private func compact() async throws {
        // Bounded, so that a long backlog does not keep the other chores waiting.
        for _ in 0..<10 {
            let folded = try await database.queries.run { try RollupStore.compact(countMax: 500, $0) }
            for block in folded.damaged {
                damagedBlocks.add()
                logger.error(
                    "a block of counts cannot be read and is left out; it stays in rollup_blocks as long as calls do",
                    metadata: ["writer": "\(block.writer)", "flush": "\(block.flush)"])
            }
            for (unit, key) in folded.damagedSegments {
                damagedSegments.add()
                logger.error(
                    "lasting counts cannot be read and are set aside, under a dimension below zero of their table",
                    metadata: [
                        "table": "\(unit)_segments", "partner": "\(key.partner)", "dimension": "\(-1 - key.dimension)",
                        "at": "\(Instant(secondsSinceEpoch: Int64(key.minute) * 60).text(fractionDigits: 0))",
                    ])
            }
            if folded.count == 0 { return }
        }
    }

    private func forgetLedger() async throws {
        let floors = agents.takeFloors()
        let now = currentInstant()
        try await database.queries.run { try database.storage.agents.forgetLedger(floors, at: now, $0) }
    }

    private func maintainPartitions() async throws {
        let now = currentInstant()
        let dropped = try await database.queries.run { try Retention.maintain(retention, at: now, $0) }
        for name in dropped {
            logger.notice("dropped a partition whose time was over", metadata: ["partition": "\(name)"])
        }
    }
}
