import Glibc
import Logging
import Postgres
import Runtime
import Synchronization

/// One embedded server for all tests that only need some server. It ends with the test process.
enum TestServer {
    private static let directory = TemporaryDirectory()

    private static let started = Task {
        var configuration = EmbeddedServer.Configuration(stateDirectory: directory.path)
        configuration.extraSettings = ["fsync": "off"]
        let server = try await EmbeddedServer.start(configuration, logger: quietLogger)
        // Tasks still run while exit handlers do.
        atexit { stop() }
        return server
    }

    private static func stop() {
        let isStopped = Mutex(false)
        Task {
            try await started.value.stop()
            isStopped.withLock { $0 = true }
        }
        for _ in 0..<1000 where !isStopped.withLock({ $0 }) { usleep(10_000) }
        directory.remove()
    }

    static func settings() async throws -> PostgresSettings { try await started.value.settings }

    static func connect(onNotice: ((PostgresNotice) -> Void)? = nil) async throws -> PostgresConnection {
        try PostgresConnection(try await settings(), onNotice: onNotice)
    }

    static func pool(_ configuration: PostgresPool.Configuration = .init()) async throws -> PostgresPool {
        try PostgresPool(try await settings(), configuration, logger: quietLogger)
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Stays until `remove`, or until the process ends.
struct TemporaryDirectory: Sendable {
    private static let left: Mutex<Set<String>> = {
        atexit { for path in TemporaryDirectory.all { TemporaryDirectory.remove(path) } }
        return Mutex([])
    }()
    private static var all: Set<String> { left.withLock { $0 } }

    let path: String

    init() {
        var template = Array("/tmp/pgtest-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? ""
        precondition(!path.isEmpty, "no temporary directory")
        // The server may run as another user, who must be able to pass through.
        chmod(path, 0o711)
        let path = path
        _ = Self.left.withLock { $0.insert(path) }
    }

    func remove() {
        Self.remove(path)
        _ = Self.left.withLock { $0.remove(path) }
    }

    private static func remove(_ path: String) {
        _ = try? ChildProcess.runBlocking(ProcessConfiguration("/bin/rm", ["-rf", path]))
    }
}

/// Waits for something another process or thread brings about: long, because other tests may keep every core busy for minutes.
func eventually(_ what: String, _ isTrue: () async throws -> Bool) async throws {
    for _ in 0..<60_000 {
        if try await isTrue() { return }
        try await Task.sleep(for: .milliseconds(10))
    }
    throw Timeout(what: what)
}

struct Timeout: Error, CustomStringConvertible {
    var what: String
    var description: String { "waited in vain for: \(what)" }
}

/// The error of what must fail.
func failure<R>(_ body: () async throws -> R) async -> PostgresError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}
