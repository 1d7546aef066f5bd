import CallModel
import Documents
import Logging
import PartnerCatalog
import Redaction
import Runtime
import Testing

@testable import AgentApp

@Suite struct PipelineTests {
    private func settings(_ yaml: String = "") -> AgentSettings {
        AgentSettings(SettingsDocument(yaml: yaml, file: "agent.yaml").root, ownHostName: "app-1")
    }

    private func call(_ url: String, _ headers: [Header] = [], direction: Direction = .outbound) -> APICall {
        var call = APICall(
            time: .epoch, direction: direction, request: .init(method: "POST", url: url, headers: headers),
            source: .json)
        call.response = .init(status: 200)
        return call
    }

    @Test func `names are taken before redaction hides where they stand`() {
        let metrics = MetricsRegistry()
        let pipeline = CallPipeline(settings("customer:\n  - {header: x-tenant}\n  - {query: account}\n"), metrics)
        let processed = pipeline.process(
            [
                call("https://api.stripe.com/v1/charges", [Header("x-tenant", "acme")]),
                call("https://api.stripe.com/v1/charges?account=umbrella"), call("https://api.stripe.com/v1/charges"),
            ], .reported, at: .epoch)
        #expect(processed.calls.map(\.customer) == ["acme", "umbrella", nil])
        #expect(processed.calls[0].request.headers == [Header("x-tenant", "{value}")])
        #expect(processed.calls[1].request.url.hasSuffix("?account={value}"))
        let tally = pipeline.tally.current
        #expect(tally.keptCount == 3 && tally.missing[.customer] == 1)
        #expect(tally.found[.customer] == [1, 1])
        #expect(tally.partners["stripe"]?.callCount == 3)
    }

    @Test func `what concerns no partner is let go before anything of it is kept, and counted`() {
        let metrics = MetricsRegistry()
        let pipeline = CallPipeline(settings(), metrics)
        let canary = "canary-71ab"
        _ = pipeline.tap.read(after: 0, at: .epoch)
        let processed = pipeline.process(
            [
                call("http://10.0.0.9/\(canary)"), call("https://us.example/\(canary)", direction: .inbound),
                call("/\(canary)"), call("https://203.0.113.9/\(canary)"),
            ], .reported, at: .epoch)
        #expect(processed.calls.isEmpty && processed.notOurs == 4)
        let seen = "\(pipeline.tally.current)" + String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(!seen.contains(canary))
        #expect(pipeline.tap.read(after: 0, at: .epoch).lines.isEmpty)
        #expect(pipeline.tally.current.notOurs == [.internalHost: 1, .unlistedRoute: 1, .noHost: 1, .bareAddress: 1])
    }

    @Test func `a call that is reported and seen is one, whichever way it came first`() {
        let pipeline = CallPipeline(settings("capture: {packets: on}\n"), MetricsRegistry())
        let noon = Instant(secondsSinceEpoch: 1_795_000_000)
        func told(_ source: CallSource, _ path: String, host: String = "app-1") -> APICall {
            var call = call("https://api.stripe.com/v1/\(path)")
            (call.time, call.source, call.host) = (noon, source, host)
            return call
        }
        #expect(pipeline.process([told(.packets, "first")], .seen, at: noon).calls.count == 1)
        let late = pipeline.process([told(.otlp, "first"), told(.otlp, "elsewhere", host: "b")], .reported, at: noon)
        #expect((late.calls.map(\.host), late.repeated) == (["b"], 1))
        #expect(pipeline.process([told(.packets, "joined"), told(.probe, "alone")], .seen, at: noon).calls.isEmpty)
        // What came by a receiver is kept at once, whatever it says of itself.
        #expect(pipeline.process([told(.packets, "joined")], .reported, at: noon).calls.map(\.source) == [.packets])
        #expect(pipeline.release(at: noon + .seconds(7)).isEmpty)
        #expect(pipeline.release(at: noon + .seconds(8)).map(\.source) == [.probe])
        #expect(pipeline.tally.current.keptCount == 4)
    }

    @Test func `without capture, or where the operator wants it so, nothing is joined`() {
        for yaml in ["", "capture: {packets: on, join_reports: false}\n"] {
            let pipeline = CallPipeline(settings(yaml), MetricsRegistry())
            let calls = [call("https://api.stripe.com/v1/a")]
            #expect(pipeline.process(calls, .reported, at: .epoch).calls.count == 1)
            #expect(pipeline.process(calls, .seen, at: .epoch).calls.count == 1)
            #expect(!pipeline.holdsCalls)
        }
    }

    @Test func `a webhook we send has a recipient and is no partner`() {
        let pipeline = CallPipeline(settings(), MetricsRegistry())
        let sent = call(
            "https://shop-9.example/hook", [Header("webhook-id", "msg_1"), Header("webhook-signature", "v1,c2VjcmV0")])
        let processed = pipeline.process([sent], .reported, at: .epoch).calls
        #expect(processed.first?.partner == Catalogue.sentWebhooksPartner)
        #expect(processed.first?.webhook?.recipient == "shop-9.example")
        #expect(processed.first?.webhook?.deliveryID == "msg_1")
        #expect(processed.first?.request.headers.value(of: "webhook-signature") == "{secret}")
    }

    @Test func `partners beyond the bound are counted as others`() {
        let tally = PipelineTally()
        let calls = (0..<PipelineTally.partnersMax + 5).map { number in
            var call = call("https://a.example/")
            call.partner = "p\(number)"
            return call
        }
        tally.keep(calls)
        #expect(tally.current.partners.count == PipelineTally.partnersMax + 1)
        #expect(tally.current.partners["{other}"]?.callCount == 5)
    }

