import CallModel
import Logging
import Postgres
import QueryAPI
import Runtime
import Storage
import Synchronization

/// Works out what each open incident does to our own requests, and keeps it with the incident: as it opens, every half a minute
/// while it is open, and once more when it is over. The aggregator that decides does it, away from the deciding, so that no message waits for it.
final class ImpactKeeper: Sendable {
    private static let roundTime: Duration = .seconds(5)
    private static let period: Duration = .seconds(30)
    /// Incidents of one round, the newest; the others keep what was worked out before.
    private static let incidentsMax = 20
    private static let statementTimeMax: Duration = .seconds(5)
    /// What is over for longer does not change any more: the calls of its end have arrived.
    private static let afterEnd: Duration = .seconds(120)
    private static let settlingTime: Duration = .seconds(20)

    private let database: DatabaseAccess
    private let isDeciding: @Sendable () -> Bool
    private let logger: Logger
    private let failures: Counter
    /// When each was last worked out, and whether it was over by then.
    private let known = Mutex<[Int64: (at: Instant, isOver: Bool)]>([:])

    init(
        _ database: DatabaseAccess, isDeciding: @escaping @Sendable () -> Bool, _ metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.database = database
        self.isDeciding = isDeciding
        self.logger = logger
        failures = metrics.counter(
            "farwatch_impact_failures_total",
            help: "Incidents whose impact could not be worked out, and is tried again.")
    }

    /// Runs until cancelled.
    func run() async {
        while !Task.isCancelled {
            if isDeciding() { await performRound() }
            do {
                try await Task.sleep(for: Self.roundTime)
            } catch {
                return  // Cancelled.
            }
        }
    }

    private func performRound() async {
        do {
            var filter = IncidentFilter()
            filter.since = currentInstant() - Self.afterEnd
            filter.limit = Self.incidentsMax
            let incidents = try await database.queries.run { [filter] in try IncidentStore.list(filter, $0) }
            let now = currentInstant()
            let due = known.withLock { known in
                known = known.filter { id, _ in incidents.contains { $0.id == id } }
                return incidents.filter { incident in
                    guard let last = known[incident.id] else { return true }
                    if let resolvedAt = incident.resolvedAt {
                        return !last.isOver && now - resolvedAt >= Self.settlingTime
                    }
                    return now - last.at >= Self.period
                }
            }
            for incident in due where !Task.isCancelled { try await keep(incident) }
        } catch {
            failures.add()
            logger.warning("the impact of incidents could not be worked out", metadata: ["error": "\(error)"])
        }
    }

    private func keep(_ incident: IncidentRecord) async throws {
        let calls = database.storage.calls
        try await database.explanations.run { connection in
            let now = currentInstant()
            var question = ImpactQuestion(since: incident.startedAt, until: incident.resolvedAt ?? now)
            // With several partners, or with none, all of them are looked at.
            if incident.partners.count == 1 { question.partner = incident.partners[0] }
            let document = try connection.withStatementTimeout(Self.statementTimeMax) {
                try inboundImpact(question, CallSamples(calls, connection))
            }
            try ImpactStore.store(incident: incident.id, at: now, document, connection)
            self.known.withLock { $0[incident.id] = (now, incident.resolvedAt != nil) }
        }
    }
}
