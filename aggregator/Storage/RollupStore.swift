import CallModel
import Compression
import Postgres
import Rollups

/// A rollup block as it was committed.
public struct CommittedBlock: Sendable {
    public var writer: Int32
    public var flush: Int64
    public var receivedAt: Instant
    /// Empty where it cannot be read.
    public var block: RollupBlock
    public var isDamaged = false
}

/// What one folding came to.
public struct FoldedBlocks: Sendable {
    public var count = 0
    /// Those that cannot be read, by writer and flush: passed over, and left where they lie for as long as blocks are
    /// kept.
    public var damaged: [(writer: Int32, flush: Int64)] = []
    /// Lasting counts that were found damaged and set aside (`SegmentStore.add`), by `minute` or `hour`.
    public var damagedSegments: [(unit: String, key: CountSegment.Key)] = []
}

/// Reading rollup blocks in the order of each writer's flushes, and folding them into the lasting counts.
public enum RollupStore {
    /// No block is larger than this when opened; a larger one is damage.
    private static let blockByteCountMax = 256 << 20

    /// The blocks after the given flush of each writer, oldest first, at most `countMax`; and the positions after them.
    ///
    /// Each writer's blocks come in its order without holes, because it commits them one after the other.
    ///
    /// - Parameter since: writers' blocks received before are not looked for, unless a position says where to go on.
    public static func blocks(
        after positions: [Int32: Int64], since: Instant, countMax: Int, _ connection: PostgresConnection
    ) throws -> [CommittedBlock] {
        let rows = try connection.query(
            """
            SELECT b.writer, b.flush, b.received_at, b.bytes FROM farwatch.rollup_blocks b
            LEFT JOIN unnest($1::int4[], $2::int8[]) AS p(writer, flush) ON p.writer = b.writer
            WHERE b.received_at >= $3 AND b.flush > coalesce(p.flush, 0)
            ORDER BY b.received_at, b.writer, b.flush LIMIT $4
            """,
            [
                .int4Array(Array(positions.keys)), .int8Array(Array(positions.values)),
                .timestamptz(since.microsecondsSinceEpoch), .int4(Int32(countMax)),
            ])
        var blocks: [CommittedBlock] = []
        for row in rows {
            var block = CommittedBlock(
                writer: try row.int4(0), flush: try row.int8(1),
                receivedAt: Instant(microsecondsSinceEpoch: try row.timestamptz(2)), block: RollupBlock())
            do {
                block.block = try open(row, 3)
            } catch is StorageError {
                // One that cannot be read must not keep all that come after it from being judged.
                block.isDamaged = true
            }
            blocks.append(block)
        }
        return blocks
    }

    /// From when on the blocks take so many bytes, as they are stored; not before a time.
    public static func start(
        notBefore: Instant, byteCountMax: Int64, _ connection: PostgresConnection
    ) throws -> Instant {
        let rows = try connection.query(
            """
            SELECT min(received_at) FROM (
                SELECT received_at, sum(octet_length(bytes)) OVER (ORDER BY received_at DESC, writer, flush) AS total
                FROM farwatch.rollup_blocks WHERE received_at >= $1) AS b
            WHERE total <= $2
            """, [.timestamptz(notBefore.microsecondsSinceEpoch), .int8(byteCountMax)])
        return try rows[0].timestamptzOrNull(0).map(Instant.init(microsecondsSinceEpoch:)) ?? notBefore
    }

