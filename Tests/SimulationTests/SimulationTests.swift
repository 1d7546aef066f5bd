import Foundation
import Testing

/// The whole of the main path from a seed: see `World` for what is simulated and what must hold.
///
/// `FARWATCH_SIMULATION_SEED=n` replays one run and prints what happens in it. `FARWATCH_SIMULATION_SEEDS=n` runs so many, and
/// `FARWATCH_SIMULATION_FIRST=n` begins elsewhere (`deploy/simulate` does both, in release).
struct SimulationTests {
    @Test func `nothing acknowledged is lost and nothing is counted twice, whatever fails`() {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["FARWATCH_SIMULATION_SEED"].flatMap(UInt64.init) {
            let violations = World(seed: seed, isTraced: true).run()
            #expect(violations.isEmpty, "seed \(seed)")
            return
        }
        let count = environment["FARWATCH_SIMULATION_SEEDS"].flatMap(UInt64.init) ?? Self.usualCount
        let first = environment["FARWATCH_SIMULATION_FIRST"].flatMap(UInt64.init) ?? 1
        var failed = 0
        for seed in first..<first + count {
            let violations = World(seed: seed).run()
            guard !violations.isEmpty else { continue }
            failed += 1
            Issue.record("FARWATCH_SIMULATION_SEED=\(seed): \(violations[0])")
            if failed == 5 { break }
        }
    }

    @Test(arguments: [3, 8, 21, 34] as [UInt64])
    func `a seed gives the same run again`(seed: UInt64) {
        let (first, second) = (World(seed: seed), World(seed: seed))
        _ = first.run()
        _ = second.run()
        #expect(first.digest == second.digest)
        #expect(first.now == second.now)
    }

    /// A simulation in which nothing goes wrong proves nothing.
    @Test func `everything that may go wrong does`() {
        var met: [String: Int] = [:]
        for seed in 1...150 as ClosedRange<UInt64> {
            let world = World(seed: seed)
            _ = world.run()
            for (what, count) in world.incidents { met[what, default: 0] += count }
        }
        for what in World.incidentNames { #expect(met[what] ?? 0 > 0, "\(what) never happened") }
    }

    #if DEBUG
    private static let usualCount: UInt64 = 300
    #else
    private static let usualCount: UInt64 = 3_000
    #endif
}
