import CallModel
import Postgres
import Rollups

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

/// A part of what arrived: after one position and up to another, as far as a filter goes that looks into no payload.
public struct ArrivalRange: Sendable {
    public var after: ArrivalPosition
    /// All up to here must be committed: a position that was read.
    public var upTo: ArrivalPosition
    /// Its times say nothing here.
    public var filter: CallFilter

    public init(after: ArrivalPosition, upTo: ArrivalPosition, filter: CallFilter) {
        self.after = after
        self.upTo = upTo
        self.filter = filter
    }
}

extension CallStore {
    public static let arrivalsAtOnceMax = 2_000

    /// The end of what has arrived: everything that is committed is passed, and nothing else.
    public func arrivalsEnd(at now: Instant, _ connection: PostgresConnection) throws -> ArrivalPosition {
        var position = ArrivalPosition(since: now - ArrivalPosition.lateMax)
        let parameters = Self.parameters(position)
        _ = try skip(
            &position, "farwatch.call_rows c \(Self.passed("p", from: 1))",
            "c.received_at >= $4 AND \(Self.isBeyond("p"))", parameters, connection)
        return position
    }

    /// Calls that arrived after the position; where there are more than fit, the rest is counted and passed over.
    ///
    /// A reader comes every few seconds, and a call may be committed up to a minute after it was received. Which flushes are new is
    /// told by their counts, a row a flush; only the calls of those are looked for, instead of among all calls of that minute.
    public func arrivals(after position: ArrivalPosition, _ connection: PostgresConnection) throws -> Arrivals {
        let flushes = try Flushes(after: position, connection)
        guard !flushes.writers.isEmpty else { return Arrivals(calls: [], skippedCount: 0, position: position) }
        try Partitions.summarizeReceipt(of: flushes.times, connection)
        var next = position
        let (rows, skipped) = try connection.transaction {
            // Statistics know nothing of the last minutes: left alone the planner would read the day, or all calls once a flush.
            try connection.execute(
                """
                SET LOCAL enable_seqscan = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;
                SET LOCAL max_parallel_workers_per_gather = 0
                """)
            let source = "\(Flushes.calls(from: 5)) \(Self.passed("p", from: 1))"
            let condition = "c.received_at >= $4 AND \(Flushes.range(from: 5)) AND \(Self.isBeyond("p"))"
            let parameters = Self.parameters(position) + flushes.parameters
            let rows = try connection.query(
                """
                SELECT \(CallRow.columns) FROM \(source) WHERE \(condition)
                ORDER BY c.received_at, c.block, c.row LIMIT \(Self.arrivalsAtOnceMax)
                """, parameters
            ).map { try CallRow($0) }
            for row in rows { next.pass(ArrivalCursor(row)) }
            guard rows.count == Self.arrivalsAtOnceMax else { return (rows, 0) }
            let rest = Self.parameters(next) + flushes.parameters
            return (rows, try skip(&next, source, condition, rest, connection))
        }
        return Arrivals(calls: try finish(rows, payloads: true, connection), skippedCount: skipped, position: next)
    }

    /// Passes all that is committed of a source, and counts it.
    private func skip(
        _ position: inout ArrivalPosition, _ source: String, _ condition: String, _ parameters: [PostgresValue],
        _ connection: PostgresConnection
    ) throws -> Int {
        var (count, ends) = (0, [ArrivalCursor]())
        try connection.forEachRow(
            "SELECT max(c.received_at), max(c.block), count(*) FROM \(source) WHERE \(condition) GROUP BY c.block >> 32",
            parameters
        ) { row in
            ends.append(
                ArrivalCursor(receivedAtMicroseconds: try row.timestamptz(0), block: try row.int8(1), row: .max))
            count += Int(try row.int8(2))
        }
        for end in ends { position.pass(end) }
        return count
    }

    /// The first calls of a range, at most `arrivalsAtOnceMax`, for a reader who comes back.
    public func arrivals(in range: ArrivalRange, _ connection: PostgresConnection) throws -> [StoredCall] {
        guard let condition = try rangeCondition(range, connection) else { return [] }
        let rows = try connection.query(
            """
            SELECT \(CallRow.columns) \(condition.text)
            ORDER BY c.received_at, c.block, c.row LIMIT \(Self.arrivalsAtOnceMax)
            """, condition.parameters
        ).map { try CallRow($0) }
        return try finish(rows, payloads: true, connection)
    }

