import CLibpq

extension PostgresConnection {
    public enum Isolation: String, Sendable {
        /// The server's default: each statement sees what was committed before it began.
        case readCommitted = "READ COMMITTED"
        /// One snapshot for the whole transaction.
        case repeatableRead = "REPEATABLE READ"
        case serializable = "SERIALIZABLE"
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws, and passes its error on.
    ///
    /// A body that swallows the error of a statement does not get its transaction committed: the server answers
    /// `COMMIT` with a rollback then, and that is thrown as `rolledBack`. When the connection is lost during `COMMIT`
    /// the outcome is unknown: the error has the operation `COMMIT` and is `isConnectionLost`.
    public func transaction<R>(
        isolation: Isolation = .readCommitted, readOnly: Bool = false, _ body: () throws -> R
    ) throws -> R {
        guard transactionState == .idle || !isUsable else {
            throw PostgresError(
                .usage, operation: "BEGIN", message: "a transaction is open already", hint: "use savepoint inside one")
        }
        try execute("BEGIN ISOLATION LEVEL \(isolation.rawValue)\(readOnly ? " READ ONLY" : "")")
        let timeoutBefore = statementTimeoutMs
        do {
            let value = try body()
            try commit()
            return value
        } catch {
            rollback()
            statementTimeoutMs = timeoutBefore  // The server undid a SET of this transaction.
            throw error
        }
    }

    /// Inside a transaction: undoes what `body` did when it throws, and only that; the transaction can go on.
    public func savepoint<R>(_ body: () throws -> R) throws -> R {
        try execute("SAVEPOINT farwatch")
        let timeoutBefore = statementTimeoutMs
        let value: R
        do {
            value = try body()
        } catch {
            // Should this fail too, the transaction is lost as a whole, which its COMMIT will tell.
            try? execute("ROLLBACK TO SAVEPOINT farwatch; RELEASE SAVEPOINT farwatch")
            statementTimeoutMs = timeoutBefore
            throw error
        }
        try execute("RELEASE SAVEPOINT farwatch")
        return value
    }

    private func commit() throws(PostgresError) {
        let result = try result("COMMIT") { PQsendQuery($0, "COMMIT") }
        defer { PQclear(result) }
        guard PQcmdStatus(result).map({ String(cString: $0) }) == "COMMIT" else {
            throw PostgresError(
                .rolledBack, operation: "COMMIT",
                message: "a statement of the transaction had failed, nothing was stored")
        }
    }

    /// Ends whatever transaction is open. Does nothing on a lost connection: the server has rolled back by itself.
    func rollback() {
        guard isUsable, transactionState != .idle else { return }
        try? execute("ROLLBACK")
    }

    /// Gives up statements after `timeout` from now on; zero means never, nil returns to the server's own setting.
    public func setStatementTimeout(_ timeout: Duration?) throws(PostgresError) {
        try setStatementTimeout(milliseconds: timeout.map(\.milliseconds))
    }

    /// Gives up each statement of `body` after `timeout`, and restores what was set before. The statement then fails
    /// with `isCancelled`.
    public func withStatementTimeout<R>(_ timeout: Duration, _ body: () throws -> R) throws -> R {
        let before = statementTimeoutMs
        let wasInTransaction = transactionState == .inTransaction
        try setStatementTimeout(timeout)
        defer {
            // Rolling back undoes a SET of the same transaction on the server's side, so that only ours is to be put
            // right.
            if wasInTransaction && transactionState != .inTransaction {
                statementTimeoutMs = before
            } else {
                try? setStatementTimeout(milliseconds: before)
            }
        }
        return try body()
    }

    private func setStatementTimeout(milliseconds: Int64?) throws(PostgresError) {
        guard milliseconds != statementTimeoutMs else { return }
        try execute(milliseconds.map { "SET statement_timeout = \($0)" } ?? "RESET statement_timeout")
        statementTimeoutMs = milliseconds
    }
}
