import CallModel
import Documents
import Testing

@testable import QueryAPI

struct HostListTests {
    private func hosts(_ names: [String]) -> [HostEntry] {
        names.enumerated().map { index, name in
            HostEntry(
                agentID: name, firstSeen: .epoch, lastSeen: .epoch, isReporting: !index.isMultiple(of: 3),
                clockOffsetSeconds: nil, report: "{}")
        }
    }

    @Test func `pages join to the whole list, whatever comes and goes between them`() {
        var names = (100..<200).map { "agent-\($0)" }
        var seen: [String] = []
        var cursor: NameCursor?
        var pageCount = 0
        repeat {
            let page = hostPage(hosts(names), state: nil, after: cursor, limit: 7)
            seen += page.hosts.map(\.agentID)
            cursor = page.next
            pageCount += 1
            // One that was read goes, one comes behind.
            if pageCount == 3 { names = names.filter { $0 != seen.last && $0 != seen.first } + ["agent-999"] }
        } while cursor != nil
        #expect(seen == (100..<200).map { "agent-\($0)" } + ["agent-999"])
    }

    @Test func `a full last page has no next one`() {
        let page = hostPage(hosts(["a", "b", "c"]), state: nil, after: nil, limit: 3)
        #expect(page.hosts.count == 3 && page.next == nil)
        #expect(hostPage(hosts(["a", "b", "c"]), state: "silent", after: nil, limit: 3).hosts.map(\.agentID) == ["a"])
        #expect(hostPage([], state: nil, after: NameCursor(name: "z"), limit: 1).hosts.isEmpty)
    }

    @Test(arguments: ["", "6", "zz", "6A", "ff", "c3", String(repeating: "61", count: 257)])
    func `what is no cursor is refused`(text: String) {
        #expect(NameCursor(text: text) == nil)
    }

    @Test func `a cursor comes back as it was given`() {
        for name in ["a", "host-7/é", String(repeating: "x", count: 128)] {
            #expect(NameCursor(text: NameCursor(name: name).text)?.name == name)
        }
    }

    @Test func `a heartbeat's losses and sights are read by the names that agents use`() throws {
        let report = #"""
            {"version":"0.1.0","host":"app-1","spooled_calls":5,"refused_calls":1,"shed_payload_calls":2,"set_aside_calls":3,
             "packets_dropped_by_kernel":4,"probes":"on","tls_connections":9,"tls_sessions_read":8,"blind_processes":1}
            """#
        var writer = JSONWriter()
        writer.object { HostReport(report, JSONParser()).append(to: &$0) }
        try JSONParser().parse(writer.bytes) { host in
            #expect(host.member("lag")?.member("calls_waiting")?.int64 == 5)
            let lost = host.member("lost")
            #expect(lost?.member("refused_calls")?.int64 == 1 && lost?.member("shed_payload_calls")?.int64 == 2)
            #expect(lost?.member("set_aside_calls")?.int64 == 3)
            #expect(lost?.member("packets_dropped_by_kernel")?.int64 == 4)
            let coverage = host.member("coverage")
            #expect(coverage?.member("probes")?.string == "on" && coverage?.member("blind_processes")?.int64 == 1)
        }
    }
}
