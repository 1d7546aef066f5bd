import Logging

/// A few connections, each on a thread of its own, that do what tasks hand them.
///
/// Work waits in one bounded queue, first come, first served; at the bound `run` throws `poolFull` at once. **A pool of
/// one connection is a dedicated one**: what is handed in runs in order, on one thread, which is what the ingest writer
/// needs.
///
/// A connection that breaks is replaced: its thread connects again, waiting longer after each failure. The error of the
/// work that broke it is passed on and never retried here, because only the caller knows whether half of it may be
/// repeated. While no connection at all can be made, work is refused at once with the reason instead of waiting:
/// whoever asks has a snapshot to fall back on, or can tell its own caller to come again. A connection that died while
/// it lay idle is noticed before work is given to it.
///
/// A cancelled task takes its work back while that still waits; what already runs goes on to its end, which
/// `PostgresSettings.statementTimeout` bounds.
public final class PostgresPool: Sendable {
    public struct Configuration: Sendable {
        /// Connections, and threads: 1 for a dedicated one; about twice the database's cores at most.
        public var connectionCount = 4
        /// Work that may wait for a connection. At 1 ms each and 4 connections, 1,024 wait a quarter of a second.
        public var waitingMax = 1024
        /// Pause before connecting again: the first, doubled after each failure, up to the second; ±25 % so that many
        /// pools do not knock in step.
        public var backoffMin: Duration = .milliseconds(100)
        public var backoffMax: Duration = .seconds(5)
        /// Prepares each new connection, before any work: session settings, for instance. When it throws the connection
        /// is given up like one that was never made.
        public var onConnect: (@Sendable (PostgresConnection) throws -> Void)?
        /// Shown in logs and as the threads' name.
        public var name = "postgres"

        public init() {}

        /// One connection on one thread.
        public static func dedicated(name: String, waitingMax: Int = 64) -> Configuration {
            var configuration = Configuration()
            configuration.connectionCount = 1
            configuration.waitingMax = waitingMax
            configuration.name = name
            return configuration
        }
    }

    let settings: PostgresSettings
    let configuration: Configuration
    let logger: Logger
    let monitor: Monitor<PoolState>

    /// Starts the threads, which connect at once; does not wait for them. Throws only where the system refuses a
    /// thread.
    public init(
        _ settings: PostgresSettings, _ configuration: Configuration = .init(), logger: Logger
    ) throws(PostgresError) {
        precondition(configuration.connectionCount > 0 && configuration.waitingMax > 0)
        self.settings = settings
        self.configuration = configuration
        self.logger = logger
        monitor = Monitor(PoolState(threadCount: configuration.connectionCount), conditionCount: PoolCondition.count)
        for slot in 0..<configuration.connectionCount {
            guard startThread(named: "\(configuration.name)-\(slot)", { self.serve(slot: slot) }) else {
                abandon(threadsMissing: configuration.connectionCount - slot)
                throw PostgresError(.connect, operation: "start pool", message: "the system refused another thread")
            }
        }
    }

    /// Runs `body` with a connection, on that connection's thread, and returns what it returns or throws what it
    /// throws.
    ///
    /// A transaction that `body` leaves open is rolled back.
    public func run<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        let id = monitor.withLock { $0.newJobID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(PoolJob(id: id, body) { continuation.resume(with: $0) })
                // Cancelled before there was anything to take back.
                if Task.isCancelled { withdraw(id) }
            }
        } onCancel: {
            withdraw(id)
        }
    }

    /// The same for callers that are no tasks, such as event loops: never blocks, and calls `completion` exactly once,
    /// on the connection's thread or, where the work is refused, at once on this one.
    public func submit<R>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R,
        completion: @escaping @Sendable (Result<R, any Error>) -> Void
    ) {
        submit(PoolJob(id: monitor.withLock { $0.newJobID() }, body, completion: completion))
    }

    private func submit(_ job: PoolJob) {
        if let refusal = monitor.withLock({ $0.enqueue(job, waitingMax: configuration.waitingMax) }) {
            job.refuse(refusal)
        } else {
            monitor.signal(PoolCondition.work)
        }
    }

    private func withdraw(_ id: UInt64) {
        monitor.withLock { $0.withdraw(id) }?.refuse(CancellationError())
    }

    /// Refuses new work and what waits (`poolClosed`), lets what runs go on for `grace`, then asks the server to cancel
    /// it, and returns when all connections are closed — or after `grace` once more, where a server does not even
    /// answer that.
    public func close(grace: Duration = .seconds(10)) async {
        let waiting = monitor.withLock { $0.beginClosing() }
        monitor.broadcast(PoolCondition.work)
        monitor.broadcast(PoolCondition.closing)
        for job in waiting { job.refuse(PoolState.closedError) }
        await withCheckedContinuation { continuation in
            // PQcancel blocks, and so does waiting for threads: neither is for the cooperative pool.
            let isStarted = startThread(named: "\(configuration.name)-end") {
                self.awaitEnd(grace: grace)
                continuation.resume()
            }
            if !isStarted { continuation.resume() }
        }
    }

    private func abandon(threadsMissing: Int) {
        monitor.withLock { state in
            _ = state.beginClosing()
            state.threadCount -= threadsMissing
        }
        monitor.broadcast(PoolCondition.work)
        monitor.broadcast(PoolCondition.closing)
    }

    private func awaitEnd(grace: Duration) {
        let running = monitor.wait(on: PoolCondition.ended, timeout: grace, until: { $0.threadCount == 0 }) { state in
            Array(state.running.values)
        }
        for canceller in running { try? canceller.requestCancel() }
        let leftCount = monitor.wait(on: PoolCondition.ended, timeout: grace, until: { $0.threadCount == 0 }) { state in
            state.threadCount
        }
        if leftCount > 0 {
            logger.warning("\(configuration.name): \(leftCount) connections did not end and are left behind")
        }
    }
}

enum PoolCondition {
    /// There is work, or the pool closes.
    static let work = 0
    /// The pool closes: ends the pauses between attempts to connect.
    static let closing = 1
    /// A thread ended.
    static let ended = 2
    static let count = 3
}
