import CallModel
import Detection
import Incidents
import Rollups
import Testing

struct IncidentCoreTests {
    private static let seeds: [UInt64] = [1, 2, 3]
    private static let hour = 3_600

    @Test(arguments: seeds) func `an hour of ordinary failures opens nothing`(seed: UInt64) {
        #expect(Fleet.settled(seed).events.isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a partner that fails is one incident, told once, and resolved when it is over`(
        seed: UInt64
    ) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 300) { $0.partner == 3 && $0.direction == .outbound ? Symptom(.serverError) : nil }
        fleet.live(seconds: 300)
        let opened = fleet.opened()
        #expect(opened.count == 1, "seed \(seed)")
        #expect(opened.first?.kind == .partner && opened.first?.partners == [3], "seed \(seed)")
        #expect(
            (opened.first?.openedAt ?? .epoch) - (opened.first?.startedAt ?? .epoch) <= .seconds(15), "seed \(seed)")
        #expect(fleet.events.last?.kind == .resolved, "seed \(seed)")
        #expect(fleet.core.open.isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a twentieth of a partner's calls failing is seen within two minutes`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.pace = 180
        fleet.live(seconds: 900)
        let start = fleet.now
        var dice = Fleet(seed: seed + 100)
        fleet.live(seconds: 120) {
            $0.partner == 3 && $0.direction == .outbound && dice.next(20) == 0 ? Symptom(.serverError) : nil
        }
        let opened = fleet.opened()
        let found = opened.first { $0.partners == [3] }
        #expect(found != nil, "seed \(seed)")
        #expect((found?.openedAt ?? start + .seconds(999)) - start <= .seconds(120), "seed \(seed)")
    }

    @Test(arguments: seeds) func `a host without network is to blame, and no partner`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 200) {
            $0.host == 2 && $0.direction == .outbound ? Symptom(.noAnswer(.connectTimeout)) : nil
        }
        let opened = fleet.opened()
        #expect(opened.count == 1, "seed \(seed)")
        #expect(opened.first?.kind == .host && opened.first?.scope.host == 2, "seed \(seed)")
        #expect(opened.first?.partners == [], "seed \(seed)")
    }

    @Test(arguments: seeds) func `two partners behind one network are one incident of the network`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 200) { $0.partner < 3 ? Symptom(.noAnswer(.responseTimeout)) : nil }
        let causes = fleet.core.open.map(\.kind)
        #expect(causes == [.sharedUpstream], "seed \(seed)")
        #expect(fleet.core.open.first?.partners == [1, 2], "seed \(seed)")
        #expect(fleet.opened().count == 1, "seed \(seed)")
    }

    @Test(arguments: seeds) func `one customer's refused credentials are the customer's`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 200) {
            $0.partner == 2 && $0.customer == 4 && $0.direction == .outbound ? Symptom(.unauthorized) : nil
        }
        #expect(fleet.opened().map(\.kind) == [.credentials], "seed \(seed)")
        #expect(fleet.opened().first?.scope.customer == 4, "seed \(seed)")
    }

    @Test(arguments: seeds) func `one customer's bad requests are nobody's outage`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: 600) {
            $0.partner == 2 && $0.customer == 4 && $0.direction == .outbound ? Symptom(.rejected, status: 422) : nil
        }
        #expect(fleet.events.isEmpty, "seed \(seed)")
        #expect(fleet.core.decisions.contains { $0.reason.contains("one customer's bad requests") }, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a release whose requests are refused is ours`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        for host in 1...4 as ClosedRange<NameID> {
            fleet.versions[host] = 2
            fleet.live(seconds: 60) {
                $0.serviceVersion == 2 && $0.route == 31 ? Symptom(.rejected, status: 400) : nil
            }
        }
        #expect(fleet.core.open.map(\.kind) == [.deploy], "seed \(seed)")
        #expect(fleet.core.open.first?.scope.serviceVersion == 2, "seed \(seed)")
    }

    @Test(arguments: seeds) func `what is over after fifteen seconds is a blip, and the reason is kept`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        var dice = Fleet(seed: seed + 100)
        fleet.live(seconds: 15) { $0.partner == 3 && dice.next(10) > 0 ? Symptom(.serverError) : nil }
        fleet.live(seconds: 600)
        #expect(fleet.events.isEmpty, "seed \(seed)")
        #expect(fleet.core.decisions.contains { $0.reason.contains("blip") }, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a partner that no longer calls us has fallen silent`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: Self.hour)
        fleet.live(seconds: 300, skips: { $0.partner == 1 && $0.direction == .inbound })
        fleet.live(seconds: 180)
        #expect(fleet.opened().map(\.kind) == [.webhookSilence], "seed \(seed)")
        #expect(fleet.events.last?.kind == .resolved, "seed \(seed)")
    }

    @Test(arguments: seeds) func `hosts of which nothing is heard make no partner silent`(seed: UInt64) {
        var fleet = Fleet(seed: seed)
        fleet.live(seconds: 5_000)
        fleet.core.silentHosts = [1, 2]
        fleet.live(seconds: 600, skips: { $0.partner == 2 && $0.direction == .inbound })
        #expect(fleet.opened().isEmpty, "seed \(seed)")
        #expect(fleet.core.decisions.contains { $0.reason.contains("are not heard of") })
    }

    @Test(arguments: seeds) func `when nothing is heard from anywhere, nothing has fallen silent, then or afterwards`(
        seed: UInt64
    ) {
        var fleet = Fleet(seed: seed)
        fleet.live(seconds: 5_000, skips: { $0.partner != 2 })
        for _ in 0..<1_200 {
            fleet.now = fleet.now + .seconds(1)
            fleet.events += fleet.core.advance(to: fleet.now, isBlind: true)
        }
        fleet.live(seconds: 300, skips: { $0.partner != 2 })
        #expect(fleet.opened().isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `a fleet that falls silent as a whole blames nobody`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        fleet.live(seconds: Self.hour)
        fleet.live(seconds: 900, skips: { _ in true })
        #expect(fleet.events.isEmpty, "seed \(seed)")
    }

    @Test(arguments: seeds) func `slow answers are seen though none fails`(seed: UInt64) {
        var fleet = Fleet.settled(seed)
        let slow = LatencyBucket.index(ofMicroseconds: 900_000)
        for _ in 0..<120 {
            for _ in 0..<4 {
                fleet.core.observe(
                    CallCell(
                        time: fleet.now, partner: 3, route: 31, host: NameID(1 + fleet.next(4)), customer: 1,
                        network: 2,
                        latency: slow))
            }
            fleet.live(seconds: 1, skips: { $0.partner == 3 && $0.direction == .outbound })
        }
        #expect(fleet.opened().map(\.groups) == [[.slow]], "seed \(seed)")
    }

    @Test(arguments: seeds) func `the same calls give the same decisions`(seed: UInt64) {
        func story() -> [String] {
            var fleet = Fleet.settled(seed)
            fleet.live(seconds: 120) { $0.partner == 3 && $0.region == 1 ? Symptom(.serverError) : nil }
            fleet.live(seconds: 200)
            return fleet.core.decisions.map(\.reason) + fleet.events.map { "\($0.kind) \($0.incident.scope)" }
        }
        #expect(story() == story(), "seed \(seed)")
    }
}
