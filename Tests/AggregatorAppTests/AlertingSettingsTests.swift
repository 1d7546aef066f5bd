import Alerting
import CallModel
import Runtime
import Testing

@testable import AggregatorApp

/// The sections `owners`, `routes` and `alerting`, as people write them.
struct AlertingSettingsTests {
    /// The settings, and what is wrong as `line:column message (hint)`.
    private func read(_ yaml: String) -> (settings: AlertingCore.Configuration, problems: [String]) {
        let document = SettingsDocument(yaml: yaml, file: "aggregator.yaml")
        let settings = AlertingCore.Configuration(document.root)
        // What other parts read is no concern here.
        document.root.acceptAnyKey()
        return (
            settings,
            document.problems().map {
                "\($0.line):\($0.column) \($0.message)" + ($0.hint.map { " (\($0))" } ?? "")
            }
        )
    }

    private let notifiers = """
        notifiers:
          pager: {type: pagerduty}
          team: {type: slack}
          ann: {type: email}

        """

    @Test func `an owner with a schedule, a route and weights are read whole`() throws {
        let (settings, problems) = read(
            notifiers + """
                owners:
                  payments:
                    matchers: ["partner = stripe | adyen", "kind != deploy"]
                    contact: "#payments"
                    runbook: https://wiki.example/payments
                    escalation:
                      - channel: on-call
                      - {channel: team, after: 10m}
                    on_call:
                      hand_over: "2026-01-05T09:00:00+01:00"
                      every: 7d
                      participants:
                        - {name: Ann, channel: ann}
                        - {name: Bea, channel: pager}
                      overrides:
                        - {from: "2026-02-01T00:00:00Z", until: "2026-02-03T00:00:00Z", name: Bea, channel: pager}
                    business_hours: {from: "09:00", until: "17:00", offset: "+01:00", days: [mon, tue]}
                routes:
                  - matchers: ["route =~ POST /v1/*"]
                    owner: payments
                    channels: [pager]
                alerting:
                  channels: [team]
                  case_reminder: 2h
                  weights:
                    - {matchers: ["customer = acme"], weight: 2}
                  partner_contacts: {stripe: support@stripe.example}
                """)
        #expect(problems == [])
        let owner = try #require(settings.owners.first)
        #expect(owner.matchers.map(\.text) == ["partner = stripe | adyen", "kind != deploy"])
        #expect(owner.steps == [Step("on-call"), Step("team", after: .seconds(600))])
        #expect(owner.schedule?.participants.map(\.name) == ["Ann", "Bea"])
        #expect(owner.schedule?.overrides.count == 1)
        #expect(owner.quietHours?.isOutside == true)
        #expect(settings.routes == [AlertRoute(owner: "payments", "route =~ POST /v1/*", channel: "pager")])
        #expect(settings.fallback == [Step("team")])
        #expect(settings.weights.first?.matchers.first?.dimension == .affectedCustomer)
        #expect(settings.acknowledgedChannels == ["pager"])
        #expect(settings.partnerContacts == ["stripe": "support@stripe.example"])
        #expect(settings.caseReminderInterval == .seconds(7_200))
    }

    @Test func `without fallback all channels are, in the order of the file`() {
        #expect(read(notifiers).settings.fallback == [Step("pager"), Step("team"), Step("ann")])
        #expect(read("").settings.fallback == [Step("default")])
    }

    @Test(arguments: [
        (
            "routes: [{owner: nobody}]", "5:18 there is no owner `nobody` (owners are set under `owners`)"
        ),
        ("alerting: {channels: [tea]}", "5:12 there is no channel `tea` (there are pager, team, ann)"),
        (
            "owners: {a: {matchers: [\"partner stripe\"]}}",
            "5:14 `partner stripe`: `partner stripe` is no matcher (write `dimension = value`, with blanks around =, != or =~)"
        ),
        (
            "owners: {a: {matchers: [\"severity = mild\"]}}",
            "5:14 `severity = mild`: there is no severity `mild` (one of minor, major, critical)"
        ),
        ("owners: {a: {channels: [on-call]}}", "5:10 nobody is on call for `a` (give it a schedule: `on_call`)"),
        (
            "owners: {a: {quiet_hours: {from: \"25:00\", until: \"07:00\"}}}",
            "5:34 `owners.a.quiet_hours.from` must be a time of day (such as 22:00)"
        ),
        (
            "owners: {a: {on_call: {hand_over: monday, every: 7d, participants: [{name: A, channel: ann}]}}}",
            "5:35 a time with an offset is wanted (such as 2026-01-05T09:00:00+01:00)"
        ),
        ("routes: [{matchers: [\"partner = a\"]}]", "5:10 a route wants an `owner`, `channels` or both"),
    ])
    func `what is wrong is said with its place and what to do`(_ yaml: String, _ problem: String) {
        #expect(read(notifiers + yaml).problems == [problem])
    }

    @Test func `overrides that overlap are refused`() {
        let (_, problems) = read(
            notifiers + """
                owners:
                  a:
                    on_call:
                      hand_over: "2026-01-05T09:00:00Z"
                      every: 7d
                      participants: [{name: Ann, channel: ann}]
                      overrides:
                        - {from: "2026-02-01T00:00:00Z", until: "2026-02-03T00:00:00Z", name: Bea, channel: team}
                        - {from: "2026-02-02T00:00:00Z", until: "2026-02-05T00:00:00Z", name: Cyd, channel: team}
                """)
        #expect(
            problems == [
                "11:7 that from 2026-02-02T00:00:00.000Z overlaps another (let it begin when the other ends)"
            ])
    }
}

extension AlertRoute {
    fileprivate init(owner: String, _ matcher: String, channel: String) {
        self.init((try? Matcher(text: matcher)).map { [$0] } ?? [], owner: owner, steps: [Step(channel)])
    }
}
