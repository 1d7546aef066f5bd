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

    /// What a fleet's calls without headers and bodies are like: few names, and two random ids.
    private func metadataCall(_ number: Int, _ random: inout SeededGenerator) -> APICall {
        let partner = Int.random(in: 0..<60, using: &random)
        let path = "/v1/\(["charges", "refunds", "orders"][partner % 3])/"
        let id = String(random.next() | 1 << 63, radix: 16)
        var call = APICall(
            time: Instant(microsecondsSinceEpoch: 1_795_000_000_000_000 + Int64(number) * 200_000),
            request: .init(method: "GET", url: "https://p\(partner).example.com\(path)\(id)"), source: .json)
        (call.partner, call.route) = ("p\(partner)", "GET \(path){id}")
        call.host = "app-\(Int.random(in: 0..<100, using: &random)).example.net"
        call.customer = "c\(Int.random(in: 0..<1_000, using: &random))"
        call.response = .init(status: 200)
        call.duration = .microseconds(Int64.random(in: 1_000..<100_000, using: &random))
        call.traceID = TraceID(high: random.next(), low: random.next())
        return call
    }

    @Test func `a call's metadata takes little more than what is random in it`() throws {
        var random = SeededGenerator(seed: 3)
        let calls = (0..<4_000).map { metadataCall($0, &random) }
        let bytes = batch(calls)
        #expect(try BatchReader(bytes).calls() == calls)
        // 24 of them are the ids'; partner, host, customer and duration take 40 bits where each value is as likely.
        #expect(Double(bytes.count) / Double(calls.count) < 36)
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
