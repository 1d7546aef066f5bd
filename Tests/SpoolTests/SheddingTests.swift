import BatchFormat
import CallModel
import SimulationKit
import Testing

@testable import Spool

/// What the spool does when its bound is reached, and what is left of a batch afterwards.
struct SheddingTests {
    private let start = Instant(secondsSinceEpoch: 1_795_000_000)

    private func store(_ disk: SimulatedDisk, byteCountMax: Int = 512 << 10) throws -> SpoolStore<SimulatedDisk> {
        var configuration = SpoolConfiguration()
        configuration.byteCountMax = byteCountMax
        configuration.batchCallCountMax = 500
        configuration.sealAge = .seconds(60)
        var random = SeededGenerator(seed: 5)
        return try SpoolStore.open(
            disk, configuration: configuration, catalogueVersion: "c1", using: &random, at: start)
    }

    /// Appends a hundred calls at a time, as often as told or until there is no need to go on; gives back their weight.
    private func fill(
        _ store: inout SpoolStore<SimulatedDisk>, appends: Int = 5_000, bodyByteCountMax: Int = 800, seed: UInt64 = 9,
        until isEnough: (SpoolStatistics) -> Bool = { _ in false }
    ) throws -> Int64 {
        var calls = GeneratedCalls(hostNumber: 0, seed: seed)
        var weight: Int64 = 0
        for append in 0..<appends {
            let now = start + .milliseconds(200 * append)
            let made = (0..<100).map { _ in calls.next(at: now, bodyByteCountMax: bodyByteCountMax) }
            weight += made.reduce(0) { $0 + Int64($1.weight) }
            _ = try store.append(made, at: now)
            store.tick(at: now)
            if isEnough(store.statistics) { break }
        }
        try store.seal(at: start + .seconds(10_000))
        return weight
    }

    private func batches(_ store: inout SpoolStore<SimulatedDisk>) throws -> [BatchReader] {
        try store.pending(limit: 10_000).map { try BatchReader(try store.read($0.sequence, at: start)) }
    }

