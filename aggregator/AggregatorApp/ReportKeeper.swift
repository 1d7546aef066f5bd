import CallModel
import Logging
import Postgres
import Runtime
import Storage
import Synchronization

/// Keeps what agents report of themselves: stores what this aggregator heard, and takes in what others did.
final class ReportKeeper: Sendable {
    private let database: DatabaseAccess
    private let agents: AgentRegistry
    private let refused: Counter
    private let wasRefused = Mutex(false)
    private let logger: Logger

    init(_ database: DatabaseAccess, _ agents: AgentRegistry, _ metrics: MetricsRegistry, logger: Logger) {
        self.database = database
        self.agents = agents
        self.logger = logger
        refused = metrics.counter(
            "farwatch_refused_reports_total",
            help: "Reports of agents that the database refused; they are shown until a restart.")
    }

    /// Refused reports are counted, and logged when the first is refused after all had been stored.
    func store() async throws {
        let records = agents.takeUnstored()
        let since = currentInstant() - .seconds(60)
        let (refusedAgents, known) = try await database.queries.run { [database] connection in
            let refused = try database.storage.agents.store(records, connection)
            return (refused, try database.storage.agents.load(since: since, connection))
        }
        refused.add(refusedAgents.count)
        agents.merge(known, at: since + .seconds(60))
        guard !records.isEmpty else { return }
        let isNew = wasRefused.withLock { before in
            defer { before = !refusedAgents.isEmpty }
            return !before
        }
        if isNew, let first = refusedAgents.first {
            logger.warning(
                "reports of agents cannot be stored: they are shown until a restart",
                metadata: ["agents": "\(refusedAgents.count)", "first": "\(first)"])
        }
    }
}
