import Alerting
import CallModel
import Postgres

/// A line of an incident's notifications, and of the dead letters.
public struct OutboxRecord: Sendable, Equatable {
    public var id: Int64
    public var incident: Int64
    public var at: Instant
    public var channel: String
    public var kind: String
    /// `pending`, `delivered`, `dead`, `superseded`.
    public var state: String
    public var attempts: Int
    /// Of a delivered one: who stood in for its channel, and why.
    public var lastError: String?
}

/// How much waits in one channel.
public struct OutboxDepth: Sendable, Equatable {
    public var channel: String
    public var pending: Int
    public var oldestAt: Instant
}

/// What lies in the outbox, for people, metrics and receivers that forget.
extension OutboxStore {
    public static let recordsMax = 1_000

    /// By channel; those where nothing waits are left out.
    public static func depths(_ connection: PostgresConnection) throws -> [OutboxDepth] {
        try connection.query(
            """
            SELECT channel, count(*), min(created_at) FROM farwatch.outbox WHERE state = 'pending'
            GROUP BY channel ORDER BY channel
            """, [], prepared: true
        ).map { row in
            OutboxDepth(
                channel: try row.text(0), pending: Int(try row.int8(1)),
                oldestAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)))
        }
    }

    /// Since when there is an incident, not over yet, of which no channel told anybody, because all that should have gave it up.
    public static func untoldSince(_ connection: PostgresConnection) throws -> Instant? {
        try connection.query(
            """
            SELECT min(o.created_at) FROM farwatch.outbox o WHERE o.state = 'dead' AND o.kind IN ('opened', 'escalated')
                AND EXISTS (SELECT FROM farwatch.incidents i WHERE i.id = o.incident AND i.state <> 'resolved')
                AND NOT EXISTS (SELECT FROM farwatch.outbox other
                    WHERE other.incident = o.incident AND other.state IN ('pending', 'delivered'))
            """, [], prepared: true
        ).first?.timestamptzOrNull(0).map { Instant(microsecondsSinceEpoch: $0) }
    }

    /// Puts a message that was given up back among those that are due.
    ///
    /// - Returns: false where it was not given up, where its channel has been told something later of the same incident, or where that
    ///   is over and this does not say so.
    public static func retry(_ id: Int64, _ connection: PostgresConnection) throws -> Bool {
        try connection.execute(
            """
            UPDATE farwatch.outbox o SET state = 'pending', finished_at = NULL, next_attempt_at = now(), created_at = now()
            WHERE id = $1 AND state = 'dead' AND (kind = 'resolved' OR NOT EXISTS (
                SELECT FROM farwatch.incidents i WHERE i.id = o.incident AND i.state = 'resolved'))
            AND NOT EXISTS (
                SELECT FROM farwatch.outbox later WHERE later.incident = o.incident AND later.channel = o.channel
                    AND later.sequence > o.sequence AND later.state IN ('pending', 'delivered'))
            """, [.int8(id)]) > 0
    }

    /// One message; nil where there is none.
    public static func record(id: Int64, _ connection: PostgresConnection) throws -> OutboxRecord? {
        try records("WHERE id = $1", [.int8(id)], connection).first
    }

    /// The last message of each incident that a channel takes for open, because it was told or stood in for one that
    /// should have been; at most a thousand.
    public static func open(through channel: String, _ connection: PostgresConnection) throws -> [OutboxEntry] {
        try connection.query(
            """
            SELECT o.id, o.message::text, o.created_at, o.attempts, r.reference FROM (
                SELECT DISTINCT ON (incident) * FROM farwatch.outbox told
                WHERE state = 'delivered' AND kind NOT IN ('test', 'notice') AND (channel = $1 OR EXISTS (
                    SELECT FROM farwatch.channel_references standing WHERE standing.incident = told.incident
                        AND standing.channel = told.channel || ' > ' || $1))
                ORDER BY incident, id DESC) AS o
            LEFT JOIN farwatch.incidents i ON i.id = o.incident
            LEFT JOIN farwatch.channel_references r ON r.incident = o.incident AND r.channel = $1
            WHERE o.kind <> 'resolved' AND (i.state IS NULL OR i.state <> 'resolved')
                AND NOT EXISTS (SELECT FROM farwatch.outbox later WHERE later.incident = o.incident
                    AND later.channel = o.channel AND later.state = 'pending' AND later.kind = 'resolved')
            LIMIT \(recordsMax)
            """, [.text(channel)], prepared: true
        ).compactMap { row in
            guard let message = Message(json: Array(try row.text(1).utf8)) else { return nil }
            return OutboxEntry(
                id: try row.int8(0), message: message,
                writtenAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), attempts: Int(try row.int4(3)),
                reference: try row.textOrNull(4))
        }
    }

    /// What each channel heard of these incidents, whether it was delivered yet or not: from it somebody goes on who
    /// has lost what he knew.
    public static func heard(
        ofIncidents ids: [Int64], _ connection: PostgresConnection
    ) throws -> [Int64: [AlertingCore.Heard]] {
        guard !ids.isEmpty else { return [:] }
        let rows = try connection.query(
            """
            SELECT DISTINCT ON (incident, channel) incident, channel, sequence, created_at, kind FROM farwatch.outbox
            WHERE incident = any($1) AND sequence > 0 AND kind <> 'test' ORDER BY incident, channel, sequence DESC
            """, [.int8Array(ids)])
        var heard: [Int64: [AlertingCore.Heard]] = [:]
        for row in rows {
            heard[try row.int8(0), default: []].append(
                AlertingCore.Heard(
                    channel: try row.text(1), sequence: try row.int4(2),
                    at: Instant(microsecondsSinceEpoch: try row.timestamptz(3)),
                    isEnd: try row.text(4) == Message.Kind.resolved.rawValue))
        }
        return heard
    }

    /// What was sent to whom about an incident, oldest first.
    public static func records(ofIncident id: Int64, _ connection: PostgresConnection) throws -> [OutboxRecord] {
        try records("WHERE incident = $1 ORDER BY created_at, id LIMIT \(recordsMax)", [.int8(id)], connection)
    }

    /// Messages of all incidents, newest first: what was given up, say.
    ///
    /// - Parameters:
    ///   - state: `pending`, `delivered`, `dead`, `superseded`; nil: any.
    ///   - before: those of lower ids, where a page ended.
    ///   - limit: 1...`recordsMax`.
    public static func records(
        state: String?, channel: String?, before: Int64?, limit: Int, _ connection: PostgresConnection
    ) throws -> [OutboxRecord] {
        try records(
            """
            WHERE kind <> 'test' AND ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR channel = $2)
            AND ($3::int8 IS NULL OR id < $3) ORDER BY id DESC LIMIT \(min(max(limit, 1), recordsMax))
            """, [.text(state), .text(channel), .int8(before)], connection)
    }

    /// Forgets what was finished before, but for incidents that are open still. Returns how much.
    public static func prune(finishedBefore time: Instant, _ connection: PostgresConnection) throws -> Int {
        let isOver = "NOT EXISTS (SELECT FROM farwatch.incidents i WHERE i.id = o.incident AND i.state <> 'resolved')"
        let count = try connection.execute(
            "DELETE FROM farwatch.outbox o WHERE state <> 'pending' AND finished_at < $1 AND \(isOver)",
            [.timestamptz(time.microsecondsSinceEpoch)])
        try connection.execute(
            """
            DELETE FROM farwatch.channel_references o WHERE \(isOver)
                AND NOT EXISTS (SELECT FROM farwatch.outbox m WHERE m.incident = o.incident)
            """, [])
        return count
    }

    private static func records(
        _ tail: String, _ parameters: [PostgresValue], _ connection: PostgresConnection
    ) throws -> [OutboxRecord] {
        try connection.query(
            """
            SELECT id, incident, created_at, channel, kind, state, attempts, last_error FROM farwatch.outbox \(tail)
            """, parameters
        ).map { row in
            OutboxRecord(
                id: try row.int8(0), incident: try row.int8(1),
                at: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), channel: try row.text(3),
                kind: try row.text(4), state: try row.text(5), attempts: Int(try row.int4(6)),
                lastError: try row.textOrNull(7))
        }
    }
}
