import CallModel
import Postgres

/// Daily partitions (UTC) of everything that is kept for a time: made ahead, and dropped whole when their time is over.
struct Partitions {
    static let byReceipt = ["call_rows", "payload_blocks", "rollup_blocks"]
    static let byMinute = ["minute_counts", "minute_latencies"]

    private static let duplicateTable = "42P07"

    static func create(_ tables: [String], day: Int64, _ connection: PostgresConnection) throws {
        for table in tables {
            do {
                try connection.execute(
                    """
                    CREATE TABLE IF NOT EXISTS farwatch.\(table)_\(suffix(day)) PARTITION OF farwatch.\(table)
                    FOR VALUES FROM ('\(start(day))') TO ('\(start(day + 1))')
                    """)
            } catch {
                // Another aggregator made it at the same moment: IF NOT EXISTS does not cover that.
                guard error.sqlState == Self.duplicateTable || error.sqlState == SQLState.uniqueViolation else {
                    throw error
                }
            }
        }
    }

    /// Drops the partitions that end before `limit`; returns their names.
    static func drop(_ tables: [String], before limit: Instant, _ connection: PostgresConnection) throws -> [String] {
        let rows = try connection.query(
            """
            SELECT child.relname::text FROM pg_inherits
            JOIN pg_class child ON child.oid = inhrelid JOIN pg_class parent ON parent.oid = inhparent
            JOIN pg_namespace space ON space.oid = parent.relnamespace
            WHERE space.nspname = 'farwatch' AND parent.relname = ANY($1) ORDER BY 1
            """, [.textArray(tables)])
        // Names sort by day, so that text comparison decides.
        let last = suffix(limit.secondsSinceEpoch / 86_400)
        var dropped: [String] = []
        for row in rows {
            let name = try row.text(0)
            guard let day = name.split(separator: "_").last, day.count == last.count, day < last else { continue }
            try connection.execute("DROP TABLE farwatch.\(name)")
            dropped.append(name)
        }
        return dropped
    }

    /// `20261124`.
    private static func suffix(_ day: Int64) -> String { String(start(day).prefix(10).filter { $0 != "-" }) }

    private static func start(_ day: Int64) -> String {
        Instant(secondsSinceEpoch: day * 86_400).text(fractionDigits: 0)
    }
}
