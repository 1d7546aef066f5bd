import CallModel
import Postgres

/// A stored call that was found and not opened yet.
public struct FoundCall: Sendable {
    /// The same as long as the call and its payload are the same.
    public struct Key: Hashable, Sendable {
        public var block: Int64
        public var row: Int16
        /// Of its block of payloads, 0 where that is gone: it changes when bodies are taken out.
        public var blockByteCount: Int32
    }

    public let key: Key
    let row: CallRow

    init(_ row: CallRow, blockByteCount: Int32) {
        key = Key(block: row.block, row: row.row, blockByteCount: blockByteCount)
        self.row = row
    }
}

/// What `CallStore.spread` found.
public struct FoundCalls: Sendable {
    /// Those of one block together.
    public var calls: [FoundCall]
    /// Counted up to `CallStore.countedPerBucketMax` in each five minutes.
    public var matchingCount: Int
    /// Whether every call that matches is among them.
    public var isComplete: Bool

    public init(calls: [FoundCall] = [], matchingCount: Int = 0, isComplete: Bool = true) {
        self.calls = calls
        self.matchingCount = matchingCount
        self.isComplete = isComplete
    }
}

/// Finding calls spread over a time, at a price that does not grow with how many there are: of each five minutes no more than
/// `countedPerBucketMax` are looked at, and of these every call or every second, fourth … So what is found of a time that is over stays
/// as it is while calls come in, or becomes a part of what it was; whoever keeps opened calls opens only the newest anew.
extension CallStore {
    public static let countedPerBucketMax = 500
    /// Blocks to open for what was found: each costs about a millisecond.
    private static let blocksMax = 256

    /// - Parameter filter: of which an index leads to the five minutes: with a route, or asking for trouble; the time no longer than a
    ///   week.
    public func spread(
        _ filter: CallFilter, callsMax: Int, _ connection: PostgresConnection
    ) throws -> FoundCalls {
        guard let buckets = CallCondition.buckets(filter),
            let condition = try CallCondition(filter, names, connection, bucketIs: "s.start")
        else { return FoundCalls() }
        let parameters = condition.parameters + [.timestamptzArray(buckets)]
        let counts = try connection.query(Self.countStatement(condition), parameters)
        guard let row = counts.first else { return FoundCalls() }
        let (count, most) = (Int(try row.int8(0)), Int(try row.int8(1)))
        var stride = 1
        while count / stride > callsMax { stride *= 2 }
        var rows = try connection.query(Self.spreadStatement(condition, stride: stride), parameters).map {
            try CallRow($0)
        }
        let isCut = Self.keepFewBlocks(&rows)
        return FoundCalls(
            calls: try withBlocks(rows, connection), matchingCount: count,
            isComplete: stride == 1 && !isCut && most < Self.countedPerBucketMax)
    }

    /// Calls with their payloads, in the order they are handed in.
    public func open(_ calls: [FoundCall], _ connection: PostgresConnection) throws -> [StoredCall] {
        try finish(calls.map(\.row), payloads: true, connection)
    }

    /// How many match, of each five minutes up to the limit; and the most of any five minutes. The list of them comes behind the
    /// condition's parameters.
    static func countStatement(_ condition: CallCondition) -> String {
        """
        SELECT coalesce(sum(n.count), 0)::int8, coalesce(max(n.count), 0) FROM \(starts(condition)) CROSS JOIN LATERAL (
            SELECT count(*) FROM (SELECT FROM farwatch.call_rows c \(condition.joins) WHERE \(condition.text)
            LIMIT \(countedPerBucketMax)) t) n
        """
    }

    static func spreadStatement(_ condition: CallCondition, stride: Int) -> String {
        """
        SELECT \(CallRow.columns) FROM \(starts(condition)) CROSS JOIN LATERAL (
            SELECT \(CallRow.columns), row_number() OVER () AS place FROM farwatch.call_rows c \(condition.joins)
            WHERE \(condition.text) LIMIT \(countedPerBucketMax)) c
        WHERE c.place % \(stride) = 0
        """
    }

    private static func starts(_ condition: CallCondition) -> String {
        "unnest($\(condition.parameters.count + 1)::timestamptz[]) AS s(start)"
    }

    /// Those of the blocks that hold most of them, and the lowest of equal ones. Returns whether any had to go.
    private static func keepFewBlocks(_ rows: inout [CallRow]) -> Bool {
        var counts: [Int64: Int] = [:]
        for row in rows { counts[row.block, default: 0] += 1 }
        rows.sort { ($0.block, $0.row) < ($1.block, $1.row) }
        guard counts.count > blocksMax else { return false }
        let kept = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(blocksMax)
        let blocks = Set(kept.map(\.key))
        rows.removeAll { !blocks.contains($0.block) }
        return true
    }

    private func withBlocks(_ rows: [CallRow], _ connection: PostgresConnection) throws -> [FoundCall] {
        var blocks: [CallRow] = []
        for row in rows where blocks.last?.block != row.block { blocks.append(row) }
        var byteCounts: [Int64: Int32] = [:]
        try connection.forEachRow(
            """
            SELECT b.block, octet_length(b.bytes) FROM farwatch.payload_blocks b
            JOIN unnest($1::int2[], $2::timestamptz[], $3::int8[]) AS t(shard, received_at, block)
            ON b.shard = t.shard AND b.received_at = t.received_at AND b.block = t.block
            WHERE b.received_at = ANY($2::timestamptz[])
            """,
            [
                .int2Array(blocks.map(\.shard)), .timestamptzArray(blocks.map(\.receivedAt)),
                .int8Array(blocks.map(\.block)),
            ]
        ) { row in byteCounts[try row.int8(0)] = try row.int4(1) }
        return rows.map { FoundCall($0, blockByteCount: byteCounts[$0.block] ?? 0) }
    }
}
