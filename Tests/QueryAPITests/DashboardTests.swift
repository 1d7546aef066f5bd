import CallModel
import Dashboard
import Documents
import QueryAPI
import Storage
import Testing

struct DashboardTests {
    private let now = Instant(rfc3339: "2026-11-24T12:00:00Z")!
    private let hostile = #"<script>alert("x")</script>'&"#

    private func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.appendString(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func pages(name: String) -> (DashboardPages, PublishedStatus) {
        let figures = """
            "id":"p/1","name":\(quoted(name)),"status":"major_outage","since":"\((now - .seconds(600)).rfc3339)",
            "reason":\(quoted(hostile)),"failure_ratio":0.93
            """
        let share = "[{\"name\":\(quoted(hostile)),\"calls\":10,\"calls_failed\":3}]"
        let status = published([
            "/api/v1/status": """
            {"as_of":"\(now.rfc3339)","indicator":"critical","description":\(quoted("\(name): major outage")),
            "fleet":{"hosts_reporting":2,"hosts_silent":1},"partners":[{\(figures)}]}
            """,
            "/api/v1/partners/p/1": "{\(figures),\"routes\":\(share),\"hosts\":\(share),\"customers\":\(share)}",
        ])
        let outage = PartnerHistory.Outage(startedAt: now - .seconds(600), endedAt: nil, worst: "major_outage")
        let history = HistorySnapshot(
            asOf: now, partners: ["p/1": PartnerHistory(HistoryRecord(), outages: [outage], at: now)])
        return (DashboardPages(history: { history }, version: "1"), status)
    }

    /// As one aggregator publishes its documents for the others.
    private func published(_ documents: [String: String]) -> PublishedStatus {
        var bytes: [UInt8] = []
        func put(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.bigEndian) { bytes += $0 } }
        put(now.nanosecondsSinceEpoch)
        for (path, document) in documents {
            put(UInt32(path.utf8.count))
            bytes += path.utf8
            put(UInt32(document.utf8.count))
            bytes += document.utf8
        }
        return PublishedStatus(encoded: bytes)!
    }

    private func text(_ pages: DashboardPages, _ pattern: String, _ status: PublishedStatus?, id: String = "")
        async throws
        -> String?
    {
        let page = try #require(pages.pages.first { $0.pattern == pattern })
        return try await page.render(["id": id], status, now).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `names from outside are text and never markup`() async throws {
        let (pages, status) = pages(name: hostile)
        for (pattern, id) in [("/", ""), ("/partners/{id}", "p/1")] {
            let page = try #require(try await text(pages, pattern, status, id: id))
            #expect(!page.contains("<script"))
            #expect(page.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;"))
        }
    }

    @Test func `the worst is said in words, and its partner is one click away`() async throws {
        let (pages, status) = pages(name: "Stripe")
        let page = try #require(try await text(pages, "/", status))
        #expect(page.contains("Stripe: major outage") && page.contains("Major outage for 10 min"))
        #expect(page.contains(#"href="/partners/p%2F1""#))
        #expect(page.contains("2 hosts reporting, 1 silent"))
    }

    @Test func `who is nobody's partner has no page, and without a status there is one that says so`() async throws {
        let (pages, status) = pages(name: "Stripe")
        let nobody = try await text(pages, "/partners/{id}", status, id: "nobody")
        #expect(nobody == nil)
        let waiting = try await text(pages, "/", nil)
        #expect(waiting?.contains("being worked out") == true)
    }

    @Test func `an incident's page says what the API says, and its names are text`() async throws {
        let document = """
            {"id":"7","title":\(quoted(hostile)),"started_at":"2026-11-24T11:50:00.000Z","severity":"major",
            "cause":{"kind":"partner","predicate":[{"dimension":"route","value":\(quoted(hostile))}],"confidence":0.9},
            "explains":{"calls_failed":812,"customers":1,"customer_names":[\(quoted(hostile))]},
            "timeline":[{"at":"2026-11-24T11:50:09.000Z","what":\(quoted(hostile))}]}
            """
        let record = IncidentRecord(
            id: 7, state: "open", severity: "major", kind: "partner", partners: ["p"], isQuiet: false,
            startedAt: now - .seconds(600), openedAt: now - .seconds(591), updatedAt: now,
            document: Array(document.utf8))
        let sent = NotificationRecord(
            at: now, channel: hostile, kind: "opened", state: "dead", attempts: 3, lastError: hostile)
        let detail = IncidentDetail(record: record, notifications: [sent])
        var sources = IncidentSources()
        sources.list = { $0.states.contains("open") ? [detail] : [] }
        sources.read = { $0 == 7 ? detail : nil }
        sources.decisions = { _ in Array(#"[{"at":"2026-11-24T11:50:09.000Z","reason":"<b>"}]"#.utf8) }
        let pages = DashboardPages(history: { nil }, incidents: sources, version: "1")
        let list = try #require(try await text(pages, "/incidents", nil))
        #expect(list.contains("One incident is open") && list.contains(#"href="/incidents/7""#))
        let page = try #require(try await text(pages, "/incidents/{id}", nil, id: "7"))
        #expect(page.contains("goes on, so far 10 min") && page.contains("nobody owns it") && page.contains("812"))
        for html in [list, page] { #expect(!html.contains("<script") && !html.contains("<b>&lt;")) }
        #expect(page.contains("&lt;b&gt;"))
        let missing = try await text(pages, "/incidents/{id}", nil, id: "8")
        #expect(missing == nil)
    }
}
