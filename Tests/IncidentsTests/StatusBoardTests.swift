import CallModel
import Detection
import Rollups
import Testing

@testable import Incidents

/// The quickstart's day in virtual time: three hosts, three partners, a few calls a second that fail by chance; counted in
/// blocks as an aggregator counts them, and judged every second.
private struct SmallFleet {
    var core = IncidentCore()
    var figures = FleetFigures()
    var board = StatusBoard()
    var log = OutageLog()
    var outages: [OutageLog.Outage] = []
    var now = Instant(secondsSinceEpoch: 1_795_000_000)
    var statuses: [NameID: Set<PartnerStatus>] = [:]
    private var fleet: Fleet

    init(seed: UInt64) { fleet = Fleet(seed: seed) }

    mutating func live(
        seconds: Int, milliseconds: Int64 = 90, callsEach: UInt64 = 3,
        fails: (_ host: NameID, _ partner: NameID) -> (share: Double, outcome: Outcome) = { _, _ in
            (0.005, .serverError)
        }
    ) {
        for _ in 0..<seconds {
            var counter = RollupCounter()
            for host in 1...3 as ClosedRange<NameID> {
                for partner in 1...3 as ClosedRange<NameID> {
                    let (share, outcome) = fails(host, partner)
                    for _ in 0..<(1 + fleet.next(callsEach)) {
                        let failed = Double(fleet.next(100_000)) < share * 100_000
                        counter.add(
                            CellKey(
                                interval: RollupInterval.index(of: now), partner: partner, route: partner, host: host,
                                region: 1 + host / 3, customer: 1 + NameID(fleet.next(4)), serviceVersion: 1,
                                direction: .outbound, outcome: (failed ? outcome : .success).code,
                                latency: LatencyBucket.index(ofMicroseconds: milliseconds * 1_000)), weight: 1)
                    }
                }
            }
            figures.observe(counter.block, at: now)
            for cell in CallCell.cells(of: counter.block) { core.observe(cell) }
            now = now + .seconds(1)
            _ = core.advance(to: now)
            figures.settle(at: now)
            board.judge(figures, core, at: now)
            let troubled = Set(board.verdicts.filter(\.value.status.isTrouble).keys)
            figures.learn(at: now, without: core.hostsSetAside) { troubled.contains($0) }
            outages += log.update(board.verdicts, at: now)
            for (partner, verdict) in board.verdicts { statuses[partner, default: []].insert(verdict.status) }
        }
    }

    func status(_ partner: NameID) -> PartnerStatus { board.verdicts[partner]?.status ?? .unknown }
}

struct StatusBoardTests {
    static let seeds: ClosedRange<UInt64> = 1...8

    @Test(arguments: seeds) func `a partial outage is that partner's, is one outage, and is over when it is over`(
        seed: UInt64
    ) {
        var fleet = SmallFleet(seed: seed)
        fleet.live(seconds: 90)
        #expect((1...3).allSatisfy { fleet.status($0) == .operational }, "seed \(seed)")
        let began = fleet.now
        fleet.live(seconds: 60) { ($1 == 1 ? 0.35 : 0.005, .serverError) }
        #expect(fleet.status(1) == .partialOutage, "seed \(seed)")
        #expect(fleet.board.verdicts[1]?.incident != nil)
        #expect(fleet.board.verdicts[1]?.hostsAffected == 3)
        #expect(fleet.board.verdicts[1]?.regions.map(\.status) == [.partialOutage, .partialOutage])
        fleet.live(seconds: 200)
        #expect((1...3).allSatisfy { fleet.status($0) == .operational }, "seed \(seed)")
        #expect(fleet.statuses[2] == [.unknown, .operational] && fleet.statuses[3] == [.unknown, .operational])
        #expect(Set(fleet.outages.map(\.startedAt)).count == 1, "it does not flicker: seed \(seed)")
        let outage = fleet.outages.last
        #expect(outage?.endedAt != nil && outage?.worst == .partialOutage)
        let late = ((outage?.startedAt ?? .epoch) - began).inSeconds
        #expect(abs(late) < 5, "it began with its first failures, not \(late) s later: seed \(seed)")
    }

    @Test(arguments: seeds) func `a full outage is a major one within a quarter of a minute`(seed: UInt64) {
        var fleet = SmallFleet(seed: seed)
        fleet.live(seconds: 90)
        fleet.live(seconds: 14) { ($1 == 2 ? 1 : 0.005, .noAnswer(.connectRefused)) }
        #expect(fleet.status(2) == .majorOutage, "seed \(seed)")
        #expect(fleet.status(1) == .operational && fleet.status(3) == .operational)
    }

    @Test(arguments: seeds) func `a host without network puts no partner down, and is set aside`(seed: UInt64) {
        var fleet = SmallFleet(seed: seed)
        fleet.live(seconds: 90)
        fleet.statuses = [:]
        fleet.live(seconds: 60) { host, _ in (host == 3 ? 1 : 0.005, .noAnswer(.unreachable)) }
        #expect(fleet.core.hostsSetAside == [3], "seed \(seed)")
        #expect(fleet.statuses.values.allSatisfy { $0 == [.operational] }, "seed \(seed)")
        #expect(fleet.board.verdicts[1]?.reason.contains("of ours") == true)
    }

    @Test func `our own network hides the partners, and blames none`() {
        var fleet = SmallFleet(seed: 5)
        fleet.live(seconds: 90)
        fleet.live(seconds: 40) { _, _ in (1, .noAnswer(.unreachable)) }
        #expect((1...3).allSatisfy { fleet.status($0) == .unknown })
        #expect(fleet.outages.isEmpty)
    }

    @Test func `a partner that grows slow is degraded`() {
        var fleet = SmallFleet(seed: 6)
        fleet.live(seconds: 200)
        fleet.live(seconds: 60, milliseconds: 900)
        #expect((1...3).contains { fleet.status($0) == .degradedPerformance })
    }

    @Test func `refused requests say nothing of the partner`() {
        var fleet = SmallFleet(seed: 7)
        fleet.live(seconds: 90)
        fleet.statuses = [:]
        fleet.live(seconds: 120) { ($1 == 1 ? 0.8 : 0, .rejected) }
        #expect(fleet.statuses.values.allSatisfy { $0 == [.operational] })
        #expect(fleet.core.open.map(\.kind) == [.request])
    }

    @Test func `too little traffic is unknown, never green`() {
        var fleet = SmallFleet(seed: 8)
        var counter = RollupCounter()
        for call in 0..<15 as Range<Int32> {
            counter.add(
                CellKey(
                    interval: RollupInterval.index(of: fleet.now) - call, partner: 9, route: 1, host: 1, region: 1,
                    customer: 0, serviceVersion: 0, direction: .outbound, outcome: 0), weight: 1)
        }
        fleet.figures.observe(counter.block, at: fleet.now)
        fleet.live(seconds: 2)
        #expect(fleet.status(9) == .unknown)
    }

    @Test func `a maintenance that was announced is no outage`() {
        var fleet = SmallFleet(seed: 9)
        fleet.live(seconds: 90)
        fleet.live(seconds: 40) { ($1 == 1 ? 1 : 0, .serverError) }
        fleet.board.judge(fleet.figures, fleet.core, underMaintenance: [1], at: fleet.now)
        #expect(fleet.status(1) == .underMaintenance)
        #expect(fleet.board.verdicts[1]?.incident != nil, "what fails is still told")
    }
}
