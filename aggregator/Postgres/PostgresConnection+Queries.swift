import CLibpq

extension PostgresConnection {
    /// Runs a script: any number of statements without parameters, in one transaction unless it says otherwise. What
    /// they return is dropped.
    public func execute(_ script: String) throws(PostgresError) {
        let operation = operationName("execute", script)
        let result = try result(operation) { PQsendQuery($0, script) }
        defer { PQclear(result) }
        try refuseCopy(result, operation)
    }

    /// Runs one statement and returns how many rows it changed.
    @discardableResult
    public func execute(
        _ statement: String, _ parameters: [PostgresValue], prepared: Bool = false
    ) throws(PostgresError) -> Int {
        try query(statement, parameters, prepared: prepared).affectedRowCount
    }

    /// Runs one statement with `$1`, `$2` … and returns all its rows.
    ///
    /// - Parameter prepared: parse and plan it once a connection, for statements that come often and whose text does
    ///   not vary.
    public func query(
        _ statement: String, _ parameters: [PostgresValue] = [], prepared: Bool = false
    ) throws(PostgresError) -> PostgresRows {
        let operation = operationName("query", statement)
        let result =
            prepared && preparedStatementsMax > 0
            ? try preparedResult(statement, parameters, operation)
            : try plainResult(statement, parameters, operation)
        do {
            try refuseCopy(result, operation)
        } catch {
            PQclear(result)
            throw error
        }
        return PostgresRows(owning: result)
    }

    private func plainResult(
        _ statement: String, _ parameters: [PostgresValue], _ operation: String
    ) throws(PostgresError) -> OpaquePointer {
        let list = try ParameterList(parameters, operation)
        return try result(operation) { connection in
            list.withPointers { list in
                PQsendQueryParams(
                    connection, statement, list.count, list.types, list.values, list.byteCounts, list.formats,
                    binaryFormat)
            }
        }
    }

    /// Sends something and waits for the end of it. Returns the last result (of a COPY: its beginning), or throws the
    /// *first* error: where the server ends the connection, libpq's own `PQexec` would tell only that it is gone, and
    /// not why.
    func result(
        _ operation: @autoclosure () -> String, _ send: (OpaquePointer) -> Int32
    ) throws(PostgresError) -> OpaquePointer {
        let connection = try open(operation())
        guard send(connection) == 1 else {
            throw PostgresError(operation: operation(), result: nil, connection: connection)
        }
        var last: OpaquePointer?
        var failure: PostgresError?
        while let result = PQgetResult(connection) {
            switch PQresultStatus(result) {
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // Told again and again until the copy is ended, which is the caller's to do.
                PQclear(last)
                return result
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                PQclear(last)
                last = result
            default:
                failure = failure ?? PostgresError(operation: operation(), result: result, connection: connection)
                PQclear(result)
            }
        }
        if failure == nil, let last { return last }
        PQclear(last)
        throw failure ?? PostgresError(operation: operation(), result: nil, connection: connection)
    }

    /// Takes a result over from libpq: returns it where the statement succeeded, frees it and throws where it did not.
    func checked(_ result: OpaquePointer?, _ operation: @autoclosure () -> String) throws(PostgresError)
        -> OpaquePointer
    {
        let connection = try open(operation())
        guard let result else { throw PostgresError(operation: operation(), result: nil, connection: connection) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY, PGRES_COPY_IN, PGRES_COPY_OUT,
            PGRES_COPY_BOTH:
            return result
        default:
            defer { PQclear(result) }
            throw PostgresError(operation: operation(), result: result, connection: connection)
        }
    }

    /// A `COPY` that came in by `execute` or `query` would leave the connection waiting for data: it is ended at once.
    func refuseCopy(_ result: OpaquePointer, _ operation: @autoclosure () -> String) throws(PostgresError) {
        switch PQresultStatus(result) {
        case PGRES_COPY_IN: endCopy(because: "not begun by copyIn")
        case PGRES_COPY_OUT, PGRES_COPY_BOTH: endCopyOut()
        default: return
        }
        throw PostgresError(
            .usage, operation: operation(), message: "COPY needs copyIn", hint: "COPY … TO STDOUT is not supported")
    }
}
