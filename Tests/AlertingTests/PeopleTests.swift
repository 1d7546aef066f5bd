import CallModel
import Incidents
import Testing

@testable import Alerting

/// What people do, and what they still hear.
struct PeopleTests {
    @Test func `acknowledged is quiet, and not deaf`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(100))
        night.apply(.acknowledge)
        night.wait(.seconds(86_400))
        #expect(night.news() == ["0 default opened"])
        night.handle(.escalated, outage(1, .critical))
        #expect(night.news() == ["86500 default escalated"])
        night.wait(.seconds(86_400))
        #expect(night.news() == [], "a rise un-acknowledges nothing")
        #expect(night.core.state(of: 1)?.acknowledgedBy == "ann")
        #expect(night.core.state(of: 1)?.acknowledgedAt == Timeline.start + .seconds(100))
    }

    @Test func `a new region and a second trouble speak up in an acknowledged incident`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(300))
        night.apply(.acknowledge)
        let wider = outage().with {
            $0.regions = ["eu-west-1", "us-east-1"]
            $0.regionsReached = ["us-east-1"]
        }
        night.core.refresh(wider)
        night.wait(.seconds(60))
        #expect(night.messages.last?.reason == "it reached us-east-1")
        night.handle(.updated, wider.with { $0.troubles = ["failed", "were slow"] })
        night.wait(.seconds(60))
        #expect(night.messages.last?.reason == "calls were slow, too")
        night.wait(.seconds(3_600))
        #expect(night.messages.count == 3)
    }

    @Test func `a new region is named, too, where something else gives the occasion to tell`() {
        var night = Timeline { $0.updateInterval = .seconds(1) }
        night.handle(.opened, outage())
        night.wait(.seconds(300))
        let wider = outage().with {
            $0.regionsReached = ["us-east-1"]
            $0.timeline = [.init(at: night.now, what: "it spread: 8 of 10 calls failed")]
        }
        night.handle(.updated, wider)
        #expect(night.messages.last?.reason == "it reached us-east-1; it spread: 8 of 10 calls failed")
        night.core.refresh(wider)
        night.wait(.seconds(3_600))
        #expect(night.messages.count == 2)
    }

    @Test func `a region where it was from the beginning, and which was found later, is no news`() {
        var night = Timeline()
        night.handle(.opened, outage().with { $0.regions = ["eu-west-1"] })
        night.wait(.seconds(500))
        night.core.refresh(outage().with { $0.regions = ["eu-west-1", "us-east-1"] })
        night.wait(.seconds(600))
        #expect(night.news() == ["0 default opened"])
    }

    @Test func `another fault than was told is told`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(20))
        let deploy = outage().with {
            $0.kind = .deploy
            $0.predicate = [.init("service_version", "4.2.0")]
        }
        night.handle(.updated, deploy)
        night.wait(.seconds(100))
        #expect(night.news() == ["0 default opened", "60 default updated"])
        #expect(night.messages[1].reason == "the cause was taken for the partner's fault and is a release of ours")
        #expect(night.messages[1].summary.hasPrefix("Our fault: release 4.2.0"))
    }

    @Test func `channels that track it are told who acknowledged`() {
        var night = Timeline {
            $0.fallback = [Step("pager"), Step("slack")]
            $0.acknowledgedChannels = ["pager"]
        }
        night.handle(.opened, outage())
        night.wait(.seconds(1_000))
        _ = night.news()
        night.apply(.acknowledge, by: "bea")
        night.apply(.acknowledge, by: "carl")
        #expect(night.news() == ["1000 pager acknowledged"])
        #expect(night.messages.last?.reason == "acknowledged by bea")
        let document = String(decoding: night.messages[3].document, as: UTF8.self)
        #expect(document.contains("\"state\":\"acknowledged\""))
    }

    @Test func `an acknowledgement that finds no message to spare waits for one, over a restart, too`()
        throws
    {
        var night = Timeline {
            $0.acknowledgedChannels = ["default"]
            $0.burstMax = 16
            $0.perHourMax = 60
        }
        for id in 1...16 { night.handle(.opened, outage(Int64(id))) }
        #expect(night.news().count == 16)
        night.apply(.acknowledge, to: 3)
        #expect(night.news() == [])
        night.core = try #require(
            AlertingCore(encoded: night.core.encoded(), configuration: night.core.configuration))
        night.wait(.seconds(59))
        #expect(night.news() == [])
        night.wait(.seconds(600))
        #expect(night.news() == ["60 default acknowledged"])
        #expect(night.messages.last?.incident == 3)
        #expect(night.core.refusedCount == 0)
    }

    @Test func `an acknowledgement that waits is not told once it holds no more`() {
        var night = Timeline {
            $0.acknowledgedChannels = ["default"]
            $0.burstMax = 16
            $0.perHourMax = 60
        }
        for id in 1...16 { night.handle(.opened, outage(Int64(id))) }
        night.apply(.acknowledge, to: 3)
        _ = night.news()
        night.handle(.resolved, outage(3).resolved(at: night.now))
        night.wait(.seconds(3_600))
        #expect(night.news() == ["60 default resolved"])
    }

    @Test func `declared over, it is told again when it gets worse, and its real end is no second one`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.wait(.seconds(100))
        night.apply(.resolve)
        #expect(night.news() == ["0 default opened", "100 default resolved"])
        night.wait(.seconds(20_000))
        night.handle(.updated, outage())
        night.wait(.seconds(1_000))
        #expect(night.news() == [])
        var worse = night
        worse.handle(.escalated, outage(1, .critical))
        #expect(worse.news() == ["21100 default escalated"])
        night.handle(.resolved, outage().resolved(at: night.now))
        night.wait(.seconds(1_000))
        #expect(night.news() == [])
    }

    @Test func `assigned, it goes to the new owner's channels, and its end to all who heard`() {
        var night = Timeline {
            $0.owners = [
                Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("payments-slack")]),
                Owner(name: "network", steps: [Step("network-slack")]),
            ]
        }
        night.handle(.opened, outage())
        night.wait(.seconds(10))
        night.apply(.assign(to: "network"), by: "ann")
        night.wait(.seconds(10))
        night.handle(.resolved, outage().resolved(at: night.now))
        #expect(
            night.news() == [
                "0 payments-slack opened", "10 network-slack updated", "20 payments-slack resolved",
                "20 network-slack resolved",
            ])
        #expect(night.messages[1].reason == "assigned to network by ann")
        #expect(night.messages[1].owner == "network")
    }

    @Test func `notes are in the next message, and refused actions say why`() {
        var night = Timeline { $0.notesMax = 2 }
        night.handle(.opened, outage())
        night.apply(.note("called them"))
        night.apply(.note("they look into it"))
        #expect(night.core.refusal(of: .note("third"), to: 1) == "it has 2 notes already")
        #expect(night.core.refusal(of: .acknowledge, to: 7) == "incident 7 is not open")
        #expect(night.core.refusal(of: .assign(to: "nobody"), to: 1) == "there is no owner `nobody`")
        #expect(night.core.refusal(of: .caseAcknowledged, to: 1) == "no case was sent to the partner")
        night.apply(.note("third"))
        night.handle(.escalated, outage(1, .critical))
        #expect(night.messages.last?.text.contains("Note by ann, 12:26 UTC: they look into it") == true)
        #expect(night.core.state(of: 1)?.notes.map(\.text) == ["called them", "they look into it"])
    }

    @Test func `a case that the partner does not acknowledge reminds the owner, until it does`() {
        var night = Timeline {
            $0.partnerContacts = ["stripe": "support@stripe.example"]
            $0.caseReminderInterval = .seconds(3_600)
        }
        night.handle(.opened, outage())
        #expect(night.messages[0].summary.contains("Next: send it the evidence, support@stripe.example."))
        night.apply(.acknowledge)
        night.apply(.caseSent)
        night.wait(.seconds(7_300))
        #expect(night.news() == ["0 default opened", "3600 default updated", "7200 default updated"])
        #expect(night.messages.last?.reason == "the partner has not acknowledged the case sent 12:26 UTC")
        #expect(night.messages.last?.summary.contains("Case sent 12:26 UTC, not acknowledged by them") == true)
        night.apply(.caseAcknowledged)
        night.wait(.seconds(86_400))
        #expect(night.news() == [])
        #expect(night.core.state(of: 1)?.caseAcknowledgedAt == Timeline.start + .seconds(7_300))
    }
}
