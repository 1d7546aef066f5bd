import CallModel
import Detection
import Incidents
import Rollups
import Testing

/// One cause, one incident: however it grows, pauses and comes back.
struct SpreadTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test(arguments: seeds) func `an outage that spreads from one region to all is one incident, which grows`(
        seed: UInt64
    ) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 400) { Fleet.isOut($0, [2]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.map(\.scope.region) == [2], "seed \(seed)")
        fleet.live(seconds: 400) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.map(\.scope.region) == [0], "seed \(seed)")
        #expect(fleet.core.open.map(\.kind) == [.partner], "seed \(seed)")
        #expect(fleet.events.contains { $0.kind == .updated }, "seed \(seed): growth is told")
        let id = fleet.opened()[0].id
        #expect(
            fleet.core.decisions.contains { $0.reason.hasPrefix("incident \(id) restated: it ") },
            "seed \(seed): and why it is no second incident")
        fleet.live(seconds: 400)
        #expect(fleet.opened().count == 1, "seed \(seed)")
        #expect(fleet.core.open.isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `an outage of one route that becomes the whole partner's is one incident`(seed: UInt64)
    {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) { $0.route == 31 ? Symptom(.noAnswer(.responseTimeout)) : nil }
        fleet.live(seconds: 300) { Fleet.isOut($0, [1, 2]) ? Symptom(.noAnswer(.responseTimeout)) : nil }
        #expect(fleet.opened().count == 1, "seed \(seed)")
        #expect(fleet.core.open.map(\.scope.narrowing) == [[]], "seed \(seed)")
    }

    @Test(arguments: seeds) func `what fails in another way beside an outage has a cause of its own`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) { Fleet.isOut($0, [2]) ? Symptom(.serverError) : nil }
        fleet.live(seconds: 400) {
            Fleet.isOut($0, [2])
                ? Symptom(.serverError) : Fleet.isOut($0, [1]) ? Symptom(.noAnswer(.connectTimeout)) : nil
        }
        #expect(fleet.core.open.count == 2, "seed \(seed)")
        #expect(fleet.opened().count == 2, "seed \(seed)")
    }

    @Test(arguments: seeds) func `after it spread it still ends in the one region and then in the other`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 300) { Fleet.isOut($0, [2]) ? Symptom(.serverError) : nil }
        fleet.live(seconds: 300) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        fleet.live(seconds: 600) { Fleet.isOut($0, [1]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.count == 1, "seed \(seed)")
        fleet.live(seconds: 300)
        #expect(fleet.core.open.isEmpty, "seed \(seed)")
        #expect(fleet.opened().count == 1, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a partner that flaps every half minute is one incident`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        for _ in 0..<10 {
            fleet.live(seconds: 30) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
            fleet.live(seconds: 30)
        }
        fleet.live(seconds: 300)
        #expect(fleet.opened().count == 1, "seed \(seed)")
        #expect(fleet.events.filter { $0.kind == .resolved }.count == 1, "seed \(seed)")
    }

    @Test(arguments: seeds) func `what comes back within minutes is reopened, and not told as another`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        for _ in 0..<2 {
            fleet.live(seconds: 120) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
            fleet.live(seconds: 300)
        }
        #expect(
            fleet.events.map(\.kind).filter { $0 != .updated && $0 != .escalated } == [
                .opened, .resolved, .reopened, .resolved,
            ], "seed \(seed)")
    }
}
