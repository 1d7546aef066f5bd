import Alerting
import CallModel
import Postgres

/// A message that is due, as it was claimed.
public struct OutboxEntry: Sendable {
    public var id: Int64
    public var message: Message
    public var writtenAt: Instant
    /// Attempts begun, this one included; a later claim has a higher one.
    public var attempts: Int
    /// By what the channel knows the incident.
    public var reference: String?
}

/// What became of a message, or of the present attempt.
public enum OutboxResult: Sendable, Equatable {
    /// With a note where something is worth knowing, such as who stood in.
    case delivered(note: String?)
    case retry(after: Duration, error: String)
    case dead(error: String)
}

/// How much one channel may take in a round.
public struct OutboxClaim: Sendable {
    public var channel: String
    public var countMax: Int
    /// Until another aggregator takes it for lost. Longer than an attempt can take.
    public var claimTime: Duration

    public init(channel: String, countMax: Int, claimTime: Duration) {
        self.channel = channel
        self.countMax = countMax
        self.claimTime = claimTime
    }
}

/// Messages between the decision to send them and their delivery.
///
/// **At least once**: a message is written in the transaction that decided it, and stays `pending` until a receiver
/// took it or it was given up. A claim moves `next_attempt_at` ahead in one statement that skips what others are
/// claiming; whoever dies with one leaves it due again when the claim runs out. **In order** for one incident and
/// channel: only the lowest pending sequence can be claimed; an `updated` that has a successor is superseded instead.
/// Times are the database's.
public enum OutboxStore {
    /// In the caller's transaction. A message that is there already stays as it is; one that is a part of another is not sent.
    public static func append(_ messages: [Message], _ connection: PostgresConnection) throws {
        for message in messages {
            try connection.execute(
                """
                INSERT INTO farwatch.outbox
                    (incident, channel, sequence, kind, message, created_at, state, finished_at, last_error)
                VALUES ($1, $2, $3, $4, $5, now(), CASE WHEN $6::text IS NULL THEN 'pending' ELSE 'superseded' END,
                    CASE WHEN $6::text IS NULL THEN NULL ELSE now() END, 'told with ' || $6)
                ON CONFLICT (incident, channel, sequence) DO NOTHING
                """,
                [
                    .int8(message.incident), .text(message.channel), .int4(message.sequence),
                    .text(message.kind.rawValue), .json(String(decoding: message.json(), as: UTF8.self)),
                    .text(message.toldWith),
                ], prepared: true)
        }
    }

