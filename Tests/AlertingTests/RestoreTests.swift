import CallModel
import Incidents
import Testing

@testable import Alerting

/// What is told after the saved state was lost, and after the settings have changed.
struct RestoreTests {
    private let heard = [
        AlertingCore.Heard(channel: "slack", sequence: 3, at: Timeline.start, isEnd: false),
        AlertingCore.Heard(channel: "pager", sequence: 1, at: Timeline.start - .seconds(60), isEnd: false),
    ]

    @Test func `an incident that was told goes on where the outbox says it stood`() {
        var night = Timeline { $0.fallback = [Step("pager"), Step("slack")] }
        night.core.restore(
            outage(), heard: heard, acknowledgedBy: "ann", acknowledgedAt: Timeline.start, at: night.now)
        night.core.restore(outage(), heard: [], acknowledgedBy: nil, acknowledgedAt: nil, at: night.now)
        night.wait(.seconds(86_400))
        #expect(night.news() == [], "it was told and acknowledged")
        #expect(night.core.state(of: 1)?.acknowledgedBy == "ann")
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.news() == ["86400 pager resolved", "86400 slack resolved"])
        #expect(
            night.messages.map(\.id) == ["1-pager-2", "1-slack-4"], "the next numbers, or it would be a repetition")
    }

    @Test func `one that nobody knows any more is told as over to all who heard of it`() {
        var night = Timeline()
        let closing = outage().with { $0.partnerNames = ["Stripe"] }
        #expect(night.core.close(closing, why: "lost", at: night.now).isEmpty, "nothing is known of it at all")
        night.core.restore(closing, heard: heard, acknowledgedBy: nil, acknowledgedAt: nil, at: night.now)
        let sent = night.core.close(closing, why: "what was known of it was lost", at: night.now)
        #expect(sent.map(\.channel) == ["pager", "slack"])
        #expect(sent.allSatisfy { $0.kind == .resolved && $0.reason == "what was known of it was lost" })
        #expect(sent[0].title == "Resolved: Stripe fails")
        night.wait(.seconds(10_000))
        #expect(night.news() == [])
    }

    @Test func `one of which nobody heard ends in silence, and one that had ended is not told again`() {
        var night = Timeline()
        night.core.restore(outage(), heard: [], acknowledgedBy: nil, acknowledgedAt: nil, at: night.now)
        #expect(night.core.close(outage(), why: "lost", at: night.now).isEmpty)
        let ended = [AlertingCore.Heard(channel: "default", sequence: 2, at: Timeline.start, isEnd: true)]
        night.core.restore(outage(2), heard: ended, acknowledgedBy: nil, acknowledgedAt: nil, at: night.now)
        night.handle(.resolved, outage(2).resolved(at: night.now))
        #expect(night.news() == [])
        night.handle(.reopened, outage(2))
        #expect(night.messages.map(\.id) == ["2-default-3"])
    }

    @Test func `other settings count at once for what is open, and change nothing that was told`() {
        var night = Timeline { $0.fallback = [Step("old")] }
        night.handle(.opened, outage())
        night.wait(.seconds(100))
        var other = AlertingCore.Configuration()
        other.fallback = [Step("new")]
        other.owners = [Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("pay")])]
        other.repeatInterval = .seconds(300)
        other.messagesPerIncidentMax = 1
        other.burstMax = 1
        night.core.replace(configuration: other, at: night.now)
        night.wait(.seconds(100))
        #expect(night.news() == ["0 old opened", "100 pay updated"], "whoever owns it now is told")
        #expect(night.core.state(of: 1)?.owner == "payments")
        night.wait(.seconds(200))
        #expect(night.news() == ["400 pay updated"], "repeated as the new settings say, to whom they say")
        night.handle(.opened, outage(2, partner: "adyen"))
        #expect(night.news() == ["400 new opened"])
        #expect(
            night.core.configuration.messagesPerIncidentMax == 2 * Step.countMax, "never fewer than an escalation has")
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.news() == ["400 old resolved", "400 pay resolved"])
    }

    @Test func `owners of the API outlive a change of settings, and give way to one of the file`() {
        var night = Timeline()
        night.core.replace(
            owners: [
                Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("api")])
            ], at: night.now)
        var other = AlertingCore.Configuration()
        night.core.replace(configuration: other, at: night.now)
        night.handle(.opened, outage())
        #expect(night.news() == ["0 api opened"])
        other.owners = [Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("file")])]
        night.core.replace(configuration: other, at: night.now)
        night.handle(.escalated, outage(1, .critical))
        #expect(night.news() == ["0 file escalated"])
    }
}
