import Glibc
import Logging
import Postgres
import Runtime
import Storage
import Synchronization

/// One embedded server with the whole schema, for all tests here that need a database. It ends with the test process.
///
/// Tests share its tables: each works with ids, partners or names of its own.
enum StorageServer {
    private static let directory: String = {
        var template = Array("/tmp/storagetest-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else { preconditionFailure("no temporary directory") }
        // The server may run as another user, who must be able to pass through.
        chmod(path, 0o711)
        return String(cString: path)
    }()

    private static let started = Task {
        var configuration = EmbeddedServer.Configuration(stateDirectory: directory)
        configuration.extraSettings = ["fsync": "off"]
        let server = try await EmbeddedServer.start(
            configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        // Tasks still run while exit handlers do.
        atexit { stop() }
        let connection = try PostgresConnection(server.settings)
        defer { connection.close() }
        _ = try Migrator.migrate(connection)
        return server
    }

    static func settings() async throws -> PostgresSettings { try await started.value.settings }

    static func connect() async throws -> PostgresConnection { try PostgresConnection(try await settings()) }

    private static func stop() {
        let isStopped = Mutex(false)
        Task {
            try await started.value.stop()
            isStopped.withLock { $0 = true }
        }
        for _ in 0..<1000 where !isStopped.withLock({ $0 }) { usleep(10_000) }
        // What cannot be removed stays in the directory for temporary files.
        _ = try? ChildProcess.runBlocking(ProcessConfiguration("/bin/rm", ["-rf", directory]))
    }
}
