import CallModel
import Logging
import Postgres
import Runtime
import Storage
import Synchronization

/// Keeps searches fast (`Retention.summarize`, `MissingIndexes`), watches how much the database takes and keeps it below its
/// bound: every minute it measures, gives up the least valuable first when it has to (`StorageSize.nextReclaim`), and says when
/// it will be full.
///
/// A task of its own: taking the bodies out of a day can take minutes, and nothing else may wait for it.
final class StorageKeeper: Sendable {
    private static let period: Duration = .seconds(60)
    /// Steps of one round; the next round measures again.
    private static let stepsMax = 8

    private let database: DatabaseAccess
    private let policy: RetentionPolicy
    private let holder: String
    private let logger: Logger
    private let metrics: MetricsRegistry
    private let size = Mutex<StorageSize?>(nil)
    private let isBeyondBound = Mutex(false)
    private let steps: Counter

    init(
        _ database: DatabaseAccess, _ policy: RetentionPolicy, holder: String, _ metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.database = database
        self.policy = policy
        self.holder = holder
        self.logger = logger
        self.metrics = metrics
        steps = metrics.counter(
            "farwatch_storage_reclaims_total",
            help: "Partitions thinned or dropped because retention.max_bytes was reached.")
        metrics.gauge(
            "farwatch_storage_max_bytes", help: "retention.max_bytes; 0 without a bound.",
            read: { Double(policy.byteCountMax ?? 0) })
        metrics.gauge(
            "farwatch_storage_full_in_seconds",
            help: "When retention.max_bytes is reached if calls go on arriving as they do; -1: not foreseen.",
            read: { [weak self] in self?.secondsUntilFull() ?? -1 })
    }

    func run() async {
        while !Task.isCancelled {
            await performRound()
            await buildIndex()
            do {
                try await Task.sleep(for: Self.period)
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// One a round: that may take minutes, and the bound must be kept meanwhile.
    private func buildIndex() async {
        do {
            let built = try await database.queries.run { [holder] in try MissingIndexes.buildNext(holder: holder, $0) }
            guard let built else { return }
            logger.notice("built an index that a new release wants", metadata: ["index": "\(built)"])
        } catch {
            logger.error("an index cannot be built; searches are slower", metadata: ["error": "\(error)"])
        }
    }

    private func performRound() async {
        do {
            try await database.queries.run { try Retention.summarize($0) }
            for _ in 0..<Self.stepsMax {
                let measured = try await database.queries.run { try StorageSize.read($0) }
                show(measured)
                guard let byteCountMax = policy.byteCountMax, !Task.isCancelled else { return }
                let today = currentInstant().text(fractionDigits: 0).prefix(10).filter { $0 != "-" }
                guard let step = measured.nextReclaim(byteCountMax: byteCountMax, today: today) else {
                    return tell(isBeyond: measured.byteCount > byteCountMax, measured.byteCount, byteCountMax)
                }
                let done = try await database.queries.run { connection in
                    try connection.withStatementTimeout(.seconds(600)) { try Reclaim.perform(step, connection) }
                }
                steps.add()
                logger.notice(
                    "the database is at its bound",
                    metadata: ["did": "\(done)", "bytes": "\(measured.byteCount)", "max_bytes": "\(byteCountMax)"])
            }
        } catch {
            logger.error("the size of the database could not be kept", metadata: ["error": "\(error)"])
        }
    }

    private func show(_ measured: StorageSize) {
        size.withLock { $0 = measured }
        for table in measured.byTable.keys {
            metrics.gauge(
                "farwatch_storage_bytes", help: "What a table takes with its indexes.", labels: [("table", table)],
                read: { [weak self] in Double(self?.size.withLock { $0?.byTable[table] } ?? 0) })
        }
    }

    private func tell(isBeyond: Bool, _ byteCount: Int, _ byteCountMax: Int) {
        let hasChanged = isBeyondBound.withLock { known in
            defer { known = isBeyond }
            return known != isBeyond
        }
        guard hasChanged else { return }
        if isBeyond {
            logger.error(
                "the database is larger than retention.max_bytes and only today's calls are left: raise it",
                metadata: ["bytes": "\(byteCount)", "max_bytes": "\(byteCountMax)"])
        } else {
            logger.notice("the database is below its bound again", metadata: ["bytes": "\(byteCount)"])
        }
    }

    private func secondsUntilFull() -> Double {
        guard let byteCountMax = policy.byteCountMax, let size = size.withLock({ $0 }) else { return -1 }
        return size.timeUntilFull(byteCountMax: byteCountMax, policy, at: currentInstant())?.inSeconds ?? -1
    }
}
