import Glibc
import Postgres
import Runtime
import SimulationKit
import Testing

/// What stands in the way of the private server, and where its bounds are.
extension EmbeddedServerTests {
    @Test func `without server programs the Debian package is named`() async throws {
        let directory = TemporaryDirectory()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        configuration.binaryDirectory = "/nonexistent/bin"
        let error = await startFailure(configuration)
        #expect(error?.kind == .binariesMissing)
        #expect(error?.description.contains("/nonexistent/bin") == true)
        #expect(error?.hint?.contains("postgresql-15") == true)
    }

    @Test func `data of another version is named and left alone`() async throws {
        let directory = TemporaryDirectory()
        defer { directory.remove() }
        let data = directory.path + "/state/postgres/data"
        try Files.createDirectory(data, mode: 0o711)
        try Files.writeAtomically(Array("9\n".utf8), to: data + "/PG_VERSION", mode: 0o644)
        if geteuid() == 0 { try Files.setOwner(data, user: 65_534, group: 65_534) }
        let error = await startFailure(Self.configuration(directory))
        #expect(error?.kind == .versionMismatch)
        #expect(error?.description.contains("PostgreSQL 9") == true)
        try Files.remove(data + "/PG_VERSION")
        #expect(await startFailure(Self.configuration(directory))?.kind == .unsuitable)
        #expect(Files.exists(data))
    }

    @Test func `a full disk is named before and during the start`() async throws {
        let directory = TemporaryDirectory()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        configuration.freeByteCountMin = .max
        let error = await startFailure(configuration)
        #expect(error?.kind == .diskFull)
        #expect(!Files.exists(directory.path + "/state/postgres/data"))

        // A file system of 30 MiB, where this may be mounted.
        let small = directory.path + "/small"
        try Files.createDirectory(small, mode: 0o711)
        let mount = try ChildProcess.runBlocking(
            ProcessConfiguration("/bin/mount", ["-t", "tmpfs", "-o", "size=30m,mode=711", "tmpfs", small]))
        guard mount.succeeded else { return }
        defer { _ = try? ChildProcess.runBlocking(ProcessConfiguration("/bin/umount", ["-l", small])) }
        configuration.freeByteCountMin = 0
        configuration.stateDirectory = small + "/state"
        #expect(await startFailure(configuration)?.kind == .diskFull)
    }

    @Test func `settings the server refuses are told with its own words`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        configuration.extraSettings = ["shared_buffers": "nonsense"]
        let error = await startFailure(configuration)
        #expect(error?.kind == .startFailed)
        #expect(error?.message.contains("shared_buffers") == true)
    }

    @Test func `a directory too deep for a socket gets a short one, and a link to it`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        let deep = directory.path + "/" + String(repeating: "d", count: 90) + " ,'\"x"
        try Files.createDirectory(deep, mode: 0o711)
        #expect(rename(directory.path + "/state", deep + "/state") == 0)
        configuration.stateDirectory = deep + "/state"
        let server = try await EmbeddedServer.start(configuration, logger: quietLogger)
        #expect(server.socketDirectory.utf8.count < 60)
        #expect(try Self.keptCount(server) == 1)
        let link = configuration.stateDirectory + "/postgres/run"
        let target = try ChildProcess.runBlocking(ProcessConfiguration("/bin/readlink", [link])).outputText
        #expect(target == server.socketDirectory + "\n")
        let command = try EmbeddedServer.psqlCommand(configuration)
        let psql = try ChildProcess.runBlocking(
            ProcessConfiguration(command[0], Array(command.dropFirst()) + ["-Atc", "SELECT n FROM kept"]))
        #expect(psql.outputText == "1\n", "\(psql.errorText)")
        await server.stop()
        #expect(throws: EmbeddedServerError.self) { try EmbeddedServer.psqlCommand(configuration) }
        rmdir(server.socketDirectory)
    }

    @Test func `whatever lies in the process file, reading it is safe and finds no server`() throws {
        let directory = TemporaryDirectory()
        defer { directory.remove() }
        let data = directory.path + "/state/postgres/data"
        try Files.createDirectory(data)
        let seed: UInt64 = .random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        // As a real one looks, cut at every byte and with bytes changed; the process is this one, which is no server.
        let real = Array("\(getpid())\n\(data)\n1764012345\n5432\n\(directory.path)\n\n  123456 7\nready   \n".utf8)
        var samples = (0...real.count).map { Array(real[..<$0]) }
        for _ in 0..<300 {
            var changed = real
            for _ in 0..<3 {
                changed[Int.random(in: 0..<real.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            samples.append(changed)
        }
        samples += ["-9223372036854775808", "-2147483648\n", "99999999999999999999", "1", "-1\n\n\n", "\n"].map {
            Array($0.utf8)
        }
        for sample in samples {
            try Files.writeAtomically(sample, to: data + "/postmaster.pid")
            #expect(throws: EmbeddedServerError.self, "seed \(seed): \(sample)") {
                try EmbeddedServer.psqlCommand(Self.configuration(directory))
            }
        }
    }

    @Test func `a directory on the way that the server may not pass is named`() async throws {
        guard geteuid() == 0 else { return }
        let directory = TemporaryDirectory()
        defer { directory.remove() }
        chmod(directory.path, 0o700)
        let error = await startFailure(Self.configuration(directory))
        #expect(error?.kind == .unsuitable)
        #expect(error?.hint?.contains("chmod o+x \(directory.path)") == true)
    }

    @Test func `the log has a bound`() async throws {
        let directory = try await Self.copied()
        defer { directory.remove() }
        var configuration = Self.configuration(directory)
        configuration.logByteCountMax = 10_000
        let server = try await EmbeddedServer.start(configuration, logger: quietLogger)
        let connection = try PostgresConnection(server.settings)
        for number in 0..<300 { _ = try? connection.execute("SELECT 'number \(number)'::int") }
        connection.close()
        await server.stop()
        let log = directory.path + "/state/postgres/log/postgresql.log"
        let newest = try Files.read(log, byteCountMax: 10_000)
        let older = try Files.read(log + ".1", byteCountMax: 10_000)
        #expect(newest.count + older.count > 5_000)
        #expect(String(decoding: older + newest, as: UTF8.self).contains("number 299"))
        #expect(try Files.names(in: directory.path + "/state/postgres/log").count == 2)
    }
}
