import CallModel
import Storage
import Testing

@testable import Dashboard
@testable import QueryAPI

struct DashboardTests {
    private let now = Instant(rfc3339: "2026-11-24T12:00:00Z")!
    private let hostile = #"<script>alert("x")</script>'&"#

    private func pages(name: String) -> (DashboardPages, PublishedStatus) {
        func figures(_ writer: inout JSONWriter) {
            writer.member("id", "p/1")
            writer.member("name", name)
            writer.member("status", "major_outage")
            writer.member("since", now - .seconds(600))
            writer.member("reason", hostile)
            writer.member("failure_ratio", 0.93)
        }
        var overview = JSONWriter()
        overview.object { writer in
            writer.member("as_of", now)
            writer.member("indicator", "critical")
            writer.member("description", "\(name): major outage")
            writer.object("fleet") {
                $0.member("hosts_reporting", 2)
                $0.member("hosts_silent", 1)
            }
            writer.array("partners") { writer in writer.object { figures(&$0) } }
        }
        var detail = JSONWriter()
        detail.object { writer in
            figures(&writer)
            for kind in ["routes", "hosts", "customers"] {
                writer.array(kind) { writer in
                    writer.object {
                        $0.member("name", hostile)
                        $0.member("calls", 10)
                        $0.member("calls_failed", 3)
                    }
                }
            }
        }
        let status = PublishedStatus(
            asOf: now, contents: ["/api/v1/status": overview.bytes, "/api/v1/partners/p/1": detail.bytes])
        let outage = PartnerHistory.Outage(startedAt: now - .seconds(600), endedAt: nil, worst: "major_outage")
        let history = HistorySnapshot(
            asOf: now, partners: ["p/1": PartnerHistory(HistoryRecord(), outages: [outage], at: now)])
        return (DashboardPages(history: { history }, version: "1"), status)
    }

    private func text(_ pages: DashboardPages, _ pattern: String, _ status: PublishedStatus?, id: String = "") throws
        -> String?
    {
        let page = try #require(pages.pages.first { $0.pattern == pattern })
        return page.render(["id": id], status, now).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `names from outside are text and never markup`() throws {
        let (pages, status) = pages(name: hostile)
        for (pattern, id) in [("/", ""), ("/partners/{id}", "p/1")] {
            let page = try #require(try text(pages, pattern, status, id: id))
            #expect(!page.contains("<script"))
            #expect(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;"))
        }
    }

    @Test func `the worst is said in words, and its partner is one click away`() throws {
        let (pages, status) = pages(name: "Stripe")
        let page = try #require(try text(pages, "/", status))
        #expect(page.contains("Stripe: major outage") && page.contains("Major outage for 10 min"))
        #expect(page.contains(#"href="/partners/p%2F1""#))
        #expect(page.contains("2 hosts reporting, 1 silent"))
    }

    @Test func `who is nobody's partner has no page, and without a status there is one that says so`() throws {
        let (pages, status) = pages(name: "Stripe")
        let nobody = try text(pages, "/partners/{id}", status, id: "nobody")
        #expect(nobody == nil)
        let waiting = try text(pages, "/", nil)
        #expect(waiting?.contains("being worked out") == true)
    }

    @Test func `figures are short and never claim more than is known`() {
        #expect(uptime(0.99999) == "99.99%" && uptime(1) == "100%" && uptime(nil) == "–")
        #expect(percent(0.0004) == "<0.1%" && percent(0.053) == "5.3%" && percent(0.42) == "42%")
        #expect(amount(1_240) == "1,240" && amount(12_345) == "12.3k" && amount(4_100_000) == "4.1M")
        #expect(span(59) == "59 s" && span(7_500) == "2 h 5 min" && span(180_000) == "2 d 2 h")
    }
}
