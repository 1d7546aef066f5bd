import CallModel
import Detection
import Rollups
import Testing

/// A fleet in virtual time: three hosts that call two partners ten times a second each, told as a timeline.
private struct Fleet {
    var engine = VerdictEngine()
    var now = Instant(secondsSinceEpoch: 1_795_000_000)
    /// Out of a hundred calls of a host to a partner, how many fail, and how.
    var failing: (_ host: NameID, _ partner: NameID) -> (share: Int, outcome: Outcome) = { _, _ in (0, .serverError) }
    var milliseconds: Int64 = 100
    var statuses: Set<PartnerStatus> = []

    mutating func live(seconds: Int) {
        for _ in 0..<seconds {
            var block = RollupBlock()
            for host in 1...3 as ClosedRange<NameID> {
                for partner in 1...2 as ClosedRange<NameID> {
                    let (share, outcome) = failing(host, partner)
                    for call in 0..<10 {
                        let position = (Int(now.secondsSinceEpoch % 10) * 10 + call * 37) % 100
                        block.add(
                            CellKey(
                                interval: RollupInterval.index(of: now), partner: partner, route: 1, host: host,
                                region: 1,
                                customer: 1, serviceVersion: 1, direction: .outbound,
                                outcome: position < share ? outcome.code : Outcome.success.code),
                            weight: 1, microseconds: milliseconds * 1_000)
                    }
                }
            }
            engine.observe(block, at: now)
            _ = engine.evaluate(at: now)
            statuses.insert(status(1))
            now = now + .seconds(1)
        }
    }

    func status(_ partner: NameID) -> PartnerStatus { engine.verdicts[partner]?.status ?? .unknown }
}

/// The quickstart's day in virtual time: three hosts, three partners, a few calls a second that fail by chance.
private struct SmallFleet {
    var engine = VerdictEngine()
    var now = Instant(secondsSinceEpoch: 1_795_000_000)
    var random: SeededGenerator
    var isInTrouble: Bool { engine.verdicts[1]?.status.isTrouble ?? false }

    /// Returns in how many of the seconds partner 1 was in trouble.
    mutating func live(seconds: Int, partnerFails: Double = 0.005, cutHost: NameID? = nil) -> Int {
        var troubled = 0
        for _ in 0..<seconds {
            var block = RollupBlock()
            for host in 1...3 as ClosedRange<NameID> {
                for partner in 1...3 as ClosedRange<NameID> {
                    for _ in 0..<Int.random(in: 1...3, using: &random) {
                        let share = partner == 1 ? partnerFails : 0.005
                        var outcome = Double.random(in: 0..<1, using: &random) < share ? Outcome.serverError : .success
                        if host == cutHost { outcome = .noAnswer(.unreachable) }
                        block.add(
                            CellKey(
                                interval: RollupInterval.index(of: now), partner: partner, route: 1, host: host,
                                region: 1,
                                customer: 1, serviceVersion: 1, direction: .outbound, outcome: outcome.code),
                            weight: 1, microseconds: 90_000)
                    }
                }
            }
            engine.observe(block, at: now)
            _ = engine.evaluate(at: now)
            troubled += isInTrouble ? 1 : 0
            now = now + .seconds(1)
        }
        return troubled
    }
}

private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

