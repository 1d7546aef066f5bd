import CallModel
import Postgres
import Rollups
import SimulationKit
import Storage

/// The aggregator's database in memory: what `PostgresFlushDatabase` and `RollupStore` ask of PostgreSQL, and how it may fail them.
///
/// A transaction's work is kept apart until it is committed. One of which the connection is lost during the commit may have been
/// committed, or not, or may be committed later: as long as nobody knows, it holds its ledger entries locked, and whoever enters
/// one of them waits until it is decided.
final class SimulatedDatabase {
    /// What goes wrong with the next transactions.
    enum Trouble: CaseIterable {
        case refusedBefore, lostBefore, lostAfterCommit, lostAndCommittedLater, serialization
    }

    struct Failure: FlushFailure {
        var isOutcomeUnknown = false
        var isAboutContents = false
    }

    struct LedgerEntry {
        var key: LedgerKey
        var checksum: [UInt8]
    }

    struct Block {
        var writer: Int32
        var flush: Int64
        var bytes: [UInt8]
    }

    private struct Work {
        var entries: [LedgerEntry] = []
        var rows: [StoredRow] = []
        var blocks: [StoredBlock] = []
        var rollups: [Block] = []
    }

    private(set) var ledger: [LedgerKey: [UInt8]] = [:]
    private(set) var names: [NameKind: [String: NameID]] = [:]
    private(set) var origins: [Origin: Int32] = [:]
    private(set) var originOfID: [Int32: Origin] = [:]
    private(set) var rows: [TraceID: StoredRow] = [:]
    private(set) var payloads: [BlockKey: StoredBlock] = [:]
    private(set) var rollups: [Block] = []
    /// Calls that were counted and not stored, by host.
    private(set) var shed: [NameID: Int64] = [:]
    /// Everything the ledger ever knew, also what it has forgotten.
    private(set) var everStored: Set<LedgerKey> = []
    private var floors: [LedgerKey: (floor: Int64, at: Int64)] = [:]
    private var work: Work?
    /// Committed later, or never.
    private var undecided: [Work] = []
    private var lastWriter: Int32 = 0

    private var folded: [Int32: Int64] = [:]
    private(set) var minutes = MinuteRollup()

    private var random: SeededGenerator
    /// Of a thousand transactions.
    var troublePerMille = 0
    var isDown = false
    /// Ids of calls that it refuses to take, as it would a value out of range.
    var refusesCall: (TraceID) -> Bool = { _ in false }
    private(set) var troubles: [Trouble: Int] = [:]
    /// What must never happen, if it did.
    var violation: (String) -> Void = { _ in }

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    // MARK: Committing

    private func apply(_ work: Work) {
        for entry in work.entries {
            if ledger[entry.key] != nil { violation("\(entry.key) was entered twice") }
            ledger[entry.key] = entry.checksum
            everStored.insert(entry.key)
        }
        for row in work.rows where rows.updateValue(row, forKey: row.trace) != nil {
            violation("call \(row.trace.generatedCallNumber) of host \(row.trace.generatedHostNumber) is stored twice")
        }
        for block in work.blocks where payloads.updateValue(block, forKey: block.key) != nil {
            violation("payload block \(block.key) is stored twice")
        }
        for block in work.rollups {
            check(block, against: work.rows)
            rollups.append(block)
        }
        if work.rollups.isEmpty, !work.rows.isEmpty { violation("calls were stored and not counted") }
    }

    /// The counts of a flush are those of its rows.
    private func check(_ block: Block, against rows: [StoredRow]) {
        guard let counted = try? RollupBlock(encoded: block.bytes) else {
            return violation("a rollup block is damaged")
        }
        var expected: [CellKey: CellCount] = [:]
        for row in rows {
            let origin = originOfID[row.origin] ?? Origin()
            let key = CellKey(
                interval: 0, partner: row.partner, route: row.route, host: origin.host, region: origin.region,
                customer: row.customer, serviceVersion: origin.serviceVersion,
                direction: row.flags & 1 == 0 ? .outbound : .inbound, outcome: UInt8(clamping: row.outcome))
            expected[key, default: CellCount()].add(CellCount(stored: 1, weighted: Int64(row.weight)))
        }
        var found: [CellKey: CellCount] = [:]
        for cell in counted.cells {
            let count = cell.count
            var key = cell.key
            (key.interval, key.network, key.status, key.latency) = (0, 0, 0, CellKey.noLatency)
            found[key, default: CellCount()].add(count)
        }
        // What is counted beyond the rows was shed on its host.
        for (key, count) in found {
            let rows = expected[key] ?? CellCount()
            if count.stored != rows.stored || count.weighted < rows.weighted { return miscounted(block) }
            shed[key.host, default: 0] += count.weighted - rows.weighted
        }
        if expected.keys.contains(where: { found[$0] == nil }) { miscounted(block) }
    }

    private func miscounted(_ block: Block) {
        violation("flush \(block.flush) of writer \(block.writer) counts other calls than it stores")
    }

    /// Transactions of which nobody knows are committed or rolled back by now.
    func decideUndecided() {
        let works = undecided
        undecided = []
        for work in works where Bool.random(using: &random) { apply(work) }
    }

    // MARK: What the other parts of the aggregator do with it

