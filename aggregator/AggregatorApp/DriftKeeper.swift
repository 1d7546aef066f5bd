import CallModel
import Drift
import Logging
import Postgres
import Runtime
import Storage
import Synchronization

/// Watches what partners change: reads a sample of the calls as they arrive, and writes down what `DriftCore` finds.
///
/// One aggregator watches at a time, the holder of a lease. What was learned is saved with whatever was found by it, in one
/// transaction, and every few minutes; after a crash some minutes of learning are gone, and nothing that was told is told again.
final class DriftKeeper: Sendable {
    private static let leaseName = "drift"
    private static let leaseTime: Duration = .seconds(40)
    private static let roundTime: Duration = .seconds(5)
    private static let saveTime: Duration = .seconds(300)
    private static let statementTimeMax: Duration = .seconds(10)

    private struct State {
        var epoch: Int64
        var core: DriftCore
        var position: ArrivalPosition
        var savedAt: Instant
    }

    private let database: DatabaseAccess
    private let holder: String
    private let logger: Logger
    private let state = Mutex<State?>(nil)
    private let certificates: @Sendable () -> [CertificateEnd]
    private let teller: DriftTeller
    private let telling: Mutex<DriftTelling>
    private let wakeOutbox: @Sendable () -> Void
    private let toldAt = Mutex(Instant.epoch)
    private let figures = Mutex((routes: 0, refused: Int64(0)))
    private let answers: Counter
    private let passedOver: Counter
    private let failures: Counter
    private let findings: @Sendable (DriftFinding.Kind) -> Counter

    /// - Parameters:
    ///   - certificates: That agents tell of.
    ///   - wakeOutbox: Called when messages were written.
    init(
        _ database: DatabaseAccess, holder: String, _ telling: DriftTelling, _ metrics: MetricsRegistry, logger: Logger,
        certificates: @escaping @Sendable () -> [CertificateEnd], wakeOutbox: @escaping @Sendable () -> Void
    ) {
        self.certificates = certificates
        self.wakeOutbox = wakeOutbox
        self.telling = Mutex(telling)
        teller = DriftTeller(metrics)
        self.database = database
        self.holder = holder
        self.logger = logger
        answers = metrics.counter("farwatch_drift_answers_total", help: "Answers that were held against what is usual.")
        passedOver = metrics.counter(
            "farwatch_drift_passed_over_calls_total",
            help: "Calls that were not looked at because more arrived than can be.")
        failures = metrics.counter("farwatch_drift_failures_total", help: "Rounds of watching that failed.")
        findings = { kind in
            metrics.counter(
                "farwatch_drift_findings_total", help: "Changes of partners that were found, by kind.",
                labels: [("kind", kind.rawValue)])
        }
        for kind in DriftFinding.Kind.allCases { _ = findings(kind) }
        metrics.gauge(
            "farwatch_drift_routes", help: "Routes whose usual answers are known.",
            read: { [weak self] in Double(self?.figures.withLock { $0.routes } ?? 0) })
        metrics.gauge(
            "farwatch_drift_refused_answers", help: "Answers of routes for which there was no place, since it watches.",
            read: { [weak self] in Double(self?.figures.withLock { $0.refused } ?? 0) })
    }

    /// Other settings from now on.
    func use(_ telling: DriftTelling) { self.telling.withLock { $0 = telling } }

    /// Runs until cancelled, then saves and gives the lease back.
    func run() async {
        var hasFailed = false
        while !Task.isCancelled {
            do {
                try await database.queries.run { connection in
                    try connection.withStatementTimeout(Self.statementTimeMax) { try self.perform(connection) }
                }
                hasFailed = false
            } catch {
                // What was learned and not written must not be taken for written.
                state.withLock { $0 = nil }
                failures.add()
                if !hasFailed { logger.error("drift cannot be watched", metadata: ["error": "\(error)"]) }
                hasFailed = true
            }
            do {
                try await Task.sleep(for: Self.roundTime)
            } catch {
                break  // Cancelled.
            }
        }
        await stop()
    }

