import CallModel
import Detection
import Documents
import Rollups
import Testing

@testable import Incidents

/// The report that people see, made from what the core knows.
struct IncidentReportTests {
    private func report(_ incident: Incident) -> IncidentReport {
        IncidentReport(
            incident, names: { number, dimension in "\(dimension.name)-\(number)" },
            partnerName: { "The \($0)" }, samples: ["c1"])
    }

    @Test func `an outage has names instead of numbers, and grows while it does`() throws {
        var fleet = Fleet(seed: 11)
        fleet.pace = 40
        fleet.live(seconds: 1_800)
        // A tenth of a partner's calls at first, most of them three minutes later.
        var share = 10
        for _ in 0..<6 {
            fleet.live(seconds: 60) {
                $0.partner == 2 && $0.time.secondsSinceEpoch % 100 < share ? Symptom(.serverError) : nil
            }
            share += 15
        }
        let report = report(try #require(fleet.core.open.first))
        #expect(report.partners == ["partner-2"] && report.partnerNames == ["The partner-2"])
        #expect(report.kind == .partner && report.state == .open)
        #expect(report.trend == .growing)
        #expect(report.regions == ["region-1", "region-2"])
        #expect(report.troubles == ["failed"])
        #expect(report.hosts.count == 4 && report.hosts == report.hosts.sorted())
        #expect(report.failures.first?.name == "server_error")
        fleet.live(seconds: 150) { $0.partner == 2 && $0.time.secondsSinceEpoch % 10 < 2 ? Symptom(.serverError) : nil }
        #expect(self.report(try #require(fleet.core.open.first)).trend == .shrinking)
    }

    @Test func `nobody outside is blamed where the cause is in doubt`() throws {
        var fleet = Fleet(seed: 11)
        fleet.pace = 40
        fleet.live(seconds: 1_800)
        fleet.live(seconds: 300) { $0.partner == 2 ? Symptom(.serverError) : nil }
        var incident = try #require(fleet.core.open.first)
        incident.confidence = 0.49
        #expect(report(incident).kind == .unknown)
        #expect(report(incident).title.contains("unknown") && report(incident).partners == ["partner-2"])
        incident.confidence = 0.5
        #expect(report(incident).kind == .partner)
    }

    @Test func `usual failures of another region do not make it one of the outage`() throws {
        var fleet = Fleet(seed: 12)
        fleet.pace = 40
        fleet.live(seconds: 1_800)
        fleet.live(seconds: 600) { $0.partner == 2 && $0.region == 1 ? Symptom(.serverError) : nil }
        let report = report(try #require(fleet.core.open.first))
        #expect(report.value(of: "region") == "region-1")
        #expect(report.regions == ["region-1"])
    }

    @Test func `a region that worked first is reached, and one that failed from the beginning is not`() {
        var extent = Incident.Extent()
        /// A minute of twenty calls in each of two regions.
        func minute(_ number: Int, failing regions: Set<NameID>) {
            for call in 0..<40 {
                let time = Instant(secondsSinceEpoch: 1_795_000_000 + Int64(number * 60 + call))
                let region = NameID(1 + call % 2)
                let fails = regions.contains(region) && call % 4 < 2
                extent.count(CallCell(time: time, partner: 1, route: 1, region: region), failed: fails)
            }
        }
        for number in 0..<60 { minute(number, failing: [1]) }
        #expect(extent.regions[1]?.isHit == true && extent.regions[2]?.isHit == false)
        for number in 60..<62 { minute(number, failing: [1, 2]) }
        #expect(extent.regions[2]?.isReached == true && extent.regions[1]?.isReached == false)

        extent = Incident.Extent()
        for number in 0..<3 { minute(number, failing: [1, 2]) }
        // Recovery is not spreading, should it fail again.
        for number in 3..<60 { minute(number, failing: []) }
        for number in 60..<65 { minute(number, failing: [1, 2]) }
        #expect(extent.regions.values.allSatisfy { $0.isHit && !$0.isReached })
    }

    @Test func `it is read back from its document`() throws {
        var fleet = Fleet(seed: 13)
        fleet.live(seconds: 1_800)
        fleet.live(seconds: 300) { $0.partner == 2 ? Symptom(.serverError) : nil }
        var report = report(try #require(fleet.core.open.first)).asDocumented()
        report.partnerPage = "All Systems Operational"
        let read = try JSONParser().parse(report.document()) { IncidentReport(document: $0) }
        #expect(read == report)
        #expect(read?.startedAt == report.startedAt && read?.partnerNames == report.partners)
        for member in ["id", "state", "severity", "cause", "explains", "started_at"] {
            let damaged = String(decoding: report.document(), as: UTF8.self).replacing("\"\(member)\":", with: "\"x\":")
            #expect(try JSONParser().parse(Array(damaged.utf8)) { IncidentReport(document: $0) } == nil, "\(member)")
        }
    }
}
