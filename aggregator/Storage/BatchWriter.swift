import BatchFormat
import CallModel
import Compression
import Postgres
import Rollups

/// Commits many agents' batches in one transaction: the ledger, the calls, their payload blocks, and what they count.
///
/// Order and reason of a flush:
///
/// 1. Names that are new get their ids, in transactions of their own.
/// 2. The ledger is asked for every batch. One it knows is acknowledged again or refused (other contents), and not stored.
/// 3. Narrow rows and payload blocks go in by binary COPY; the blocks as the agents compressed them.
/// 4. The joint counts of all accepted calls are appended as one rollup block, numbered by this writer's flushes.
/// 5. Commit. Only then does anybody hear of success, so what was acknowledged is stored, once, and counted, once.
///
/// One batch's contents cannot fail its neighbours: everything in it was checked when it was read. One writer belongs to one
/// connection's thread and numbers its flushes in the order in which it commits them.
public final class BatchWriter {
    public struct Result: Sendable {
        /// In the order of the batches handed in.
        public var dispositions: [BatchDisposition]
        public var storedCalls: Int
        public var flush: Int64
    }

    public let writerID: Int32
    private let names: Names
    private var partitions = Partitions()
    private var flush: Int64 = 0
    private var nextBlock: Int64
    private var lastReceivedAt = Instant.epoch
    private var rows = CopyBuffer()
    private var blocks = CopyBuffer()

    /// Registers a new writer: its number is part of every block's, so that no two writers ever make the same.
    public init(name: String, names: Names, startedAt: Instant, _ connection: PostgresConnection) throws {
        let registered = try connection.query(
            "INSERT INTO farwatch.writers (name, started_at) VALUES ($1, $2) RETURNING id",
            [.text(name), .timestamptz(startedAt.microsecondsSinceEpoch)])
        writerID = try registered[0].int4(0)
        nextBlock = Int64(writerID) << 32
        self.names = names
    }

    /// Stores the batches that are new. Throws without having stored any of them; then the same call may be made again.
    ///
    /// - Parameter now: becomes `received_at` of all their calls; a clock set back does not bring it below the last flush's,
    ///   because readers follow a writer's flushes by it.
    public func commit(_ batches: [ReceivedBatch], at now: Instant, _ connection: PostgresConnection) throws -> Result {
        let now = max(now, lastReceivedAt)
        try partitions.ensure(receivedAt: now, connection)
        let agents = try names.resolve(Set(batches.map(\.identity.agentID)), .agent, connection)
        let encoded = try batches.map { try MappedBatch($0, agent: agents[$0.identity.agentID]!, names, connection) }
        let flush = self.flush + 1
        let firstBlock = nextBlock
        do {
            let result = try connection.transaction {
                let dispositions = try enter(encoded, at: now, connection)
                var counted = RollupBlock()
                rows.removeAll()
                blocks.removeAll()
                for (batch, disposition) in zip(encoded, dispositions) where disposition == .stored {
                    append(batch, receivedAt: now, counting: &counted)
                }
                try copy(counted, flush: flush, at: now, connection)
                return Result(dispositions: dispositions, storedCalls: rows.rowCount, flush: flush)
            }
            self.flush = flush
            lastReceivedAt = now
            return result
        } catch {
            nextBlock = firstBlock
            throw error
        }
    }

    // MARK: The ledger