    private func stop() async {
        // Where that fails the lease runs out, and some minutes of learning are gone.
        try? await database.queries.run { connection in
            try self.state.withLock { state in
                if var held = state { try self.save(&held, [], at: currentInstant(), connection) }
                state = nil
            }
            try StateStore.releaseLease(Self.leaseName, holder: self.holder, connection)
        }
    }

    private func perform(_ connection: PostgresConnection) throws {
        let epoch = try StateStore.acquireLease(Self.leaseName, holder: holder, for: Self.leaseTime, connection)
        try state.withLock { state in
            guard let epoch else { return state = nil }
            var held = try state.flatMap { $0.epoch == epoch ? $0 : nil } ?? restored(epoch, connection)
            let now = currentInstant()
            let arrivals = try database.storage.calls.arrivals(after: held.position, connection)
            held.position = arrivals.position
            passedOver.add(arrivals.skippedCount)
            let before = held.core.findingCounts
            let reader = AnswerReader()
            for stored in arrivals.calls {
                guard let answer = reader.read(stored.call, id: stored.id) else { continue }
                held.core.observe(answer, at: now)
                answers.add()
            }
            let changed = held.core.takeChanged(at: now)
            let isNew = held.core.findingCounts != before
            if !changed.isEmpty || isNew || now - held.savedAt >= Self.saveTime {
                try save(&held, changed, withState: isNew || now - held.savedAt >= Self.saveTime, at: now, connection)
            }
            tell(held.core, before)
            state = held
            try tellPeople(held.epoch, at: now, connection)
        }
    }

    /// Now and then: certificates that end soon are written down, and what is new is told.
    private func tellPeople(_ epoch: Int64, at now: Instant, _ connection: PostgresConnection) throws {
        guard toldAt.withLock({ now - $0 >= DriftTeller.roundTime || now < $0 }) else { return }
        toldAt.withLock { $0 = now }
        let ends = certificates().compactMap { DriftFinding($0, at: now) }
        let telling = telling.withLock { $0 }
        let written = try connection.transaction {
            guard try StateStore.holdsLease(Self.leaseName, holder: holder, epoch: epoch, connection) else { return 0 }
            try DriftStore.store(ends, epoch: epoch, connection)
            return try teller.tell(telling, at: now, connection)
        }
        if written > 0 { wakeOutbox() }
    }

    private func restored(_ epoch: Int64, _ connection: PostgresConnection) throws -> State {
        var core = DriftCore()
        if let bytes = try StateStore.savedState(Self.leaseName, connection) {
            do {
                core = try DriftCore(bytes)
            } catch {
                // Of another release, most likely: what is usual is learnt again within an hour of calls.
                logger.notice("drift begins to learn anew", metadata: ["reason": "\(error)"])
            }
        }
        let now = currentInstant()
        return State(epoch: epoch, core: core, position: ArrivalPosition(since: now - .seconds(60)), savedAt: now)
    }

    private func save(
        _ held: inout State, _ changed: [DriftFinding], withState: Bool = true, at now: Instant,
        _ connection: PostgresConnection
    ) throws {
        try connection.transaction {
            guard try StateStore.holdsLease(Self.leaseName, holder: holder, epoch: held.epoch, connection) else {
                return
            }
            try DriftStore.store(changed, epoch: held.epoch, connection)
            guard withState else { return }
            _ = try StateStore.saveState(Self.leaseName, epoch: held.epoch, at: now, held.core.encoded(), connection)
        }
        if withState { held.savedAt = now }
    }

    private func tell(_ core: DriftCore, _ before: [DriftFinding.Kind: Int64]) {
        figures.withLock { $0 = (core.routeCount, core.refusedRoutes) }
        for (kind, count) in core.findingCounts where count > before[kind, default: 0] {
            findings(kind).add(Int(count - before[kind, default: 0]))
        }
    }
}
