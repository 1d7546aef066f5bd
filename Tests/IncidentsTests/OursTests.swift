import CallModel
import Detection
import Incidents
import Rollups
import Testing

/// What looks like a partner's trouble and befalls only some of ours: nobody outside is blamed for it.
struct OursTests {
    private static let seeds: [UInt64] = [1, 2, 3]

    private func told(_ seed: UInt64, _ isHit: @escaping (CallCell) -> Bool) -> [CauseKind] {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 300) { $0.direction == .outbound && isHit($0) ? Symptom(.serverError) : nil }
        return fleet.core.open.map(\.toldKind)
    }

    @Test(arguments: seeds) func `two customers of six that fail are not plainly the partner's trouble`(seed: UInt64) {
        let told = told(seed) { $0.partner == 3 && ($0.customer == 2 || $0.customer == 5) }
        #expect(!told.isEmpty && told.allSatisfy { !$0.isTheirs }, "seed \(seed): \(told)")
    }

    @Test(arguments: seeds) func `two hosts of four in two regions are not plainly the partner's trouble`(seed: UInt64)
    {
        let told = told(seed) { $0.partner == 3 && ($0.host == 1 || $0.host == 2) }
        #expect(!told.isEmpty && told.allSatisfy { !$0.isTheirs }, "seed \(seed): \(told)")
    }

    @Test(arguments: seeds) func `two partners that fail out of one region of ours alone are not to blame for it`(
        seed: UInt64
    ) {
        let told = told(seed) { $0.partner != 2 && $0.region == 2 }
        #expect(!told.isEmpty && told.allSatisfy { !$0.isTheirs }, "seed \(seed): \(told)")
    }

    @Test(arguments: seeds) func `a partner that fails for every customer and host alike is to blame`(seed: UInt64) {
        var dice = Fleet(seed: seed + 100)
        #expect(told(seed) { $0.partner == 3 && dice.next(3) == 0 } == [.partner], "seed \(seed)")
    }
}