    @Test func `the tap keeps a sample, and only while somebody looks`() {
        let tap = TapBuffer()
        let start = Instant(secondsSinceEpoch: 1_000)
        let calls = (0..<100).map { call("https://a.example/\($0)") }
        tap.offer(calls, at: start)
        #expect(tap.read(after: 0, at: start).lines.isEmpty)
        tap.offer(calls, at: start + .seconds(1))
        let read = tap.read(after: 0, at: start + .seconds(1))
        #expect(read.lines.count <= TapBuffer.sampleMax && read.lines.count > 10 && read.passedCount == 100)
        #expect(tap.read(after: read.next, at: start + .seconds(2)).lines.isEmpty)
        for _ in 0..<200 { tap.offer(calls, at: start + .seconds(3)) }
        #expect(tap.read(after: read.next, at: start + .seconds(3)).lines.count == TapBuffer.lineCountMax)
        tap.offer(calls, at: start + .seconds(60))
        #expect(tap.read(after: 0, at: start + .seconds(60)).lines.isEmpty)
    }
}

@Suite struct SentLogTests {
    @Test func `copies are kept within their bytes and their age, across restarts`() async throws {
        let directory = try temporaryDirectory() + "/sent"
        defer { removeDirectory(directory) }
        func log(_ configuration: SentLog.Configuration) throws -> SentLog {
            try SentLog(directory: directory, configuration, metrics: MetricsRegistry(), logger: Logger(label: "test"))
        }
        let start = Instant(secondsSinceEpoch: 1_000_000)
        var configuration = SentLog.Configuration(byteCountMax: 16_384)
        var sent = try log(configuration)
        for sequence in 1...6 as ClosedRange<UInt64> {
            sent.record(sequence, Array(repeating: UInt8(sequence), count: 100), at: start + .seconds(Int64(sequence)))
        }
        await sent.close()
        // Each takes a block of 4 KiB.
        #expect(try SentLog.entries(in: directory).map(\.sequence) == [3, 4, 5, 6])
        configuration.ageMax = .seconds(60)
        sent = try log(configuration)
        sent.record(7, [7], at: start + .seconds(65))
        await sent.close()
        #expect(try SentLog.entries(in: directory).map(\.sequence) == [5, 6, 7])
        #expect(try Files.read(directory + "/" + SentLog.entries(in: directory)[2].name, byteCountMax: 10) == [7])
    }

    @Test func `none are kept where the operator wants none`() async throws {
        let directory = try temporaryDirectory() + "/none"
        let sent = try SentLog(
            directory: directory, .init(byteCountMax: 0), metrics: MetricsRegistry(), logger: Logger(label: "test"))
        sent.record(1, [1], at: .epoch)
        await sent.close()
        #expect(!Files.exists(directory))
        #expect(try SentLog.entries(in: directory).isEmpty)
    }
}

@Suite struct DoctorTests {
    @Test func `a finding that is not in order has one remedy`() {
        let findings: [Finding] = [
            .good("a", "fine"), .warning("b", "odd", remedy: "do this"), .bad("c", "broken", remedy: "do that"),
        ]
        #expect(
            findings.flatMap(\.lines) == ["✓ a: fine", "! b: odd", "    → do this", "✗ c: broken", "    → do that"])
        #expect(
            String(decoding: Finding.json(findings), as: UTF8.self)
                == #"{"findings":[{"level":"good","subject":"a","detail":"fine"},{"level":"warning","subject":"b","detail":"odd","remedy":"do this"},{"level":"bad","subject":"c","detail":"broken","remedy":"do that"}]}"#
        )
    }

    @Test func `what a kernel allows is told, with the TLS libraries in use`() {
        var facts = HostFacts()
        facts.kernel = "6.1.0"
        #expect(facts.findings.map(\.level) == ["warning", "warning", "warning", "good"])
        facts.hasTypeInformation = true
        facts.capabilities = HostFacts.bpf | HostFacts.perfmon | HostFacts.netRaw
        facts.note(
            Array(
                "7f00-7f01 r-xp 0 08:01 1 /usr/lib/x86_64-linux-gnu/libssl.so.3\n7f01 r--p 0 08:01 1 /usr/lib/libssl.so.3\n"
                    .utf8))
        facts.note(Array("7f00-7f01 r-xp 0 08:01 1 /usr/lib/libc.so.6\n".utf8))
        #expect(facts.librariesInUse == ["libssl.so.3": 1])
        #expect(facts.findings.map(\.level) == ["good", "good", "good", "good"])
    }

    @Test func `a grant about to end is told in time`() async {
        var settings = AgentSettings(SettingsDocument(yaml: "", file: "a").root, ownHostName: "app-1")
        let now = Instant(secondsSinceEpoch: 1_000_000_000)
        settings.redaction.partners = [
            "a": .init(mode: .full, approvedBy: "jane", until: now + .seconds(3_600)),
            "b": .init(mode: .redacted, approvedBy: "jane", until: now - .seconds(1)),
            "c": .init(mode: .full, approvedBy: "jane", until: now + .seconds(30 * 86_400)),
            "d": .init(mode: .none),
        ]
        settings.endpoints = []
        settings.stateDirectory = "/nonexistent/farwatch"
        settings.healthAddress.port = 1
        let findings = await Doctor(settings: settings, config: "a", now: now).findings()
        let redaction = findings.filter { $0.subject == "redaction" }
        #expect(redaction.map(\.level) == ["good", "warning", "warning", "good"])
        #expect(findings.first { $0.subject == "agent" }?.level == "warning")
        #expect(findings.allSatisfy { ($0.remedy == nil) == ($0.level == "good") })
    }
}
