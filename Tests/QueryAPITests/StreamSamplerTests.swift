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

    @Test func `who comes back is told what was not sent again, and that it was not all`() throws {
        var sampler = StreamSampler(eventsPerSecondMax: 10)
        sampler.resume(500, isComplete: true)
        for _ in 0..<500 { sampler.wasSent() }
        let nothing = sampler.report()
        #expect(nothing == nil)
        sampler.resume(500, isComplete: false)
        for _ in 0..<490 { sampler.wasSent() }
        let chosen = sampler.choose(among: 10, elapsed: .seconds(1))
        #expect(chosen.count == 10, "what is sent again takes nothing from what comes")
        let told = sampler.report()
        let report = try #require(told)
        #expect(report.matched == 510 && report.sent == 490 && report.isResumedInPart)
        sampler.resume(0, isComplete: false)
        let toldAgain = sampler.report()
        #expect(toldAgain?.isResumedInPart == true)
        let silence = sampler.report()
        #expect(silence == nil)
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
