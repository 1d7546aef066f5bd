import Logging
import Runtime

/// A private PostgreSQL below the state directory: made at the first start, then started and stopped with the aggregator.
///
/// The server is a child of ours, reached by a Unix socket in a directory nobody else may enter
/// (ServerDirectories.swift says how things lie). A thread of its own starts it, watches it, and starts it again when
/// it ends without having been asked to, with growing pauses; clients see their connections break and make new ones.
///
/// What happens when a process is killed without a chance to clean up:
/// * *The aggregator.* The kernel sends the server SIGINT, its fast shutdown: open transactions are rolled back, the
///   rest is written, and no server is left behind that nobody owns. The next aggregator waits for the end of that and
///   starts it anew.
/// * *The aggregator, and the server did not hear of it* (it was started by other means, say). The next aggregator
///   finds it by `postmaster.pid`, proves that it really is a server on this data, and adopts it: connects, watches and
///   stops it like a child.
/// * *The server.* The next one recovers from its log; this can take a while, which `startTimeout` allows for. Children
///   that outlive their killed server hold the data for some moments, so that starting is tried again until they are
///   gone.
/// * *Both, and the process id was given to someone else*: see `PostmasterFile.disown`.
///
/// Two aggregators cannot run on one directory: the second is refused by a lock that goes with its owner's process.
public final class EmbeddedServer: Sendable {
    public struct Configuration: Sendable {
        /// Absolute; everything lies in `postgres/` below it.
        public var stateDirectory: String
        /// Where `postgres` and `initdb` are; nil looks for them (`searchPath`, then /usr/lib/postgresql/*/bin, newest
        /// first).
        public var binaryDirectory: String?
        /// The value of PATH.
        public var searchPath: String?
        /// Who the server runs as where we are root; nil: the owner of the data, or `postgres`.
        public var userName: String?
        /// The database made for us, and our name in it.
        public var database = "farwatch"
        public var user = "farwatch"
        /// PostgreSQL's own cache; the kernel's page cache does the rest.
        public var sharedBuffersByteCount = 128 << 20
        /// Log written between checkpoints; also what a crash recovery has to go through.
        public var walByteCountMax = 2 << 30
        public var connectionsMax = 50
        /// Further settings by name, which win over ours.
        public var extraSettings: [String: String] = [:]
        /// The first start needs about 60 MiB; less free than this, and it is not tried.
        public var freeByteCountMin = 256 << 20
        /// The server's log is cut at this size, and one older is kept.
        public var logByteCountMax = 8 << 20
        /// Bound on becoming ready. Generous: killing a server that recovers would only make the next recovery as long.
        public var startTimeout: Duration = .seconds(600)
        /// Bound on a fast shutdown, which writes a checkpoint; after it the server is stopped at once and recovers
        /// next time.
        public var stopTimeout: Duration = .seconds(60)

        public init(stateDirectory: String) { self.stateDirectory = stateDirectory }
    }

    public enum Status: Sendable {
        case starting
        case running
        /// It ended by itself and is being started again; the error says why that did not work so far.
        case restarting(EmbeddedServerError?)
        case stopped
    }

    let configuration: Configuration
    let logger: Logger
    let monitor: Monitor<ServerState>
    /// The directory of the server's socket: short, private, the same after each start.
    public let socketDirectory: String
    let directories: ServerDirectories
    let log: ServerLog

    private init(_ configuration: Configuration, _ directories: ServerDirectories, logger: Logger) {
        self.configuration = configuration
        self.directories = directories
        self.logger = logger
        socketDirectory = directories.socketDirectory
        log = ServerLog(path: directories.logFile, byteCountMax: configuration.logByteCountMax)
        monitor = Monitor(ServerState(), conditionCount: 1)
    }

