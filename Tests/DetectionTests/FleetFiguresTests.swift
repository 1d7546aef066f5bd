import CallModel
import Detection
import Rollups
import Testing

/// Two hosts that call partner 1, told as a timeline.
private struct Fleet {
    var figures = FleetFigures()
    var now = Instant(secondsSinceEpoch: 1_795_000_000)

    func cell(
        host: NameID = 1, outcome: Outcome = .success, age: Duration = .zero, direction: Direction = .outbound,
        milliseconds: Int64 = 100, customer: NameID = 1
    ) -> CellKey {
        CellKey(
            interval: RollupInterval.index(of: now - age), partner: 1, route: host, host: host, region: host,
            customer: customer, serviceVersion: 1, direction: direction, outcome: outcome.code,
            latency: LatencyBucket.index(ofMicroseconds: milliseconds * 1_000))
    }

    mutating func called(_ cell: CellKey, _ count: Int64 = 1) {
        var counter = RollupCounter()
        counter.addShed(cell, weight: count)
        figures.observe(counter.block, at: now)
    }

    mutating func partner(without hosts: Set<NameID> = []) -> FleetFigures.Partner {
        figures.settle(at: now)
        return figures.figures(of: 1, at: now, without: hosts)
    }
}

struct FleetFiguresTests {
    @Test func `calls of the last minute count, with whom they hurt`() {
        var fleet = Fleet()
        fleet.called(fleet.cell(host: 1), 60)
        fleet.called(fleet.cell(host: 2, customer: 5), 20)
        fleet.called(fleet.cell(host: 2, outcome: .serverError, customer: 5), 20)
        let partner = fleet.partner()
        #expect((partner.calls, partner.failures, partner.callsPerMinute) == (100, 20, 20))
        #expect((partner.hostsCalling, partner.hostsFailing, partner.customersFailing) == (2, 1, 1))
        fleet.now = fleet.now + .seconds(120)
        #expect(fleet.partner().calls == 0)
        #expect(fleet.partner().callsOfFiveMinutes == 100)
    }

    @Test func `a host set aside is left out, and one that alone calls a partner hides it`() {
        var fleet = Fleet()
        fleet.called(fleet.cell(host: 1, outcome: .noAnswer(.unreachable)), 30)
        #expect(fleet.partner(without: [1]).isHidden)
        fleet.called(fleet.cell(host: 2), 30)
        #expect(!fleet.partner(without: [1]).isHidden)
        #expect(fleet.partner(without: [1]).failureRatio == 0)
        #expect(fleet.partner().failureRatio == 0.5)
    }

    @Test func `an inbound call that fails is no failure of the partner`() {
        var fleet = Fleet()
        fleet.called(fleet.cell(outcome: .serverError, direction: .inbound), 50)
        #expect(fleet.partner().calls == 0)
        #expect(fleet.partner().callsPerMinute == 10)
    }

    @Test func `what comes more than ten minutes late, or from the future, changes no figure and is counted`() {
        var fleet = Fleet()
        fleet.called(fleet.cell(age: .seconds(700)), 100)
        fleet.called(fleet.cell(age: .seconds(-60)), 100)
        #expect(fleet.partner().callsOfQuarter == 0)
        #expect(fleet.figures.ignoredCalls == 200)
    }

    @Test func `normal is learned from calls a minute old, and not while the partner is in trouble`() throws {
        var fleet = Fleet()
        for minute in 0..<40 {
            let isOutage = minute >= 30
            fleet.called(fleet.cell(outcome: .serverError), isOutage ? 90 : 1)
            fleet.called(fleet.cell(), isOutage ? 10 : 99)
            fleet.now = fleet.now + .seconds(60)
            fleet.figures.learn(at: fleet.now, without: []) { _ in isOutage }
        }
        let normal = try #require(fleet.partner().baselineFailureRatio)
        #expect(abs(normal - 0.01) < 0.003, "\(normal)")
        let slow = try #require(fleet.partner().baselineP95Ms)
        #expect(abs(slow - 100) < 5, "\(slow)")
    }

    @Test func `shares come with the most failures first, and are bounded`() {
        var fleet = Fleet()
        for host in 1...80 as ClosedRange<NameID> { fleet.called(fleet.cell(host: host), Int64(host)) }
        fleet.called(fleet.cell(host: 7, outcome: .serverError), 3)
        fleet.figures.settle(at: fleet.now)
        let hosts = fleet.figures.shares(.hosts, of: 1)
        #expect(hosts.count == 50)
        #expect(hosts[0].name == 7 && hosts[0].failures == 3 && hosts[0].calls == 10)
        #expect(hosts[1].name == 80)
        #expect(fleet.figures.regions(of: 1, at: fleet.now).count == 50)
    }
}
