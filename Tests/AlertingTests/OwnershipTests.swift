import CallModel
import Documents
import Incidents
import Testing

@testable import Alerting

/// Whose an incident is, and what it is worth.
struct OwnershipTests {
    private func matcher(_ text: String) throws -> Matcher { try Matcher(text: text) }

    @Test func `the owner of the route has it before that of the partner`() throws {
        let owners = [
            Owner(name: "partners", matchers: [try matcher("partner =~ *")], steps: [Step("a")]),
            Owner(
                name: "charges", matchers: [try matcher("partner = stripe"), try matcher("route =~ POST /v1/ch*")],
                steps: [Step("b")]),
            Owner(name: "platform", matchers: [try matcher("kind = host | network")], steps: [Step("c")]),
        ]
        var night = Timeline { $0.owners = owners }
        night.handle(.opened, outage(1))
        night.handle(.opened, outage(2).with { $0.predicate = [.init("route", "POST /v1/charges")] })
        let host = outage(3).with {
            $0.kind = .host
            ($0.partners, $0.partnerNames) = ([], [])
            $0.predicate = [.init("host", "web-3")]
        }
        night.handle(.opened, host)
        #expect(night.messages.map(\.channel) == ["a", "b", "c"])
        #expect(night.messages.map(\.owner) == ["partners", "charges", "platform"])
        #expect(night.messages[2].labels["scope"] == "host" && night.messages[2].labels["host"] == "web-3")
    }

    @Test func `what nobody owns goes to the fallback, and says so`() {
        var night = Timeline()
        night.handle(.opened, outage())
        #expect(night.messages[0].channel == "default" && night.messages[0].owner == nil)
        #expect(night.messages[0].summary.contains("Nobody owns it."))
        #expect(night.messages[0].labels["owner"] == "unowned")
    }

    @Test func `a route gives an incident another owner, or other channels`() throws {
        let routes = [
            AlertRoute([try matcher("severity = critical")], steps: [Step("pager")]),
            AlertRoute([try matcher("kind = deploy")], owner: "releases"),
        ]
        var night = Timeline {
            $0.owners = [
                Owner(name: "payments", matchers: [Matcher(.partner, "stripe")], steps: [Step("slack")]),
                Owner(name: "releases", steps: [Step("release-slack")]),
            ]
            $0.routes = routes
        }
        night.handle(.opened, outage(1, .critical))
        night.handle(.opened, outage(2).with { $0.kind = .deploy })
        night.handle(.opened, outage(3))
        #expect(night.messages.map(\.channel) == ["pager", "release-slack", "slack"])
        #expect(night.messages.map(\.owner) == ["payments", "releases", "payments"])
    }

    @Test func `another cause has another owner, and whom it hurts next has not`() {
        var night = Timeline {
            $0.owners = [
                Owner(name: "payments", matchers: [Matcher(.partner, "stripe")]),
                Owner(name: "releases", matchers: [Matcher(.kind, "deploy"), Matcher(.partner, "stripe")]),
                Owner(name: "vip", matchers: [Matcher(.affectedCustomer, "vip"), Matcher(.partner, "stripe")]),
            ]
        }
        night.handle(.opened, outage())
        night.core.refresh(outage().with { $0.customers.append("vip") })
        #expect(night.core.state(of: 1)?.owner == "payments")
        night.handle(.updated, outage().with { $0.kind = .deploy })
        #expect(night.core.state(of: 1)?.owner == "releases")
    }

    @Test func `owners of the API take effect at once, those of the settings win`() {
        var night = Timeline {
            $0.owners = [Owner(name: "a", matchers: [Matcher(.partner, "stripe")], steps: [Step("settings")])]
        }
        let owners = [
            Owner(name: "a", matchers: [Matcher(.partner, "stripe")], steps: [Step("api")]),
            Owner(name: "b", matchers: [Matcher(.partner, "adyen")], steps: [Step("b")]),
        ]
        night.handle(.opened, outage(1))
        night.core.replace(owners: owners, at: night.now)
        night.handle(.opened, outage(2, partner: "adyen"))
        #expect(night.messages.map(\.channel) == ["settings", "b"])
        night.core.replace(owners: [], at: night.now)
        #expect(night.core.owner(of: outage(2, partner: "adyen")) == nil)
    }

