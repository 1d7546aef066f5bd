import CallModel
import Postgres

/// A link by which an outsider reads one piece of evidence, until it expires or is ended. Of its key only the SHA-256 is kept.
public struct ShareRecord: Sendable {
    public var id: String
    public var evidence: String
    /// Whom it was made for, in the words of who made it.
    public var recipient: String
    public var createdAt: Instant
    public var createdBy: String
    public var expiresAt: Instant
    public var endedAt: Instant?
    public var endedBy: String?
    public var viewCount: Int64
    public var viewedAt: Instant?

    public init(
        id: String, evidence: String, recipient: String, createdAt: Instant, createdBy: String, expiresAt: Instant
    ) {
        self.id = id
        self.evidence = evidence
        self.recipient = recipient
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.expiresAt = expiresAt
        viewCount = 0
    }
}

/// Shares in the database. Each view asks it, so that a share is over everywhere at the moment it is ended.
public enum ShareStore {
    /// Shares that are open at a time.
    public static let openCountMax = 1_000
    /// Views of one share; then it is over. What a link costs us is bounded, however often a stranger's program loads it.
    public static let viewCountMax: Int64 = 10_000
    /// Of the evidence's document; larger evidence is not shared.
    public static let byteCountMax = 8 << 20
    /// Shares that are over are listed for so long, then their rows go. The audit keeps what was done with them.
    private static let listedAfterEnd = "90 days"
    /// No link holds longer than this from its making, however often it is changed.
    public static let hoursMax = 7 * 24

    public enum Creation: Sendable {
        case created, noEvidence, evidenceTooLarge, tooMany
    }

    public enum Change: Sendable {
        case changed(ShareRecord)
        case unknown
        /// It is over: a link that was dead does not come to life again.
        case over
    }

    private static let columns =
        "id, evidence, recipient, created_at, created_by, expires_at, ended_at, ended_by, view_count, viewed_at"
    private static let isOpen = "ended_at IS NULL AND expires_at > now() AND view_count < \(viewCountMax)"

    public static func create(
        _ record: ShareRecord, keyHash: [UInt8], _ connection: PostgresConnection
    ) throws -> Creation {
        try connection.transaction {
            try connection.execute(
                """
                DELETE FROM farwatch.shares
                WHERE least(coalesce(ended_at, expires_at), expires_at) < now() - interval '\(listedAfterEnd)'
                """)
            // Locked, so that the evidence is still there when the share is.
            let evidence = try connection.query(
                "SELECT octet_length(har) FROM farwatch.evidence WHERE id = $1 FOR SHARE", [.text(record.evidence)])
            guard let evidence = evidence.first else { return .noEvidence }
            guard try evidence.int4(0) <= byteCountMax else { return .evidenceTooLarge }
            let count = try connection.execute(
                """
                INSERT INTO farwatch.shares (id, evidence, key_hash, recipient, created_at, created_by, expires_at)
                SELECT $1, $2, $3, $4, $5, $6, $7
                WHERE (SELECT count(*) FROM farwatch.shares WHERE \(isOpen)) < \(openCountMax)
                """,
                [
                    .text(record.id), .text(record.evidence), .bytea(keyHash), .text(record.recipient),
                    .timestamptz(record.createdAt.microsecondsSinceEpoch), .text(record.createdBy),
                    .timestamptz(record.expiresAt.microsecondsSinceEpoch),
                ])
            return count > 0 ? .created : .tooMany
        }
    }

    /// Newest first, those that are over included.
    public static func list(_ connection: PostgresConnection) throws -> [ShareRecord] {
        try connection.query(
            "SELECT \(columns) FROM farwatch.shares ORDER BY created_at DESC, id LIMIT \(openCountMax)"
        ).map { try record($0) }
    }

    public static func read(id: String, _ connection: PostgresConnection) throws -> ShareRecord? {
        try connection.query("SELECT \(columns) FROM farwatch.shares WHERE id = $1", [.text(id)])
            .first.map { try record($0) }
    }

    /// What is nil stays.
    public static func change(
        id: String, recipient: String?, expiresAt: Instant?, _ connection: PostgresConnection
    ) throws -> Change {
        let changed = try connection.query(
            """
            UPDATE farwatch.shares SET recipient = coalesce($2, recipient), expires_at =
                least(coalesce($3, expires_at), created_at + interval '\(hoursMax) hours')
            WHERE id = $1 AND \(isOpen) RETURNING \(columns)
            """, [.text(id), .text(recipient), .timestamptz(expiresAt?.microsecondsSinceEpoch)])
        if let changed = changed.first { return .changed(try record(changed)) }
        return try read(id: id, connection) == nil ? .unknown : .over
    }

    /// Ends it at once. False when there is none of that id that is open.
    public static func end(id: String, by who: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            "UPDATE farwatch.shares SET ended_at = now(), ended_by = $2 WHERE id = $1 AND \(isOpen)",
            [.text(id), .text(who)]) > 0
    }

    /// The evidence behind a key, with the view counted and written into the audit in the same transaction: what was not
    /// written down was not shown. Nil for a key that is unknown or whose share is over.
    ///
    /// - Parameter address: Where the viewer's connection came from, for the audit.
    public static func view(
        keyHash: [UInt8], from address: String, _ connection: PostgresConnection
    ) throws -> EvidenceRecord? {
        try connection.transaction {
            let viewed = try connection.query(
                """
                UPDATE farwatch.shares SET view_count = view_count + 1, viewed_at = now()
                WHERE key_hash = $1 AND \(isOpen) RETURNING id, evidence
                """, [.bytea(keyHash)])
            guard let viewed = viewed.first else { return nil }
            let (share, evidence) = (try viewed.text(0), try viewed.text(1))
            try connection.execute(
                """
                INSERT INTO farwatch.audit (who, what, detail)
                VALUES ($1, 'viewed evidence', jsonb_build_object('share', $2, 'evidence', $3, 'address', $4))
                """, [.text("share \(share)"), .text(share), .text(evidence), .text(address)])
            return try EvidenceStore.read(id: evidence, connection)
        }
    }

    private static func record(_ row: PostgresRow) throws -> ShareRecord {
        var record = ShareRecord(
            id: try row.text(0), evidence: try row.text(1), recipient: try row.text(2),
            createdAt: Instant(microsecondsSinceEpoch: try row.timestamptz(3)), createdBy: try row.text(4),
            expiresAt: Instant(microsecondsSinceEpoch: try row.timestamptz(5)))
        record.endedAt = try row.timestamptzOrNull(6).map(Instant.init(microsecondsSinceEpoch:))
        record.endedBy = try row.textOrNull(7)
        record.viewCount = try row.int8(8)
        record.viewedAt = try row.timestamptzOrNull(9).map(Instant.init(microsecondsSinceEpoch:))
        return record
    }
}
