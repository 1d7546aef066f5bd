import CallModel
import Postgres

/// A message about an incident, as far as people want to know of it.
public struct NotificationRecord: Sendable, Equatable {
    /// When it was delivered or given up; before that, when it was decided.
    public var at: Instant
    public var channel: String
    /// `opened`, `escalated`, `updated`, `acknowledged`, `resolved`.
    public var kind: String
    /// `pending`, `delivered`, `dead`, `superseded`.
    public var state: String
    public var attempts: Int
    public var lastError: String?

    public init(at: Instant, channel: String, kind: String, state: String, attempts: Int, lastError: String?) {
        self.at = at
        self.channel = channel
        self.kind = kind
        self.state = state
        self.attempts = attempts
        self.lastError = lastError
    }
}

/// An incident with what people did about it and what was sent about it.
public struct IncidentDetail: Sendable, Equatable {
    public var record: IncidentRecord
    /// Oldest first.
    public var actions: [ActionRecord]
    /// Oldest first.
    public var notifications: [NotificationRecord]
    /// What it did to our own requests, a JSON object; nil where that is not known.
    public var impact: [UInt8]?

    public init(record: IncidentRecord, actions: [ActionRecord] = [], notifications: [NotificationRecord] = []) {
        self.record = record
        self.actions = actions
        self.notifications = notifications
    }
}

extension IncidentStore {
    /// The latest messages and actions of one incident that are read with it.
    public static let notificationsMax = 200
    public static let actionsMax = 200

    /// Like `list`, with actions and notifications.
    public static func details(_ filter: IncidentFilter, _ connection: PostgresConnection) throws -> [IncidentDetail] {
        try complete(list(filter, connection), connection)
    }

    /// Like `read`, with actions and notifications.
    public static func detail(id: Int64, _ connection: PostgresConnection) throws -> IncidentDetail? {
        guard let record = try read(id: id, connection) else { return nil }
        return try complete([record], connection).first
    }

    private static func complete(
        _ records: [IncidentRecord], _ connection: PostgresConnection
    ) throws -> [IncidentDetail] {
        let ids = records.map(\.id)
        let actions = Dictionary(grouping: try ActionStore.of(ids, connection), by: \.incident)
        let sent = try notifications(of: ids, connection)
        let impacts = try ImpactStore.read(ids, connection)
        return records.map { record in
            var detail = IncidentDetail(
                record: record, actions: actions[record.id] ?? [], notifications: sent[record.id] ?? [])
            detail.impact = impacts[record.id]
            return detail
        }
    }

    private static func notifications(
        of incidents: [Int64], _ connection: PostgresConnection
    ) throws -> [Int64: [NotificationRecord]] {
        let rows = try connection.query(
            """
            SELECT i, o.at, o.channel, o.kind, o.state, o.attempts, o.last_error FROM unnest($1::int8[]) AS i
            CROSS JOIN LATERAL (
                SELECT id, coalesce(finished_at, created_at) AS at, channel, kind, state, attempts, last_error
                FROM farwatch.outbox WHERE incident = i ORDER BY id DESC LIMIT \(notificationsMax)) AS o
            ORDER BY i, o.id
            """, [.int8Array(incidents)])
        var records: [Int64: [NotificationRecord]] = [:]
        for row in rows {
            records[try row.int8(0), default: []].append(
                NotificationRecord(
                    at: Instant(microsecondsSinceEpoch: try row.timestamptz(1)), channel: try row.text(2),
                    kind: try row.text(3), state: try row.text(4), attempts: Int(try row.int4(5)),
                    lastError: try row.textOrNull(6)))
        }
        return records
    }
}
