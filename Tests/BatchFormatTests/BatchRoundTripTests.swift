import BatchFormat
import CallModel
import SimulationKit
import Testing

struct BatchRoundTripTests {
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64], [true, false])
    func `every field of every call reads back as it was written`(seed: UInt64, sealed: Bool) throws {
        var random = SeededGenerator(seed: seed)
        let calls = (0..<2_345).map { _ in randomCall(&random) }
        let reader = try BatchReader(batch(calls, sealed: sealed))
        #expect(reader.callCount == calls.count)
        #expect(reader.catalogueVersion == "c1")
        #expect(reader.isSealed == sealed)
        let read = try reader.calls()
        for (written, read) in zip(calls, read) { #expect(written == read, "seed \(seed)") }
    }

    @Test func `a builder is empty after it was sealed and builds the next batch from nothing`() throws {
        var random = SeededGenerator(seed: 9)
        var builder = BatchBuilder(catalogueVersion: "c1")
        let (first, second) = (randomCall(&random), randomCall(&random))
        builder.append(first)
        _ = builder.sealed()
        #expect(builder.callCount == 0)
        #expect(builder.byteCountEstimate == 0)
        builder.append(second)
        #expect(try BatchReader(builder.sealed()).calls() == [second])
    }

    @Test func `an empty batch is a batch`() throws {
        #expect(try BatchReader(batch([])).calls().isEmpty)
    }

    @Test func `times keep microseconds and lose nanoseconds`() throws {
        var call = APICall(
            time: Instant(nanosecondsSinceEpoch: 1_700_000_000_123_456_789), request: .init(method: "GET", url: "/"),
            source: .otlp)
        call.duration = .nanoseconds(1_999)
        let read = try #require(try BatchReader(batch([call])).calls().first)
        #expect(read.time.nanosecondsSinceEpoch == 1_700_000_000_123_456_000)
        #expect(read.duration == .microseconds(1))
    }

    @Test func `a payload block opens by itself, as the aggregator stores it`() throws {
        var random = SeededGenerator(seed: 4)
        let calls = (0..<1_500).map { _ in randomCall(&random) }
        let blocks = try BatchReader(batch(calls)).payloads
        #expect(blocks.map(\.callCount) == [1_000, 500])
        let payloads = try BatchReader.payloads(ofBlock: blocks[1].bytes, callCount: 500)
        #expect(payloads.map(\.request) == calls[1_000...].map(\.request))
    }

    @Test func `of a payload block some calls are opened, the same as when all are`() throws {
        var random = SeededGenerator(seed: 5)
        let calls = (0..<1_000).map { _ in randomCall(&random) }
        let block = try #require(try BatchReader(batch(calls)).payloads.first)
        let all = try BatchReader.payloads(ofBlock: block.bytes, callCount: 1_000)
        for rows: Set<Int> in [[], [0], [999], [3, 500, 501, 998], Set(0..<1_000)] {
            let some = try BatchReader.payloads(ofBlock: block.bytes, callCount: 1_000, rows: rows)
            #expect(Set(some.keys) == rows)
            #expect(rows.allSatisfy { some[$0] == all[$0] })
        }
        let behind = try BatchReader.payloads(ofBlock: block.bytes, callCount: 1_000, rows: [1_000, 7])
        #expect(behind.keys.sorted() == [7])
    }

    @Test func `a header name with a line feed does not shift its neighbours`() throws {
        var call = APICall(time: .epoch, request: .init(method: "GET", url: "/"), source: .json)
        call.request.headers = [Header("a\nb", "1"), Header("c", "2")]
        let read = try #require(try BatchReader(batch([call])).calls().first)
        #expect(read.request.headers == [Header("a_b", "1"), Header("c", "2")])
    }

    @Test func `NUL, which PostgreSQL cannot hold, reads as the replacement character`() throws {
        var call = APICall(time: .epoch, request: .init(method: "GET", url: "/"), source: .json)
        call.customer = "a\0b"
        #expect(try BatchReader(batch([call])).calls().first?.customer == "a\u{FFFD}b")
    }
}
