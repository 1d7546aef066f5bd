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
        _ = try skip(&position, connection)
        return position
    }

    /// Calls that arrived after the position; where there are more than fit, the rest is counted and passed over.
    public func arrivals(after position: ArrivalPosition, _ connection: PostgresConnection) throws -> Arrivals {
        let rows = try connection.query(
            """
            SELECT \(CallRow.columns) FROM farwatch.call_rows c \(Self.passed("p", from: 1))
            WHERE c.received_at >= $4 AND \(Self.isBeyond("p"))
            ORDER BY c.received_at, c.block, c.row LIMIT $5
            """, Self.parameters(position) + [.int4(Int32(Self.arrivalsAtOnceMax))]
        ).map { try CallRow($0) }
        var next = position
        for row in rows { next.pass(ArrivalCursor(row)) }
        let skipped = rows.count == Self.arrivalsAtOnceMax ? try skip(&next, connection) : 0
        return Arrivals(
            calls: try finish(rows, payloads: true, connection), skippedCount: skipped, position: next)
    }

    /// Passes all that is committed, and counts it.
    private func skip(_ position: inout ArrivalPosition, _ connection: PostgresConnection) throws -> Int {
        var (count, ends) = (0, [ArrivalCursor]())
        try connection.forEachRow(
            """
            SELECT max(c.received_at), max(c.block), count(*) FROM farwatch.call_rows c \(Self.passed("p", from: 1))
            WHERE c.received_at >= $4 AND \(Self.isBeyond("p")) GROUP BY c.block >> 32
            """, Self.parameters(position)
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
