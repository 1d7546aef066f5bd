import BatchFormat
import CallModel
import SimulationKit
import Spool
import Testing

/// Senders, a replay and an aggregator's ledger around one spool, and what must be true of them whatever fails.
///
/// Every call carries a number of its own. The model knows of each number whether it must arrive (exactly once), may arrive (at most
/// once: its append was in doubt, or power was lost before it was synced), or must not (its append was refused).
final class SpoolModel {
    enum Fate { case must, may, mustNot }

    let disk: SimulatedDisk
    let seed: UInt64
    var random: SeededGenerator
    var now = Instant(secondsSinceEpoch: 1_795_000_000)
    private(set) var store: SpoolStore<SimulatedDisk>!
    private var fates: [String: Fate] = [:]
    /// Accepted and not known to be synced, with the time.
    private var unsynced: [String: Instant] = [:]
    /// Refused since the process started: should it end, the last of them may have been written after all.
    private var refused: Set<String> = []
    private var replayed: Set<Int> = []
    private var nextNumber = 0
    private var ledger: [BatchIdentity: [UInt8]] = [:]
    private var forgottenBelow: [SpoolID: UInt64] = [:]
    private var setAside: Set<BatchIdentity> = []
    private(set) var openings = 0
    private(set) var powerLosses = 0
    private(set) var refusals = 0

    init(seed: UInt64) {
        self.seed = seed
        disk = SimulatedDisk(seed: seed &* 31)
        random = SeededGenerator(seed: seed)
    }

    static var configuration: SpoolConfiguration {
        var configuration = SpoolConfiguration()
        configuration.batchCallCountMax = 12
        configuration.asideCountMax = 1_000
        return configuration
    }

    // MARK: Steps

    func open() {
        openings += 1
        disk.restart()
        do {
            store = try SpoolStore.open(
                disk, configuration: Self.configuration, catalogueVersion: "c1", using: &random, at: now)
        } catch {
            Issue.record("seed \(seed): cannot open: \(error)")
        }
    }

    /// Opens while the n-th operation from now ends the process or fails, and then again in peace.
    func open(with fault: SimulatedDisk.Fault, atOperation n: Int) {
        disk.restart()
        disk.faults[disk.operationCount + n] = fault
        _ = try? SpoolStore.open(
            disk, configuration: Self.configuration, catalogueVersion: "c1", using: &random, at: now)
        if Bool.random(using: &random) { losePower() }
        open()
    }

