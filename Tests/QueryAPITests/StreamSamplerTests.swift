import CallModel
import QueryAPI
import Storage
import Testing

struct StreamSamplerTests {
    @Test func `few calls are all sent, and nothing is to be told`() {
        var sampler = StreamSampler(eventsPerSecondMax: 100)
        for _ in 0..<20 {
            let chosen = sampler.choose(among: 30, elapsed: .milliseconds(500))
            #expect(chosen == Array(0..<30))
            for _ in chosen { sampler.wasSent() }
            let report = sampler.report()
            #expect(report == nil)
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
            let told = sampler.report()
            let report = try #require(told)
            #expect(report.matched == 1_000 && report.sent == chosen.count)
        }
        // Ten seconds, and one second's worth that had been saved up.
        #expect((1_000...1_100).contains(sent))
    }

    @Test func `what a slow reader does not take is told as well`() throws {
        var sampler = StreamSampler(eventsPerSecondMax: 100)
        for index in sampler.choose(among: 10, elapsed: .seconds(1)) where index < 4 { sampler.wasSent() }
        let told = sampler.report()
        let report = try #require(told)
        #expect(report.matched == 10 && report.sent == 4)
        sampler.passOver(7)
        let toldAgain = sampler.report()
        #expect(toldAgain?.passedOver == 7)
    }

    @Test func `an event is what the standard says`() {
        let bytes = ServerSentEvent.bytes(event: "call", id: "12", data: Array("{}".utf8))
        #expect(String(decoding: bytes, as: UTF8.self) == "id: 12\nevent: call\ndata: {}\n\n")
    }

    @Test func `the place of a call survives its text`() {
        let cursor = ArrivalCursor(receivedAtMicroseconds: 1_795_000_000_000_000, block: 7 << 32 | 5, row: 999)
        #expect(ArrivalCursor(text: cursor.text) == cursor)
        #expect(ArrivalCursor(text: "x" + cursor.text.dropFirst()) == nil)
    }
}
