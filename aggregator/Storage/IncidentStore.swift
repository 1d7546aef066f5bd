import CallModel
import Postgres

/// An incident as the decider last wrote it: what can be asked for, as columns, and all that the core knows, as a document.
public struct IncidentRecord: Sendable, Equatable {
    public var id: Int64
    /// `open`, `acknowledged`, `resolved`.
    public var state: String
    /// `minor`, `major`, `critical`.
    public var severity: String
    /// Of its cause: `partner`, `deploy` …
    public var kind: String
    /// Ids of those it concerns.
    public var partners: [String]
    /// Watched, but nobody is told.
    public var isQuiet: Bool
    public var startedAt: Instant
    public var openedAt: Instant
    public var resolvedAt: Instant?
    public var updatedAt: Instant
    /// Nil: nobody owns it.
    public var owner: String?
    public var acknowledgedAt: Instant?
    public var acknowledgedBy: String?
    /// A JSON object, in the shape of the query API.
    public var document: [UInt8]

    public init(
        id: Int64, state: String, severity: String, kind: String, partners: [String], isQuiet: Bool, startedAt: Instant,
        openedAt: Instant, resolvedAt: Instant? = nil, updatedAt: Instant, owner: String? = nil,
        acknowledgedAt: Instant? = nil, acknowledgedBy: String? = nil, document: [UInt8]
    ) {
        self.id = id
        self.state = state
        self.severity = severity
        self.kind = kind
        self.partners = partners
        self.isQuiet = isQuiet
        self.startedAt = startedAt
        self.openedAt = openedAt
        self.resolvedAt = resolvedAt
        self.updatedAt = updatedAt
        self.owner = owner
        self.acknowledgedAt = acknowledgedAt
        self.acknowledgedBy = acknowledgedBy
        self.document = document
    }
}

/// When a partner began to fail, and when that was known.
public struct IncidentDetection: Sendable, Equatable {
    /// Its id.
    public var partner: String
    public var startedAt: Instant
    public var openedAt: Instant
}

/// Where a page of incidents ended. Incidents are told by when they opened, newest first, and by id within one time.
public struct IncidentCursor: Sendable, Equatable {
    public var openedAtMicroseconds: Int64
    public var id: Int64

    public init(openedAtMicroseconds: Int64, id: Int64) {
        self.openedAtMicroseconds = openedAtMicroseconds
        self.id = id
    }
}

/// Which incidents are asked for.
public struct IncidentFilter: Sendable, Equatable {
    /// Any of these; all when empty.
    public var states: [String] = []
    public var partner: String?
    /// Those that were not over before.
    public var since: Instant?
    public var cursor: IncidentCursor?
    /// 1...`IncidentStore.pageMax`.
    public var limit = IncidentStore.pageMax

    public init() {}
}

/// Incidents in the database. The decider alone writes them, under its lease's epoch.
public enum IncidentStore {
    public static let pageMax = 100
    /// Unresolved incidents that a new decider takes over; the core opens no more.
    public static let openMax = 10_000

