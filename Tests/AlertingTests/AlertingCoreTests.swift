import CallModel
import Incidents
import Testing

@testable import Alerting

struct AlertingCoreTests {
    @Test func `an incident is opened once and resolved once, and a reopened one is an update`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(60))
        night.handle(.resolved, outage().resolved(at: night.now))
        night.wait(.seconds(30))
        night.handle(.reopened, outage())
        night.wait(.seconds(110))
        night.handle(.resolved, outage().resolved(at: night.now))
        night.wait(.seconds(86_400))
        #expect(
            night.news() == [
                "0 default opened", "60 default resolved", "90 default updated", "200 default resolved",
            ])
        #expect(night.core.state(of: 1) == nil, "it is forgotten an hour after its end")
        #expect(night.messages.map(\.id) == (1...4).map { "1-default-\($0)" })
    }

    @Test func `ten thousand incidents at once are no storm, and the severest are told first`() {
        var night = Timeline()
        let configuration = night.core.configuration
        for id in 1...10_000 as ClosedRange<Int64> {
            night.handle(.opened, outage(id, id % 100 == 0 ? .critical : .minor))
        }
        #expect(Double(night.messages.count) <= configuration.burstMax)
        night.wait(.seconds(3_600))
        #expect(Double(night.messages.count) <= configuration.burstMax + configuration.perHourMax)
        #expect(night.messages.count > 200, "what waits is told as the bucket refills")
        #expect(night.messages.dropFirst(40).prefix(90).allSatisfy { $0.severity == "critical" })
        #expect(night.core.sentCount == night.messages.count)
    }

    @Test func `more incidents than the limit are counted, not kept`() {
        var night = Timeline { $0.incidentsMax = 5 }
        for id in 1...8 as ClosedRange<Int64> { night.handle(.opened, outage(id)) }
        #expect(night.messages.count == 5)
        #expect(night.core.refusedCount == 3)
    }

    @Test func `changes are gathered, and a rise in severity is not`() {
        var night = Timeline()
        night.handle(.opened, outage())
        for second in 1...20 {
            night.wait(.seconds(1))
            night.handle(.updated, outage().with { $0.callsFailed += Int64(second) })
        }
        #expect(night.news() == ["0 default opened"])
        night.wait(.seconds(1))
        night.handle(.escalated, outage(1, .critical))
        #expect(night.news() == ["21 default escalated"])
        night.handle(.updated, outage(1, .critical))
        night.wait(.seconds(600))
        #expect(night.news() == ["321 default updated"])
    }

    @Test func `figures that changed are no news, and the next message tells them`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(3_000))
        _ = night.news()
        night.core.refresh(outage().with { $0.callsFailed = 7_777 })
        night.wait(.seconds(100))
        #expect(night.news() == [])
        night.handle(.escalated, outage(1, .critical).with { $0.callsFailed = 7_777 })
        #expect(night.messages.last?.summary.contains("7,777 of 8,120 calls") == true)
    }

    @Test func `nobody acknowledges, so the next step hears of it after its delay, and then all of them again`() {
        var night = Timeline { $0.fallback = [Step("team"), Step("duty"), Step("head", after: .seconds(1_800))] }
        night.handle(.opened, outage())
        night.wait(.seconds(6 * 3_600))
        #expect(
            night.news() == [
                "0 team opened", "900 team escalated", "900 duty escalated", "2700 team escalated",
                "2700 duty escalated", "2700 head escalated", "17100 team updated", "17100 duty updated",
                "17100 head updated",
            ])
        #expect(night.messages[1].reason == "nobody has acknowledged it")
    }

    @Test func `what is over before its first delay is told to nobody`() {
        var night = Timeline { $0.fallback = [Step("team", after: .seconds(120))] }
        night.handle(.opened, outage())
        night.wait(.seconds(100))
        night.handle(.resolved, outage().resolved(at: night.now))
        night.wait(.seconds(600))
        night.handle(.opened, outage(2))
        night.wait(.seconds(600))
        #expect(night.news() == ["820 team opened"])
    }

    @Test func `resolved goes to those who heard of it, all of them`() {
        var night = Timeline { $0.fallback = [Step("team"), Step("duty"), Step("head")] }
        night.handle(.opened, outage())
        night.wait(.seconds(1_000))
        _ = night.news()
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.news() == ["1000 team resolved", "1000 duty resolved"])
    }

    @Test func `one incident cannot speak for ever, and its end is told even then`() {
        var night = Timeline { $0.fallback = [Step("team"), Step("duty")] }
        night.handle(.opened, outage())
        for hour in 1...2_000 {
            night.wait(.seconds(3_600))
            night.handle(.escalated, outage(1, hour % 2 == 0 ? .critical : .major))
        }
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.messages.count <= night.core.configuration.messagesPerIncidentMax)
        #expect(night.messages.suffix(2).map(\.kind) == [.resolved, .resolved])
    }

    @Test func `a quiet incident is told to nobody`() {
        var night = Timeline()
        night.handle(.opened, outage().with { $0.isQuiet = true })
        night.wait(.seconds(600))
        #expect(night.messages.isEmpty && night.core.nextDeadline(after: night.now) == nil)
    }
}
