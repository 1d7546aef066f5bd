import BatchFormat
import CallModel
import Ingest
import Testing

struct IngestCoreTests {
    private func batch(_ sequence: UInt64, calls: Int = 1) throws -> ReceivedBatch {
        var builder = BatchBuilder(catalogueVersion: "c1")
        let time = Instant(secondsSinceEpoch: 1_795_000_000)
        for _ in 0..<calls {
            builder.append(APICall(time: time, request: .init(method: "GET", url: "x"), source: .json))
        }
        let identity = BatchIdentity(agentID: "a", spoolID: SpoolID(high: 1, low: 2), sequence: sequence)
        return try receivedBatch(
            builder.sealed(), from: BatchSender(identity: identity, floor: 1, sentAt: nil), at: time,
            limits: BatchLimits())
    }

    @Test func `one flush runs at a time, and what came meanwhile goes with the next`() throws {
        var core = IngestCore<String>(IngestConfiguration())
        #expect(try core.batchArrived(batch(1), "a") == .flushAfter(.milliseconds(20)))
        #expect(try core.batchArrived(batch(2), "b") == .queued)
        #expect(core.flushDue().map(\.identity.sequence) == [1, 2])
        #expect(try core.batchArrived(batch(3), "c") == .queued)
        let (answers, flushNow) = core.flushEnded([.stored, .seenBefore])
        #expect(answers.map(\.waiter) == ["a", "b"])
        #expect(answers.map(\.answer) == [.stored, .seenBefore])
        #expect(flushNow)
        #expect(core.flushDue().map(\.identity.sequence) == [3])
        #expect(core.flushEnded([.stored]).flushNow == false)
        #expect(core.waitingByteCount == 0)
        #expect(try core.batchArrived(batch(4), "d") == .flushAfter(.milliseconds(20)))
    }

    @Test func `nobody hears of success when the flush failed, or answered for fewer`() throws {
        var core = IngestCore<Int>(IngestConfiguration())
        _ = try core.batchArrived(batch(1), 1)
        _ = core.flushDue()
        #expect(core.flushEnded(nil).answers.map(\.answer) == [.notStored])
        _ = try core.batchArrived(batch(1), 1)
        _ = try core.batchArrived(batch(2), 2)
        _ = core.flushDue()
        #expect(core.flushEnded([.stored]).answers.map(\.answer) == [.stored, .notStored])
    }

    @Test func `what waits is bounded by its memory, the running flush included`() throws {
        var configuration = IngestConfiguration()
        configuration.waitingByteCountMax = try batch(1).footprint * 2
        var core = IngestCore<Int>(configuration)
        _ = try core.batchArrived(batch(1), 1)
        _ = core.flushDue()
        #expect(try core.batchArrived(batch(2), 2) == .queued)
        #expect(try core.batchArrived(batch(3), 3) == .full)
        _ = core.flushEnded([.stored])
        #expect(try core.batchArrived(batch(3), 3) == .queued)
    }

    @Test func `a single batch larger than the bound is taken when nothing else waits`() throws {
        var configuration = IngestConfiguration()
        configuration.waitingByteCountMax = 1
        var core = IngestCore<Int>(configuration)
        #expect(try core.batchArrived(batch(1), 1) == .flushAfter(configuration.flushLinger))
        #expect(try core.batchArrived(batch(2), 2) == .full)
    }

    @Test func `a flush takes so many calls and batches`() throws {
        var configuration = IngestConfiguration()
        configuration.flushCallCountMax = 10
        configuration.flushBatchCountMax = 3
        var core = IngestCore<Int>(configuration)
        for (index, calls) in [20, 4, 4, 4, 1, 1, 1, 1].enumerated() {
            _ = try core.batchArrived(batch(UInt64(index) + 1, calls: calls), index)
        }
        var flushes: [[UInt64]] = []
        repeat { flushes.append(core.flushDue().map(\.identity.sequence)) } while core.flushEnded(nil).flushNow
        #expect(flushes == [[1], [2, 3], [4, 5, 6], [7, 8]])
    }

    @Test func `what is left of a batch is the same batch to the ledger`() throws {
        var builder = BatchBuilder(catalogueVersion: "c1")
        let time = Instant(secondsSinceEpoch: 1_795_000_000)
        for outcome in [Outcome.success, .success, .serverError] {
            var call = APICall(time: time, request: .init(method: "GET", url: "x"), source: .json)
            call.outcome = outcome
            call.weight = 7
            builder.append(call)
        }
        let bytes = builder.sealed()
        let identity = BatchIdentity(agentID: "a", spoolID: SpoolID(high: 1, low: 2), sequence: 1)
        let sender = BatchSender(identity: identity, floor: 1, sentAt: nil)
        let whole = try receivedBatch(bytes, from: sender, at: time, limits: BatchLimits())
        for (level, rows, shed) in [
            (BatchReduction.Level.withoutPayloads, 3, 0), (.failuresAndCounts, 1, 14), (.counts, 0, 21),
        ] {
            let reduced = try BatchReduction.reduce(bytes, to: level, original: BatchChecksum(of: bytes))
            let left = try receivedBatch(reduced.bytes, from: sender, at: time, limits: BatchLimits())
            #expect(left.checksum == whole.checksum)
            #expect(left.payloads.isEmpty)
            #expect((left.metadata.callCount, left.shedCallCount) == (rows, shed))
        }
    }
}