    /// Writes an incident as it is now, unless a decider of a later epoch already did. Returns whether it was taken.
    public static func store(_ record: IncidentRecord, epoch: Int64, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO farwatch.incidents AS i (\(columns), epoch)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            ON CONFLICT (id) DO UPDATE SET state = $2, severity = $3, kind = $4, partners = $5, quiet = $6,
                started_at = $7, opened_at = $8, resolved_at = $9, updated_at = $10, owner = $11, acknowledged_at = $12,
                acknowledged_by = $13, document = $14, epoch = $15
            WHERE i.epoch <= $15
            """,
            [
                .int8(record.id), .text(record.state), .text(record.severity), .text(record.kind),
                .textArray(record.partners), .bool(record.isQuiet),
                .timestamptz(record.startedAt.microsecondsSinceEpoch),
                .timestamptz(record.openedAt.microsecondsSinceEpoch),
                .timestamptz(record.resolvedAt?.microsecondsSinceEpoch),
                .timestamptz(record.updatedAt.microsecondsSinceEpoch), .text(record.owner),
                .timestamptz(record.acknowledgedAt?.microsecondsSinceEpoch), .text(record.acknowledgedBy),
                .json(String(decoding: record.document, as: UTF8.self)), .int8(epoch),
            ], prepared: true) > 0
    }

    /// Newest first, at most `filter.limit`.
    public static func list(_ filter: IncidentFilter, _ connection: PostgresConnection) throws -> [IncidentRecord] {
        try connection.query(
            """
            SELECT \(read) FROM farwatch.incidents
            WHERE (cardinality($1::text[]) = 0 OR state = any($1)) AND ($2::text IS NULL OR $2 = any(partners))
            AND ($3::timestamptz IS NULL OR resolved_at IS NULL OR resolved_at >= $3)
            AND ($4::timestamptz IS NULL OR (opened_at, id) < ($4, $5::int8))
            ORDER BY opened_at DESC, id DESC LIMIT $6
            """,
            [
                .textArray(filter.states), .text(filter.partner), .timestamptz(filter.since?.microsecondsSinceEpoch),
                .timestamptz(filter.cursor?.openedAtMicroseconds), .int8(filter.cursor?.id),
                .int4(Int32(clamping: min(max(filter.limit, 1), pageMax))),
            ]
        ).map(record)
    }

    public static func read(id: Int64, _ connection: PostgresConnection) throws -> IncidentRecord? {
        try connection.query("SELECT \(read) FROM farwatch.incidents WHERE id = $1", [.int8(id)]).first.map(record)
    }

    /// Those that are not resolved, oldest first: what a decider takes over.
    public static func open(_ connection: PostgresConnection) throws -> [IncidentRecord] {
        try connection.query(
            "SELECT \(read) FROM farwatch.incidents WHERE state <> 'resolved' ORDER BY id LIMIT \(openMax)"
        ).map(record)
    }

    /// How long it took to know of every incident that people were told of and whose cause was a partner's, newest first, at most
    /// ten thousand; one of several partners once for each.
    public static func detections(since: Instant, _ connection: PostgresConnection) throws -> [IncidentDetection] {
        try connection.query(
            """
            SELECT unnest(partners), started_at, opened_at FROM farwatch.incidents
            WHERE opened_at >= $1 AND NOT quiet AND kind IN ('partner', 'shared_upstream', 'webhook_silence')
                AND document ->> 'merged_into' IS NULL
            ORDER BY opened_at DESC LIMIT 10000
            """, [.timestamptz(since.microsecondsSinceEpoch)]
        ).map { row in
            IncidentDetection(
                partner: try row.text(0), startedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(1)),
                openedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)))
        }
    }

    /// The highest id there is, 0 where there is none: the next one is above it.
    public static func maxID(_ connection: PostgresConnection) throws -> Int64 {
        try connection.query("SELECT coalesce(max(id), 0) FROM farwatch.incidents")[0].int8(0)
    }

    private static let columns =
        "id, state, severity, kind, partners, quiet, started_at, opened_at, resolved_at, updated_at, owner, "
        + "acknowledged_at, acknowledged_by, document"
    private static let read = columns + "::text"

    private static func record(_ row: PostgresRow) throws -> IncidentRecord {
        IncidentRecord(
            id: try row.int8(0), state: try row.text(1), severity: try row.text(2), kind: try row.text(3),
            partners: try row.textArray(4), isQuiet: try row.bool(5),
            startedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(6)),
            openedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(7)),
            resolvedAt: try row.timestamptzOrNull(8).map(Instant.init(microsecondsSinceEpoch:)),
            updatedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(9)), owner: try row.textOrNull(10),
            acknowledgedAt: try row.timestamptzOrNull(11).map(Instant.init(microsecondsSinceEpoch:)),
            acknowledgedBy: try row.textOrNull(12), document: Array(try row.text(13).utf8))
    }
}
