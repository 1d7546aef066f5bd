import CallModel
import Postgres

/// Something a person wants done about an incident.
public struct ActionRecord: Sendable, Equatable {
    public enum What: String, Sendable, CaseIterable {
        case acknowledge, assign, note, resolve
        /// The partner was told, with evidence; and it has answered.
        case caseSent = "case-sent"
        case caseAcknowledged = "case-acknowledged"
        /// What the partner's own status page says.
        case partnerSays = "partner-says"
    }

    public var id: Int64
    public var incident: Int64
    public var at: Instant
    public var who: String
    public var what: What
    /// Of `assign` to whom, of `note` its text, of `partnerSays` their words; of the others a remark, if any.
    public var detail: String?
    /// When the decider came to it; nil while it waits.
    public var appliedAt: Instant?
    /// Why it was not done.
    public var refused: String?

    public init(
        id: Int64, incident: Int64, at: Instant, who: String, what: What, detail: String? = nil,
        appliedAt: Instant? = nil, refused: String? = nil
    ) {
        self.id = id
        self.incident = incident
        self.at = at
        self.who = who
        self.what = what
        self.detail = detail
        self.appliedAt = appliedAt
        self.refused = refused
    }
}

/// What people want done, in the order in which they said so. Whoever serves the API appends; the decider applies.
public enum ActionStore {
    /// Actions that one incident can have.
    public static let perIncidentMax = 1_000
    /// Actions that can wait for a decider, of all incidents.
    public static let pendingMax = 10_000

    /// Returns the action's id; nil where there are too many already.
    public static func append(
        incident: Int64, who: String, what: ActionRecord.What, detail: String?, _ connection: PostgresConnection
    ) throws -> Int64? {
        try connection.query(
            """
            INSERT INTO farwatch.incident_actions (incident, who, what, detail) SELECT $1, $2, $3, $4
            WHERE (SELECT count(*) FROM farwatch.incident_actions WHERE incident = $1) < \(perIncidentMax)
            AND (SELECT count(*) FROM farwatch.incident_actions WHERE applied_at IS NULL) < \(pendingMax)
            RETURNING id
            """, [.int8(incident), .text(who), .text(what.rawValue), .text(detail)]
        ).first.map { try $0.int8(0) }
    }

    /// Those the decider has not come to, in order of id.
    public static func pending(limit: Int = 1_000, _ connection: PostgresConnection) throws -> [ActionRecord] {
        try connection.query(
            "SELECT \(columns) FROM farwatch.incident_actions WHERE applied_at IS NULL ORDER BY id LIMIT $1",
            [.int4(Int32(clamping: limit))], prepared: true
        ).compactMap(record)
    }

    /// The decider has come to it, at `now`: it is done, or refused for a reason. False where that was said before.
    public static func finish(
        _ id: Int64, refused: String?, at now: Instant, _ connection: PostgresConnection
    ) throws -> Bool {
        try connection.execute(
            "UPDATE farwatch.incident_actions SET applied_at = $2, refused = $3 WHERE id = $1 AND applied_at IS NULL",
            [.int8(id), .timestamptz(now.microsecondsSinceEpoch), .text(refused)]) > 0
    }

    public static func read(id: Int64, _ connection: PostgresConnection) throws -> ActionRecord? {
        try connection.query(
            "SELECT \(columns) FROM farwatch.incident_actions WHERE id = $1", [.int8(id)], prepared: true
        ).first.flatMap(record)
    }

    /// The latest of each of these incidents, in order of id.
    public static func of(_ incidents: [Int64], _ connection: PostgresConnection) throws -> [ActionRecord] {
        try connection.query(
            """
            SELECT a.* FROM unnest($1::int8[]) AS i CROSS JOIN LATERAL (
                SELECT \(columns) FROM farwatch.incident_actions WHERE incident = i
                ORDER BY id DESC LIMIT \(IncidentStore.actionsMax)) AS a
            ORDER BY a.id
            """, [.int8Array(incidents)]
        ).compactMap(record)
    }

    private static let columns = "id, incident, at, who, what, detail, applied_at, refused"

    /// Nil for what a newer program added.
    private static func record(_ row: PostgresRow) throws -> ActionRecord? {
        guard let what = ActionRecord.What(rawValue: try row.text(4)) else { return nil }
        return ActionRecord(
            id: try row.int8(0), incident: try row.int8(1),
            at: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), who: try row.text(3), what: what,
            detail: try row.textOrNull(5),
            appliedAt: try row.timestamptzOrNull(6).map(Instant.init(microsecondsSinceEpoch:)),
            refused: try row.textOrNull(7))
    }
}
