import Postgres

/// Builds what a schema step only declared: indexes of partitions that were there before it.
///
/// Built within a step they would hold up every writer for as long as it takes to read days of calls. Here each partition is
/// indexed concurrently, the newest first, and searches use what there is. What a crash left half-built is dropped and made anew.
public enum MissingIndexes {
    /// At most one aggregator builds at a time; should it die, another begins when this is over.
    private static let leaseName = "indexes"
    private static let leaseTime: Duration = .seconds(3_600)
    private static let buildTimeMax: Duration = .seconds(3_000)

    private struct Missing {
        var index: String
        var partition: String
        /// `USING btree (…) WHERE …`
        var definition: String

        var name: String { "\(partition)_\(index)" }
    }

    /// Builds one. Gives back its name; nil where none is missing, or another aggregator builds.
    public static func buildNext(holder: String, _ connection: PostgresConnection) throws -> String? {
        guard let missing = try next(connection),
            try StateStore.acquireLease(leaseName, holder: holder, for: leaseTime, connection) != nil
        else { return nil }
        defer {
            // Should that fail the lease runs out.
            try? StateStore.releaseLease(leaseName, holder: holder, connection)
        }
        try connection.withStatementTimeout(buildTimeMax) {
            try connection.execute("DROP INDEX CONCURRENTLY IF EXISTS farwatch.\(missing.name)")
            try connection.execute(
                "CREATE INDEX CONCURRENTLY \(missing.name) ON farwatch.\(missing.partition) \(missing.definition)")
            try connection.execute("ALTER INDEX farwatch.\(missing.index) ATTACH PARTITION farwatch.\(missing.name)")
        }
        return missing.name
    }

    private static func next(_ connection: PostgresConnection) throws -> Missing? {
        let rows = try connection.query(
            """
            SELECT i.relname::text, child.relname::text, pg_get_indexdef(i.oid)
            FROM pg_class i JOIN pg_namespace n ON n.oid = i.relnamespace AND n.nspname = 'farwatch'
            JOIN pg_index x ON x.indexrelid = i.oid AND NOT x.indisvalid
            JOIN pg_inherits h ON h.inhparent = x.indrelid JOIN pg_class child ON child.oid = h.inhrelid
            WHERE i.relkind = 'I' AND NOT EXISTS (
                SELECT FROM pg_inherits a JOIN pg_index y ON y.indexrelid = a.inhrelid
                WHERE a.inhparent = i.oid AND y.indrelid = child.oid)
            ORDER BY child.relname DESC, i.relname LIMIT 1
            """)
        guard let row = rows.first, case let text = try row.text(2), let using = text.firstRange(of: "USING ") else {
            return nil
        }
        return Missing(
            index: try row.text(0), partition: try row.text(1), definition: String(text[using.lowerBound...]))
    }
}