    /// Starts the server, or adopts one that was left running, and returns when it takes connections. Whoever starts it
    /// must stop it.
    public static func start(
        _ configuration: Configuration, logger: Logger
    ) async throws(EmbeddedServerError) -> EmbeddedServer {
        // Files, child processes and waiting for them: all on the server's own thread.
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<StartOutcome, Never>) in
            let isStarted = startThread(named: "postgres-server") {
                begin(configuration, logger: logger) { continuation.resume(returning: $0) }
            }
            if !isStarted { continuation.resume(returning: .failure(.noThread)) }
        }
        return try outcome.get()
    }

    typealias StartOutcome = Result<EmbeddedServer, EmbeddedServerError>

    private static func begin(
        _ configuration: Configuration, logger: Logger, _ report: (StartOutcome) -> Void
    ) {
        do throws(EmbeddedServerError) {
            try live(configuration, logger: logger) { report(.success($0)) }.ended()
        } catch {
            report(.failure(error))
        }
    }

    /// The server's whole life. The lock is held in here and gone when this returns: whoever is told that the server has
    /// ended, or could not start, may start another at once.
    private static func live(
        _ configuration: Configuration, logger: Logger, _ started: (EmbeddedServer) -> Void
    ) throws(EmbeddedServerError) -> EmbeddedServer {
        let directories = try ServerDirectories(
            stateDirectory: configuration.stateDirectory, userName: configuration.userName)
        let lock = try lock(directories)
        defer { withExtendedLifetime(lock) {} }
        let server = EmbeddedServer(configuration, directories, logger: logger)
        let running = try server.bringUp()
        server.monitor.withLock { $0.status = .running }
        started(server)
        server.watch(running)
        return server
    }

    /// One aggregator a directory: the lock goes with its owner's process.
    private static func lock(_ directories: ServerDirectories) throws(EmbeddedServerError) -> LockFile {
        do throws(FileError) {
            return try LockFile(path: directories.lockFile)
        } catch .locked(_, let processID) {
            let holder = processID.map { "process \($0)" } ?? "another process"
            throw EmbeddedServerError(
                .inUse, "\(holder) runs a server on \(directories.root) already",
                hint: "stop it, or give this one a state_directory of its own")
        } catch {
            throw EmbeddedServerError(error)
        }
    }

    /// How to connect to it.
    public var settings: PostgresSettings {
        PostgresSettings(
            socketDirectory: socketDirectory, database: configuration.database, user: configuration.user)
    }

    public var status: Status { monitor.withLock { $0.status } }
    /// The server's process; nil while there is none.
    public var processID: Int32? { monitor.withLock { $0.processID } }
    /// How often it ended by itself and was started again.
    public var restartCount: Int { monitor.withLock { $0.restartCount } }
    /// It was found running, not started by us.
    public var wasAdopted: Bool { monitor.withLock { $0.wasAdopted } }

    /// Shuts the server down, first fast (SIGINT), after `stopTimeout` immediately (SIGQUIT), and returns when it has
    /// ended. Connections that are still open are cut. Stopping twice does nothing.
    public func stop() async {
        await withCheckedContinuation { continuation in
            let isOver = monitor.withLock { state in
                state.isStopRequested = true
                if case .stopped = state.status { return true }
                state.stopWaiters.append(continuation)
                return false
            }
            if isOver { continuation.resume() } else { monitor.broadcast(0) }
        }
    }

    private func ended() {
        let waiters = monitor.withLock { state in
            state.status = .stopped
            state.processID = nil
            defer { state.stopWaiters = [] }
            return state.stopWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

struct ServerState {
    var status: EmbeddedServer.Status = .starting
    var processID: Int32?
    var restartCount = 0
    var wasAdopted = false
    var isStopRequested = false
    var stopWaiters: [CheckedContinuation<Void, Never>] = []
}

extension EmbeddedServer {
    /// The command that opens the running server of a state directory in `psql`: program and arguments, without the
    /// caller's own. For use beside a running aggregator; takes no lock and changes nothing.
    public static func psqlCommand(_ configuration: Configuration) throws(EmbeddedServerError) -> [String] {
        let data = ServerDirectories.root(in: configuration.stateDirectory) + "/data"
        guard let file = PostmasterFile.read(in: data), file.isAlive(on: data), !file.socketDirectory.isEmpty else {
            throw EmbeddedServerError(
                .startFailed, "no server runs on \(data)",
                hint: "start the aggregator, as a user who may enter that directory")
        }
        let version = ServerFiles.text(of: data + "/PG_VERSION").flatMap { Int($0.prefix { $0.isNumber }) }
        let binaries = try ServerBinaries.find(
            explicit: configuration.binaryDirectory, searchPath: configuration.searchPath, dataVersion: version)
        let psql = binaries.directory + "/psql"
        return [
            ServerFiles.isExecutable(psql) ? psql : "/usr/bin/psql", "--host", file.socketDirectory,
            "--port", "\(SocketDirectory.port)", "--username", configuration.user, "--dbname", configuration.database,
        ]
    }
}
