import Logging

/// What each thread of the pool does: connect, work, connect again.
extension PostgresPool {
    func serve(slot: Int) {
        while let connection = connectPatiently() {
            let reason = work(connection, slot: slot)
            connection.close()
            monitor.withLock { $0.connectionEnded(isLost: reason != nil) }
            if let reason { logger.warning("\(configuration.name): connection lost: \(reason)") }
        }
        monitor.withLock { $0.threadCount -= 1 }
        monitor.broadcast(PoolCondition.ended)
    }

    /// Nil when the pool closes.
    private func connectPatiently() -> PostgresConnection? {
        var pause = configuration.backoffMin
        while !monitor.withLock({ $0.isClosing }) {
            do {
                let connection = try connectOnce()
                if monitor.withLock({ $0.connectionMade() }) { logger.info("\(configuration.name): connected") }
                return connection
            } catch {
                let (refused, isNews) = monitor.withLock { $0.connectFailed(error) }
                if isNews { logger.error("\(configuration.name): \(error)") }
                for job in refused { job.refuse(error) }
            }
            let jittered = pause * Double.random(in: 0.75...1.25)
            monitor.wait(on: PoolCondition.closing, timeout: jittered, until: { $0.isClosing }) { _ in }
            pause = min(pause * 2, configuration.backoffMax)
        }
        return nil
    }

    private func connectOnce() throws(PostgresError) -> PostgresConnection {
        let logger = logger
        let connection = try PostgresConnection(settings) { logger.debug("PostgreSQL: \($0.severity): \($0.message)") }
        do {
            try configuration.onConnect?(connection)
        } catch {
            connection.close()
            throw error as? PostgresError
                ?? PostgresError(.connect, operation: "prepare connection", message: "\(error)")
        }
        return connection
    }

    /// Works until the pool closes (nil) or the connection is lost (why).
    private func work(_ connection: PostgresConnection, slot: Int) -> String? {
        while true {
            let isClosing = monitor.wait(on: PoolCondition.work, until: { $0.isClosing || !$0.waiting.isEmpty }) {
                $0.isClosing
            }
            if isClosing { return nil }
            guard connection.checkUsable() else { return "it ended while it lay idle" }
            // Another thread may have been quicker.
            guard let job = monitor.withLock({ $0.take(slot: slot, connection.canceller) }) else { continue }
            job.run(connection)
            monitor.withLock { $0.finished(slot: slot) }
            connection.rollback()
            guard connection.isUsable, connection.transactionState == .idle else { return "during work" }
        }
    }
}
