import CallModel
import Incidents
import Testing

@testable import Alerting

/// Incidents of one owner that open in one minute are one message for people.
struct GroupTests {
    private static func night(_ configure: (inout AlertingCore.Configuration) -> Void = { _ in }) -> Timeline {
        Timeline {
            $0.groupInterval = .seconds(60)
            configure(&$0)
        }
    }

    private static let partners = ["stripe", "adyen", "slack", "twilio", "plaid"]

    /// Five partners fail within twenty seconds.
    private static func opens(_ night: inout Timeline) {
        for (index, partner) in partners.enumerated() {
            night.handle(.opened, outage(Int64(index + 1), index == 3 ? .critical : .major, partner: partner))
            night.wait(.seconds(5))
        }
    }

    @Test func `the first is told at once, and the others together a minute later, the severest first`() {
        var night = Self.night()
        Self.opens(&night)
        #expect(night.news() == ["0 default opened"])
        night.wait(.seconds(60))
        let sent = night.messages.filter { $0.toldWith == nil }
        #expect(sent.map(\.incident) == [1, 4], "one message for the other four")
        #expect(night.news().allSatisfy { $0 == "60 default opened" })
        let group = sent[1]
        #expect(group.title.hasSuffix(", and 3 more"))
        #expect(group.summary.contains("3 more incidents opened with it."))
        for line in ["incident 2, major: Adyen", "incident 3, major: Slack", "incident 5, major: Plaid"] {
            #expect(group.text.contains("Opened with it: \(line)"), "\(group.text)")
        }
    }

    @Test func `each incident has one message of its beginning, and those told with another name it`() {
        var night = Self.night()
        Self.opens(&night)
        night.wait(.seconds(300))
        let opened = night.messages.filter { $0.kind == .opened }
        #expect(opened.map(\.incident).sorted() == [1, 2, 3, 4, 5])
        #expect(opened.allSatisfy { $0.sequence == 1 })
        #expect(Set(opened.compactMap(\.toldWith)) == ["4-default-1"])
    }

    @Test func `each is told as over to who heard of it, by itself`() {
        var night = Self.night()
        Self.opens(&night)
        night.wait(.seconds(60))
        _ = night.news()
        night.handle(.resolved, outage(5).resolved(at: night.now))
        #expect(night.news() == ["85 default resolved"])
        #expect(night.messages.last?.sequence == 2)
    }

    @Test func `what is over before its group is told, is told to nobody`() {
        var night = Self.night()
        Self.opens(&night)
        for id in 2...5 as ClosedRange<Int64> { night.handle(.resolved, outage(id).resolved(at: night.now)) }
        night.wait(.seconds(3_600))
        #expect(night.news() == ["0 default opened"])
    }

    @Test func `other owners are other groups`() {
        var night = Self.night {
            $0.owners = [
                Owner(name: "a", matchers: [Matcher(.partner, "stripe")], steps: [Step("a")]),
                Owner(name: "b", matchers: [Matcher(.partner, "adyen")], steps: [Step("b")]),
            ]
        }
        night.handle(.opened, outage(1, partner: "stripe"))
        night.handle(.opened, outage(2, partner: "adyen"))
        #expect(night.news() == ["0 a opened", "0 b opened"])
    }

    @Test func `a program hears of each by itself and at once`() {
        var night = Self.night {
            $0.fallback = [Step("pager")]
            $0.ungroupedChannels = ["pager"]
        }
        night.handle(.opened, outage(1))
        night.handle(.opened, outage(2, partner: "adyen"))
        #expect(night.news() == ["0 pager opened", "0 pager opened"])
    }

    @Test func `a thousand at once are named fifty a message, and nothing is lost or told twice`() {
        var night = Self.night()
        for id in 1...1_000 as ClosedRange<Int64> { night.handle(.opened, outage(id, partner: "p\(id)")) }
        night.wait(.seconds(3_600))
        let opened = night.messages.filter { $0.kind == .opened }
        #expect(opened.map(\.incident).sorted() == Array(1...1_000))
        #expect(opened.filter { $0.toldWith == nil }.count == 21)
    }

    @Test func `a group that waits survives a restart`() throws {
        var night = Self.night()
        Self.opens(&night)
        night.core = try #require(AlertingCore(encoded: night.core.encoded(), configuration: night.core.configuration))
        night.wait(.seconds(60))
        #expect(night.messages.filter { $0.toldWith == nil }.map(\.incident) == [1, 4])
    }
}
