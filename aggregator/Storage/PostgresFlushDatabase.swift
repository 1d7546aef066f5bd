import CallModel
import Compression
import Postgres
import Rollups

/// A flush's questions to PostgreSQL: one statement each, nothing decided here.
public struct PostgresFlushDatabase: FlushDatabase {
    private let connection: PostgresConnection
    private let names: Names

    public init(_ connection: PostgresConnection, _ names: Names) {
        self.connection = connection
        self.names = names
    }

    public func registerWriter(_ name: String, at microseconds: Int64) throws -> Int32 {
        let registered = try connection.query(
            "INSERT INTO farwatch.writers (name, started_at) VALUES ($1, $2) RETURNING id",
            [.text(name), .timestamptz(microseconds)])
        return try registered[0].int4(0)
    }

    public func makePlace(forDay day: Int64) throws {
        try Partitions.create(Partitions.byReceipt, day: day, connection)
    }

    public func ids(of wanted: Set<String>, _ kind: NameKind) throws -> [String: NameID] {
        try names.resolve(wanted, kind, connection)
    }

    public func ids(of origins: Set<Origin>) throws -> [Origin: Int32] { try names.resolve(origins, connection) }

    public func transaction<R>(_ body: () throws -> R) throws -> R { try connection.transaction(body) }

    public func enter(_ keys: [LedgerKey], checksums: [[UInt8]], at microseconds: Int64) throws -> Set<LedgerKey> {
        let entered = try connection.query(
            """
            INSERT INTO farwatch.ledger (shard, agent, spool, sequence, checksum, received_at)
            SELECT t.shard, t.agent, t.spool, t.sequence, t.checksum, $6
            FROM unnest($1::int2[], $2::int4[], $3::uuid[], $4::int8[], $5::bytea[])
                AS t(shard, agent, spool, sequence, checksum)
            WHERE NOT EXISTS (SELECT 1 FROM farwatch.spools s
                WHERE s.shard = t.shard AND s.agent = t.agent AND s.spool = t.spool AND s.floor > t.sequence)
            ON CONFLICT DO NOTHING RETURNING agent, spool, sequence
            """,
            LedgerKey.columns(keys) + [.byteaArray(checksums), .timestamptz(microseconds)], prepared: true)
        var new: Set<LedgerKey> = []
        for row in entered {
            new.insert(LedgerKey(shard: 0, agent: try row.int4(0), spool: try row.uuid(1), sequence: try row.int8(2)))
        }
        return new
    }

    public func checksums(of keys: [LedgerKey]) throws -> [LedgerKey: [UInt8]] {
        let found = try connection.query(
            """
            SELECT l.agent, l.spool, l.sequence, l.checksum FROM farwatch.ledger l
            JOIN unnest($1::int2[], $2::int4[], $3::uuid[], $4::int8[]) AS t(shard, agent, spool, sequence)
            ON (l.shard, l.agent, l.spool, l.sequence) = (t.shard, t.agent, t.spool, t.sequence)
            """, LedgerKey.columns(keys))
        var checksums: [LedgerKey: [UInt8]] = [:]
        for row in found {
            let key = LedgerKey(shard: 0, agent: try row.int4(0), spool: try row.uuid(1), sequence: try row.int8(2))
            checksums[key] = try row.bytea(3)
        }
        return checksums
    }

    public func copy(rows: borrowing CopyBuffer, blocks: borrowing CopyBuffer) throws {
        _ = try connection.copyIn(
            """
            COPY farwatch.call_rows (received_at, time, block, duration_us, trace_id, span_id, partner, route, origin, customer,
                weight, shard, row, flags, outcome, status, supplied_id) FROM STDIN (FORMAT binary)
            """, rows)
        guard !blocks.isEmpty else { return }
        _ = try connection.copyIn(
            """
            COPY farwatch.payload_blocks (received_at, block, shard, call_count, bytes) FROM STDIN (FORMAT binary)
            """, blocks)
    }

    public func append(_ block: [UInt8], writer: Int32, flush: Int64, at microseconds: Int64) throws {
        try connection.execute(
            "INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes) VALUES ($1, $2, $3, $4)",
            [
                .timestamptz(microseconds), .int4(writer), .int8(flush),
                .bytea(block.withUnsafeBytes { Zstandard.compress($0, level: 1) }),
            ], prepared: true)
    }
}

extension PostgresError: FlushFailure {
    public var isOutcomeUnknown: Bool { isConnectionLost }

    /// Data exceptions, violated constraints and limits of the program (PostgreSQL manual, appendix A). All else has to do with
    /// the server, its room, its schema or its rights, and passes.
    public var isAboutContents: Bool {
        guard let sqlState else { return false }
        return ["22", "23", "54"].contains(sqlState.prefix(2))
    }
}
