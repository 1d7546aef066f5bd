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
        let segments = rollup.segments
        let partner = segments.filter { $0.key.dimension == RollupSet.partner.rawValue }
        #expect(partner.values.map { $0.map(\.value) } == [[CellCount(stored: 5, weighted: 50)]])
        #expect(sum(segments, RollupSet.routeAndRegion.rawValue) == CellCount(stored: 5, weighted: 50))
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
        let minutes = rollup.segments
        let hours = CountSegment.byHour(minutes)
        let partner = hours.filter { $0.key.dimension == RollupSet.partner.rawValue }
        #expect(Set(partner.map(\.key.minute)) == [120, 180])
        #expect(partner.first { $0.key.minute == 120 }?.value.map(\.value) == [CellCount(stored: 3, weighted: 6)])
        for dimension in Set(minutes.keys.map(\.dimension)) {
            #expect(sum(hours, dimension) == sum(minutes, dimension))
            #expect(sum(hours, dimension).weighted == 8)
        }
        #expect(CountSegment.byHour(hours) == hours, "folding hours again changes nothing")
    }

    private func sum(_ segments: [CountSegment.Key: [CountSegment.Count]], _ dimension: Int16) -> CellCount {
        segments.filter { $0.key.dimension == dimension }.values.joined()
            .reduce(into: CellCount()) { $0.add($1.value) }
    }

    @Test func `however blocks are cut, segments are the same, in order, each place once`() {
        var whole = RollupCounter()
        var pieces = MinuteRollup()
        for pieceNumber in 0..<20 as Range<Int32> {
            var piece = RollupCounter()
            for call in 0..<200 as Range<Int32> {
                let number = call &* 7_919 &+ pieceNumber &* 104_729
                let key = CellKey(
                    interval: 3_590 + number % 21, partner: 1 + number % 3, route: 1 + number % 4,
                    host: 1 + number % 11, region: 2, customer: number % 31, serviceVersion: number % 2,
                    direction: .outbound, outcome: UInt8(number % 5), latency: Int16(number % 43) - 1)
                piece.add(key, weight: 3)
                whole.add(key, weight: 3)
            }
            pieces.add(piece.block)
        }
        var once = MinuteRollup()
        once.add(whole.block)
        let segments = once.segments
        #expect(pieces.segments == segments)
        #expect(once.count == segments.values.reduce(0) { $0 + $1.count })
        for counts in segments.values {
            #expect(zip(counts, counts.dropFirst()).allSatisfy { $0.place < $1.place })
            #expect(CountSegment.summed(counts) == counts)
        }
    }

    @Test func `places are ordered by their fields, the first first`() {
        func place(_ first: NameID, _ second: NameID, _ direction: Int16, _ outcome: Int16) -> CountSegment.Place {
            CountSegment.Place(first: first, second: second, direction: direction, outcome: outcome)
        }
        let ordered = [
            place(-1, 9, 1, 9), place(0, 0, 0, -1), place(0, 0, 0, 0), place(0, 0, 1, -1), place(0, 1, 0, 0),
            place(1, 0, 0, 5), place(1, 0, 0, 300),
        ]
        for (left, right) in zip(ordered, ordered.dropFirst()) {
            #expect(left < right && !(right < left))
        }
    }
}
