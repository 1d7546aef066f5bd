import CallModel
import Detection
import Incidents
import Rollups
import Testing

/// What is not heard, is heard late or twice, or is about us.
struct SilentTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    @Test(arguments: seeds) func `a partner that we no longer call is a silence of ours, and blames nobody outside`(
        seed: UInt64
    ) throws {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 3_600)
        fleet.live(seconds: 300, skips: { $0.partner == 2 && $0.direction == .outbound })
        let opened = try #require(fleet.opened().first)
        #expect(fleet.opened().map(\.kind) == [.trafficStopped], "seed \(seed)")
        #expect(opened.partners == [2] && opened.scope.direction == .outbound, "seed \(seed)")
        #expect(!opened.kind.isTheirs)
        fleet.live(seconds: 180)
        #expect(fleet.events.last?.kind == .resolved, "seed \(seed)")
    }

    @Test(arguments: seeds) func `webhooks that we fail put us at risk with the partner, who is not to blame`(
        seed: UInt64
    ) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 300) { $0.partner == 1 && $0.direction == .inbound ? Symptom(.serverError) : nil }
        #expect(fleet.opened().map(\.kind) == [.webhookAtRisk], "seed \(seed)")
        #expect(fleet.opened().first?.partners == [1], "seed \(seed)")
        #expect(fleet.opened().first?.kind.isTheirs == false)
    }

    @Test(arguments: seeds) func `a host that fails and then falls silent is not taken for healthy`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 200) {
            $0.host == 2 && $0.direction == .outbound ? Symptom(.noAnswer(.connectTimeout)) : nil
        }
        #expect(fleet.core.open.map(\.kind) == [.host], "seed \(seed)")
        fleet.core.silentHosts = [2]
        fleet.live(seconds: 1_800, skips: { $0.host == 2 })
        #expect(fleet.core.open.map(\.kind) == [.host], "seed \(seed): nothing was heard that would say so")
    }

    @Test(arguments: seeds)
    func `calls that arrive up to a minute late, and out of order, change neither count nor cause`(
        seed: UInt64
    ) {
        var fleet = Fleet(seed: seed)
        fleet.latenessMax = 45
        fleet.live(seconds: 3_600)
        #expect(fleet.events.isEmpty, "seed \(seed)")
        fleet.live(seconds: 300) { $0.partner == 3 && $0.direction == .outbound ? Symptom(.serverError) : nil }
        fleet.live(seconds: 400)
        #expect(fleet.opened().map(\.kind) == [.partner], "seed \(seed)")
        #expect(fleet.opened().first?.partners == [3], "seed \(seed)")
        #expect(fleet.core.open.isEmpty && fleet.events.filter { $0.kind == .resolved }.count == 1, "seed \(seed)")
    }
}