    /// As `RollupStore.compact`.
    func fold(countMax: Int = 200) {
        let due = rollups.filter { $0.flush > folded[$0.writer] ?? 0 }
            .sorted { ($0.writer, $0.flush) < ($1.writer, $1.flush) }
        for block in due.prefix(countMax) {
            guard let counted = try? RollupBlock(encoded: block.bytes) else { continue }
            minutes.add(counted)
            folded[block.writer] = block.flush
        }
    }

    /// As `AgentStore.forgetLedger`, whose age is the same.
    func forget(_ reported: [LedgerKey: Int64], at microseconds: Int64) {
        let age: Int64 = 600_000_000
        for (spool, floor) in reported {
            guard let known = floors[spool] else {
                floors[spool] = (floor, microseconds)
                continue
            }
            if known.floor < floor, known.at < microseconds - age { floors[spool] = (floor, microseconds) }
        }
        ledger = ledger.filter { key, _ in
            guard let known = floors[key.ofSpool] else { return true }
            return key.sequence >= known.floor || known.at >= microseconds - age
        }
    }

    func id(ofAgent name: String) -> NameID { (try? ids(of: [name], .agent)[name]) ?? 0 }
}

extension LedgerKey {
    /// The spool's, by which floors are kept.
    var ofSpool: LedgerKey { LedgerKey(shard: 0, agent: agent, spool: spool, sequence: 0) }
}

extension SimulatedDatabase: FlushDatabase {
    func registerWriter(_ name: String, at microseconds: Int64) throws -> Int32 {
        try reach()
        lastWriter += 1
        return lastWriter
    }

    func makePlace(forDay day: Int64) throws { try reach() }

    func ids(of wanted: Set<String>, _ kind: NameKind) throws -> [String: NameID] {
        try reach()
        var found: [String: NameID] = [:]
        // Sorted: sets have no order that the next run would repeat.
        for name in wanted.sorted() {
            let id = names[kind]?[name] ?? NameID((names[kind]?.count ?? 0) + 1)
            names[kind, default: [:]][name] = id
            found[name] = id
        }
        return found
    }

    func ids(of wanted: Set<Origin>) throws -> [Origin: Int32] {
        try reach()
        func order(_ origin: Origin) -> [NameID] {
            [origin.service, origin.serviceVersion, origin.host, origin.region, origin.environment]
        }
        var found: [Origin: Int32] = [:]
        for origin in wanted.sorted(by: { order($0).lexicographicallyPrecedes(order($1)) }) {
            let id = origins[origin] ?? Int32(origins.count + 1)
            origins[origin] = id
            originOfID[id] = origin
            found[origin] = id
        }
        return found
    }

    private func reach() throws {
        if isDown { throw Failure(isOutcomeUnknown: true) }
    }

    func transaction<R>(_ body: () throws -> R) throws -> R {
        try reach()
        work = Work()
        defer { work = nil }
        let value = try body()
        guard let done = work else { return value }
        guard Int.random(in: 0..<1_000, using: &random) < troublePerMille else {
            apply(done)
            return value
        }
        let trouble = Trouble.allCases.randomElement(using: &random) ?? .lostBefore
        troubles[trouble, default: 0] += 1
        switch trouble {
        case .refusedBefore, .serialization: throw Failure()
        case .lostBefore: break
        case .lostAfterCommit: apply(done)
        case .lostAndCommittedLater: undecided.append(done)
        }
        throw Failure(isOutcomeUnknown: true)
    }

    func enter(_ keys: [LedgerKey], checksums: [[UInt8]], at microseconds: Int64) throws -> Set<LedgerKey> {
        // A transaction that is not decided holds its entries: this one waits for it.
        let wanted = Set(keys.map(\.withoutShard))
        if undecided.contains(where: { $0.entries.contains { wanted.contains($0.key) } }) { decideUndecided() }
        var new: Set<LedgerKey> = []
        for (key, checksum) in zip(keys, checksums) {
            let plain = key.withoutShard
            if let floor = floors[plain.ofSpool]?.floor, floor > key.sequence { continue }
            guard ledger[plain] == nil else { continue }
            work?.entries.append(LedgerEntry(key: plain, checksum: checksum))
            new.insert(plain)
        }
        return new
    }

    func checksums(of keys: [LedgerKey]) throws -> [LedgerKey: [UInt8]] {
        var found: [LedgerKey: [UInt8]] = [:]
        for key in keys { found[key.withoutShard] = ledger[key.withoutShard] }
        return found
    }

    func copy(rows: borrowing CopyBuffer, blocks: borrowing CopyBuffer) throws {
        for fields in BinaryRows(rows) {
            guard let row = StoredRow(fields) else { return violation("a row is not what the table takes") }
            if refusesCall(row.trace) { throw Failure(isAboutContents: true) }
            work?.rows.append(row)
        }
        for fields in BinaryRows(blocks) {
            guard let block = StoredBlock(fields) else { return violation("a block is not what the table takes") }
            work?.blocks.append(block)
        }
    }

    func append(_ block: [UInt8], writer: Int32, flush: Int64, at microseconds: Int64) throws {
        work?.rollups.append(Block(writer: writer, flush: flush, bytes: block))
    }
}
