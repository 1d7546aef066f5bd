import Attribution
import CallModel
import Documents
import Logging
import Runtime
import Testing

@testable import AgentApp

/// Units and containers of the processes whose calls probes see.
@Suite struct ProcessBookTests {
    private let start = Instant.epoch + .seconds(1_000_000)
    private let unit = "0::/system.slice/billing.service\n"

    @Test func `a process is read once, when it opens its first connection`() {
        var book = ProcessBook(isWanted: true) { _ in self.unit }
        for second in 0..<59 { book.opened(by: 7, at: start + .seconds(Int64(second))) }
        #expect(book.facts(of: 7, at: start + .seconds(3_600))?.unit == "billing")
        #expect(book.readCount == 1)
    }

    @Test func `a number that is used again after a minute is somebody else's`() {
        var units = ["0::/system.slice/billing.service", "0::/system.slice/mail.service"]
        var book = ProcessBook(isWanted: true) { _ in units.removeFirst() }
        book.opened(by: 7, at: start)
        book.opened(by: 7, at: start + .seconds(60))
        #expect(book.facts(of: 7, at: start + .seconds(61))?.unit == "mail")
    }

    @Test func `a program that has ended before its call is told is known all the same`() {
        var isThere = true
        var book = ProcessBook(isWanted: true) { _ in isThere ? self.unit : nil }
        book.opened(by: 7, at: start)
        isThere = false
        #expect(book.facts(of: 7, at: start + .seconds(1))?.unit == "billing")
        #expect(book.facts(of: 8, at: start) == nil)
        #expect(book.facts(of: nil, at: start) == nil)
    }

    @Test func `nothing is read where no rule asks`() {
        var book = ProcessBook(isWanted: false) { _ in self.unit }
        book.opened(by: 7, at: start)
        #expect(book.facts(of: 7, at: start) == nil && book.readCount == 0)
    }

    @Test func `however many processes there are, few are remembered`() {
        var book = ProcessBook(isWanted: true) { _ in self.unit }
        for process in 0..<Int32(3 * ProcessBook.processCountMax) { book.opened(by: process + 1, at: start) }
        #expect(book.facts(of: 5, at: start)?.unit == "billing", "it is read again")
    }

    @Test func `this very process is found in a real control group or in none`() {
        var book = ProcessBook(isWanted: true)
        book.opened(by: ThisProcess.id, at: start)
        #expect(book.readCount == 1)
        #expect(book.facts(of: .max, at: start) == nil)
    }

    @Test func `rules by unit and cgroup name the calls of the processes that probes saw`() {
        let yaml = "service:\n  - {unit: true}\nenvironment:\n  - {cgroup: true}\n"
        let settings = AgentSettings(SettingsDocument(yaml: yaml, file: "agent.yaml").root, ownHostName: "app-1")
        #expect(settings.attribution.asksProcesses)
        let pipeline = CallPipeline(settings, MetricsRegistry())
        var call = APICall(
            time: start, request: .init(method: "GET", url: "https://api.stripe.com/v1/charges"), source: .probe)
        call.response = .init(status: 200)
        let id = String(repeating: "ab12", count: 16)
        let processes = [
            ProcessFacts(cgroup: unit), nil, ProcessFacts(cgroup: "0::/system.slice/docker-\(id).scope"),
        ]
        let kept = pipeline.process([call, call, call, call], .seen, processes: processes, at: start).calls
        #expect(kept.map(\.service) == ["billing", nil, nil, nil])
        #expect(kept.map(\.environment) == [nil, nil, "ab12ab12ab12", nil])
    }

    @Test func `rules that nobody answers are pointed at`() {
        func note(_ yaml: String) -> String? {
            AgentSettings(SettingsDocument(yaml: yaml, file: "agent.yaml").root, ownHostName: "a").unansweredRules?
                .remedy
        }
        #expect(note("service:\n  - {unit: true}\n")?.contains("capture.probes: on") == true)
        #expect(note("service:\n  - {unit: true}\ncapture: {probes: on}\n") == nil)
        #expect(note("service:\n  - {header: x-service}\n") == nil)
    }
}
