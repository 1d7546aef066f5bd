import CLibpq

/// The statements prepared on one connection, the least recently used given up first.
struct PreparedStatements {
    struct Key: Hashable {
        var statement: String
        var types: [PostgresType]
    }

    private struct Entry {
        var name: String
        var lastUse: UInt64
    }

    private var entries: [Key: Entry] = [:]
    private var useCount: UInt64 = 0
    private var nameCount: UInt64 = 0

    var count: Int { entries.count }

    mutating func name(of key: Key) -> String? {
        useCount += 1
        entries[key]?.lastUse = useCount
        return entries[key]?.name
    }

    /// A name not used before on this connection.
    mutating func newName() -> String {
        nameCount += 1
        return "farwatch_\(nameCount)"
    }

    mutating func add(_ key: Key, name: String) {
        entries[key] = Entry(name: name, lastUse: useCount)
    }

    mutating func remove(_ key: Key) -> String? {
        entries.removeValue(forKey: key)?.name
    }

    /// Takes out the one unused for longest. A walk over all, which happens only where there are more texts than
    /// places.
    mutating func removeLeastRecent() -> String? {
        guard let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return nil }
        return remove(oldest.key)
    }
}

extension PostgresConnection {
    /// How many statements are prepared at present.
    public var preparedStatementCount: Int { preparedStatements.count }

    /// Runs a statement by its prepared form, preparing it first where it is new.
    ///
    /// A plan can go stale: a migration changed the row type, or a pooler gave us another server process. It is then
    /// forgotten, and outside a transaction tried once more.
    func preparedResult(
        _ statement: String, _ parameters: [PostgresValue], _ operation: String
    ) throws(PostgresError) -> OpaquePointer {
        let list = try ParameterList(parameters, operation)
        let key = PreparedStatements.Key(statement: statement, types: list.types)
        let isNew = preparedStatements.name(of: key) == nil
        do {
            return try executePrepared(key, list, operation)
        } catch {
            guard error.isStalePlan, let stale = preparedStatements.remove(key) else { throw error }
            guard !isNew, transactionState == .idle else { throw error }
            deallocate(stale)
            return try executePrepared(key, list, operation)
        }
    }

    private func executePrepared(
        _ key: PreparedStatements.Key, _ list: ParameterList, _ operation: String
    ) throws(PostgresError) -> OpaquePointer {
        let known = preparedStatements.name(of: key)
        let name = if let known { known } else { try prepare(key, operation) }
        return try result(operation) { connection in
            list.withPointers { list in
                PQsendQueryPrepared(
                    connection, name, list.count, list.values, list.byteCounts, list.formats, binaryFormat)
            }
        }
    }

    private func prepare(_ key: PreparedStatements.Key, _ operation: String) throws(PostgresError) -> String {
        if preparedStatements.count >= preparedStatementsMax, let oldest = preparedStatements.removeLeastRecent() {
            deallocate(oldest)
        }
        let name = preparedStatements.newName()
        let types = key.types.map { Oid($0.rawValue) }
        let made = try result(operation) { connection in
            PQsendPrepare(connection, name, key.statement, Int32(clamping: types.count), types)
        }
        PQclear(made)
        preparedStatements.add(key, name: name)
        return name
    }

    /// In a failed transaction the server refuses this; the name is never used again, so that nothing but a little of
    /// the server's memory is lost.
    private func deallocate(_ name: String) {
        try? execute("DEALLOCATE \(name)")
    }
}

extension PostgresError {
    fileprivate var isStalePlan: Bool {
        sqlState == SQLState.undefinedPreparedStatement || sqlState == SQLState.featureNotSupported
    }
}
