import BatchFormat
import CallModel
import Postgres

/// Gives space back, a step at a time.
public enum Reclaim {
    private static let blocksAtOnce = 64

    /// Returns what was done, for the log.
    public static func perform(_ step: StorageSize.Reclaim, _ connection: PostgresConnection) throws -> String {
        switch step {
        case .drop(let part):
            try connection.execute("DROP TABLE farwatch.\(part.name)")
            return "dropped \(part.name)"
        case .thin(let part):
            try thin(part, connection)
            return "took the bodies of successful calls out of \(part.name)"
        }
    }

    /// Writes the partition anew without headers and bodies of successful calls, then puts it in the old one's place. Nothing
    /// arrives in a partition of a day that is over, so that copy and original cannot differ otherwise.
    private static func thin(_ part: StorageSize.Part, _ connection: PostgresConnection) throws {
        guard let period = part.period else { return }
        let (old, new) = ("farwatch.\(part.name)", "farwatch.thinned_\(period)")
        try connection.execute(
            """
            DROP TABLE IF EXISTS \(new);
            CREATE TABLE \(new) (LIKE \(old) INCLUDING ALL);
            """)
        var last: (receivedAt: Int64, block: Int64)?
        while true {
            let rows = try connection.query(
                """
                SELECT b.received_at, b.block, b.shard, b.call_count, b.bytes FROM \(old) b
                WHERE ($1::timestamptz IS NULL OR (b.received_at, b.block) > ($1, $2))
                ORDER BY b.received_at, b.block LIMIT \(blocksAtOnce)
                """, [.timestamptz(last?.receivedAt), .int8(last?.block)])
            guard rows.count > 0 else { break }
            let blocks = try rows.map { try StoredBlock($0) }
            last = (blocks[blocks.count - 1].receivedAt, blocks[blocks.count - 1].block)
            try copy(blocks, period, into: new, connection)
        }
        try replace(old, by: new, part, connection)
    }

    private struct StoredBlock {
        let receivedAt: Int64
        let block: Int64
        let shard: Int16
        let callCount: Int16
        let bytes: [UInt8]

        init(_ row: PostgresRow) throws {
            receivedAt = try row.timestamptz(0)
            block = try row.int8(1)
            shard = try row.int2(2)
            callCount = try row.int2(3)
            bytes = try row.bytea(4)
        }
    }

    private static func copy(
        _ blocks: [StoredBlock], _ period: String, into new: String, _ connection: PostgresConnection
    ) throws {
        var failed: [Int64: Set<Int>] = [:]
        try connection.forEachRow(
            """
            SELECT c.block, c.row FROM farwatch.call_rows_\(period) c WHERE c.outcome <> 0
            AND c.received_at >= $1 AND c.received_at <= $2 AND c.block = ANY($3)
            """,
            [
                .timestamptz(blocks.map(\.receivedAt).min()), .timestamptz(blocks.map(\.receivedAt).max()),
                .int8Array(blocks.map(\.block)),
            ]
        ) { row in failed[try row.int8(0), default: []].insert(Int(try row.int2(1))) }
        let thinned = blocks.map { block in
            let kept = failed[block.block] ?? []
            // A damaged block stays as it is: it costs its calls' payloads when they are shown, and nothing here.
            return
                (try? BatchReader.thinned(block: block.bytes, callCount: Int(block.callCount)) { kept.contains($0) })
                ?? block.bytes
        }
        try connection.execute(
            """
            INSERT INTO \(new) (received_at, block, shard, call_count, bytes)
            SELECT * FROM unnest($1::timestamptz[], $2::int8[], $3::int2[], $4::int2[], $5::bytea[])
            """,
            [
                .timestamptzArray(blocks.map(\.receivedAt)), .int8Array(blocks.map(\.block)),
                .int2Array(blocks.map(\.shard)), .int2Array(blocks.map(\.callCount)), .byteaArray(thinned),
            ])
    }

    private static func replace(
        _ old: String, by new: String, _ part: StorageSize.Part, _ connection: PostgresConnection
    ) throws {
        guard let period = part.period, let day = Int64(period), let start = day.asDate else { return }
        try connection.transaction {
            try connection.execute(
                """
                ALTER TABLE farwatch.\(part.table) DETACH PARTITION \(old);
                DROP TABLE \(old);
                ALTER TABLE \(new) RENAME TO \(part.name);
                ALTER TABLE farwatch.\(part.table) ATTACH PARTITION \(old)
                    FOR VALUES FROM ('\(start)') TO (timestamptz '\(start)' + interval '1 day');
                COMMENT ON TABLE \(old) IS '\(StorageSize.thinnedRemark)';
                """)
        }
    }
}

extension Int64 {
    /// `20261124` as `2026-11-24T00:00:00Z`.
    fileprivate var asDate: String? {
        let digits = String(self)
        guard digits.utf8.count == 8 else { return nil }
        return "\(digits.prefix(4))-\(digits.dropFirst(4).prefix(2))-\(digits.suffix(2))T00:00:00Z"
    }
}
