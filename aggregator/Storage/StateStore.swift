import CallModel
import Compression
import Postgres
import Rollups

/// A stretch of time in which a partner was not operational.
public struct OutageRecord: Sendable {
    public var partner: NameID
    public var startedAt: Instant
    public var endedAt: Instant?
    public var status: String
    public var worst: String
    public var reason: String
    public var callsFailed: Int64

    public init(
        partner: NameID, startedAt: Instant, endedAt: Instant?, status: String, worst: String, reason: String,
        callsFailed: Int64
    ) {
        self.partner = partner
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.status = status
        self.worst = worst
        self.reason = reason
        self.callsFailed = callsFailed
    }
}

/// What the decider keeps: its lease, the outages it found, the status it last published.
public enum StateStore {
    /// Takes or renews a lease; nil when another holds it.
    ///
    /// The epoch rises whenever the holder changes, and everything written under the lease carries it, so that a holder that
    /// was held up cannot overwrite its successor (fencing). Times are the database's.
    public static func acquireLease(
        _ name: String, holder: String, for duration: Duration, _ connection: PostgresConnection
    ) throws -> Int64? {
        let rows = try connection.query(
            """
            INSERT INTO farwatch.leases AS l VALUES ($1, $2, 1, now() + $3 * interval '1 second')
            ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until,
                epoch = l.epoch + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END
            WHERE l.until < now() OR l.holder = excluded.holder
            RETURNING epoch
            """, [.text(name), .text(holder), .float8(duration.inSeconds)], prepared: true)
        return try rows.first.map { try $0.int8(0) }
    }

    /// Whether a lease is still ours, and stays so until the transaction ends: whoever wants to take it waits for that, and reads
    /// what was written under it.
    public static func holdsLease(
        _ name: String, holder: String, epoch: Int64, _ connection: PostgresConnection
    ) throws -> Bool {
        // Whoever is stopped or cut off in the midst of the transaction must not keep others from taking over.
        try connection.execute("SET LOCAL idle_in_transaction_session_timeout = '8s'")
        return try connection.query(
            "SELECT 1 FROM farwatch.leases WHERE name = $1 AND holder = $2 AND epoch = $3 FOR SHARE",
            [.text(name), .text(holder), .int8(epoch)], prepared: true
        ).count == 1
    }

    /// Gives a lease back, so that the next holder need not wait for its end.
    public static func releaseLease(_ name: String, holder: String, _ connection: PostgresConnection) throws {
        try connection.execute(
            "UPDATE farwatch.leases SET until = now() WHERE name = $1 AND holder = $2", [.text(name), .text(holder)])
    }

    /// Publishes bytes under a name, unless a later holder already did. Returns whether they were taken.
    public static func publish(
        _ name: String, epoch: Int64, at now: Instant, _ bytes: [UInt8], _ connection: PostgresConnection
    ) throws -> Bool {
        try connection.execute(
            """
            INSERT INTO farwatch.snapshots AS s VALUES ($1, $2, $3, $4)
            ON CONFLICT (name) DO UPDATE SET epoch = $2, published_at = $3, bytes = $4 WHERE s.epoch <= $2
            """, [.text(name), .int8(epoch), .timestamptz(now.microsecondsSinceEpoch), .bytea(bytes)], prepared: true)
            > 0
    }

    public static func published(
        _ name: String, _ connection: PostgresConnection
    ) throws -> (at: Instant, bytes: [UInt8])? {
        let rows = try connection.query(
            "SELECT published_at, bytes FROM farwatch.snapshots WHERE name = $1", [.text(name)], prepared: true)
        return try rows.first.map { (Instant(microsecondsSinceEpoch: try $0.timestamptz(0)), try $0.bytea(1)) }
    }

    /// Keeps a core's state, packed, unless a later holder already did. Returns whether it was taken.
    public static func saveState(
        _ name: String, epoch: Int64, at now: Instant, _ bytes: [UInt8], _ connection: PostgresConnection
    ) throws -> Bool {
        try publish(
            name, epoch: epoch, at: now, bytes.withUnsafeBytes { Zstandard.compress($0, level: 1) }, connection)
    }

    /// State as it was last saved.
    public static func savedState(_ name: String, _ connection: PostgresConnection) throws -> [UInt8]? {
        guard let packed = try published(name, connection) else { return nil }
        do {
            return try packed.bytes.withUnsafeBytes {
                try Zstandard.decompress($0, byteCountMax: stateByteCountMax)
            }
        } catch {
            throw StorageError.damaged("the state \(name): \(error)")
        }
    }

    /// No state is larger when opened; a larger one is damage.
    private static let stateByteCountMax = 1 << 30

    /// Bytes that are made once for all aggregators, such as a key: those that are kept under the name, or these from now on.
    public static func madeOnce(_ name: String, _ bytes: [UInt8], _ connection: PostgresConnection) throws -> [UInt8] {
        try connection.execute(
            "INSERT INTO farwatch.snapshots VALUES ($1, 0, now(), $2) ON CONFLICT (name) DO NOTHING",
            [.text(name), .bytea(bytes)])
        return try published(name, connection)?.bytes ?? bytes
    }

    /// Writes an outage as it is now; its partner and beginning name it.
    public static func store(_ outage: OutageRecord, _ connection: PostgresConnection) throws {
        try connection.execute(
            """
            INSERT INTO farwatch.outages AS o VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (partner, started_at) DO UPDATE SET ended_at = $3, status = $4, worst = $5, reason = $6, calls_failed = $7
            """,
            [
                .int4(outage.partner), .timestamptz(outage.startedAt.microsecondsSinceEpoch),
                .timestamptz(outage.endedAt?.microsecondsSinceEpoch), .text(outage.status), .text(outage.worst),
                .text(outage.reason), .int8(outage.callsFailed),
            ])
    }

    /// Outages that were open at some time since, newest first, at most a thousand.
    public static func outages(since: Instant, _ connection: PostgresConnection) throws -> [OutageRecord] {
        let rows = try connection.query(
            """
            SELECT partner, started_at, ended_at, status, worst, reason, calls_failed FROM farwatch.outages
            WHERE ended_at IS NULL OR ended_at >= $1 ORDER BY started_at DESC LIMIT 1000
            """, [.timestamptz(since.microsecondsSinceEpoch)])
        return try rows.map { row in
            OutageRecord(
                partner: try row.int4(0), startedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(1)),
                endedAt: try row.timestamptzOrNull(2).map(Instant.init(microsecondsSinceEpoch:)),
                status: try row.text(3),
                worst: try row.text(4), reason: try row.text(5), callsFailed: try row.int8(6))
        }
    }
}