struct VerdictEngineTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `an outage of few calls does not flicker, and a host cut off right after it puts no partner down`(seed: UInt64)
    {
        var fleet = SmallFleet(random: SeededGenerator(state: seed))
        #expect(fleet.live(seconds: 60) == 0, "seed \(seed)")
        var untilShown = 0
        while !fleet.isInTrouble, untilShown < 60 {
            _ = fleet.live(seconds: 1, partnerFails: 0.35)
            untilShown += 1
        }
        #expect(untilShown < 30, "seed \(seed)")
        #expect(fleet.live(seconds: 8, partnerFails: 0.35) == 8, "seed \(seed)")
        _ = fleet.live(seconds: 60)
        #expect(!fleet.isInTrouble, "seed \(seed)")
        #expect(fleet.live(seconds: 25, cutHost: 3) == 0, "seed \(seed)")
        #expect(fleet.live(seconds: 60) == 0, "seed \(seed)")
    }

    @Test func `a healthy partner becomes operational and stays it`() {
        var fleet = Fleet()
        fleet.live(seconds: 300)
        #expect(fleet.statuses.subtracting([.unknown, .operational]).isEmpty)
        #expect(fleet.status(1) == .operational)
    }

    @Test func `a partial outage is that partner's, and is over when it is over`() {
        var fleet = Fleet()
        fleet.live(seconds: 120)
        fleet.failing = { _, partner in (partner == 1 ? 35 : 0, .serverError) }
        fleet.live(seconds: 40)
        #expect(fleet.status(1) == .partialOutage)
        #expect(fleet.status(2) == .operational)
        #expect(fleet.engine.verdicts[1]?.hostsAffected == 3)
        fleet.failing = { _, _ in (0, .serverError) }
        fleet.live(seconds: 90)
        #expect(fleet.status(1) == .operational)
    }

    @Test func `a full outage is a major one`() {
        var fleet = Fleet()
        fleet.live(seconds: 120)
        fleet.failing = { _, partner in (partner == 1 ? 100 : 0, .noAnswer(.connectRefused)) }
        fleet.live(seconds: 40)
        #expect(fleet.status(1) == .majorOutage)
        #expect(fleet.status(2) == .operational)
    }

    @Test func `one host of ours without network is no partner's fault`() {
        var fleet = Fleet()
        fleet.live(seconds: 120)
        fleet.statuses = []
        fleet.failing = { host, _ in (host == 3 ? 100 : 0, .noAnswer(.connectRefused)) }
        fleet.live(seconds: 120)
        #expect(fleet.statuses == [.operational])
        #expect(fleet.engine.troubledHosts[3] != nil)
    }

    @Test func `one host whose requests to one partner fail is no outage of the partner`() {
        var fleet = Fleet()
        fleet.live(seconds: 120)
        fleet.statuses = []
        fleet.failing = { host, partner in (host == 3 && partner == 1 ? 100 : 0, .serverError) }
        fleet.live(seconds: 120)
        #expect(fleet.statuses == [.operational])
    }

    @Test func `rejected requests say nothing of the partner`() {
        var fleet = Fleet()
        fleet.live(seconds: 120)
        fleet.statuses = []
        fleet.failing = { _, _ in (80, .rejected) }
        fleet.live(seconds: 120)
        #expect(fleet.statuses == [.operational])
    }

    @Test func `a partner that grows slow is degraded`() {
        var fleet = Fleet()
        fleet.live(seconds: 180)
        fleet.milliseconds = 900
        fleet.live(seconds: 40)
        #expect(fleet.status(1) == .degradedPerformance)
    }

    @Test func `too little traffic is unknown, never green`() {
        var engine = VerdictEngine()
        let now = Instant(secondsSinceEpoch: 1_795_000_000)
        var block = RollupBlock()
        block.add(
            CellKey(
                interval: RollupInterval.index(of: now), partner: 1, route: 1, host: 1, region: 0, customer: 0,
                serviceVersion: 0, direction: .outbound, outcome: 0), weight: 3, microseconds: 5)
        engine.observe(block, at: now)
        _ = engine.evaluate(at: now)
        #expect(engine.verdicts[1]?.status == .unknown)
    }

    @Test func `calls later than ten minutes change no verdict and are counted`() {
        var fleet = Fleet()
        fleet.live(seconds: 60)
        var block = RollupBlock()
        block.add(
            CellKey(
                interval: RollupInterval.index(of: fleet.now - .seconds(700)), partner: 1, route: 1, host: 1, region: 0,
                customer: 0, serviceVersion: 0, direction: .outbound, outcome: Outcome.serverError.code),
            weight: 100_000, microseconds: 5)
        fleet.engine.observe(block, at: fleet.now)
        fleet.live(seconds: 5)
        #expect(fleet.status(1) == .operational)
        #expect(fleet.engine.ignoredCalls == 100_000)
    }

    @Test func `an outage that began is told once, kept while it changes, and ended once`() {
        var fleet = Fleet()
        var log = OutageLog()
        fleet.live(seconds: 120)
        #expect(log.update(fleet.engine.verdicts, at: fleet.now).isEmpty)
        fleet.failing = { _, partner in (partner == 1 ? 100 : 0, .serverError) }
        fleet.live(seconds: 40)
        #expect(log.update(fleet.engine.verdicts, at: fleet.now).map(\.partner) == [1])
        #expect(log.update(fleet.engine.verdicts, at: fleet.now).isEmpty)
        fleet.failing = { _, _ in (0, .serverError) }
        fleet.live(seconds: 90)
        let ended = log.update(fleet.engine.verdicts, at: fleet.now)
        #expect(ended.count == 1 && ended[0].endedAt == fleet.now && ended[0].worst == .majorOutage)
    }
}

struct RollupTests {
    @Test func `a block reads back as it was written`() throws {
        var block = RollupBlock()
        for call in 0..<500 as Range<Int32> {
            block.add(
                CellKey(
                    interval: call / 100, partner: call % 7, route: call % 11, host: call % 3, region: 1,
                    customer: call,
                    serviceVersion: 2, direction: call % 2 == 0 ? .inbound : .outbound, outcome: UInt8(call % 6)),
                weight: Int64(call), microseconds: Int64(call) * 1_000 - 1)
        }
        #expect(try RollupBlock(encoded: block.encoded()) == block)
        let bytes = block.encoded()
        for end in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: RollupBlockError.self) { try RollupBlock(encoded: Array(bytes[..<end])) }
        }
    }

    @Test func `every duration lies within its bucket's bounds`() {
        for microseconds in [2, 3, 4, 5, 7, 8, 9, 100, 1_000, 4_096, 4_097, 123_456, 1 << 35, Int64.max / 2] as [Int64]
        {
            let index = LatencyBucket.index(ofMicroseconds: microseconds)
            guard index < LatencyBucket.indexMax else { continue }
            #expect(Double(microseconds) <= LatencyBucket.upperBound(of: index) * 1.000_000_001, "\(microseconds)")
            #expect(Double(microseconds) > LatencyBucket.upperBound(of: index - 1) * 0.999_999_999, "\(microseconds)")
        }
        #expect(LatencyBucket.index(ofMicroseconds: 0) == LatencyBucket.indexMin)
    }

    @Test func `minutes hold every call of the blocks once in each set that has it`() {
        var block = RollupBlock()
        for call in 0..<120 as Range<Int32> {
            block.add(
                CellKey(
                    interval: 600 + call / 30, partner: 1, route: 1, host: 1, region: 1, customer: call % 2,
                    serviceVersion: 0,
                    direction: .outbound, outcome: 0), weight: 2, microseconds: 10)
        }
        var rollup = MinuteRollup()
        rollup.add(block)
        func sum(_ set: RollupSet) -> Int64 {
            rollup.counts.filter { $0.key.set == set }.reduce(0) { $0 + $1.value.weighted }
        }
        #expect(sum(.routeAndRegion) == 240)
        #expect(sum(.host) == 240)
        #expect(sum(.customer) == 120)
        #expect(sum(.serviceVersion) == 0)
    }
}
