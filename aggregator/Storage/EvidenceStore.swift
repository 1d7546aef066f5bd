import CallModel
import Postgres

/// Calls that were set aside to be handed over.
public struct EvidenceRecord: Sendable {
    public var id: String
    public var createdAt: Instant
    public var createdBy: String
    public var title: String
    /// What was asked for, a JSON object.
    public var scope: String
    public var callCount: Int
    /// The calls as a HAR document.
    public var har: [UInt8]
    /// Of `har`, in hex.
    public var sha256 = ""

    public init(
        id: String, createdAt: Instant, createdBy: String, title: String, scope: String, callCount: Int, har: [UInt8]
    ) {
        self.id = id
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.title = title
        self.scope = scope
        self.callCount = callCount
        self.har = har
    }
}

public enum EvidenceStore {
    public static let countMax = 1_000

    /// False when as many are kept as may be.
    public static func store(_ record: EvidenceRecord, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO farwatch.evidence SELECT $1, $2, $3, $4, $5, $6, $7
            WHERE (SELECT count(*) FROM farwatch.evidence) < \(countMax)
            """,
            [
                .text(record.id), .timestamptz(record.createdAt.microsecondsSinceEpoch), .text(record.createdBy),
                .text(record.title), .jsonb(record.scope), .int4(Int32(clamping: record.callCount)),
                .bytea(record.har),
            ]) > 0
    }

    /// Newest first, without the documents.
    public static func list(_ connection: PostgresConnection) throws -> [EvidenceRecord] {
        try connection.query(
            """
            SELECT id, created_at, created_by, title, scope::text, call_count, ''::bytea, encode(sha256(har), 'hex')
            FROM farwatch.evidence ORDER BY created_at DESC, id LIMIT \(countMax)
            """
        ).map { try record($0) }
    }

    public static func read(id: String, _ connection: PostgresConnection) throws -> EvidenceRecord? {
        try connection.query(
            """
            SELECT id, created_at, created_by, title, scope::text, call_count, har, encode(sha256(har), 'hex')
            FROM farwatch.evidence WHERE id = $1
            """, [.text(id)]
        ).first.map { try record($0) }
    }

    /// With its shares. False when there was none.
    public static func remove(id: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            """
            WITH shares AS (DELETE FROM farwatch.shares WHERE evidence = $1)
            DELETE FROM farwatch.evidence WHERE id = $1
            """, [.text(id)]) > 0
    }

    private static func record(_ row: PostgresRow) throws -> EvidenceRecord {
        var record = EvidenceRecord(
            id: try row.text(0), createdAt: Instant(microsecondsSinceEpoch: try row.timestamptz(1)),
            createdBy: try row.text(2), title: try row.text(3), scope: try row.text(4),
            callCount: Int(try row.int4(5)), har: try row.bytea(6))
        record.sha256 = try row.text(7)
        return record
    }
}
