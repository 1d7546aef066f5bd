import CallModel
import Postgres

/// A time in which matching incidents are told to nobody.
public struct QuietRecord: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case silence, maintenance
    }

    public var id: Int64
    public var kind: Kind
    /// Of a maintenance: `ours` or `theirs`.
    public var side: String?
    /// A JSON array of `{"dimension","op","value"}`, all of which must hold.
    public var matchers: String
    public var startsAt: Instant
    public var endsAt: Instant
    public var comment: String
    public var createdAt: Instant
    public var createdBy: String
    public var updatedAt: Instant
    /// Who ended it before its time.
    public var endedBy: String?

    public init(
        id: Int64 = 0, kind: Kind, side: String?, matchers: String, startsAt: Instant, endsAt: Instant, comment: String,
        createdAt: Instant, createdBy: String, updatedAt: Instant, endedBy: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.side = side
        self.matchers = matchers
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.comment = comment
        self.createdAt = createdAt
        self.createdBy = createdBy
        self.updatedAt = updatedAt
        self.endedBy = endedBy
    }

    public func isPast(at now: Instant) -> Bool { endsAt <= now }
}

/// Silences and maintenance windows. Whoever serves the API writes; the decider reads those that are not over.
public enum QuietStore {
    /// Of those that are not over, of both kinds.
    public static let currentMax = 1_000
    /// How many that are over are listed.
    public static let pastMax = 200

    /// Stores a new one, whose `id` is ignored, and returns it with its own; nil where there are too many.
    public static func create(_ record: QuietRecord, _ connection: PostgresConnection) throws -> QuietRecord? {
        try connection.query(
            """
            INSERT INTO farwatch.quiets
                (kind, side, matchers, starts_at, ends_at, comment, created_at, created_by, updated_at)
            SELECT $1, $2, $3, $4, $5, $6, $7, $8, $7
            WHERE (SELECT count(*) FROM farwatch.quiets WHERE ends_at > $7) < \(currentMax) RETURNING \(read)
            """,
            [
                .text(record.kind.rawValue), .text(record.side), .json(record.matchers),
                .timestamptz(record.startsAt.microsecondsSinceEpoch),
                .timestamptz(record.endsAt.microsecondsSinceEpoch),
                .text(record.comment), .timestamptz(record.createdAt.microsecondsSinceEpoch), .text(record.createdBy),
            ]
        ).first.flatMap(Self.record)
    }

    /// Writes side, matchers, times and comment anew. Nil where it is over or was never there.
    public static func change(
        _ record: QuietRecord, at now: Instant, _ connection: PostgresConnection
    ) throws -> QuietRecord? {
        try connection.query(
            """
            UPDATE farwatch.quiets SET side = $3, matchers = $4, starts_at = $5, ends_at = $6, comment = $7, updated_at = $8
            WHERE id = $1 AND kind = $2 AND ends_at > $8 RETURNING \(read)
            """,
            [
                .int8(record.id), .text(record.kind.rawValue), .text(record.side), .json(record.matchers),
                .timestamptz(record.startsAt.microsecondsSinceEpoch),
                .timestamptz(record.endsAt.microsecondsSinceEpoch),
                .text(record.comment), .timestamptz(now.microsecondsSinceEpoch),
            ]
        ).first.flatMap(Self.record)
    }

    /// Ends one before its time; one that had not begun never does. Nil where it is over or was never there.
    public static func end(
        id: Int64, _ kind: QuietRecord.Kind, by who: String, at now: Instant, _ connection: PostgresConnection
    ) throws -> QuietRecord? {
        try connection.query(
            """
            UPDATE farwatch.quiets SET ends_at = $3, ended_by = $4, updated_at = $3
            WHERE id = $1 AND kind = $2 AND ends_at > $3 RETURNING \(read)
            """, [.int8(id), .text(kind.rawValue), .timestamptz(now.microsecondsSinceEpoch), .text(who)]
        ).first.flatMap(Self.record)
    }

    public static func read(
        id: Int64, _ kind: QuietRecord.Kind, _ connection: PostgresConnection
    ) throws -> QuietRecord? {
        try connection.query(
            "SELECT \(read) FROM farwatch.quiets WHERE id = $1 AND kind = $2", [.int8(id), .text(kind.rawValue)]
        ).first.flatMap(record)
    }

    /// Those that are not over, those to come included, of both kinds, by id: what the decider goes by.
    public static func current(at now: Instant, _ connection: PostgresConnection) throws -> [QuietRecord] {
        try connection.query(
            "SELECT \(read) FROM farwatch.quiets WHERE ends_at > $1 ORDER BY id LIMIT \(currentMax)",
            [.timestamptz(now.microsecondsSinceEpoch)], prepared: true
        ).compactMap(record)
    }

    /// Of one kind: those that are not over, or the latest that are; the last to begin first.
    public static func list(
        _ kind: QuietRecord.Kind, past: Bool, at now: Instant, _ connection: PostgresConnection
    ) throws -> [QuietRecord] {
        try connection.query(
            """
            SELECT \(read) FROM farwatch.quiets WHERE kind = $1 AND (ends_at <= $2) = $3
            ORDER BY starts_at DESC, id DESC LIMIT \(past ? pastMax : currentMax)
            """, [.text(kind.rawValue), .timestamptz(now.microsecondsSinceEpoch), .bool(past)]
        ).compactMap(record)
    }

    private static let read =
        "id, kind, side, matchers::text, starts_at, ends_at, comment, created_at, created_by, updated_at, ended_by"

    /// Nil for a kind that a newer program added.
    private static func record(_ row: PostgresRow) throws -> QuietRecord? {
        guard let kind = QuietRecord.Kind(rawValue: try row.text(1)) else { return nil }
        return QuietRecord(
            id: try row.int8(0), kind: kind, side: try row.textOrNull(2), matchers: try row.text(3),
            startsAt: Instant(microsecondsSinceEpoch: try row.timestamptz(4)),
            endsAt: Instant(microsecondsSinceEpoch: try row.timestamptz(5)), comment: try row.text(6),
            createdAt: Instant(microsecondsSinceEpoch: try row.timestamptz(7)), createdBy: try row.text(8),
            updatedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(9)), endedBy: try row.textOrNull(10))
    }
}