    /// How many calls are in a range.
    public func arrivalCount(in range: ArrivalRange, _ connection: PostgresConnection) throws -> Int {
        guard let condition = try rangeCondition(range, connection) else { return 0 }
        return Int(try connection.query("SELECT count(*) \(condition.text)", condition.parameters)[0].int8(0))
    }

    /// Nil where nothing can match.
    private func rangeCondition(
        _ range: ArrivalRange, _ connection: PostgresConnection
    ) throws -> (text: String, parameters: [PostgresValue])? {
        var filter = range.filter
        (filter.since, filter.until) = (.epoch, Instant(secondsSinceEpoch: 9_000_000_000))
        (filter.newest, filter.cursor) = (nil, nil)
        guard let condition = try CallCondition(filter, names, connection) else { return nil }
        let count = condition.parameters.count
        let text = """
            FROM farwatch.call_rows c \(condition.joins) \(Self.passed("p", from: count + 1))
            \(Self.passed("q", from: count + 5)) WHERE \(condition.text)
            AND c.received_at >= $\(count + 4) AND \(Self.isBeyond("p"))
            AND (c.received_at < $\(count + 8) OR (c.block, c.row) <= (q.block, q.row))
            """
        return (text, condition.parameters + Self.parameters(range.after) + Self.parameters(range.upTo))
    }

    // MARK: Positions in statements

    /// The position's writers beside the calls' own; its parameters begin at this number, of which the fourth is its time.
    private static func passed(_ name: String, from first: Int) -> String {
        """
        LEFT JOIN unnest($\(first)::int4[], $\(first + 1)::int8[], $\(first + 2)::int2[]) AS \(name)(writer, block, row)
        ON \(name).writer = (c.block >> 32)::int4
        """
    }

    private static func isBeyond(_ name: String) -> String {
        "(\(name).writer IS NULL OR (c.block, c.row) > (\(name).block, \(name).row))"
    }

    private static func parameters(_ position: ArrivalPosition) -> [PostgresValue] {
        [
            .int4Array(position.last.map(\.writer)), .int8Array(position.last.map(\.block)),
            .int2Array(position.last.map(\.row)), .timestamptz(position.since.microsecondsSinceEpoch),
        ]
    }
}

extension ArrivalCursor {
    init(_ row: CallRow) {
        self.init(receivedAtMicroseconds: row.receivedAt, block: row.block, row: row.row)
    }
}

/// Flushes of which a reader of arriving calls may not have seen all: of each writer those that were not received before the last call it
/// knows of it, because a writer's flushes are received in their order.
private struct Flushes {
    private(set) var writers: [Int32] = []
    /// When what each stored was received, in microseconds; by it its calls are found.
    private(set) var times: [Int64] = []

    init(after position: ArrivalPosition, _ connection: PostgresConnection) throws {
        try connection.forEachRow(
            """
            SELECT b.writer, b.received_at FROM farwatch.rollup_blocks b
            LEFT JOIN unnest($1::int4[], $2::timestamptz[]) AS p(writer, at) ON p.writer = b.writer
            WHERE b.received_at >= $3 AND (p.at IS NULL OR b.received_at >= p.at)
            GROUP BY b.writer, b.received_at ORDER BY b.received_at, b.writer
            """,
            [
                .int4Array(position.last.map(\.writer)), .timestamptzArray(position.last.map(\.receivedAtMicroseconds)),
                .timestamptz(position.since.microsecondsSinceEpoch),
            ]
        ) { row in
            writers.append(try row.int4(0))
            times.append(try row.timestamptz(1))
        }
    }

    /// Its parameters begin at this number.
    static func calls(from first: Int) -> String {
        """
        farwatch.call_rows c JOIN unnest($\(first)::int4[], $\(first + 1)::timestamptz[]) AS f(writer, at)
        ON c.received_at = f.at AND (c.block >> 32)::int4 = f.writer
        """
    }

    /// Leaves out partitions and pages by the first and the last: one look through the index, however large the day is.
    static func range(from first: Int) -> String {
        "c.received_at >= $\(first + 2) AND c.received_at <= $\(first + 3)"
    }

    var parameters: [PostgresValue] {
        [
            .int4Array(writers), .timestamptzArray(times), .timestamptz(times[0]), .timestamptz(times[times.count - 1]),
        ]
    }
}
