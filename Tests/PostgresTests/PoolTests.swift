import Postgres
import Runtime
import Synchronization
import Testing

@Suite struct PoolTests {
    @Test func `work runs on connections of the pool and returns what it found`() async throws {
        let pool = try await TestServer.pool()
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await pool.run {
                        try $0.query("SELECT $1::int8", [.int8(Int64(number))], prepared: true).first!.int(0)
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 19_900)
        let processes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<100 { group.addTask { try await pool.run { $0.backendProcessID } } }
            return try await group.reduce(into: Set<Int32>()) { $0.insert($1) }
        }
        #expect((1...4).contains(processes.count))
        #expect(pool.health.counts.run == 300)
        let registry = MetricsRegistry()
        pool.addMetrics(to: registry)
        let metrics = String(decoding: registry.exposition(), as: UTF8.self)
        #expect(metrics.contains("farwatch_postgres_pool_requests_total{pool=\"postgres\"} 300"), "\(metrics)")
        await pool.close()
        #expect(await failure { try await pool.run { _ in } }?.kind == .poolClosed)
    }

    @Test func `the error of the work is passed on and a transaction left open is rolled back`() async throws {
        struct Mine: Error {}
        let pool = try await TestServer.pool(.dedicated(name: "test"))
        await #expect(throws: Mine.self) {
            try await pool.run { connection in
                try connection.execute("BEGIN; CREATE TABLE leftover ()")
                throw Mine()
            }
        }
        let isThere = try await pool.run { try $0.query("SELECT to_regclass('leftover') IS NOT NULL").first?.bool(0) }
        #expect(isThere == false)
        await pool.close()
    }

    @Test func `a dedicated connection works in order`() async throws {
        let pool = try await TestServer.pool(.dedicated(name: "writer", waitingMax: 500))
        let order = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            for number in 0..<500 {
                pool.submit { _ in
                    order.withLock { $0.append(number) }
                } completion: { _ in
                    if number == 499 { continuation.resume() }
                }
            }
        }
        #expect(order.withLock { $0 } == Array(0..<500))
        #expect(pool.health.counts.connected == 1)
        await pool.close()
    }

    @Test func `a connection ended during work gives its error, and the pool recovers`() async throws {
        let pool = try await TestServer.pool(.dedicated(name: "test"))
        let other = try await TestServer.connect()
        let process = try await pool.run { $0.backendProcessID }
        async let sleeping = failure { try await pool.run { try $0.execute("SELECT pg_sleep(3600)") } }
        try await eventually("the statement runs") {
            try other.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", [.int4(process)])
                .count == 1
        }
        try other.execute("SELECT pg_terminate_backend($1, 60000)", [.int4(process)])
        let error = await sleeping
        #expect(error?.isConnectionLost == true && error?.sqlState == SQLState.adminShutdown)
        let next = try await pool.run { $0.backendProcessID }
        #expect(next != process)
        #expect(pool.health.counts.lost == 1 && pool.health.counts.connected == 2)
        await pool.close()
    }

    @Test func `a connection that died while it lay idle is replaced before work sees it`() async throws {
        let pool = try await TestServer.pool(.dedicated(name: "test"))
        let other = try await TestServer.connect()
        let process = try await pool.run { $0.backendProcessID }
        try other.execute("SELECT pg_terminate_backend($1, 60000)", [.int4(process)])
        let next = try await pool.run { try $0.query("SELECT pg_backend_pid()").first!.int4(0) }
        #expect(next != process)
        await pool.close()
    }

    @Test func `at its bound the waiting queue refuses, and what was cancelled makes room`() async throws {
        let pool = try await TestServer.pool(.dedicated(name: "test", waitingMax: 2))
        let gate = try await TestServer.connect()
        try gate.execute("SELECT pg_advisory_lock(1)")
        async let blocked: Void = pool.run { try $0.execute("SELECT pg_advisory_lock(1)") }
        try await eventually("the connection is busy") { pool.health.runningCount == 1 }
        let first = Task { try await pool.run { _ in 1 } }
        let second = Task { try await pool.run { _ in 2 } }
        try await eventually("two wait") { pool.health.waitingCount == 2 }
        #expect(await failure { try await pool.run { _ in } }?.kind == .poolFull)
        #expect(pool.health.counts.refusedFull == 1)
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        let third = Task { try await pool.run { _ in 3 } }
        try await eventually("two wait again") { pool.health.waitingCount == 2 }
        try gate.execute("SELECT pg_advisory_unlock(1)")
        try await blocked
        #expect(try await [first.value, third.value] == [1, 3])
        let cancelled = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pool.run { _ in 4 }
        }
        _ = try? await cancelled.value
        await pool.close()
    }

    @Test func `a closing pool lets work end, cancels what takes too long, and refuses what waits`() async throws {
        let pool = try await TestServer.pool(.dedicated(name: "test"))
        let other = try await TestServer.connect()
        let process = try await pool.run { $0.backendProcessID }
        async let long = failure { try await pool.run { try $0.execute("SELECT pg_sleep(3600)") } }
        // Cancelling an instant before the statement reaches the server would be in vain.
        try await eventually("the statement runs") {
            try other.query(
                "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'",
                [.int4(process)]
            ).count == 1
        }
        async let waiting = failure { try await pool.run { _ in } }
        try await eventually("one waits") { pool.health.waitingCount == 1 }
        await pool.close(grace: .milliseconds(100))
        #expect(await long?.isCancelled == true)
        #expect(await waiting?.kind == .poolClosed)
        #expect(pool.health.connectedCount == 0)
    }

    @Test func `without a server work is refused at once with the reason`() async throws {
        var configuration = PostgresPool.Configuration()
        configuration.connectionCount = 2
        configuration.backoffMax = .milliseconds(200)
        let pool = try PostgresPool(
            PostgresSettings(socketDirectory: "/nonexistent", database: "d", user: "u"), configuration,
            logger: quietLogger)
        let error = await failure { try await pool.run { _ in } }
        #expect(error?.kind == .connect)
        #expect(error?.isRetryable == true)
        #expect(!pool.health.isAvailable)
        try await eventually("it keeps trying") { pool.health.counts.connectFailed > 5 }
        #expect(pool.health.counts.refusedUnavailable >= 1)
        await pool.close()
    }

    @Test func `each new connection is prepared before it works`() async throws {
        var configuration = PostgresPool.Configuration.dedicated(name: "test")
        configuration.onConnect = { try $0.execute("SET application_name = 'prepared'") }
        let pool = try await TestServer.pool(configuration)
        let name = try await pool.run { try $0.query("SHOW application_name").first?.text(0) }
        #expect(name == "prepared")
        await pool.close()
        configuration.onConnect = { try $0.execute("SELECT 1/0") }
        let broken = try await TestServer.pool(configuration)
        #expect(await failure { try await broken.run { _ in } }?.sqlState == "22012")
        await broken.close()
    }
}