    private static func open(_ row: PostgresRow, _ column: Int) throws -> RollupBlock {
        let packed = try row.bytea(column)
        do {
            return try RollupBlock(
                encoded: packed.withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: blockByteCountMax) })
        } catch {
            throw StorageError.damaged("a rollup block: \(error)")
        }
    }

    /// More counts than this are not held at once, about 64 MB.
    private static let foldedCountsMax = 400_000

    /// Folds blocks that were not folded yet into the counts by minute and by hour; none when none is left.
    ///
    /// One that cannot be read costs its own counts and no other's: the positions move past it. They move in the same
    /// transaction, so that every block counts exactly once whatever fails in between; their rows are locked, so that
    /// two aggregators never fold the same block.
    public static func compact(countMax: Int, _ connection: PostgresConnection) throws -> FoldedBlocks {
        try connection.transaction {
            try connection.execute(
                "INSERT INTO farwatch.compacted SELECT id, 0 FROM farwatch.writers ON CONFLICT DO NOTHING", [])
            let rows = try connection.query(
                """
                WITH p AS MATERIALIZED (SELECT writer, flush FROM farwatch.compacted ORDER BY writer FOR UPDATE)
                SELECT b.writer, b.flush, b.bytes FROM p JOIN farwatch.rollup_blocks b
                ON b.writer = p.writer AND b.flush > p.flush ORDER BY b.writer, b.flush LIMIT $1
                """, [.int4(Int32(countMax))])
            var folded = FoldedBlocks(count: 0)
            guard rows.count > 0 else { return folded }
            var rollup = MinuteRollup()
            var positions: [Int32: Int64] = [:]
            for row in rows where rollup.count < foldedCountsMax {
                let (writer, flush) = (try row.int4(0), try row.int8(1))
                positions[writer] = flush
                folded.count += 1
                do {
                    rollup.add(try open(row, 2))
                } catch is StorageError {
                    folded.damaged.append((writer, flush))
                }
            }
            let minutes = rollup.segments
            for (unit, counts) in [("minute", minutes), ("hour", CountSegment.byHour(minutes))] {
                folded.damagedSegments += try SegmentStore(unit: unit).add(counts, connection).map { (unit, $0) }
            }
            try connection.execute(
                """
                UPDATE farwatch.compacted c SET flush = t.flush FROM unnest($1::int4[], $2::int8[]) AS t(writer, flush)
                WHERE c.writer = t.writer
                """, [.int4Array(Array(positions.keys)), .int8Array(Array(positions.values))])
            return folded
        }
    }

    /// Blocks that wait to be folded.
    public static func unfoldedCount(_ connection: PostgresConnection) throws -> Int64 {
        try connection.query(
            """
            SELECT count(*) FROM farwatch.rollup_blocks b LEFT JOIN farwatch.compacted c ON c.writer = b.writer
            WHERE b.flush > coalesce(c.flush, 0)
            """)[0].int8(0)
    }

    /// What each partner's outbound calls were like between two times, by the lasting counts: the baselines after a restart.
    public static func totals(
        from: Instant, to: Instant, _ connection: PostgresConnection
    ) throws -> [(partner: NameID, calls: Int64, failures: Int64, latency: LatencyHistogram)] {
        let range: [PostgresValue] = [
            .timestamptz(from.microsecondsSinceEpoch), .timestamptz(to.microsecondsSinceEpoch),
        ]
        // Minutes of recorded outages are left out: an outage must not become normal.
        let quiet = """
            NOT EXISTS (SELECT 1 FROM farwatch.outages o WHERE o.partner = m.partner
                AND m.minute >= o.started_at - interval '2 minutes' AND m.minute <= coalesce(o.ended_at, now()))
            """
        var latency: [NameID: LatencyHistogram] = [:]
        try connection.forEachRow(
            """
            SELECT m.partner, m.bucket, sum(m.calls)::int8 FROM farwatch.minute_latencies m
            WHERE m.minute >= $1 AND m.minute < $2 AND m.direction = 0 AND \(quiet) GROUP BY 1, 2
            """, range
        ) { row in latency[try row.int4(0), default: LatencyHistogram()].add(try row.int8(2), to: try row.int2(1)) }
        let rows = try connection.query(
            """
            SELECT m.partner, sum(m.calls)::int8, coalesce(sum(m.calls) FILTER (WHERE o.counts_as_failure), 0)::int8
            FROM farwatch.minute_counts m JOIN farwatch.outcomes o ON o.code = m.outcome
            WHERE m.minute >= $1 AND m.minute < $2 AND m.dimension = 0 AND m.direction = 0 AND \(quiet) GROUP BY 1
            """, range)
        return try rows.map { row in
            let partner = try row.int4(0)
            return (partner, try row.int8(1), try row.int8(2), latency[partner] ?? LatencyHistogram())
        }
    }
}
