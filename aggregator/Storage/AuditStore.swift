import CallModel
import Postgres

/// Who did what.
public struct AuditEntry: Sendable, Equatable {
    public var id: Int64
    public var at: Instant
    public var who: String
    public var what: String
    /// A JSON object.
    public var detail: String
}

public enum AuditStore {
    /// Newest first, below `before` where it is given.
    public static func read(
        before: Int64?, limit: Int, _ connection: PostgresConnection
    ) throws -> [AuditEntry] {
        try connection.query(
            """
            SELECT id, at, who, what, detail::text FROM farwatch.audit WHERE $1::int8 IS NULL OR id < $1
            ORDER BY id DESC LIMIT $2
            """, [.int8(before), .int4(Int32(clamping: limit))]
        ).map { row in
            AuditEntry(
                id: try row.int8(0), at: Instant(microsecondsSinceEpoch: try row.timestamptz(1)), who: try row.text(2),
                what: try row.text(3), detail: try row.text(4))
        }
    }
}