    private func enter(
        _ batches: [MappedBatch], at now: Instant, _ connection: PostgresConnection
    ) throws -> [BatchDisposition] {
        // Sorted, so that two aggregators that enter the same batches cannot deadlock; and the same batch twice in one flush is
        // entered once.
        var order: [LedgerKey: Int] = [:]
        for (index, batch) in batches.enumerated() where order[batch.key] == nil { order[batch.key] = index }
        let keys = order.keys.sorted()
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
            LedgerKey.columns(keys) + [
                .byteaArray(keys.map { batches[order[$0]!].batch.checksum }), .timestamptz(now.microsecondsSinceEpoch),
            ], prepared: true)
        var new: Set<LedgerKey> = []
        for row in entered {
            let (agent, spool, sequence) = (try row.int4(0), try row.uuid(1), try row.int8(2))
            new.insert(LedgerKey(shard: 0, agent: agent, spool: spool, sequence: sequence))
        }
        let seen = keys.filter { !new.contains($0.withoutShard) }
        let checksums = try seen.isEmpty ? [:] : recordedChecksums(seen, connection)
        return batches.enumerated().map { index, batch in
            if new.contains(batch.key.withoutShard) {
                if order[batch.key] == index { return .stored }
                return batch.batch.checksum == batches[order[batch.key]!].batch.checksum ? .seenBefore : .conflict
            }
            // Below the floor nothing is recorded any more: the sender itself said that it had been acknowledged.
            guard let recorded = checksums[batch.key.withoutShard] else { return .seenBefore }
            return recorded == batch.batch.checksum ? .seenBefore : .conflict
        }
    }

    private func recordedChecksums(
        _ keys: [LedgerKey], _ connection: PostgresConnection
    ) throws -> [LedgerKey: [UInt8]] {
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

    // MARK: Rows and blocks

    private func append(_ batch: MappedBatch, receivedAt now: Instant, counting counted: inout RollupBlock) {
        let metadata = batch.batch.metadata
        let received = now.microsecondsSinceEpoch
        let shard = batch.key.shard
        var blockCallCounts = batch.batch.payloads.map(\.callCount)
        for payload in batch.batch.payloads.indices {
            blocks.beginRow(columnCount: 5)
            blocks.append(timestamptz: received)
            blocks.append(int8: nextBlock + Int64(payload))
            blocks.append(int2: shard)
            blocks.append(int2: Int16(batch.batch.payloads[payload].callCount))
            blocks.append(bytea: batch.batch.payloads[payload].bytes)
        }
        if blockCallCounts.isEmpty { blockCallCounts = [metadata.callCount] }
        var block = nextBlock
        nextBlock += Int64(blockCallCounts.count)
        var (blockIndex, row) = (0, 0)
        let correction = batch.batch.clockCorrection
        for call in 0..<metadata.callCount {
            if row == blockCallCounts[blockIndex] || row == BatchLimits.payloadCallCountMax {
                (row, block) = (0, block + 1)
                blockIndex = min(blockIndex + 1, blockCallCounts.count - 1)
                nextBlock = max(nextBlock, block + 1)
            }
            append(call, of: batch, block: block, row: Int16(row), received: received)
            row += 1
            let origin = batch.origins[call]
            counted.add(
                CellKey(
                    interval: RollupInterval.index(
                        of: Instant(microsecondsSinceEpoch: metadata.time[call]) + correction),
                    partner: batch.partners[call], route: batch.routes[call], host: origin.host, region: origin.region,
                    customer: batch.customers[call], serviceVersion: origin.serviceVersion,
                    direction: metadata.direction(at: call), outcome: metadata.outcome[call]),
                weight: Int64(metadata.weight[call]), microseconds: metadata.duration[call])
        }
    }

    @inline(__always)
    private func append(_ call: Int, of batch: MappedBatch, block: Int64, row: Int16, received: Int64) {
        let metadata = batch.batch.metadata
        rows.beginRow(columnCount: 17)
        rows.append(timestamptz: received)
        rows.append(timestamptz: metadata.time[call])
        rows.append(int8: block)
        rows.append(int8: metadata.duration[call] < 0 ? nil : metadata.duration[call])
        rows.append(uuid: metadata.traceID[call].map { PostgresUUID(high: $0.high, low: $0.low) })
        rows.append(int8: metadata.spanID[call].map { Int64(bitPattern: $0.bits) })
        rows.append(int4: batch.partners[call])
        rows.append(int4: batch.routes[call])
        rows.append(int4: batch.originIDs[call])
        rows.append(int4: batch.customers[call])
        rows.append(int4: Int32(clamping: metadata.weight[call]))
        rows.append(int2: batch.key.shard)
        rows.append(int2: row)
        rows.append(int2: CallFlags(metadata, at: call).rawValue)
        rows.append(int2: Int16(metadata.outcome[call]))
        rows.append(int2: metadata.hasResponse(at: call) ? Int16(metadata.status[call]) : nil)
        rows.append(text: metadata.hasDerivedID(at: call) ? nil : metadata.id[call])
    }

    private func copy(
        _ counted: RollupBlock, flush: Int64, at now: Instant, _ connection: PostgresConnection
    ) throws {
        guard !rows.isEmpty else { return }
        _ = try connection.copyIn(
            """
            COPY farwatch.call_rows (received_at, time, block, duration_us, trace_id, span_id, partner, route, origin, customer,
                weight, shard, row, flags, outcome, status, supplied_id) FROM STDIN (FORMAT binary)
            """, rows)
        if !blocks.isEmpty {
            _ = try connection.copyIn(
                """
                COPY farwatch.payload_blocks (received_at, block, shard, call_count, bytes) FROM STDIN (FORMAT binary)
                """, blocks)
        }
        try connection.execute(
            "INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes) VALUES ($1, $2, $3, $4)",
            [
                .timestamptz(now.microsecondsSinceEpoch), .int4(writerID), .int8(flush),
                .bytea(counted.encoded().withUnsafeBytes { Zstandard.compress($0, level: 1) }),
            ], prepared: true)
    }
}

/// `call_rows.flags`: small facts that share two bytes.
struct CallFlags {
    var rawValue: Int16

    init(rawValue: Int16) { self.rawValue = rawValue }

    init(_ metadata: MetadataColumns, at call: Int) {
        rawValue = Int16(metadata.direction(at: call).rawValue) | Int16(metadata.source(at: call).rawValue) << 1
        if metadata.hasDerivedID(at: call) { rawValue |= 16 }
        if metadata.hasResponse(at: call) { rawValue |= 32 }
        rawValue |= Int16(metadata.error[call]) << 8
    }

    var direction: Direction { rawValue & 1 == 0 ? .outbound : .inbound }
    var source: CallSource { CallSource(rawValue: UInt8(rawValue >> 1 & 7)) ?? .json }
    var hasDerivedID: Bool { rawValue & 16 != 0 }
    var hasResponse: Bool { rawValue & 32 != 0 }
    var error: FailureKind? { rawValue >> 8 == 0 ? nil : FailureKind(rawValue: UInt8(rawValue >> 8) - 1) }
}
