import CallModel
import Postgres

/// Calls by a trace or an id, of which there are few among millions: the Bloom filters of `call_rows` (`Schema.firstStep`) leave out most
/// ranges of pages.
///
/// The planner may not see that. It takes the ranges that hold a random value for all of them, because such values lie in no order, and
/// reads a whole day instead, by its times or from the first page to the last (measured: 10 million calls read for one trace of an hour,
/// three times as long). So it is left no other way: no reading in sequence, no condition on times that it could take for an index's, and of
/// the partitions those by name that can hold such calls.
extension CallStore {
    private static let undefinedTable = "42P01"

    func rowsByKey(_ filter: CallFilter, _ connection: PostgresConnection) throws -> [CallRow] {
        guard let condition = try CallCondition(filter, names, connection) else { return [] }
        do {
            return try rowsByKey(condition, filter, connection)
        } catch let error as PostgresError where error.sqlState == Self.undefinedTable {
            // A day's partition went, because its time was over, after it had been named.
            return try rowsByKey(condition, filter, connection)
        }
    }

    private func rowsByKey(
        _ condition: CallCondition, _ filter: CallFilter, _ connection: PostgresConnection
    ) throws -> [CallRow] {
        guard let table = try Self.partitions(since: filter.since, connection) else { return [] }
        let statement = Self.statement(condition, from: table, limit: filter.limit)
        return try withoutSequentialScans(connection) {
            try connection.query(statement, condition.parameters).map { try CallRow($0) }
        }
    }

    /// The partitions that can hold calls of this time and later, as what stands after FROM; nil where there is none.
    static func partitions(since: Instant, _ connection: PostgresConnection) throws -> String? {
        // Nothing is older than 1970, where years have four digits, as the names of partitions have them.
        let oldest = max(Instant.epoch, since - CallCondition.clockAheadMax)
        let first = "call_rows_" + Partitions.Period.day(oldest.secondsSinceEpoch / 86_400).suffix
        let names = try connection.query(
            """
            SELECT quote_ident(c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'farwatch.call_rows'::regclass AND c.relname::text >= $1 ORDER BY 1 DESC
            """, [.text(first)]
        ).map { try $0.text(0) }
        guard !names.isEmpty else { return nil }
        return "(" + names.map { "SELECT * FROM farwatch.\($0)" }.joined(separator: " UNION ALL ") + ")"
    }

    /// What is asked here the planner answers by an index.
    func withoutSequentialScans<R>(_ connection: PostgresConnection, _ body: () throws -> R) throws -> R {
        try connection.transaction(readOnly: true) {
            try connection.execute("SET LOCAL enable_seqscan = off")
            return try body()
        }
    }
}
