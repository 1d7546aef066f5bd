import CallModel
import Incidents
import Testing

@testable import Alerting

/// Silences, maintenances, nights.
struct QuietTests {
    private func quiet(_ kind: Quiet.Kind, _ matchers: [Matcher], seconds: Int, from: Instant = Timeline.start) -> Quiet
    {
        Quiet(id: 7, kind: kind, matchers: matchers, from: from, until: from + .seconds(seconds), comment: "known")
    }

    @Test(arguments: [Quiet.Kind.silence, .maintenance])
    func `silenced means told to nobody, its end neither, and the rest when the silence ends`(_ kind: Quiet.Kind) {
        var night = Timeline()
        night.core.replace(quiets: [quiet(kind, [Matcher(.partner, "stripe")], seconds: 100)])
        night.handle(.opened, outage(1))
        night.wait(.seconds(10))
        night.handle(.resolved, outage(1).resolved(at: night.now))
        night.handle(.opened, outage(2))
        night.handle(.opened, outage(3, partner: "adyen"))
        #expect(night.news() == ["10 default opened"])
        #expect(night.messages[0].incident == 3)
        night.wait(.seconds(200))
        #expect(night.news() == ["100 default opened"])
        #expect(night.messages[1].incident == 2)
        #expect(night.core.heldCount == 2)
    }

    @Test
    func
        `of windows that overlap the last one to end counts, and then the partner's announcement is told`()
    {
        var night = Timeline()
        let ours = [Matcher(.partner, "stripe")]
        night.core.replace(quiets: [
            quiet(.silence, ours, seconds: 300),
            quiet(.maintenance, ours, seconds: 500, from: Timeline.start + .seconds(200)),
            quiet(.partnerMaintenance, ours, seconds: 10_000),
            quiet(.silence, [Matcher(.partner, "adyen")], seconds: 9_000),
        ])
        night.handle(.opened, outage())
        night.wait(.seconds(699))
        #expect(night.news() == [])
        night.wait(.seconds(1))
        #expect(night.news() == ["700 default opened"])
        #expect(night.messages[0].summary.contains("Announced maintenance until"))
        #expect(night.messages[0].labels["maintenance"] == "partner")
        #expect(night.core.heldCount == 1, "held once, by several")
    }

    @Test func `who heard that it began hears that it is over, silence or not`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.core.replace(quiets: [quiet(.silence, [Matcher(.partner, "stripe")], seconds: 9_000)])
        night.wait(.seconds(3_000))
        #expect(night.news() == ["0 default opened"], "nobody is reminded of what is silenced")
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(night.news() == ["3000 default resolved"])
    }

    @Test func `after a silence people have their time to answer again`() {
        var night = Timeline { $0.fallback = [Step("team"), Step("duty")] }
        night.handle(.opened, outage())
        night.core.replace(quiets: [quiet(.silence, [], seconds: 5_000)])
        night.wait(.seconds(5_800))
        #expect(night.news() == ["0 team opened"])
        night.wait(.seconds(200))
        #expect(night.news() == ["5900 team escalated", "5900 duty escalated"])
    }

    @Test func `a silence for one partner hides no outage of two`() {
        var night = Timeline()
        night.core.replace(quiets: [quiet(.silence, [Matcher(.partner, .like, ["str*"])], seconds: 900)])
        let shared = outage().with {
            $0.kind = .sharedUpstream
            ($0.partners, $0.partnerNames) = (["stripe", "adyen"], ["Stripe", "Adyen"])
        }
        night.handle(.opened, shared)
        #expect(night.news() == ["0 default opened"])
    }

    @Test func `a maintenance that the partner announced is told as such`() {
        var night = Timeline()
        night.core.replace(quiets: [quiet(.partnerMaintenance, [Matcher(.partner, "stripe")], seconds: 3_600)])
        night.handle(.opened, outage())
        #expect(night.news() == ["0 default opened"])
        #expect(night.messages[0].summary.contains("Announced maintenance until 13:26 UTC."))
        #expect(night.messages[0].labels["maintenance"] == "partner")
    }

    @Test func `what is minor waits until morning, what is critical never does`() {
        // From 22:00 to 07:00 at +01:00; the timeline starts at 13:26 there.
        var night = Timeline {
            $0.quietHours = Hours(from: 1_320, until: 420, offset: .seconds(3_600))
            $0.repeatInterval = .seconds(86_400)
        }
        night.wait(.seconds(12 * 3_600))
        night.handle(.opened, outage(1, .minor))
        night.handle(.opened, outage(2, .major))
        night.handle(.opened, outage(3, .critical))
        #expect(night.messages.map(\.incident) == [2, 3])
        night.wait(.seconds(6 * 3_600))
        #expect(night.messages.map(\.incident) == [2, 3, 1])
        #expect(night.messages[2].at.rfc3339 == "2026-11-19T06:00:00.000Z")
        #expect(night.core.heldCount == 1)
    }

    @Test func `what gets worse in the night is told in the night`() {
        var night = Timeline { $0.quietHours = Hours(from: 720, until: 420) }
        night.handle(.opened, outage(1, .minor))
        night.wait(.seconds(60))
        #expect(night.news() == [])
        night.handle(.escalated, outage(1, .major))
        #expect(night.news() == ["60 default opened"])
    }

    @Test func `an owner's business hours stand for the night of all`() {
        let business = Hours(days: Set(1...5), from: 540, until: 1_020, isOutside: true)
        var week = Timeline {
            $0.repeatInterval = .seconds(7 * 86_400)
            $0.owners = [
                Owner(
                    name: "crm", matchers: [Matcher(.partner, "zendesk")], steps: [Step("crm")], quietHours: business)
            ]
        }
        // From Wednesday noon to Saturday noon.
        week.wait(.seconds(3 * 86_400))
        week.handle(.opened, outage(1, .minor, partner: "zendesk"))
        week.handle(.opened, outage(2, .minor))
        week.wait(.seconds(3 * 86_400))
        #expect(week.messages.map(\.channel) == ["default", "crm"])
        #expect(week.messages[1].at.rfc3339 == "2026-11-23T09:00:00.000Z")
    }

    @Test func `more silences than the limit are left out and counted`() {
        var night = Timeline { $0.quietsMax = 1 }
        let other = quiet(.silence, [Matcher(.partner, "adyen")], seconds: 10)
        night.core.replace(quiets: [other, quiet(.silence, [], seconds: 10)])
        #expect(night.core.quiets == [other] && night.core.refusedCount == 1)
    }
}
