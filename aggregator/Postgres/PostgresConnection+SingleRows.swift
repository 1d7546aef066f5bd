import CLibpq

extension PostgresConnection {
    /// Runs one statement and hands its rows to `body` as they arrive, without ever holding all of them.
    ///
    /// For results of many rows: each costs one libpq result more than with `query`, but memory for one only. When
    /// `body` throws, the statement is cancelled, the rest is read away (inside a transaction that fails it) and the
    /// error passed on. The connection is busy meanwhile: `body` must not use it.
    public func forEachRow(
        _ statement: String, _ parameters: [PostgresValue] = [], _ body: (PostgresRow) throws -> Void
    ) throws {
        let operation = operationName("query", statement)
        let connection = try open(operation)
        let isSent = try ParameterList(parameters, operation).withPointers { list in
            PQsendQueryParams(
                connection, statement, list.count, list.types, list.values, list.byteCounts, list.formats, binaryFormat)
        }
        guard isSent == 1 else {
            throw PostgresError(operation: operation, result: nil, connection: connection)
        }
        // Cannot be refused right after sending.
        PQsetSingleRowMode(connection)
        do {
            while let result = PQgetResult(connection) {
                let rows = PostgresRows(owning: try checked(result, operation))
                try refuseCopy(rows.result, operation)
                for row in rows { try body(row) }
            }
        } catch {
            if transactionState == .active { try? canceller.requestCancel() }
            drainResults()
            throw error
        }
    }
}
