import CallModel
import Documents
import QueryAPI
import Testing

struct FleetCoverageTests {
    private func sight(_ report: String) throws -> HostSight {
        try JSONParser().parse(Array(report.utf8)) { HostSight($0) }
    }

    @Test func `hosts add up, by partner and in all`() throws {
        var fleet = FleetCoverage()
        fleet.add(
            try sight(
                #"{"blind_processes":2,"partner_connections":{"stripe":{"seen":10,"read":9,"blind":false},"slack":{"seen":5,"read":0,"blind":true}}}"#
            ))
        fleet.add(try sight(#"{"partner_connections":{"stripe":{"seen":5,"read":0,"blind":true}}}"#))
        fleet.add(try sight("{}"))
        #expect(fleet.total.connectionsSeen == 20 && fleet.total.connectionsRead == 9)
        #expect(fleet.total.hostsBlind == 2 && fleet.processesBlind == 2)
        #expect(fleet.partners["stripe"]?.connectionsSeen == 15 && fleet.partners["stripe"]?.hostsBlind == 1)
        #expect(fleet.partners["slack"]?.hostsBlind == 1)
    }

    @Test func `figures that contradict themselves are brought into bounds`() throws {
        let host = try sight(
            #"{"blind_processes":-3,"partner_connections":{"a":{"seen":2,"read":7},"b":{"seen":-1,"read":-1},"c":3}}"#)
        #expect(host.blindProcesses == 0)
        #expect(host.partners["a"] == .init(seen: 2, read: 2, isBlind: false))
        #expect(host.partners["b"]?.seen == 0 && host.partners["c"]?.seen == 0)
    }

    @Test func `the status tells what was seen, and nothing of what nobody looked at`() throws {
        var coverage = FleetCoverage()
        coverage.add(try sight(#"{"partner_connections":{"stripe":{"seen":4,"read":3}},"blind_processes":1}"#))
        for (fleet, seen, ratio) in [(coverage, Int64(4), Double?(0.75)), (FleetCoverage(), 0, nil)] {
            let snapshot = StatusSnapshot(
                asOf: .epoch, hostsReporting: 1, hostsSilent: 0, partners: [], outages: [], troubledHosts: [],
                coverage: fleet)
            let bytes = try #require(snapshot.documents()["/api/v1/status"])
            try JSONParser().parse(bytes) { status in
                let coverage = try #require(status.member("coverage"))
                #expect(coverage.member("connections_seen")?.int64 == seen)
                #expect(coverage.member("calls_decoded_ratio")?.double == ratio)
            }
        }
    }
}
