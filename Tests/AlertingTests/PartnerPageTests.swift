import CallModel
import Incidents
import Testing

@testable import Alerting

/// What partners say of themselves, and whom it is asked of.
struct PartnerPageTests {
    private func page(_ json: String) -> PartnerPage? { PartnerPage(statuspage: Array(json.utf8), at: Timeline.start) }

    @Test func `a summary says how it is, and the newest incident that is not over`() throws {
        let calm = try #require(
            page(#"{"page":{},"status":{"indicator":"none","description":"All Systems Operational"},"incidents":[]}"#))
        #expect((calm.words, calm.hasTrouble) == ("All Systems Operational", false))
        let busy = try #require(
            page(
                """
                {"status":{"indicator":"major","description":"Partial System Outage"},"incidents":[
                {"name":"Old","status":"resolved"},{"name":"Elevated errors","status":"identified"},{"name":"Other"}]}
                """))
        #expect((busy.words, busy.hasTrouble) == ("Partial System Outage: Elevated errors (identified)", true))
        let works = page(#"{"status":{"indicator":"maintenance","description":"Service Under Maintenance"}}"#)
        #expect(works?.hasTrouble == false)
        #expect(page(#"{"status":{"indicator":"minor","description":"Minor Outage"}}"#)?.hasTrouble == true)
    }

    @Test(arguments: [
        "", "<html>we are down</html>", "null", "[]", "{}", #"{"status":null}"#, #"{"status":"ok"}"#,
        #"{"status":{"indicator":1,"description":"x"}}"#, #"{"status":{"indicator":"none","description":["x"]}}"#,
        #"{"status":{"indicator":"none","description":"\u0007\u202e "}}"#,
        #"{"status":{"indicator":"none","description":""}}"#,
    ])
    func `what is not of the form is no statement`(_ json: String) { #expect(page(json) == nil) }

    @Test func `a page of the form is read cut at no byte, and its words are bounded and visible`() throws {
        let whole = #"{"status":{"indicator":"major","description":"Out"},"incidents":[{"name":"N","status":"s"}]}"#
        for count in 0..<whole.utf8.count {
            #expect(PartnerPage(statuspage: Array(whole.utf8.prefix(count)), at: Timeline.start) == nil, "\(count)")
        }
        let long = String(repeating: "\\u0001\\u202Eab", count: 5_000)
        let bounded = try #require(page(#"{"status":{"indicator":"major","description":"\#(long)"}}"#))
        #expect(bounded.words.unicodeScalars.count == PartnerPage.wordsMax)
        #expect(!bounded.words.contains("\u{202E}") && !bounded.words.contains("\u{01}"))
    }

    @Test func `the next message tells it, and that it admits a trouble is news once`() {
        var night = Timeline()
        night.handle(.opened, outage())
        #expect(night.core.pagesWanted == ["stripe"])
        night.core.pageSays(
            PartnerPage(words: "All Systems Operational", hasTrouble: false, at: night.now)!, of: "stripe")
        night.wait(.seconds(600))
        #expect(night.news() == ["0 default opened"], "that nothing is wrong is no news")
        night.core.pageSays(PartnerPage(words: "Partial System Outage", hasTrouble: true, at: night.now)!, of: "stripe")
        night.wait(.seconds(60))
        night.core.pageSays(PartnerPage(words: "Major System Outage", hasTrouble: true, at: night.now)!, of: "stripe")
        night.wait(.seconds(600))
        #expect(night.news() == ["600 default updated"])
        #expect(night.messages[1].reason == "their status page says so now: Partial System Outage")
        #expect(night.messages[1].summary.contains("Their page: \"Partial System Outage\"."))
        #expect(night.messages[1].text.contains("\nTheir status page: Partial System Outage (read 12:36 UTC)"))
        let document = String(decoding: night.messages[1].document, as: UTF8.self)
        #expect(document.contains(#""partner_page":"Partial System Outage""#))
        #expect(night.core.state(of: 1)?.partnerPage == "Major System Outage")
        #expect(night.core.pages["stripe"]?.words == "Major System Outage")
    }

    @Test func `what one of us has seen there counts before it, and blanks take it back`() {
        var night = Timeline()
        night.handle(.opened, outage())
        night.core.pageSays(
            PartnerPage(words: "All Systems Operational", hasTrouble: false, at: night.now)!, of: "stripe")
        night.apply(.partnerSays("we look into slow webhooks"), by: "bea")
        night.wait(.seconds(600))
        night.handle(.escalated, outage(1, .critical))
        #expect(night.news() == ["0 default opened", "600 default escalated"], "what a person says is no news")
        #expect(night.messages[1].summary.contains("Their page: \"we look into slow webhooks\"."))
        #expect(night.messages[1].text.contains("(seen by bea, 12:26 UTC)"))
        night.apply(.partnerSays("\u{202E} "))
        #expect(night.core.state(of: 1)?.partnerPage == "All Systems Operational")
        let long = AlertingCore.Action.partnerSays(String(repeating: "x", count: 201))
        #expect(night.core.refusal(of: long, to: 1) == "what their page says has at most 200 characters")
        night.handle(.opened, outage(2).with { $0.kind = .deploy })
        #expect(
            night.core.refusal(of: .partnerSays("x"), to: 2) == "it is not a partner's fault as far as is known")
    }

    @Test func `of several partners one that admits it is told, by name, and nobody is asked about our own faults`() {
        var night = Timeline()
        night.handle(.opened, outage(1, .minor, partner: "zendesk"))
        night.handle(
            .opened,
            outage(2, .critical).with {
                $0.kind = .sharedUpstream
                ($0.partners, $0.partnerNames) = (["stripe", "adyen"], ["Stripe", "Adyen"])
            })
        night.handle(.opened, outage(3).with { $0.kind = .host })
        #expect(night.core.pagesWanted == ["stripe", "adyen", "zendesk"], "the severest first")
        night.core.pageSays(PartnerPage(words: "fine", hasTrouble: false, at: night.now)!, of: "stripe")
        night.core.pageSays(PartnerPage(words: "down", hasTrouble: true, at: night.now)!, of: "adyen")
        #expect(night.core.state(of: 2)?.partnerPage == "Adyen: down")
        #expect(night.core.state(of: 1)?.partnerPage == nil)
    }

    @Test func `a page is asked each minute, more seldom while it does not answer, and never twice at once`() {
        var watch = PageWatch()
        var now = Timeline.start
        #expect(watch.begin(["stripe", "adyen"], at: now) == ["stripe", "adyen"])
        #expect(watch.begin(["stripe", "adyen"], at: now + .seconds(100)) == [], "both are under way")
        watch.ended("stripe", succeeded: true, at: now)
        #expect(watch.begin(["stripe", "adyen"], at: now + .seconds(59)) == [])
        #expect(watch.begin(["stripe", "adyen"], at: now + .seconds(60)) == ["stripe"])
        watch.ended("stripe", succeeded: true, at: now)
        for wait in [120, 240, 480, 900, 900] {
            watch.ended("adyen", succeeded: false, at: now)
            #expect(watch.begin(["adyen"], at: now + .seconds(wait - 1)) == [], "\(wait)")
            #expect(watch.begin(["adyen"], at: now + .seconds(wait)) == ["adyen"], "\(wait)")
            now = now + .seconds(wait)
        }
        let all = (0..<30).map { "p\($0)" }
        #expect(watch.begin(all, at: now).count == 20)
        #expect(watch.leftOutCount == 10)
    }
}