    @Test func `who owns what is open from now on hears of it, and has the whole time to answer`() {
        var night = Timeline { $0.escalateAfter = .seconds(900) }
        night.handle(.opened, outage(1))
        night.handle(.opened, outage(2, partner: "adyen"))
        night.handle(.opened, outage(3, partner: "twilio"))
        night.apply(.acknowledge, to: 2)
        _ = night.news()
        night.wait(.seconds(800))
        let owners = ["stripe", "adyen"].map {
            Owner(name: "for \($0)", matchers: [Matcher(.partner, $0)], steps: [Step($0), Step("second")])
        }
        night.core.replace(owners: owners, at: night.now)
        night.wait(.seconds(899))
        #expect(night.news() == ["800 stripe updated"])
        #expect(night.messages.last?.reason == "for stripe owns it from now on")
        #expect(night.messages.last?.owner == "for stripe")
        night.wait(.seconds(1))
        #expect(night.news() == ["1700 stripe escalated", "1700 second escalated"])
        night.handle(.resolved, outage(1).resolved(at: night.now))
        #expect(night.news() == ["1700 default resolved", "1700 stripe resolved", "1700 second resolved"])
    }

    @Test func `an owner with no other channels than those that heard of it tells nobody again`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.core.replace(owners: [Owner(name: "payments", matchers: [Matcher(.partner, "stripe")])], at: night.now)
        night.wait(.seconds(600))
        #expect(night.news() == ["0 default opened"])
        #expect(night.core.state(of: 1)?.owner == "payments")
    }

    @Test func `a customer of weight lifts what hurts it by one, and says so`() {
        var night = Timeline {
            $0.weights = [BusinessWeight([Matcher(.affectedCustomer, "vip-60")], weight: 2)]
        }
        let many = outage().with {
            $0.customers = (1...60).map { "vip-\($0)" }
            $0.customerCount = 60
        }
        night.handle(.opened, many)
        #expect(night.messages[0].severity == "critical")
        #expect(night.messages[0].summary.contains("60 customers: vip-60, vip-1 and 58 more"))
        #expect(night.messages[0].text.contains("Severity: critical, one severer for vip-60"))
        #expect(night.core.severity(of: outage()).severity == .major)
    }

    @Test func `what has no weight is minor only where it is all that is hurt`() {
        var night = Timeline { $0.weights = [BusinessWeight([Matcher(.affectedRoute, "GET /trial")], weight: 0)] }
        night.handle(.opened, outage(1).with { $0.routes = ["GET /trial"] })
        night.handle(
            .opened,
            outage(2).with {
                $0.routes = ["GET /trial", "POST /v1/charges"]
                $0.routeCount = 2
            })
        night.handle(
            .opened,
            outage(3).with {
                $0.routes = ["GET /trial"]
                $0.routeCount = 900
            })
        #expect(night.messages.map(\.severity) == ["minor", "major", "major"])
    }

    @Test func `a customer of weight that is hit later is a rise`() {
        var night = Timeline { $0.weights = [BusinessWeight([Matcher(.affectedCustomer, "vip")], weight: 2)] }
        night.handle(.opened, outage())
        night.wait(.seconds(500))
        night.core.refresh(outage().with { $0.customers = ["acme", "globex", "vip"] })
        night.wait(.seconds(10))
        #expect(night.news() == ["0 default opened", "500 default escalated"])
        #expect(night.messages[1].reason == "more severe: critical")
    }

    @Test(arguments: [
        ("stripe", "stripe", true), ("stripe", "strip", false), ("stripe", "str*", true), ("stripe", "*pe", true),
        ("stripe", "s*r*e", true), ("stripe", "s*x*e", false), ("", "*", true), ("a", "", false), ("*", "*", true),
        ("POST /v1/charges/{id}", "POST /v1/*/{id}", true), ("abcabd", "*abd", true), ("straße", "stra*e", true),
    ])
    func `a star stands for any text, everything else for itself`(_ text: String, _ pattern: String, _ isLikely: Bool) {
        #expect(isLike(text, pattern: pattern) == isLikely)
    }

    @Test func `a hostile pattern costs no more than its length times the text's`() {
        let clock = ContinuousClock()
        let pattern = String(repeating: "a*", count: 128) + "b"
        // The least of some, because a thread may be held up for seconds.
        let times = (0..<5).map { _ in
            clock.measure { _ = isLike(String(repeating: "a", count: 10_000), pattern: pattern) }
        }
        #expect(times.contains { $0 < .seconds(1) })
    }

    @Test func `matchers are written as they are read, in both forms`() throws {
        let parser = JSONParser()
        for text in ["partner = stripe", "route =~ POST /v1/* | GET /*", "severity != minor"] {
            let matcher = try Matcher(text: text)
            #expect(matcher.text == text)
            var writer = JSONWriter()
            matcher.write(to: &writer)
            #expect(try parser.parse(writer.bytes) { try Matcher($0) } == matcher)
        }
    }

    @Test(arguments: [
        ("{\"op\":\"=\",\"value\":\"a\"}", "m.dimension: is missing"),
        ("{\"dimension\":\"planet\",\"value\":\"a\"}", "m.dimension: there is no dimension `planet`"),
        ("{\"dimension\":\"partner\",\"op\":\"~\",\"value\":\"a\"}", "m.op: there is no test `~` (=, != or =~)"),
        ("{\"dimension\":\"partner\",\"value\":7}", "m.value: must be a text or a list of texts"),
        ("{\"dimension\":\"partner\",\"value\":[]}", "m.value: is empty"),
        ("{\"dimension\":\"kind\",\"value\":\"alien\"}", "m.value: there is no kind `alien`"),
    ])
    func `a bad matcher is refused with the member that is wrong`(_ json: String, _ problem: String) throws {
        let flaw = #expect(throws: AlertingFlaw.self) {
            try JSONParser().parse(Array(json.utf8)) { try Matcher($0, field: "m") }
        }
        #expect(flaw?.description.hasPrefix(problem) == true)
    }

    @Test func `an owner is written as it is read`() throws {
        let json = """
            {"name":"payments","matchers":[{"dimension":"partner","value":["stripe","adyen"]}],"contact":"#payments",
             "runbook":"https://wiki.example/p","channels":["on-call",{"channel":"team","after_s":600}],
             "schedule":{"hand_over":"2026-01-05T09:00:00+01:00","every_s":604800,
               "participants":[{"name":"Ann","channel":"ann"}],
               "overrides":[{"from":"2026-02-01T00:00:00Z","until":"2026-02-02T00:00:00Z","name":"Bea","channel":"bea"}]},
             "quiet_hours":{"from":"22:00","until":"07:00","offset":"-03:30","days":["mon","sun"]}}
            """
        let parser = JSONParser()
        let owner = try parser.parse(Array(json.utf8)) { try Owner($0, channels: ["team", "ann", "bea"]) }
        #expect(owner.steps == [Step("on-call"), Step("team", after: .seconds(600))])
        #expect(owner.quietHours == Hours(days: [1, 7], from: 1_320, until: 420, offset: .seconds(-12_600)))
        #expect(try parser.parse(owner.document()) { try Owner($0) } == owner)
        let flaw = #expect(throws: AlertingFlaw.self) {
            try parser.parse(Array(json.utf8)) { try Owner($0, channels: ["team"]) }
        }
        #expect(flaw?.description == "schedule.participants[0].channel: there is no channel `ann`")
        #expect(throws: AlertingFlaw("name", "`unowned` stands for nobody")) {
            try parser.parse(Array("{\"name\":\"unowned\"}".utf8)) { try Owner($0) }
        }
    }
}
