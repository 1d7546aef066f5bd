import CallModel
import Storage
import Testing

@testable import QueryAPI

struct StreamSamplerTests {
    @Test func `few calls are all sent, and nothing is to be told`() {
        var sampler = StreamSampler(eventsPerSecondMax: 100)
        for _ in 0..<20 {
            let chosen = sampler.choose(among: 30, elapsed: .milliseconds(500))
            #expect(chosen == Array(0..<30))
            for _ in chosen { sampler.wasSent() }
            #expect(sampler.report == nil)
            sampler.wasTold()
        }
    }

    @Test func `of many an even sample is sent, at the rate allowed, and told`() throws {
        var sampler = StreamSampler(eventsPerSecondMax: 100)
        var sent = 0
        for _ in 0..<20 {
            let chosen = sampler.choose(among: 1_000, elapsed: .milliseconds(500))
            #expect(zip(chosen, chosen.dropFirst()).allSatisfy { $1 - $0 >= 1_000 / max(1, chosen.count) })
            for _ in chosen { sampler.wasSent() }
            sent += chosen.count
            let report = try #require(sampler.report)
            #expect(report.matched == 1_000 && report.sent == chosen.count)
            sampler.wasTold()
        }
        // Ten seconds, and one second's worth that had been saved up.
        #expect((1_000...1_100).contains(sent))
    }

    @Test func `what a slow reader does not take is told as well`() throws {
        var sampler = StreamSampler(eventsPerSecondMax: 100)
        for index in sampler.choose(among: 10, elapsed: .seconds(1)) where index < 4 { sampler.wasSent() }
        let report = try #require(sampler.report)
        #expect(report.matched == 10 && report.sent == 4)
        sampler.wasTold()
        sampler.passOver(7)
        #expect(sampler.report?.passedOver == 7)
    }

    @Test func `who comes back is told what was not sent again, and that it was not all`() throws {
        var sampler = StreamSampler(eventsPerSecondMax: 10)
        sampler.resume(500)
        for _ in 0..<500 { sampler.wasSent() }
        #expect(sampler.report == nil)
        sampler.resume(500)
        sampler.wasResumedInPart()
        for _ in 0..<490 { sampler.wasSent() }
        let chosen = sampler.choose(among: 10, elapsed: .seconds(1))
        #expect(chosen.count == 10, "what is sent again takes nothing from what comes")
        let report = try #require(sampler.report)
        #expect(report.matched == 1_010 && report.sent == 990 && report.isResumedInPart)
        sampler.wasTold()
        #expect(sampler.report == nil)
        sampler.wasResumedInPart()
        #expect(sampler.report?.isResumedInPart == true)
    }

    @Test func `an event is what the standard says`() {
        let bytes = ServerSentEvent.bytes(event: "call", id: "12", data: Array("{}".utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == "id: 12\nevent: call\ndata: {}\n\n")
    }

    @Test func `a place in a stream survives its text, and what is none is told from it`() {
        var position = ArrivalPosition(since: Instant(secondsSinceEpoch: 1_795_000_000))
        for writer in [9, 7] as [Int64] {
            position.pass(
                ArrivalCursor(
                    receivedAtMicroseconds: 1_795_000_001_000_000 + writer, block: writer << 32 | 5, row: 999))
        }
        for cursor in [
            StreamCursor(position), StreamCursor(position, leftOut: 3), StreamCursor(position, passedOver: 70_000),
            StreamCursor(position, leftOut: 1, passedOver: 2), StreamCursor(ArrivalPosition(since: .epoch)),
        ] {
            #expect(StreamCursor(text: cursor.text) == cursor)
            #expect(StreamCursor(text: "x" + cursor.text.dropFirst()) == nil)
            #expect(StreamCursor(text: cursor.text + "-") == nil)
            #expect(StreamCursor(text: cursor.text + "-lzzzzzzzz") == nil)
        }
        #expect(StreamCursor(text: "") == nil && StreamCursor(text: String(repeating: "0", count: 10_000)) == nil)
    }
}
