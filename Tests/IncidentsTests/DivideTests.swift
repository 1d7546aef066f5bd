import CallModel
import Detection
import Incidents
import Rollups
import Testing

/// An incident that proves to be less than it was taken for, and two that prove to be one.
struct DivideTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test(arguments: seeds) func `two routes that fail in two ways are two incidents, however they were taken at first`(
        seed: UInt64
    ) throws {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 400) {
            switch ($0.direction, $0.route) {
            case (.outbound, 31): Symptom(.serverError)
            case (.outbound, 32): Symptom(.noAnswer(.connectTimeout))
            default: nil
            }
        }
        #expect(Set(fleet.core.open.map(\.scope.route)) == [31, 32], "seed \(seed)")
        let split = try #require(
            fleet.core.decisions.first { $0.reason.hasPrefix("split: incident ") }, "seed \(seed): the reason is kept")
        #expect(split.partner == 3)
        #expect(fleet.opened().count == 2, "seed \(seed): each is told as opened once")
        let (first, second) = (fleet.core.open[0], fleet.core.open[1])
        #expect(first.timeline.contains { $0.what == "split: incident \(second.id) is the other cause" })
        #expect(second.timeline.contains { $0.what.hasPrefix("split from incident \(first.id)") })
        fleet.live(seconds: 400)
        #expect(fleet.core.open.isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `two routes that fail alike from one moment on are one cause`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) { [31, 32].contains($0.route) ? Symptom(.serverError) : nil }
        #expect(fleet.opened().count == 1, "seed \(seed)")
        #expect(fleet.core.open.map(\.partners) == [[3]], "seed \(seed)")
    }

    @Test(arguments: seeds) func `an outage that is over in one region is one of the other, and says so`(seed: UInt64)
        throws
    {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.map(\.scope.narrowing) == [[]], "seed \(seed)")
        let failures = fleet.core.open[0].extent.failures
        fleet.live(seconds: 900) { Fleet.isOut($0, [2]) ? Symptom(.serverError) : nil }
        let incident = try #require(fleet.core.open.first)
        #expect(fleet.core.open.map(\.scope.region) == [2], "seed \(seed)")
        #expect(incident.timeline.contains { $0.what.hasPrefix("it narrowed, it is over elsewhere") }, "seed \(seed)")
        #expect(fleet.events.contains { $0.kind == .updated && $0.incident.scope.region == 2 }, "seed \(seed): told")
        #expect(incident.extent.failures > failures, "seed \(seed): what it did elsewhere is not forgotten")
        fleet.live(seconds: 400)
        #expect(fleet.core.open.isEmpty && fleet.opened().count == 1, "seed \(seed)")
    }

    @Test(arguments: seeds) func `one that narrowed grows again, and is still the same`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        fleet.live(seconds: 900) { Fleet.isOut($0, [2]) ? Symptom(.serverError) : nil }
        fleet.live(seconds: 400) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.map(\.scope.narrowing) == [[]], "seed \(seed)")
        #expect(fleet.opened().count == 1, "seed \(seed)")
    }

    @Test(arguments: seeds)
    func `two routes' incidents become one when all of the partner fails, and the other's end says so`(
        seed: UInt64
    ) throws {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 900) { $0.route == 31 ? Symptom(.serverError) : nil }
        fleet.live(seconds: 900) { [31, 32].contains($0.route) ? Symptom(.serverError) : nil }
        let parts = fleet.core.open.map(\.id)
        #expect(parts.count == 2, "seed \(seed): they began apart")
        fleet.live(seconds: 600) { Fleet.isOut($0, [1, 2]) ? Symptom(.serverError) : nil }
        #expect(fleet.core.open.map(\.scope.narrowing) == [[]], "seed \(seed)")
        let id = try #require(fleet.core.open.first?.id)
        let other = try #require(parts.first { $0 != id })
        let end = try #require(fleet.last(other))
        #expect(end.state == .resolved && end.mergedInto == id, "seed \(seed)")
        #expect(end.timeline.last?.what == "merged into incident \(id): one cause explains both")
        #expect(
            fleet.core.decisions.contains { $0.reason.hasPrefix("merged: incident \(other) into \(id)") },
            "seed \(seed): the reason is kept")
        #expect(fleet.events.filter { $0.kind == .resolved }.map(\.incident.id) == [other], "seed \(seed)")
    }
}
