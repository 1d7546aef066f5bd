import CallModel
import Ingest
import Testing
import Transport

@Suite struct CertificateRuleTests {
    private let now = Instant(secondsSinceEpoch: 1_000)

    private func answer(
        _ name: String, endsAt: Int64 = 2_000, agent: String? = "a-1",
        _ adjust: (inout CertificateRule) -> Void = { _ in }
    ) -> String {
        var rule = CertificateRule()
        adjust(&rule)
        switch rule.judge(ClientCertificate(name: name, endsAt: endsAt), agentID: agent, at: now) {
        case .allowed: return "allowed"
        case .unknown: return "unknown"
        case .forbidden: return "forbidden"
        }
    }

    @Test func `every name is let in where none is said, for as long as the certificate holds`() {
        #expect(answer("anybody") == "allowed")
        #expect(answer("anybody", endsAt: 1_001) == "allowed")
        #expect(answer("anybody", endsAt: 1_000) == "unknown")
    }

    @Test(arguments: [
        ("app-1.hosts.example", "allowed"), ("APP-1.Hosts.Example", "allowed"), ("hosts.example", "forbidden"),
        ("app-1.hosts.example.evil", "forbidden"), ("bare-7", "allowed"), ("bare-", "allowed"),
        ("xbare-7", "forbidden"), ("a-mid-b", "allowed"), ("a-mid", "forbidden"), ("exactly", "allowed"),
        ("exactly-not", "forbidden"), ("a-mid-mid-b", "allowed"), ("amidb", "allowed"), ("ab", "forbidden"),
        (".hosts.example", "allowed"), ("", "forbidden"),
    ])
    func `names are patterns in which a star is any text`(name: String, expected: String) {
        #expect(answer(name) { $0.names = ["*.hosts.example", "bare-*", "a*mid*b", "exactly"] } == expected)
    }

    @Test func `a name that is refused is refused though it matches`() {
        #expect(answer("App-17") { $0.refused = ["app-17"] } == "forbidden")
        #expect(answer("app-18") { $0.refused = ["app-17"] } == "allowed")
    }

    @Test(arguments: [
        ("app-1-0a1b2c3d", "allowed"), ("APP-1-0a1b2c3d", "allowed"), ("app-10-0a1b2c3d", "forbidden"),
        ("app-1", "forbidden"), (nil, "forbidden"), ("app-1-2-0a1b2c3d", "forbidden"), ("app-1-0a1b2c3", "forbidden"),
        ("app-1-0a1b2c3g", "forbidden"), ("app-1-", "forbidden"),
    ])
    func `it may speak for its own agent alone`(agent: String?, expected: String) {
        #expect(answer("app-1", agent: agent) { $0.ownAgentOnly = true } == expected)
    }
}
