import CallModel
import Postgres
import Rollups

/// Where a reader of arriving calls stands: after which block of each writer.
///
/// A writer commits its blocks in the order of their numbers, so that none can turn up below a position. `received_at` alone
/// would not do: of two writers the earlier time may be committed later.
public struct ArrivalPosition: Sendable, Equatable {
    var blocks: [Int32: Int64] = [:]
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
    public func arrivals(after position: ArrivalPosition, _ connection: PostgresConnection) throws -> Arrivals {
        let rows = try connection.query(
            """
            SELECT \(CallRow.columns) FROM farwatch.call_rows c
            LEFT JOIN unnest($1::int4[], $2::int8[]) AS p(writer, block) ON p.writer = (c.block >> 32)::int4
            WHERE c.received_at >= $3 AND c.block > coalesce(p.block, 0)
            ORDER BY c.received_at, c.block, c.row LIMIT $4
            """, parameters(position) + [.int4(Int32(Self.arrivalsAtOnceMax))]
        ).map { try CallRow($0) }
        var next = position
        var whole = rows
        var skipped = 0
        if rows.count == Self.arrivalsAtOnceMax {
            // The last block may be cut: it and all that follows are passed over.
            let cut = rows[rows.count - 1].block
            whole.removeAll { $0.block == cut }
            next.take(whole)
            skipped = try skip(&next, connection)
        }
        next.take(whole)
        return Arrivals(
            calls: try finish(whole, payloads: true, connection), skippedCount: skipped, position: next)
    }

    private func skip(_ position: inout ArrivalPosition, _ connection: PostgresConnection) throws -> Int {
        var count = 0
        try connection.forEachRow(
            """
            SELECT (c.block >> 32)::int4, max(c.block), count(*) FROM farwatch.call_rows c
            LEFT JOIN unnest($1::int4[], $2::int8[]) AS p(writer, block) ON p.writer = (c.block >> 32)::int4
            WHERE c.received_at >= $3 AND c.block > coalesce(p.block, 0) GROUP BY 1
            """, parameters(position)
        ) { row in
            position.blocks[try row.int4(0)] = try row.int8(1)
            count += Int(try row.int8(2))
        }
        return count
    }

    private func parameters(_ position: ArrivalPosition) -> [PostgresValue] {
        let writers = Array(position.blocks.keys)
        return [
            .int4Array(writers), .int8Array(writers.map { position.blocks[$0]! }),
            .timestamptz(position.since.microsecondsSinceEpoch),
        ]
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

extension ArrivalPosition {
    fileprivate mutating func take(_ rows: [CallRow]) {
        for row in rows {
            let writer = Int32(truncatingIfNeeded: row.block >> 32)
            blocks[writer] = max(blocks[writer] ?? 0, row.block)
            // A flush takes seconds at most; beyond that nothing older can still be committed.
            since = max(since, Instant(microsecondsSinceEpoch: row.receivedAt) - .seconds(60))
        }
    }
}