    /// What is due, taken; empty when nothing is. One row that cannot be read is dead and costs no other.
    public static func claim(_ claims: [OutboxClaim], _ connection: PostgresConnection) throws -> [OutboxEntry] {
        try connection.execute(
            """
            UPDATE farwatch.outbox o SET state = 'superseded', finished_at = now()
            WHERE state = 'pending' AND kind = 'updated' AND next_attempt_at <= now() AND EXISTS (
                SELECT FROM farwatch.outbox later WHERE later.incident = o.incident AND later.channel = o.channel
                    AND later.sequence > o.sequence AND later.state = 'pending')
            """, [], prepared: true)
        let rows = try connection.query(
            """
            WITH picked AS (
                SELECT due.id, asked.seconds
                FROM unnest($1::text[], $2::int4[], $3::float8[]) AS asked (channel, slots, seconds), LATERAL (
                    SELECT o.id FROM farwatch.outbox o
                    WHERE o.state = 'pending' AND o.channel = asked.channel AND o.next_attempt_at <= now()
                        AND NOT EXISTS (
                            SELECT FROM farwatch.outbox earlier WHERE earlier.incident = o.incident
                                AND earlier.channel = o.channel AND earlier.sequence < o.sequence
                                AND earlier.state = 'pending')
                    ORDER BY o.next_attempt_at, o.id LIMIT asked.slots FOR UPDATE SKIP LOCKED) AS due)
            UPDATE farwatch.outbox o
            SET attempts = o.attempts + 1, next_attempt_at = now() + picked.seconds * interval '1 second'
            FROM picked WHERE o.id = picked.id
            RETURNING o.id, o.message::text, o.created_at, o.attempts, (SELECT reference
                FROM farwatch.channel_references r WHERE r.incident = o.incident AND r.channel = o.channel),
                o.channel, o.incident, o.sequence
            """,
            [
                .textArray(claims.map(\.channel)), .int4Array(claims.map { Int32(clamping: $0.countMax) }),
                .float8Array(claims.map(\.claimTime.inSeconds)),
            ], prepared: true)
        var entries: [OutboxEntry] = []
        for row in rows {
            guard var message = Message(json: Array(try row.text(1).utf8)) else {
                _ = try finish(
                    try row.int8(0), attempts: Int(try row.int4(3)),
                    .dead(error: "what is stored is no message of this release"), connection)
                continue
            }
            // The columns are what was claimed by, and so what counts.
            message.channel = try row.text(5)
            (message.incident, message.sequence) = (try row.int8(6), try row.int4(7))
            entries.append(
                OutboxEntry(
                    id: try row.int8(0), message: message,
                    writtenAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)),
                    attempts: Int(try row.int4(3)), reference: try row.textOrNull(4)))
        }
        return entries.sorted { $0.id < $1.id }
    }

    /// Returns false where the claim had run out and somebody else has the message now; a delivery counts all the same.
    public static func finish(
        _ id: Int64, attempts: Int, _ result: OutboxResult, _ connection: PostgresConnection
    ) throws -> Bool {
        switch result {
        case .delivered(let note):
            try connection.execute(
                """
                UPDATE farwatch.outbox SET state = 'delivered', finished_at = now(), last_error = $2
                WHERE id = $1 AND state = 'pending'
                """, [.int8(id), .text(note)], prepared: true) > 0
        case .retry(let wait, let error):
            try connection.execute(
                """
                UPDATE farwatch.outbox SET next_attempt_at = now() + $3 * interval '1 second', last_error = $4
                WHERE id = $1 AND state = 'pending' AND attempts = $2
                """, [.int8(id), .int4(Int32(clamping: attempts)), .float8(wait.inSeconds), .text(error)],
                prepared: true) > 0
        case .dead(let error):
            try connection.execute(
                """
                UPDATE farwatch.outbox SET state = 'dead', finished_at = now(), last_error = $3
                WHERE id = $1 AND state = 'pending' AND attempts = $2
                """, [.int8(id), .int4(Int32(clamping: attempts)), .text(error)], prepared: true) > 0
        }
    }

    // MARK: References

    public static func reference(
        incident: Int64, channel: String, _ connection: PostgresConnection
    ) throws -> String? {
        try connection.query(
            "SELECT reference FROM farwatch.channel_references WHERE incident = $1 AND channel = $2",
            [.int8(incident), .text(channel)], prepared: true
        ).first.map { try $0.text(0) }
    }

    public static func store(
        reference: String, incident: Int64, channel: String, _ connection: PostgresConnection
    ) throws {
        try connection.execute(
            """
            INSERT INTO farwatch.channel_references VALUES ($1, $2, $3)
            ON CONFLICT (incident, channel) DO UPDATE SET reference = excluded.reference
            """, [.int8(incident), .text(channel), .text(reference)], prepared: true)
    }

    /// Remembers that `standIn` told of an incident what `channel` could not: it must hear of its end, too.
    public static func store(
        standIn: String, for channel: String, incident: Int64, _ connection: PostgresConnection
    ) throws {
        try store(reference: standIn, incident: incident, channel: "\(channel) > \(standIn)", connection)
    }

    public static func standIns(
        for channel: String, incident: Int64, _ connection: PostgresConnection
    ) throws -> [String] {
        try connection.query(
            """
            SELECT reference FROM farwatch.channel_references WHERE incident = $1 AND starts_with(channel, $2)
            ORDER BY channel
            """, [.int8(incident), .text("\(channel) > ")], prepared: true
        ).map { try $0.text(0) }
    }
}
