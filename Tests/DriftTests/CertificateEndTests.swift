import CallModel
import Drift
import Testing

private let now = Instant(rfc3339: "2026-11-24T12:00:00Z")!

/// When certificates end, as agents tell it.
struct CertificateEndTests {
    private func day(_ number: Int64) -> Instant { now + .seconds(number * 86_400) }

    @Test func `of a name with two certificates each has its share of the fleet`() {
        var ends = CertificateEnds()
        for agent in 0..<4 { ends.add(name: "api.bank.example", partner: "bank", notAfter: day(agent == 0 ? 3 : 90)) }
        ends.add(name: "api.other.example", partner: nil, notAfter: day(40))
        #expect(ends.all.map(\.name) == ["api.bank.example", "api.other.example", "api.bank.example"])
        #expect(ends.all.map(\.agentsSeeing) == [1, 1, 3])
        #expect(ends.all.map(\.agentsCalling) == [4, 1, 4])
    }

    @Test func `one that ends within two weeks is a finding, the same whenever it is found`() throws {
        let end = CertificateEnd(
            name: "api.bank.example", partner: "bank", notAfter: day(10), agentsSeeing: 1, agentsCalling: 4)
        let finding = try #require(DriftFinding(end, at: now))
        #expect(finding.kind == .certificateEnd && finding.effectiveAt == day(10))
        #expect(finding.text == "the certificate of api.bank.example ends at 2026-12-04T12:00:00.000Z")
        #expect((finding.hostsSeeing, finding.hostsCalling) == (1, 4))
        #expect(DriftFinding(end, at: day(5))?.id == finding.id)
    }

    @Test(arguments: [(days: 15, partner: "bank"), (-8, "bank"), (3, nil)])
    func `one that holds for long, is over for long, or is nobody's is none`(days: Int64, partner: String?) {
        let end = CertificateEnd(name: "x", partner: partner, notAfter: day(days), agentsSeeing: 1, agentsCalling: 1)
        #expect(DriftFinding(end, at: now) == nil)
    }
}
