/// What a pool knows, as a value: the waiting work, who is connected, and the counts. Guarded by the pool's `Monitor`.
struct PoolState {
    static let closedError = PostgresError(.poolClosed, operation: "run", message: "the connection pool is closed")

    private(set) var waiting: [PoolJob] = []
    /// By thread: how to cancel what it is doing.
    private(set) var running: [Int: PostgresCanceller] = [:]
    private(set) var isClosing = false
    /// Threads that have not ended.
    var threadCount: Int
    private var connectedCount = 0
    /// Why the last attempt to connect failed; nil since one succeeded.
    private var connectError: PostgresError?
    private var jobIDCount: UInt64 = 0
    private var counts = PostgresPool.Counts()

    init(threadCount: Int) { self.threadCount = threadCount }

    mutating func newJobID() -> UInt64 {
        jobIDCount += 1
        return jobIDCount
    }

    /// Nil where the work was taken in, else why not.
    mutating func enqueue(_ job: PoolJob, waitingMax: Int) -> PostgresError? {
        if isClosing { return Self.closedError }
        if connectedCount == 0, let connectError {
            counts.refusedUnavailable += 1
            return connectError
        }
        if waiting.count >= waitingMax {
            counts.refusedFull += 1
            return PostgresError(
                .poolFull, operation: "run", message: "\(waitingMax) requests wait for a connection already")
        }
        waiting.append(job)
        return nil
    }

    mutating func withdraw(_ id: UInt64) -> PoolJob? {
        waiting.firstIndex { $0.id == id }.map { waiting.remove(at: $0) }
    }

    mutating func take(slot: Int, _ canceller: PostgresCanceller) -> PoolJob? {
        if isClosing || waiting.isEmpty { return nil }
        running[slot] = canceller
        counts.run += 1
        return waiting.removeFirst()
    }

    mutating func finished(slot: Int) {
        running[slot] = nil
    }

    /// True where this is a change: before there was no connection.
    mutating func connectionMade() -> Bool {
        connectedCount += 1
        counts.connected += 1
        connectError = nil
        return connectedCount == 1
    }

    mutating func connectionEnded(isLost: Bool) {
        connectedCount -= 1
        if isLost { counts.lost += 1 }
    }

    /// Returns the work that is now refused, because there is no connection left to wait for, and whether the failure
    /// is the first since a success.
    mutating func connectFailed(_ error: PostgresError) -> (refused: [PoolJob], isNews: Bool) {
        counts.connectFailed += 1
        let isNews = connectError == nil
        connectError = error
        guard connectedCount == 0 else { return ([], isNews) }
        defer { waiting = [] }
        counts.refusedUnavailable += waiting.count
        return (waiting, isNews)
    }

    mutating func beginClosing() -> [PoolJob] {
        isClosing = true
        defer { waiting = [] }
        return waiting
    }

    var health: PostgresPool.Health {
        PostgresPool.Health(
            connectedCount: connectedCount, waitingCount: waiting.count, runningCount: running.count,
            error: connectError, counts: counts)
    }
}

extension PostgresPool {
    /// What the pool is like at a moment.
    public struct Health: Sendable {
        public var connectedCount: Int
        public var waitingCount: Int
        public var runningCount: Int
        /// Why the last attempt to connect failed; nil when it did not.
        public var error: PostgresError?
        public var counts: Counts

        /// Work is taken in.
        public var isAvailable: Bool { connectedCount > 0 }
    }

    /// Since the pool was made.
    public struct Counts: Sendable {
        /// Work begun.
        public var run = 0
        /// Refused because the queue was full.
        public var refusedFull = 0
        /// Refused because there was no connection.
        public var refusedUnavailable = 0
        /// Connections made, failed to be made, and lost.
        public var connected = 0
        public var connectFailed = 0
        public var lost = 0
    }

    public var health: Health { monitor.withLock { $0.health } }
}

/// One piece of work: ends with exactly one call of `run` or `refuse`.
struct PoolJob: Sendable {
    let id: UInt64
    let run: @Sendable (PostgresConnection) -> Void
    let refuse: @Sendable (any Error) -> Void

    init<R>(
        id: UInt64, _ body: @escaping @Sendable (PostgresConnection) throws -> R,
        completion: @escaping @Sendable (Result<R, any Error>) -> Void
    ) {
        self.id = id
        run = { connection in completion(Result { try body(connection) }) }
        refuse = { completion(.failure($0)) }
    }
}
