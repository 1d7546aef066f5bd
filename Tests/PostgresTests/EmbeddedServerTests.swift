import Glibc
import Logging
import Postgres
import Runtime
import Synchronization
import Testing

/// The private server's life. Each test has a state directory of its own, copied from one made once: `initdb` takes a
/// second.
@Suite(.serialized) struct EmbeddedServerTests {
    /// A state directory whose server was stopped cleanly, holding a table `kept` with one row.
    private static let template = Task {
        let directory = TemporaryDirectory()
        let server = try await EmbeddedServer.start(configuration(directory), logger: quietLogger)
        let connection = try PostgresConnection(server.settings)
        try connection.execute("CREATE TABLE kept (n int8); INSERT INTO kept VALUES (1)")
        connection.close()
        await server.stop()
        return directory
    }

    static func configuration(_ directory: TemporaryDirectory) -> EmbeddedServer.Configuration {
        var configuration = EmbeddedServer.Configuration(stateDirectory: directory.path + "/state")
        // No test takes the machine's power away, and the disk may be busy with other things.
        configuration.extraSettings = ["fsync": "off"]
        return configuration
    }

    static func copied() async throws -> TemporaryDirectory {
        let directory = TemporaryDirectory()
        let result = try ChildProcess.runBlocking(
            ProcessConfiguration("/bin/cp", ["-a", try await template.value.path + "/state", directory.path]))
        try #require(result.succeeded, "\(result.errorText)")
        return directory
    }

    static func keptCount(_ server: EmbeddedServer) throws -> Int64? {
        let connection = try PostgresConnection(server.settings)
        defer { connection.close() }
        return try connection.query("SELECT count(*) FROM kept").first?.int8(0)
    }

