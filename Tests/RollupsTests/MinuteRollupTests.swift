import CallModel
import Rollups
import Testing

struct MinuteRollupTests {
    private func cell(
        interval: Int32, route: NameID = 3, customer: NameID = 0, outcome: Outcome = .success, microseconds: Int64
    ) -> CellKey {
        CellKey(
            interval: interval, partner: 1, route: route, host: 7, region: 2, customer: customer, serviceVersion: 0,
            direction: .outbound, outcome: outcome.code, latency: LatencyBucket.index(ofMicroseconds: microseconds))
    }

    @Test func `a partner's own set sums to the same as its routes`() {
        var counter = RollupCounter()
        for route in 1...5 {
            counter.add(cell(interval: Int32(route), route: NameID(route), microseconds: 500), weight: 10)
        }
        var rollup = MinuteRollup()
        rollup.add(counter.block)
        func sum(_ set: RollupSet) -> CellCount {
            rollup.counts.filter { $0.key.set == set }.values.reduce(into: CellCount()) { $0.add($1) }
        }
        #expect(sum(.partner) == CellCount(stored: 5, weighted: 50))
        #expect(sum(.partner) == sum(.routeAndRegion))
        #expect(rollup.counts.count { $0.key.set == .partner } == 1, "five routes of one minute are one row")
    }

    @Test func `minutes fold into the hours they belong to, and nothing is lost`() {
        var rollup = MinuteRollup()
        var counter = RollupCounter()
        // Three minutes of one hour and the first of the next.
        for minute in [120, 121, 179, 180] {
            counter.add(
                cell(interval: Int32(minute) * RollupInterval.perMinute, customer: 4, microseconds: 900), weight: 2)
        }
        rollup.add(counter.block)
        let hours = rollup.byHour()
        let partner = hours.counts.filter { $0.key.set == .partner }
        #expect(Set(partner.map(\.key.minute)) == [120, 180])
        #expect(partner.first { $0.key.minute == 120 }?.value == CellCount(stored: 3, weighted: 6))
        #expect(hours.latencies.values.reduce(0, +) == rollup.latencies.values.reduce(0, +))
        #expect(hours.counts.values.reduce(0) { $0 + $1.stored } == rollup.counts.values.reduce(0) { $0 + $1.stored })
    }

    @Test func `folding an hour again changes nothing`() {
        var counter = RollupCounter()
        counter.add(cell(interval: 777, microseconds: 10), weight: 1)
        var rollup = MinuteRollup()
        rollup.add(counter.block)
        #expect(rollup.byHour().byHour().counts == rollup.byHour().counts)
    }
}