    func step() {
        now = now + .milliseconds(Int.random(in: 0...400, using: &random))
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: append()
        case 6..<9: replay()
        case 9..<12: tick()
        case 12: seal()
        case 13: now = now + .milliseconds(1_100)
        case 14..<19: deliver()
        default: sync()
        }
    }

    func append() {
        let calls = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            // Every third comes with an id, one of few: senders repeat themselves.
            if Int.random(in: 0..<3, using: &random) == 0 {
                let id = "id-\(Int.random(in: 0..<60, using: &random))"
                return call(id, id: id)
            }
            nextNumber += 1
            return call("call-\(nextNumber)", id: nil)
        }
        let names = calls.map(\.request.url)
        do {
            // Half of them as columns: that must make no difference.
            let result =
                Bool.random(using: &random)
                ? try store.append(group: [([], EncodedCalls(calls))], at: now)[0] : try store.append(calls, at: now)
            #expect(result.acceptedCount + result.suppressedCount == calls.count, "seed \(seed)")
            for name in names { accept(name) }
        } catch {
            refusals += 1
            for name in names {
                // A repeat of what was accepted before changes nothing.
                if disk.hasEnded {
                    if fates[name] != .must { fates[name] = .may }
                } else if fates[name] == nil {
                    fates[name] = .mustNot
                    refused.insert(name)
                }
            }
        }
    }

    private func accept(_ name: String) {
        refused.remove(name)
        if fates[name] != .must { unsynced[name] = now }
        fates[name] = .must
    }

    /// Goes on with one endless file where the spool says that it was left.
    func replay() {
        let place = store.place(of: "file")
        let line = Int(place?.line ?? 0)
        let count = Int.random(in: 0...5, using: &random)
        let calls = (line..<line + count).map { call("line-\($0)", id: nil) }
        let next = ReplayPlace(key: "file", offset: UInt64(line + count) * 100, line: UInt64(line + count))
        if (try? store.append(calls, place: next, at: now)) != nil {
            #expect(store.place(of: "file") == next, "seed \(seed)")
        } else {
            refusals += 1
        }
    }

    func tick() {
        let failures = disk.failureCount
        store.tick(at: now)
        guard !disk.hasEnded, disk.failureCount == failures, store.level.failure == nil else { return }
        for (name, time) in unsynced where now - time >= .seconds(1) { unsynced[name] = nil }
    }

    func seal() {
        if (try? store.seal(at: now)) != nil { unsynced = [:] }
    }

    func sync() {
        if store.sync(at: now) { unsynced = [:] }
    }

    /// One of the oldest batches arrives at the aggregator; its answer may get lost.
    func deliver() {
        guard let batch = store.pending(limit: 4).randomElement(using: &random) else { return }
        let identity = BatchIdentity(agentID: "a", spoolID: store.spoolID, sequence: batch.sequence)
        guard let bytes = try? store.read(batch.sequence, at: now) else {
            #expect(disk.hasEnded || disk.failureCount > 0, "seed \(seed): \(batch.sequence) cannot be read")
            return
        }
        forgottenBelow[store.spoolID] = max(forgottenBelow[store.spoolID] ?? 0, store.floor)
        #expect(batch.sequence >= forgottenBelow[store.spoolID]!, "seed \(seed): \(batch.sequence) was below the floor")
        if batch.sequence % 13 == 5 {
            setAside.insert(identity)
            store.setAside(batch.sequence, at: now)
            return
        }
        #expect(ledger[identity] ?? bytes == bytes, "seed \(seed): batch \(batch.sequence) changed")
        ledger[identity] = bytes
        if Int.random(in: 0..<5, using: &random) > 0 {
            let isKnown = store.acknowledge(batch.sequence, at: now)
            #expect(isKnown, "seed \(seed)")
        }
    }

    /// The process is gone. With `losingPower` so is what was not synced.
    func end(losingPower: Bool) {
        for name in refused { fates[name] = .may }
        refused = []
        if losingPower { losePower() }
        open()
    }

    private func losePower() {
        powerLosses += 1
        disk.losePower()
        for name in unsynced.keys { fates[name] = .may }
        unsynced = [:]
    }

    // MARK: What must be true

    /// Delivers everything, and looks at what arrived.
    func settle() {
        disk.faults = [:]
        disk.isFull = false
        for _ in 0..<5 {
            now = now + .seconds(2)
            store.tick(at: now)
            #expect(throws: Never.self, "seed \(seed)") { try store.seal(at: now) }
            var rounds = 0
            while store.level.batchCount > 0, rounds < 10_000 {
                deliver()
                rounds += 1
            }
        }
        #expect(store.level.batchCount == 0, "seed \(seed)")
        #expect(store.floor == store.pending(limit: 1).first?.sequence ?? store.floor)
        checkArrivals()
        checkAccounts()
    }

    private func checkArrivals() {
        var arrivals: [String: Int] = [:]
        for (identity, bytes) in ledger {
            guard let calls = try? BatchReader(bytes).calls() else {
                Issue.record("seed \(seed): batch \(identity.sequence) is no batch")
                continue
            }
            for call in calls { arrivals[call.request.url, default: 0] += 1 }
        }
        for bytes in asideBatches() { for call in bytes { arrivals[call.request.url, default: 0] += 1 } }
        for (name, fate) in fates {
            let count = arrivals[name] ?? 0
            switch fate {
            case .must: #expect(count == 1, "seed \(seed): \(name) must arrive once")
            case .may: #expect(count <= 1, "seed \(seed): \(name) may arrive once")
            case .mustNot: #expect(count == 0, "seed \(seed): \(name) must not arrive")
            }
        }
        let lines = Int(store.place(of: "file")?.line ?? 0)
        for line in 0..<lines { #expect(arrivals["line-\(line)"] == 1, "seed \(seed): line \(line) of \(lines)") }
        #expect(arrivals["line-\(lines)"] == nil, "seed \(seed)")
    }

    /// Batches that were refused lie in the directory for somebody to look at.
    private func asideBatches() -> [[APICall]] {
        disk.fileNames.filter { $0.hasSuffix(".refused") }.compactMap { name in
            guard let bytes = disk.content(of: name) else { return nil }
            // The head tells its own length in its second word.
            let length = (0..<4).reduce(0) { $0 | Int(bytes[4 + $1]) << (8 * $1) }
            return try? BatchReader(Array(bytes.dropFirst(length))).calls()
        }
    }

    /// The bytes it believes to occupy are those that the directory holds.
    private func checkAccounts() {
        let counted = disk.fileNames.filter { $0 != "spool.id" && $0 != "places" }
            .reduce(0) { $0 + ((disk.content(of: $1)?.count ?? 0) + 4_095) & ~4_095 }
        #expect(store.level.diskByteCount == counted, "seed \(seed): \(disk.fileNames)")
    }

    private func call(_ name: String, id: String?) -> APICall {
        var call = APICall(time: now, request: .init(method: "GET", url: name), source: .json)
        call.id = id
        return call
    }
}