    @Test func `at the bound the oldest payloads go first, and no call with them`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try store(disk)
        _ = try fill(&store, appends: 60)
        let read = try batches(&store)
        #expect(store.statistics.shedPayloadCalls > 0)
        #expect(store.statistics.shedCalls == 0)
        #expect(read.reduce(0) { $0 + $1.callCount } == 6_000)
        #expect(read.first?.payloads.isEmpty == true)
        #expect(read.last?.payloads.isEmpty == false)
        #expect(store.level.diskByteCount <= 512 << 10)
    }

    @Test func `a bound that is raised while the spool is open ends the shedding`() throws {
        var store = try store(SimulatedDisk(seed: 1))
        _ = try fill(&store, appends: 60)
        let shed = store.statistics.shedPayloadCalls
        #expect(shed > 0)
        var configuration = SpoolConfiguration()
        configuration.byteCountMax = 64 << 20
        store.use(configuration)
        _ = try fill(&store, appends: 60, seed: 10)
        #expect(store.statistics.shedPayloadCalls == shed)
        #expect(store.level.diskByteCount > 512 << 10)
    }

    @Test func `then successful calls go, and failures stay`() throws {
        var store = try store(SimulatedDisk(seed: 1))
        let weight = try fill(&store, bodyByteCountMax: 100) { $0.shedCalls > 0 }
        let first = try #require(try batches(&store).first)
        let shed = try #require(try first.shed())
        #expect(first.callCount > 0)
        #expect(try first.calls().allSatisfy { $0.outcome != .success })
        #expect((0..<shed.callCount).allSatisfy { shed.outcome[$0] == Outcome.success.code })
        #expect(try total(&store) == weight)
    }

    @Test func `in the end only counts are left, and all of them`() throws {
        var store = try store(SimulatedDisk(seed: 1))
        let sealed = { (store: SpoolStatistics) in store.shedCalls * 10 > store.sealedCalls * 9 }
        let weight = try fill(&store, bodyByteCountMax: 100, until: sealed)
        let first = try #require(try batches(&store).first)
        #expect(first.callCount == 0)
        #expect(try total(&store) == weight)
        #expect(store.level.diskByteCount <= 512 << 10)
    }

    @Test func `when nothing is left to give up, senders are told to wait`() throws {
        var store = try store(SimulatedDisk(seed: 1))
        #expect(throws: SpoolError.self) { _ = try fill(&store, bodyByteCountMax: 50) }
        #expect(store.statistics.fullCalls == 100)
        #expect(store.level.diskByteCount <= 512 << 10)
    }

    /// Weights of stored calls and of counts.
    private func total(_ store: inout SpoolStore<SimulatedDisk>) throws -> Int64 {
        try batches(&store).reduce(0) { sum, batch in
            let calls = try batch.metadata().weight.reduce(Int64(0)) { $0 + Int64($1) }
            return sum + calls + (try batch.shed()?.weight.reduce(Int64(0)) { $0 + Int64($1) } ?? 0)
        }
    }

    @Test func `a batch keeps the checksum of what it was through every level and every start`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try store(disk)
        var calls = GeneratedCalls(hostNumber: 0, seed: 3)
        _ = try store.append((0..<100).map { _ in calls.next(at: start) }, at: start)
        try store.seal(at: start)
        let original = BatchChecksum(of: try store.read(1, at: start))
        _ = try fill(&store, bodyByteCountMax: 100) { $0.shedCalls > 10_000 }
        var reopened = try self.store(disk)
        for read in [try store.read(1, at: start), try reopened.read(1, at: start)] {
            #expect(try BatchReader(read).original == original)
        }
        #expect(try batches(&reopened).count == store.pending(limit: 10_000).count)
    }

    @Test func `damage among the payloads costs the payloads alone, and says so`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try store(disk, byteCountMax: 4 << 20)
        _ = try fill(&store, appends: 5)
        let name = SpoolFile.batch(1).name
        let size = try #require(disk.content(of: name)?.count)
        disk.flip(byteAt: size - 10, of: name)
        let read = try BatchReader(try store.read(1, at: start))
        #expect(read.callCount == 500)
        #expect(read.payloads.isEmpty)
        #expect(store.takeNotices() == [.damagedPayloads(file: name, callCount: 500)])
        var reopened = try self.store(disk, byteCountMax: 4 << 20)
        #expect(try BatchReader(try reopened.read(1, at: start)).callCount == 500)
        #expect(reopened.takeNotices().isEmpty)
    }

    @Test func `a batch whose calls are damaged is put away, and those behind it are not`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try store(disk, byteCountMax: 4 << 20)
        _ = try fill(&store, appends: 10)
        let content = try #require(disk.content(of: SpoolFile.batch(1).name))
        let head = try #require(BatchFileHead(content))
        disk.flip(byteAt: head.byteCount + 20, of: SpoolFile.batch(1).name)
        #expect(throws: SpoolError.damaged(sequence: 1)) { try store.read(1, at: start) }
        #expect(store.statistics.damagedCalls == 500)
        #expect(store.takeNotices() == [.damagedBatch(file: SpoolFile.batch(1).name, callCount: 500)])
        #expect(try BatchReader(try store.read(2, at: start)).callCount == 500)
    }

    @Test func `a file of the release before is read, offered and left as it is`() throws {
        let disk = SimulatedDisk(seed: 1)
        var store = try store(disk)
        _ = try fill(&store, appends: 5)
        let name = SpoolFile.batch(1).name
        let file = try #require(disk.content(of: name))
        var head = try #require(BatchFileHead(file))
        let payload = Array(file.dropFirst(head.byteCount))
        head.shedding = nil
        disk.replace(name, with: head.encoded() + payload)
        var reopened = try self.store(disk)
        #expect(try reopened.read(1, at: start) == payload)
        _ = try fill(&reopened, appends: 60)
        #expect(try reopened.read(1, at: start) == payload)
    }
}
