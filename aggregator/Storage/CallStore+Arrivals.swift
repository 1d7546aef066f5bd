import CallModel
import Postgres
import Rollups

/// Where a reader of arriving calls stands: after which flush of each writer.
///
/// A writer commits its flushes in the order of their numbers, so that none can turn up below a position. `received_at` alone
/// would not do: of two writers the earlier time may be committed later.
public struct ArrivalPosition: Sendable, Equatable {
    var flushes: [Int32: Int64] = [:]
    /// Nothing received before is looked for.
    var since: Instant

    public init(since: Instant) { self.since = since }
}

/// Calls that arrived, in that order.
public struct Arrivals: Sendable {
    public var calls: [StoredCall]
    /// Calls that were passed over because there were too many.
    public var skippedCount: Int
    public var position: ArrivalPosition

    public init(calls: [StoredCall], skippedCount: Int, position: ArrivalPosition) {
        self.calls = calls
        self.skippedCount = skippedCount
        self.position = position
    }
}

/// The place of a call in the order of arrival: what a stream of calls is resumed from.
public struct ArrivalCursor: Sendable, Equatable, Hashable {
    public var receivedAtMicroseconds: Int64
    public var block: Int64
    public var row: Int16

    public init(receivedAtMicroseconds: Int64, block: Int64, row: Int16) {
        self.receivedAtMicroseconds = receivedAtMicroseconds
        self.block = block
        self.row = row
    }
}

extension StoredCall {
    public var arrival: ArrivalCursor {
        ArrivalCursor(
            receivedAtMicroseconds: call.receivedAt?.microsecondsSinceEpoch ?? cursor.timeMicroseconds,
            block: cursor.block, row: cursor.row)
    }
}

extension CallStore {
    /// A block has at most a thousand rows, so that one always fits.
    public static let arrivalsAtOnceMax = 2_000

    /// Calls that arrived after the position; where there are more than fit, the rest is counted and passed over.
    ///
    /// A reader comes every few seconds, and a call may be committed up to a minute after it was received. Which flushes are new is
    /// told by their counts, a row a flush; only the calls of those are looked for, instead of among all calls of that minute.
    public func arrivals(after position: ArrivalPosition, _ connection: PostgresConnection) throws -> Arrivals {
        let flushes = try Flushes(after: position, connection)
        guard !flushes.writers.isEmpty else { return Arrivals(calls: [], skippedCount: 0, position: position) }
        try Partitions.summarizeReceipt(of: flushes.times, connection)
        let (rows, skipped) = try connection.transaction {
            // Statistics know nothing of the last minutes: left alone the planner would read the day, or all calls once a flush.
            try connection.execute(
                """
                SET LOCAL enable_seqscan = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;
                SET LOCAL max_parallel_workers_per_gather = 0
                """)
            return try first(of: flushes, connection)
        }
        return Arrivals(
            calls: try finish(rows, payloads: true, connection), skippedCount: skipped, position: flushes.position)
    }

    /// As many as fit in whole blocks, and the number of all others.
    private func first(of flushes: Flushes, _ connection: PostgresConnection) throws -> ([CallRow], skipped: Int) {
        var rows = try connection.query(
            """
            SELECT \(CallRow.columns) FROM \(Flushes.calls)
            ORDER BY c.received_at, c.block, c.row LIMIT $5
            """, flushes.parameters + [.int4(Int32(Self.arrivalsAtOnceMax))]
        ).map { try CallRow($0) }
        guard rows.count == Self.arrivalsAtOnceMax else { return (rows, 0) }
        // The last block may be cut: it and all that follows are passed over.
        let cut = rows[rows.count - 1].block
        rows.removeAll { $0.block == cut }
        let all = try connection.query("SELECT count(*) FROM \(Flushes.calls)", flushes.parameters)
        return (rows, Int(try all[0].int8(0)) - rows.count)
    }

    /// Calls that arrived after the cursor, oldest first, for a reader who comes back; at most as many as `arrivals` gives.
    public func arrivals(
        since cursor: ArrivalCursor, notBefore: Instant, _ connection: PostgresConnection
    ) throws -> [StoredCall] {
        let rows = try connection.query(
            """
            SELECT \(CallRow.columns) FROM farwatch.call_rows c
            WHERE c.received_at >= $1 AND c.received_at >= $2
            AND (c.received_at, c.block, c.row) > ($1, $3, $4) ORDER BY c.received_at, c.block, c.row LIMIT $5
            """,
            [
                .timestamptz(cursor.receivedAtMicroseconds), .timestamptz(notBefore.microsecondsSinceEpoch),
                .int8(cursor.block), .int2(cursor.row), .int4(Int32(Self.arrivalsAtOnceMax)),
            ])
        return try finish(rows.map { try CallRow($0) }, payloads: true, connection)
    }
}

/// Flushes that a reader of arriving calls has not seen.
private struct Flushes {
    private(set) var writers: [Int32] = []
    /// When what each stored was received, in microseconds; by it its calls are found.
    private(set) var times: [Int64] = []
    /// After them.
    private(set) var position: ArrivalPosition

    init(after position: ArrivalPosition, _ connection: PostgresConnection) throws {
        self.position = position
        try connection.forEachRow(
            """
            SELECT b.writer, b.flush, b.received_at FROM farwatch.rollup_blocks b
            LEFT JOIN unnest($1::int4[], $2::int8[]) AS p(writer, flush) ON p.writer = b.writer
            WHERE b.received_at >= $3 AND b.flush > coalesce(p.flush, 0) ORDER BY b.received_at, b.writer, b.flush
            """,
            [
                .int4Array(Array(position.flushes.keys)), .int8Array(Array(position.flushes.values)),
                .timestamptz(position.since.microsecondsSinceEpoch),
            ]
        ) { row in take(writer: try row.int4(0), flush: try row.int8(1), at: try row.timestamptz(2)) }
    }

    private mutating func take(writer: Int32, flush: Int64, at microseconds: Int64) {
        writers.append(writer)
        times.append(microseconds)
        position.flushes[writer] = max(position.flushes[writer] ?? 0, flush)
        // A flush takes seconds at most; beyond that nothing older can still be committed.
        position.since = max(position.since, Instant(microsecondsSinceEpoch: microseconds) - .seconds(60))
    }

    /// A writer's blocks have its number in them; the range leaves out partitions and pages.
    static let calls = """
        farwatch.call_rows c JOIN unnest($1::int4[], $2::timestamptz[]) AS f(writer, at)
        ON c.received_at = f.at AND (c.block >> 32)::int4 = f.writer WHERE c.received_at >= $3 AND c.received_at <= $4
        """

    var parameters: [PostgresValue] {
        [
            .int4Array(writers), .timestamptzArray(times), .timestamptz(times[0]), .timestamptz(times[times.count - 1]),
        ]
    }
}
