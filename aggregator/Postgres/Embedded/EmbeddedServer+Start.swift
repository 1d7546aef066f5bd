import Glibc
import Runtime

/// A server that is up: our child, or one we found.
struct RunningServer {
    var processID: pid_t
    /// Nil for one that was adopted.
    var child: ChildProcess?
}

/// From nothing to a server that takes connections. All of it runs on the server's thread.
extension EmbeddedServer {
    /// Adopts a server that runs already, else makes the data where there is none and starts one.
    func bringUp() throws(EmbeddedServerError) -> RunningServer {
        let version = try directories.dataVersion()
        let binaries = try ServerBinaries.find(
            explicit: configuration.binaryDirectory, searchPath: configuration.searchPath, dataVersion: version)
        try writeSettings()
        if let found = try adopt() { return found }
        if version == nil { try initialize(binaries) }
        return try launch(binaries)
    }

    private func writeSettings() throws(EmbeddedServerError) {
        let operatorFile = directories.operatorFile
        let text = ServerSettingsFile.text(
            configuration, operatorFile: Files.exists(operatorFile) ? operatorFile : nil)
        // The server's user must be able to read it, and there is nothing secret in it.
        do throws(FileError) {
            try Files.writeAtomically(Array(text.utf8), to: directories.settingsFile, mode: 0o644)
        } catch {
            throw EmbeddedServerError(error)
        }
    }

    private func adopt() throws(EmbeddedServerError) -> RunningServer? {
        let deadline = ContinuousClock.now + configuration.startTimeout
        var isWaitTold = false
        var refusalCount = 0
        while let file = PostmasterFile.read(in: directories.data) {
            guard file.isAlive(on: directories.data) else {
                // Whoever has the id now is no server on this data; see there why the file stays.
                if kill(file.processID, 0) == 0 {
                    try PostmasterFile.disown(in: directories.data, owner: directories.user)
                }
                return nil
            }
            if !isWaitTold {
                logger.info("found PostgreSQL running on our data (process \(file.processID), \(file.status))")
            }
            isWaitTold = true
            switch file.status {
            case .ready where file.socketDirectory == socketDirectory && (try? makeDatabase()) != nil:
                return adopted(file.processID)
            case .ready where refusalCount < 50:
                // It may have been asked to stop a moment ago.
                refusalCount += 1
                try pause()
            case .ready:
                // It listens where we do not look, or answers nobody: better a new one.
                endServer(RunningServer(processID: file.processID, child: nil))
                refusalCount = 0
                try checkDeadline(deadline)
            case .starting, .stopping, .none:
                try checkDeadline(deadline)
                try pause()
            }
        }
        // Empty or garbled: its writer died between creating and filling it, before there was anything to guard, and
        // the next one would refuse to start.
        unlink(directories.data + "/postmaster.pid")
        return nil
    }

    private func adopted(_ processID: pid_t) -> RunningServer {
        // What can change in a running server does; the rest comes with its next start.
        kill(processID, SIGHUP)
        monitor.withLock { state in
            state.processID = processID
            state.wasAdopted = true
        }
        return RunningServer(processID: processID, child: nil)
    }

    /// Starts the server; again when children of a killed one still hold the data.
    private func launch(_ binaries: ServerBinaries) throws(EmbeddedServerError) -> RunningServer {
        let patience = ContinuousClock.now + .seconds(30)
        while true {
            do throws(EmbeddedServerError) {
                return try launchOnce(binaries)
            } catch {
                let isHeld = error.message.contains("pre-existing shared memory block")
                guard isHeld, ContinuousClock.now < patience else { throw error }
                try pause(for: .milliseconds(250))
            }
        }
    }

    private func launchOnce(_ binaries: ServerBinaries) throws(EmbeddedServerError) -> RunningServer {
        log.forget()
        // Tells of the process that made the socket. It is ours alone and that process is gone, but its id may live on
        // in a stranger, and the server would believe it.
        unlink("\(socketDirectory)/.s.PGSQL.\(SocketDirectory.port).lock")
        let command = [binaries.directory + "/postgres"] + ServerSettingsFile.arguments(directories)
        let child = try ServerProgram.startServer(command, as: directories.user, log: log)
        do throws(EmbeddedServerError) {
            try awaitReady(child)
            try makeDatabase()
        } catch {
            endServer(RunningServer(processID: child.processID, child: child))
            throw error
        }
        monitor.withLock { state in
            state.processID = child.processID
            state.wasAdopted = false
        }
        logger.info(
            "PostgreSQL \(binaries.majorVersion) is ready",
            metadata: ["process": "\(child.processID)", "socket": "\(socketDirectory)"])
        return RunningServer(processID: child.processID, child: child)
    }

    private func awaitReady(_ child: ChildProcess) throws(EmbeddedServerError) {
        let start = ContinuousClock.now
        var nextNotice = start + .seconds(10)
        while true {
            if let result = child.waitBlocking(timeout: .zero) { throw startFailure(result.ending) }
            let file = PostmasterFile.read(in: directories.data)
            if let file, file.processID == child.processID, file.status == .ready, canConnect() { return }
            if ContinuousClock.now > nextNotice {
                logger.info("PostgreSQL is not ready yet", metadata: ["log": "\(log.lastLines.last ?? "")"])
                nextNotice = .now + .seconds(10)
            }
            try checkDeadline(start + configuration.startTimeout)
            try pause()
        }
    }

    private func startFailure(_ ending: ProcessResult.Ending) -> EmbeddedServerError {
        let lines = log.lastLines.suffix(6).joined(separator: " / ")
        let message = "the server \(ending) while it started: \(lines)"
        if lines.contains("No space left on device") {
            return EmbeddedServerError(.diskFull, message, hint: "free space on the file system of \(directories.root)")
        }
        if lines.contains("database files are incompatible with server") {
            return EmbeddedServerError(.versionMismatch, message)
        }
        return EmbeddedServerError(.startFailed, message, hint: "the whole log is \(directories.logFile)")
    }

    private func canConnect() -> Bool {
        (try? connection(to: "postgres")) != nil
    }

    private func connection(to database: String) throws(PostgresError) -> PostgresConnection {
        try PostgresConnection(
            PostgresSettings(socketDirectory: socketDirectory, database: database, user: configuration.user))
    }

    private func makeDatabase() throws(EmbeddedServerError) {
        do {
            let connection = try connection(to: "postgres")
            defer { connection.close() }
            let name = configuration.database
            if try connection.query("SELECT 1 FROM pg_database WHERE datname = $1", [.text(name)]).isEmpty {
                let quoted = name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
                try connection.execute("CREATE DATABASE \"\(quoted)\"")
            }
        } catch {
            throw EmbeddedServerError(
                .startFailed, "the database \(configuration.database) could not be made: \(error)")
        }
    }

    /// A little patience, cut short by `stop`.
    private func pause(for duration: Duration = .milliseconds(20)) throws(EmbeddedServerError) {
        let isStopRequested = monitor.wait(on: 0, timeout: duration, until: \.isStopRequested) { $0.isStopRequested }
        if isStopRequested { throw EmbeddedServerError(.stopped, "stopped while it started") }
    }

    private func checkDeadline(_ deadline: ContinuousClock.Instant) throws(EmbeddedServerError) {
        if ContinuousClock.now < deadline { return }
        throw EmbeddedServerError(
            .startTimeout, "the server is not ready after \(configuration.startTimeout)",
            hint: "see \(directories.logFile)")
    }
}
