import Glibc
import Runtime

/// After the start: watching, restarting, stopping. On the server's thread.
extension EmbeddedServer {
    /// Returns when the server has ended because it was asked to.
    func watch(_ first: RunningServer) {
        var server = first
        while let reason = awaitEnd(of: server) {
            logger.error("PostgreSQL ended by itself: \(reason); starting it again")
            monitor.withLock { state in
                state.status = .restarting(nil)
                state.processID = nil
            }
            guard let next = bringUpPatiently() else { return }
            server = next
            monitor.withLock { state in
                state.status = .running
                state.restartCount += 1
            }
        }
        logger.info("stopping PostgreSQL")
        endServer(server)
    }

    /// Why it ended; nil when it is to be stopped.
    private func awaitEnd(of server: RunningServer) -> String? {
        // An end is noticed after this long.
        let pollInterval: Duration = .milliseconds(250)
        while !monitor.withLock({ $0.isStopRequested }) {
            if let reason = isGone(server) { return reason }
            monitor.wait(on: 0, timeout: pollInterval, until: \.isStopRequested) { _ in }
        }
        return nil
    }

    /// How the server ended, where it has.
    private func isGone(_ server: RunningServer) -> String? {
        if let child = server.child { return child.waitBlocking(timeout: .zero)?.ending.description }
        guard let file = PostmasterFile.read(in: directories.data), file.processID == server.processID,
            file.isAlive(on: directories.data)
        else { return "it is gone" }
        return nil
    }

    /// Nil when it is to be stopped meanwhile.
    private func bringUpPatiently() -> RunningServer? {
        var pause: Duration = .milliseconds(500)
        let pauseMax: Duration = .seconds(30)
        while !monitor.withLock({ $0.isStopRequested }) {
            do {
                return try bringUp()
            } catch {
                if error.kind == .stopped { return nil }
                logger.error("\(error)")
                monitor.withLock { $0.status = .restarting(error) }
            }
            monitor.wait(on: 0, timeout: pause, until: \.isStopRequested) { _ in }
            pause = min(pause * 2, pauseMax)
        }
        return nil
    }

    /// Fast shutdown, then immediate, then none at all; each with its bound.
    func endServer(_ server: RunningServer) {
        let steps: [(signal: Int32, patience: Duration)] = [
            (SIGINT, configuration.stopTimeout), (SIGQUIT, .seconds(10)), (SIGKILL, .seconds(10)),
        ]
        for (signal, patience) in steps {
            if isGone(server) != nil { return }
            if signal != SIGINT { logger.warning("PostgreSQL has not stopped, sending signal \(signal)") }
            if let child = server.child { child.signal(signal) } else { kill(server.processID, signal) }
            let deadline = ContinuousClock.now + patience
            while ContinuousClock.now < deadline {
                if isGone(server) != nil { return }
                usleep(10_000)
            }
        }
        logger.error("PostgreSQL (process \(server.processID)) does not end")
    }
}
