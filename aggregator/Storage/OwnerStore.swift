import CallModel
import Postgres

/// Who looks after what, as it was made by the API.
public struct OwnerRecord: Sendable, Equatable {
    public var name: String
    /// A JSON object: `matchers`, `channels`, `contact`, `runbook`, `schedule`.
    public var document: String
    public var updatedAt: Instant
    public var updatedBy: String

    public init(name: String, document: String, updatedAt: Instant, updatedBy: String) {
        self.name = name
        self.document = document
        self.updatedAt = updatedAt
        self.updatedBy = updatedBy
    }
}

public enum OwnerStore {
    public static let countMax = 1_000

    /// By name.
    public static func list(_ connection: PostgresConnection) throws -> [OwnerRecord] {
        try connection.query(
            """
            SELECT name, document::text, updated_at, updated_by FROM farwatch.owners ORDER BY name LIMIT \(countMax)
            """, prepared: true
        ).map { row in
            OwnerRecord(
                name: try row.text(0), document: try row.text(1),
                updatedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), updatedBy: try row.text(3))
        }
    }

    /// Makes or replaces one. False where a new one would be one too many.
    public static func put(_ record: OwnerRecord, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO farwatch.owners SELECT $1, $2, $3, $4
            WHERE (SELECT count(*) FROM farwatch.owners WHERE name <> $1) < \(countMax)
            ON CONFLICT (name) DO UPDATE SET document = excluded.document, updated_at = excluded.updated_at,
                updated_by = excluded.updated_by
            """,
            [
                .text(record.name), .json(record.document), .timestamptz(record.updatedAt.microsecondsSinceEpoch),
                .text(record.updatedBy),
            ]) > 0
    }

    /// False when there was none.
    public static func remove(name: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute("DELETE FROM farwatch.owners WHERE name = $1", [.text(name)]) > 0
    }
}
