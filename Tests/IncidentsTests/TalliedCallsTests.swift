import CallModel
import Detection
import Rollups
import Testing

@testable import Incidents

/// Calls that are counted together are counted as one by one.
struct TalliedCallsTests {
    @Test(arguments: [1, 2, 3] as [UInt64]) func `each explanation has the calls and failures of its scope`(
        seed: UInt64
    ) {
        var fleet = Fleet.settled(seed)
        let since = fleet.now
        var dice = Fleet(seed: seed + 100)
        fleet.live(seconds: 120) {
            $0.partner == 3 && dice.next($0.region == 2 ? 2 : 9) == 0 ? Symptom(.serverError) : nil
        }
        var localizer = Localizer(fleet.core.detector, at: fleet.now, explained: ExplainedCalls())
        let found = localizer.explain(.down, 3, .outbound, since: since)
        #expect(found.count > 20, "seed \(seed)")
        for hypothesis in found {
            let single = localizer.weigh(hypothesis.scope, .down, since: since)
            #expect(hypothesis.calls == single.calls && hypothesis.failures == single.failures)
            #expect(hypothesis.firstFailure == single.firstFailure && hypothesis.lastFailure == single.lastFailure)
            #expect(abs(hypothesis.likelihood - single.likelihood) < 1e-6)
        }
    }

    @Test func `without another scope its calls are not counted`() {
        var fleet = Fleet.settled(1)
        let since = fleet.now
        fleet.live(seconds: 120) { $0.partner == 3 && $0.host < 3 ? Symptom(.serverError) : nil }
        var localizer = Localizer(fleet.core.detector, at: fleet.now, explained: ExplainedCalls())
        let (whole, host) = (Scope(partner: 3, direction: .outbound), NameID(1))
        let calls = localizer.tally(.down, 3, .outbound, since: since)
        let rest = localizer.explain(
            calls, .down, 3, .outbound, since: since, without: whole.with(.host, host))
        let left = localizer.weigh(whole, .down, since: since, without: [whole.with(.host, host)])
        #expect(rest.first { $0.scope == whole }?.failures == left.failures)
        #expect(!rest.contains { $0.scope.host == host && $0.failures > 0 })
    }
}
