import CallModel
import Incidents
import Testing

@testable import Alerting

/// What a partner changed is told once, and to whom.
struct PartnerNoticeTests {
    private let now = Timeline.start

    private func notice(_ texts: [String], route: String = "POST /v1/charges") -> PartnerNotice {
        PartnerNotice(
            partner: "stripe", partnerName: "Stripe",
            changes: texts.map {
                .init(
                    id: "dr_\($0)", route: route, text: $0, firstSeen: now - .seconds(300), hostsSeeing: 2,
                    hostsCalling: 3, sample: "c1")
            })
    }

    private func told(_ core: AlertingCore, _ notice: PartnerNotice) -> [Message] {
        guard case .tell(let messages) = core.verdict(on: notice, at: now) else { return [] }
        return messages
    }

    @Test func `one change is one minor message that says what, where and how much of the fleet sees it`() throws {
        let messages = told(AlertingCore(), notice(["2xx $.amount changed from number to string"]))
        let message = try #require(messages.first)
        #expect(messages.count == 1 && message.channel == "default" && message.kind == .notice)
        #expect(message.severity == "minor" && message.incident < 0)
        #expect(message.title == "Stripe: 2xx $.amount changed from number to string")
        #expect(message.summary.contains("Seen by 2 of 3 hosts.") && message.summary.contains("POST /v1/charges"))
        #expect(message.text.contains("such as call c1") && message.text.contains("farwatch drift --partner stripe"))
        #expect(message.labels["cause"] == "drift" && message.labels["route"] == "POST /v1/charges")
    }

    @Test func `a release that changes much is one message, and the same changes have the same number`() {
        let changes = (0..<30).map { "2xx $.key\($0) is missing from answers that always had it" }
        let messages = told(AlertingCore(), notice(changes))
        #expect(messages.map(\.title) == ["Stripe: 30 changes without notice"])
        #expect(messages[0].text.contains("and 10 more"))
        #expect(messages[0].id == told(AlertingCore(), notice(changes))[0].id)
        #expect(messages[0].id != told(AlertingCore(), notice(Array(changes.dropLast())))[0].id)
    }

    @Test func `whatever partners write, the summary has room`() {
        let long = notice([String(repeating: "ü{}", count: 500)], route: String(repeating: "/x", count: 300))
        #expect(told(AlertingCore(), long)[0].summary.unicodeScalars.count <= MessageText.summaryMax)
        #expect(told(AlertingCore(), long)[0].title.unicodeScalars.count <= MessageText.titleMax)
    }

    @Test func `the partner's owner hears of it by the first of his channels`() {
        var core = AlertingCore()
        core.replace(
            owners: [
                Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("pay"), Step("pager")])
            ], at: now)
        let messages = told(core, notice(["a"]))
        #expect(messages.map(\.channel) == ["pay"] && messages.map(\.owner) == ["payments"])
    }

    @Test func `silenced it is told to nobody, and in quiet hours it waits`() {
        var core = AlertingCore()
        core.replace(quiets: [
            Quiet(
                id: 1, kind: .silence, matchers: [Matcher(.partner, "stripe")], from: now - .seconds(5),
                until: now + .seconds(5), comment: "known")
        ])
        #expect(core.verdict(on: notice(["a"]), at: now) == .tell([]))
        #expect(core.verdict(on: notice(["a"]), at: now + .seconds(6)) != .tell([]))
        var configuration = AlertingCore.Configuration()
        configuration.quietHours = Hours(from: 0, until: 1_440)
        #expect(AlertingCore(configuration: configuration).verdict(on: notice(["a"]), at: now) == .wait)
    }
}