    @Test func `a first start makes a private UTF-8 database that no network reaches`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let server = try await EmbeddedServer.start(
            .init(stateDirectory: directory.path + "/state"), logger: quietLogger)
        let connection = try PostgresConnection(server.settings)
        func setting(_ name: String) throws -> String {
            try #require(try connection.query("SELECT current_setting($1)", [.text(name)]).first).text(0)
        }
        #expect(try setting("listen_addresses") == "")
        #expect(try setting("server_encoding") == "UTF8")
        #expect(try setting("lc_collate") == "C")
        #expect(try setting("fsync") == "on" && setting("synchronous_commit") == "on")
        #expect(try setting("data_checksums") == "on")
        #expect(try connection.query("SELECT current_database(), current_user::text").first?.text(0) == "farwatch")
        for name in ["data", "run"] {
            var status = stat()
            #expect(stat(directory.path + "/state/postgres/" + name, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o700, "\(name)")
            #expect(status.st_uid != 0, "\(name)")
        }
        connection.close()
        await server.stop()
        await server.stop()
        guard case .stopped = server.status else { Issue.record("\(server.status)"); return }
        #expect(await failure { try PostgresConnection(server.settings) }?.kind == .connect)
    }

    @Test func `settings of the operator win, except that no network is opened`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        configuration.extraSettings = ["work_mem": "17MB", "fsync": "off"]
        try Files.writeAtomically(
            Array("work_mem = '18MB'\nlisten_addresses = '*'\n".utf8),
            to: directory.path + "/state/postgres/operator.conf", mode: 0o644)
        let server = try await EmbeddedServer.start(configuration, logger: quietLogger)
        let connection = try PostgresConnection(server.settings)
        #expect(try connection.query("SHOW work_mem").first?.text(0) == "18MB")
        #expect(try connection.query("SHOW listen_addresses").first?.text(0) == "")
        connection.close()
        await server.stop()
    }

    @Test func `a restart keeps what was stored`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        #expect(try Self.keptCount(server) == 1)
        #expect(!server.wasAdopted)
        await server.stop()
    }

    @Test func `a server that is killed comes back by itself with all that was committed`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        let pool = try PostgresPool(server.settings, .dedicated(name: "test"), logger: quietLogger)
        try await pool.run { try $0.execute("INSERT INTO kept VALUES (2)") }
        let killed = try #require(server.processID)
        kill(killed, SIGKILL)
        try await eventually("it runs again") {
            if case .running = server.status { return server.restartCount == 1 }
            return false
        }
        #expect(server.processID != killed)
        #expect(try Self.keptCount(server) == 2)
        // The pool finds its way back too.
        try await eventually("the pool works again") {
            (try? await pool.run { try $0.query("SELECT count(*) FROM kept").first?.int8(0) }) == 2
        }
        await pool.close()
        await server.stop()
    }

    @Test func `after server and aggregator were killed the next start recovers, stranger under the same id or not`()
        async throws
    {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let data = directory.path + "/state/postgres/data"
        // A server nobody of ours watches, killed in the midst of a transaction.
        let orphan = try await Orphan(directory)
        let connection = try PostgresConnection(orphan.settings)
        try connection.execute("INSERT INTO kept VALUES (2)")
        try connection.execute("BEGIN; INSERT INTO kept VALUES (3)")
        orphan.process.signal(SIGKILL)
        _ = await orphan.process.wait()
        // Its id now belongs to somebody else: a process of ours, as in a new container.
        let stranger = try ChildProcess.startBlocking(ProcessConfiguration("/bin/sleep", ["1000"]))
        let file = try String(decoding: Files.read(data + "/postmaster.pid", byteCountMax: 4096), as: UTF8.self)
        var status = stat()
        stat(data, &status)
        try Files.writeAtomically(
            Array("\(stranger.processID)\(file.drop { $0 != "\n" })".utf8), to: data + "/postmaster.pid")
        try Files.setOwner(data + "/postmaster.pid", user: status.st_uid, group: status.st_gid)
        let socketLock = directory.path + "/state/postgres/run/.s.PGSQL.5432.lock"
        try Files.writeAtomically(Array("\(stranger.processID)\n\(data)\n".utf8), to: socketLock)
        try Files.setOwner(socketLock, user: status.st_uid, group: status.st_gid)

        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        #expect(!server.wasAdopted)
        #expect(stranger.isRunning)
        #expect(try Self.keptCount(server) == 2)
        stranger.kill()
        await server.stop()
    }

    @Test func `an empty process file, left by a crash, does not keep it from starting`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        try Files.writeAtomically([], to: directory.path + "/state/postgres/data/postmaster.pid")
        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        #expect(try Self.keptCount(server) == 1)
        await server.stop()
    }

    @Test func `a server left running is adopted, watched and stopped`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let orphan = try await Orphan(directory)
        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        #expect(server.wasAdopted)
        #expect(server.processID == orphan.process.processID)
        #expect(try Self.keptCount(server) == 1)
        // What happens to it is noticed as with a child.
        orphan.process.signal(SIGKILL)
        try await eventually("it runs again") { server.restartCount == 1 }
        #expect(!server.wasAdopted)
        #expect(try Self.keptCount(server) == 1)
        await server.stop()

        let second = try await Orphan(directory)
        let adopting = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        #expect(adopting.wasAdopted)
        await adopting.stop()
        #expect(await second.process.wait().ending == .exited(code: 0))
    }

    @Test func `a server that is being stopped is waited for`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let orphan = try await Orphan(directory)
        // A smart shutdown lasts until the last client has gone.
        let connection = try PostgresConnection(orphan.settings)
        orphan.process.signal(SIGTERM)
        let starting = Task { try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger) }
        // Nothing tells that a start waits. One that did not would have ended the server by now; on a slow machine the check is
        // weaker, and never wrong.
        try await Task.sleep(for: .milliseconds(300))
        #expect(orphan.process.isRunning)
        connection.close()
        let server = try await starting.value
        #expect(!server.wasAdopted)
        #expect(server.processID != orphan.process.processID)
        await server.stop()
    }

    @Test func `a second start on the same directory is refused and harms nothing`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        let server = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        let error = await startFailure(Self.configuration(directory))
        #expect(error?.kind == .inUse)
        #expect(error?.description.contains("process \(getpid())") == true)
        #expect(try Self.keptCount(server) == 1)
        await server.stop()
        let next = try await EmbeddedServer.start(Self.configuration(directory), logger: quietLogger)
        await next.stop()
    }
}

func startFailure(_ configuration: EmbeddedServer.Configuration) async -> EmbeddedServerError? {
    do throws(EmbeddedServerError) {
        await (try EmbeddedServer.start(configuration, logger: quietLogger)).stop()
        return nil
    } catch {
        return error
    }
}

/// A server on the data of a stopped one, started without `EmbeddedServer`, as one looks whose aggregator is gone.
private struct Orphan {
    let process: ChildProcess
    let settings: PostgresSettings

    init(_ directory: TemporaryDirectory) async throws {
        let root = directory.path + "/state/postgres"
        var status = stat()
        stat(root + "/data", &status)
        let binaries = try Files.names(in: "/usr/lib/postgresql").compactMap { Int($0) }.max().map(String.init)
        var configuration = ProcessConfiguration(
            "/usr/lib/postgresql/\(try #require(binaries))/bin/postgres",
            ["-D", root + "/data", "-c", "listen_addresses=", "-k", root + "/run"], directory: "/")
        configuration.user = UserIdentity(user: status.st_uid, group: status.st_gid)
        let process = try ChildProcess.startBlocking(configuration)
        self.process = process
        let settings = PostgresSettings(socketDirectory: root + "/run", database: "farwatch", user: "farwatch")
        self.settings = settings
        try await eventually("the orphan is ready") {
            try #require(process.isRunning, "\(process.errorTextSoFar)")
            return (try? PostgresConnection(settings)) != nil
        }
    }
}
