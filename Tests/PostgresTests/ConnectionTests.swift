import Glibc
import Postgres
import Runtime
import Testing

@Suite struct ConnectionTests {
    @Test func `an error tells operation, state, message and place`() async throws {
        let connection = try await TestServer.connect()
        let error = await failure { try connection.query("SELECT  1 /\n 0 FROM nowhere") }
        #expect(error?.kind == .server)
        #expect(error?.operation == "query: SELECT 1 / 0 FROM nowhere")
        #expect(error?.sqlState == SQLState.undefinedTable)
        #expect(error?.message.contains("nowhere") == true)
        #expect(error?.isRetryable == false)
        #expect(try connection.query("SELECT 1").first?.int4(0) == 1)
    }

    @Test func `a script runs as one transaction`() async throws {
        let connection = try await TestServer.connect()
        #expect(await failure { try connection.execute("CREATE TABLE half (a int); SELECT 1/0") }?.sqlState == "22012")
        #expect(try connection.query("SELECT to_regclass('half') IS NULL").first?.bool(0) == true)
    }

    @Test func `affected rows are counted`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8)")
        #expect(try connection.execute("INSERT INTO n SELECT * FROM unnest($1::int8[])", [.int8Array([1, 2, 3])]) == 3)
        #expect(try connection.execute("DELETE FROM n WHERE a > $1", [.int8(1)]) == 2)
        #expect(try connection.execute("CREATE TEMP TABLE m ()", []) == 0)
    }

    @Test func `a transaction commits, or undoes all of itself and passes the error on`() async throws {
        struct Changed: Error {}
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8)")
        let seven = try connection.transaction {
            try connection.execute("INSERT INTO n VALUES (1)")
            return 7
        }
        #expect(seven == 7)
        #expect(throws: Changed.self) {
            try connection.transaction {
                try connection.execute("INSERT INTO n VALUES (2)")
                throw Changed()
            }
        }
        #expect(connection.transactionState == .idle)
        #expect(try connection.query("SELECT a FROM n").map { try $0.int8(0) } == [1])
        #expect(await failure { try connection.transaction { try connection.transaction {} } }?.kind == .usage)
        #expect(connection.transactionState == .idle)
    }

    @Test func `a transaction whose failure was swallowed does not count as committed`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8)")
        let error = await failure {
            try connection.transaction {
                try connection.execute("INSERT INTO n VALUES (1)")
                try? connection.execute("SELECT 1/0")
            }
        }
        #expect(error?.kind == .rolledBack)
        #expect(try connection.query("SELECT a FROM n").isEmpty)
    }

    @Test func `what fails for the sake of serialisation can be tried again`() async throws {
        let first = try await TestServer.connect()
        let second = try await TestServer.connect()
        try first.execute("CREATE TABLE race (a int8); INSERT INTO race VALUES (1)")
        let error = await failure {
            try first.transaction(isolation: .serializable) {
                _ = try first.query("SELECT a FROM race")
                try second.execute("UPDATE race SET a = 2")
                try first.execute("UPDATE race SET a = 3")
            }
        }
        #expect(error?.sqlState == SQLState.serializationFailure)
        #expect(error?.isRetryable == true && error?.isConnectionLost == false)
        #expect(
            await failure { try first.transaction(readOnly: true) { try first.execute("DELETE FROM race") } }?.sqlState
                == "25006")
    }

    @Test func `a statement is given up after its timeout, and the timeout goes with its scope`() async throws {
        let connection = try await TestServer.connect()
        func timeout() throws -> String? { try connection.query("SHOW statement_timeout").first?.text(0) }
        let error = await failure {
            // The statement that takes the timeout back is under it, too: so not shorter.
            try connection.withStatementTimeout(.seconds(1)) { try connection.execute("SELECT pg_sleep(600)") }
        }
        #expect(error?.isCancelled == true)
        #expect(try timeout() == "0")
        // Inside a transaction that fails, the server takes the setting back with the rest.
        _ = await failure {
            try connection.transaction {
                try connection.withStatementTimeout(.seconds(61)) { try connection.execute("SELECT 1/0") }
            }
        }
        #expect(try timeout() == "0")
        try connection.setStatementTimeout(.seconds(67))
        _ = await failure {
            try connection.transaction {
                try connection.setStatementTimeout(.seconds(65))
                throw PostgresError(.usage, operation: "test", message: "give up")
            }
        }
        #expect(try timeout() == "67s")
        #expect(try connection.withStatementTimeout(.seconds(61)) { try timeout() } == "61s")
        #expect(try timeout() == "67s")
        try connection.setStatementTimeout(nil)
        #expect(try timeout() == "0")
    }

    @Test func `another thread cancels what is under way`() async throws {
        let connection = try await TestServer.connect()
        let watcher = try await TestServer.connect()
        let canceller = connection.canceller
        let process = connection.backendProcessID
        let cancelling = Task.detached {
            try await eventually("the statement runs") {
                try watcher.query(
                    "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'", [.int4(process)]
                ).count == 1
            }
            try canceller.requestCancel()
        }
        let error = await failure { try connection.execute("SELECT pg_sleep(3600)") }
        try await cancelling.value
        #expect(error?.isCancelled == true)
        #expect(connection.isUsable)
        #expect(try connection.query("SELECT 1").first?.int4(0) == 1)
    }

    @Test func `a prepared statement is parsed once, and again when its plan went stale`() async throws {
        let connection = try await TestServer.connect()
        try connection.execute("CREATE TEMP TABLE n (a int8); INSERT INTO n VALUES (1)")
        for number in 0..<5 {
            #expect(
                try connection.query("SELECT $1::int4 + 1", [.int4(Int32(number))], prepared: true).first?.int4(0)
                    == Int32(number + 1))
            #expect(try connection.query("SELECT * FROM n", prepared: true).columnCount == 1)
        }
        #expect(connection.preparedStatementCount == 2)
        #expect(try connection.query("SELECT count(*) FROM pg_prepared_statements").first?.int8(0) == 2)
        try connection.execute("ALTER TABLE n ADD b text")
        #expect(try connection.query("SELECT * FROM n", prepared: true).columnCount == 2)
        try connection.execute("DEALLOCATE ALL")
        #expect(try connection.query("SELECT * FROM n", prepared: true).columnCount == 2)
        // A statement that cannot be prepared is not kept.
        #expect(await failure { try connection.query("SELECT nonsense", prepared: true) }?.kind == .server)
        #expect(try connection.query("SELECT * FROM n", prepared: true).count == 1)
    }

    @Test func `prepared statements have a bound, and none are made where there is no place`() async throws {
        var settings = try await TestServer.settings()
        settings.preparedStatementsMax = 3
        let connection = try PostgresConnection(settings)
        for number in 0..<10 { _ = try connection.query("SELECT \(number)", prepared: true) }
        #expect(connection.preparedStatementCount == 3)
        #expect(try connection.query("SELECT count(*) FROM pg_prepared_statements").first?.int8(0) == 3)
        settings.preparedStatementsMax = 0
        let plain = try PostgresConnection(settings)
        #expect(try plain.query("SELECT 1", prepared: true).first?.int4(0) == 1)
        #expect(plain.preparedStatementCount == 0)
    }

    @Test func `rows come one at a time, and a reader that has seen enough leaves the connection usable`() async throws
    {
        struct Enough: Error {}
        let connection = try await TestServer.connect()
        var sum: Int64 = 0
        try connection.forEachRow("SELECT n FROM generate_series(1, $1::int8) AS n", [.int8(50_000)]) {
            sum += try $0.int8(0)
        }
        #expect(sum == 1_250_025_000)
        var count = 0
        #expect(throws: Enough.self) {
            try connection.forEachRow("SELECT generate_series(1, 100000000)") { _ in
                count += 1
                if count == 10 { throw Enough() }
            }
        }
        #expect(connection.transactionState == .idle)
        // An error that comes after the first rows.
        let error = await failure {
            try connection.forEachRow("SELECT 1 / (3 - n) FROM generate_series(1, 5) AS n") { _ in }
        }
        #expect(error?.sqlState == "22012")
        try connection.forEachRow("SELECT 1 WHERE false") { _ in Issue.record("there is no row") }
    }

    @Test func `notices reach the closure`() async throws {
        var notices: [PostgresNotice] = []
        let connection = try await TestServer.connect { notices.append($0) }
        try connection.execute("DO $$ BEGIN RAISE NOTICE 'mind the gap'; END $$")
        #expect(notices.map(\.message) == ["mind the gap"])
        #expect(notices.first?.severity == "NOTICE")
    }

    @Test func `a connection whose server process was ended knows it`() async throws {
        let connection = try await TestServer.connect()
        let other = try await TestServer.connect()
        try other.execute("SELECT pg_terminate_backend($1, 60000)", [.int4(connection.backendProcessID)])
        #expect(connection.isUsable)
        #expect(!connection.checkUsable())
        let error = await failure { try connection.query("SELECT 1") }
        #expect(error?.isConnectionLost == true && error?.isRetryable == true)
        connection.close()
        connection.close()
        #expect(await failure { try connection.query("SELECT 1") }?.isConnectionLost == true)
        #expect(await failure { try connection.transaction {} }?.isConnectionLost == true)
    }

    @Test func `a server that is not there is named, and a password never`() async throws {
        var settings = PostgresSettings(
            address: "postgresql://farwatch:s3cret@127.0.0.1:1/farwatch", password: Secret("s3cret"))
        settings.connectTimeout = .seconds(2)
        let error = await failure { try PostgresConnection(settings) }
        #expect(error?.kind == .connect)
        #expect(error?.message.contains("127.0.0.1") == true)
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(
            !"\(settings) \(String(reflecting: settings)) \(dumped) \(String(describing: error))".contains("s3cret"))
    }

    @Test func `what stands in the address wins, and odd names are quoted`() async throws {
        var settings = try await TestServer.settings()
        settings.address += " application_name='it''s'".replacingQuotes()
        let connection = try PostgresConnection(settings)
        #expect(try connection.query("SELECT current_setting('application_name')").first?.text(0) == "it's")
        let odd = PostgresSettings(socketDirectory: "/nonexistent/it's \\ odd", database: "d", user: "u")
        #expect(await failure { try PostgresConnection(odd) }?.message.contains("it's \\ odd") == true)
    }

    @Test func `statements do not stop at an open connection's limits`() async throws {
        let connection = try await TestServer.connect()
        let many = (0..<65_536).map { _ in PostgresValue.int4(1) }
        #expect(await failure { try connection.query("SELECT 1", many) } != nil)
        #expect(try connection.query("SELECT 1").first?.int4(0) == 1)
    }
}

extension String {
    /// libpq's connection strings escape a quote by a backslash.
    fileprivate func replacingQuotes() -> String {
        split(separator: "''", omittingEmptySubsequences: false).joined(separator: "\\'")
    }
}
