import CallModel
import Rollups
import Testing

@testable import Detection
@testable import Incidents

/// What a partner's status is in one of our regions: green where it was seen to be well, and nowhere else.
struct RegionStatusTests {
    private let now = Instant(secondsSinceEpoch: 1_795_000_000)
    private let board = StatusBoard()

    /// An incident of partner 1 that has failed in some regions, and of which two others are known to be well.
    private func incident(_ groups: [SymptomGroup] = [.down], in region: NameID = 0, hitting hit: Set<NameID> = [1])
        -> Incident
    {
        var scope = Scope(partner: 1)
        scope.region = region
        var incident = Incident(
            id: 7, kind: .partner, scope: scope, groups: groups, partners: [1], startedAt: now,
            openedAt: now)
        for call in 0..<600 {
            let cell = CallCell(
                time: now + .seconds(Int64(call / 10)), partner: 1, route: 1, region: NameID(1 + call % 3))
            incident.extent.count(cell, failed: hit.contains(cell.region))
        }
        return incident
    }

    private func statuses(
        _ partner: PartnerStatus, _ incidents: [Incident], failing: Int64 = 0, quarter: Int64 = 400
    ) -> [PartnerStatus] {
        let verdict = PartnerVerdict(status: partner, since: now, figures: FleetFigures.Partner(), reason: "")
        let figures = (1...3 as ClosedRange<NameID>).map {
            FleetFigures.Region(name: $0, calls: 50, failures: $0 == 1 ? failing : 0, callsOfQuarter: quarter)
        }
        return board.regions(of: 1, verdict, figures, incidents).map(\.status)
    }

    @Test func `an outage is told of the regions that it hits, by their own share`() {
        #expect(statuses(.majorOutage, [incident()], failing: 50) == [.majorOutage, .operational, .operational])
        #expect(statuses(.partialOutage, [incident()], failing: 15) == [.partialOutage, .operational, .operational])
        #expect(
            statuses(.partialOutage, [incident(in: 1)], failing: 2) == [
                .degradedPerformance, .operational, .operational,
            ])
        #expect(statuses(.degradedPerformance, [incident([.slow])], failing: 0).first == .degradedPerformance)
    }

    @Test func `where too few calls are made nothing is known`() {
        #expect(statuses(.operational, [], quarter: 19) == [.unknown, .unknown, .unknown])
        #expect(statuses(.operational, [], quarter: 20) == [.operational, .operational, .operational])
        #expect(statuses(.majorOutage, [incident()], failing: 50, quarter: 19) == [.majorOutage, .unknown, .unknown])
    }

    @Test func `what is not known of the partner is not known of its regions`() {
        #expect(statuses(.unknown, []) == [.unknown, .unknown, .unknown])
        #expect(
            statuses(.underMaintenance, [incident()], failing: 50) == [
                .underMaintenance, .underMaintenance, .underMaintenance,
            ])
    }

    @Test func `what stopped has stopped everywhere`() {
        var silent = incident()
        silent.silence = SilenceWatch.Key(partner: 1, direction: .inbound)
        #expect(statuses(.partialOutage, [silent]) == [.partialOutage, .partialOutage, .partialOutage])
    }

    @Test func `an incident of another partner, or of ours, is none of its regions'`() {
        var other = incident()
        other.partners = [2]
        #expect(statuses(.operational, [other], failing: 50) == [.operational, .operational, .operational])
    }
}
