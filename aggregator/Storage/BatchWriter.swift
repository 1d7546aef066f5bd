import BatchFormat
import CallModel
import Postgres
import Rollups

/// Commits many agents' batches in one transaction: the ledger, the calls, their payload blocks, and what they count.
///
/// Order and reason of a flush:
///
/// 1. Names that are new get their ids, in transactions of their own.
/// 2. The ledger is asked for every batch. One it knows is acknowledged again or refused (other contents), and not stored.
/// 3. Narrow rows and payload blocks go in by binary COPY; the blocks as the agents compressed them, the rows of a route together,
///    so that their entries go to the same pages of the index by route, and searches find them in few pages.
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
    private var daysWithPlace: Set<Int64> = []
    private var flush: Int64 = 0
    private var nextBlock: Int64
    private var lastReceivedAt = Instant.epoch
    private var rows = CopyBuffer()
    private var order: [RowPlace] = []
    private var blocks = CopyBuffer()

    /// Registers a new writer: its number is part of every block's, so that no two writers ever make the same.
    public init(name: String, startedAt: Instant, _ database: some FlushDatabase) throws {
        writerID = try database.registerWriter(name, at: startedAt.microsecondsSinceEpoch)
        nextBlock = Int64(writerID) << 32
    }

    /// Stores the batches that are new. Throws without having stored any of them, and then the same call may be made again;
    /// unless the error says `isOutcomeUnknown`: then this writer must not be used any more (`BatchCommitter`).
    ///
    /// - Parameter now: becomes `received_at` of all their calls; a clock set back does not bring it below the last flush's,
    ///   because readers follow a writer's flushes by it.
    public func commit(_ batches: [ReceivedBatch], at now: Instant, _ database: some FlushDatabase) throws -> Result {
        let now = max(now, lastReceivedAt)
        try makePlace(at: now, database)
        let agents = try database.ids(of: Set(batches.map(\.identity.agentID)), .agent)
        let encoded = try batches.map { try MappedBatch($0, agent: agents[$0.identity.agentID]!, database) }
        let shed = try batches.map { try $0.shed.map { try MappedColumns($0, database) } }
        let flush = self.flush + 1
        let firstBlock = nextBlock
        do {
            let result = try database.transaction {
                let dispositions = try enter(encoded, at: now, database)
                var counted = RollupCounter(
                    callCount: encoded.reduce(0) { $0 + $1.batch.metadata.callCount })
                rows.removeAll()
                order.removeAll(keepingCapacity: true)
                blocks.removeAll()
                for (index, disposition) in dispositions.enumerated() where disposition == .stored {
                    append(encoded, at: index, receivedAt: now, counting: &counted)
                    if let shed = shed[index] { count(shed, of: batches[index], in: &counted) }
                }
                appendRows(of: encoded, receivedAt: now)
                try copy(counted, flush: flush, at: now, database)
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

    private func makePlace(at now: Instant, _ database: some FlushDatabase) throws {
        let day = now.secondsSinceEpoch / 86_400
        guard !daysWithPlace.contains(day) else { return }
        try database.makePlace(forDay: day)
        daysWithPlace.insert(day)
    }

    // MARK: The ledger

    private func enter(
        _ batches: [MappedBatch], at now: Instant, _ database: some FlushDatabase
    ) throws -> [BatchDisposition] {
        // Sorted, so that two aggregators that enter the same batches cannot deadlock; and the same batch twice in one flush is
        // entered once.
        var order: [LedgerKey: Int] = [:]
        for (index, batch) in batches.enumerated() where order[batch.key] == nil { order[batch.key] = index }
        let keys = order.keys.sorted()
        let new = try database.enter(
            keys, checksums: keys.map { batches[order[$0]!].batch.checksum }, at: now.microsecondsSinceEpoch)
        let seen = keys.filter { !new.contains($0.withoutShard) }
        let checksums = try seen.isEmpty ? [:] : database.checksums(of: seen)
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

    // MARK: Rows and blocks

    /// Where a call goes, by block and row, and by which index entry.
    private struct RowPlace: Comparable {
        /// Five minutes and route, as the index of calls by route has them.
        var entry: UInt64
        var block: Int64
        var row: Int16
        var batch: Int32
        var call: Int32

        static func < (left: RowPlace, right: RowPlace) -> Bool {
            (left.entry, left.block, left.row) < (right.entry, right.block, right.row)
        }
    }

    private func append(
        _ batches: [MappedBatch], at index: Int, receivedAt now: Instant, counting counted: inout RollupCounter
    ) {
        let batch = batches[index]
        let metadata = batch.batch.metadata
        let received = now.microsecondsSinceEpoch
        var blockCallCounts = batch.batch.payloads.map(\.callCount)
        for payload in batch.batch.payloads.indices {
            blocks.beginRow(columnCount: 5)
            blocks.append(timestamptz: received)
            blocks.append(int8: nextBlock + Int64(payload))
            blocks.append(int2: batch.key.shard)
            blocks.append(int2: Int16(batch.batch.payloads[payload].callCount))
            blocks.append(bytea: batch.batch.payloads[payload].bytes)
        }
        if blockCallCounts.isEmpty { blockCallCounts = [metadata.callCount] }
        var block = nextBlock
        nextBlock += Int64(blockCallCounts.count)
        var (blockIndex, row) = (0, 0)
        let correction = batch.batch.clockCorrection
        let bucketWidth = Schema.bucketWidth.nanoseconds / 1_000
        for call in 0..<metadata.callCount {
            if row == blockCallCounts[blockIndex] || row == BatchLimits.payloadCallCountMax {
                (row, block) = (0, block + 1)
                blockIndex = min(blockIndex + 1, blockCallCounts.count - 1)
                nextBlock = max(nextBlock, block + 1)
            }
            let bucket = metadata.time[call] / bucketWidth
            let entry = UInt64(truncatingIfNeeded: bucket << 32 | Int64(batch.columns.routes[call]))
            order.append(
                RowPlace(entry: entry, block: block, row: Int16(row), batch: Int32(index), call: Int32(call)))
            row += 1
            counted.add(
                batch.columns.cell(of: call, metadata, correction), weight: Int64(metadata.weight[call]))
        }
    }

    /// In the order of the largest index, by route: neighbours then meet the page that is at hand. Readers go by block and row.
    private func appendRows(of batches: [MappedBatch], receivedAt now: Instant) {
        order.sort()
        for place in order {
            append(
                Int(place.call), of: batches[Int(place.batch)], block: place.block, row: place.row,
                received: now.microsecondsSinceEpoch)
        }
    }

    /// Stored × weight + shed = seen: what a host could not keep of a batch is counted with what it could.
    private func count(_ shed: MappedColumns, of batch: ReceivedBatch, in counted: inout RollupCounter) {
        guard let columns = batch.shed else { return }
        for cell in 0..<columns.callCount {
            counted.addShed(shed.cell(of: cell, columns, batch.clockCorrection), weight: Int64(columns.weight[cell]))
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
        rows.append(int4: batch.columns.partners[call])
        rows.append(int4: batch.columns.routes[call])
        rows.append(int4: batch.columns.originIDs[call])
        rows.append(int4: batch.columns.customers[call])
        rows.append(int4: Int32(clamping: metadata.weight[call]))
        rows.append(int2: batch.key.shard)
        rows.append(int2: row)
        rows.append(int2: CallFlags(metadata, at: call).rawValue)
        rows.append(int2: Int16(metadata.outcome[call]))
        rows.append(int2: metadata.hasResponse(at: call) ? Int16(metadata.status[call]) : nil)
        rows.append(text: metadata.hasDerivedID(at: call) ? nil : metadata.id[call])
    }

    private func copy(
        _ counted: RollupCounter, flush: Int64, at now: Instant, _ database: some FlushDatabase
    ) throws {
        guard !counted.isEmpty else { return }
        if !rows.isEmpty { try database.copy(rows: rows, blocks: blocks) }
        try database.append(counted.block.encoded(), writer: writerID, flush: flush, at: now.microsecondsSinceEpoch)
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
