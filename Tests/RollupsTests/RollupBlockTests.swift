import CallModel
import Rollups
import Testing

struct RollupBlockTests {
    @Test func `a block reads back as it was written, and cut anywhere it is refused`() throws {
        var counter = RollupCounter()
        for call in 0..<500 as Range<Int32> {
            counter.add(
                CellKey(
                    interval: call / 100, partner: call % 7, route: call % 11, host: call % 3, region: 1,
                    customer: call, serviceVersion: 2, network: call % 5,
                    direction: call % 2 == 0 ? .inbound : .outbound, outcome: UInt8(call % 6),
                    status: call % 6 == 1 ? 422 : 0,
                    latency: call % 9 == 0 ? CellKey.noLatency : Int16(call % 200)), weight: Int64(call))
        }
        let block = counter.block
        let bytes = block.encoded()
        #expect(try RollupBlock(encoded: bytes) == block)
        for end in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: RollupBlockError.self) { try RollupBlock(encoded: Array(bytes[..<end])) }
        }
        #expect(throws: RollupBlockError.unknownVersion(3)) { try RollupBlock(encoded: [3, 0, 0, 0]) }
    }

    @Test func `a block of the release before counts as it did`() throws {
        // Two cells of the interval 600 (of ten seconds), and the latencies of three calls.
        var bytes: [UInt8] = []
        func put<Number: FixedWidthInteger>(_ values: Number...) {
            for value in values { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
        }
        put(1 as UInt32, 2, 1)
        for column in [600, 1, 2, 3, 4, 5, 6] as [Int32] { put(column, column) }
        put(0 as UInt8, 0)
        put(Outcome.success.code, Outcome.serverError.code)
        put(2 as Int64, 1)
        put(20 as Int64, 1)
        put(600 as Int32)
        put(1 as Int32)
        put(2 as Int32)
        put(4 as Int32)
        put(0 as UInt8)
        put(136 as Int16)
        put(21 as Int64)
        var rollup = MinuteRollup()
        rollup.add(try RollupBlock(encoded: bytes))
        let segments = rollup.segments
        #expect(Set(segments.keys.map(\.minute)) == [100])
        func held(_ dimension: Int16) -> [CountSegment.Count] {
            segments[CountSegment.Key(partner: 1, dimension: dimension, minute: 100)] ?? []
        }
        #expect(held(RollupSet.partner.rawValue).map(\.value.weighted).sorted() == [1, 20])
        let latency = CountSegment.Place(first: 2, second: 4, direction: 0, outcome: 136)
        #expect(
            held(CountSegment.latencyDimension) == [CountSegment.Count(place: latency, value: CellCount(weighted: 21))])
        for end in stride(from: 4, to: bytes.count, by: 3) {
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
        var counter = RollupCounter()
        for call in 0..<120 as Range<Int32> {
            counter.add(
                CellKey(
                    interval: 600 + call / 30, partner: 1, route: 1, host: 1, region: 1, customer: call % 2,
                    serviceVersion: 0, direction: .outbound, outcome: 0), weight: 2)
        }
        var rollup = MinuteRollup()
        rollup.add(counter.block)
        func sum(_ set: RollupSet) -> Int64 {
            rollup.segments.filter { $0.key.dimension == set.rawValue }.values.joined()
                .reduce(0) { $0 + $1.value.weighted }
        }
        #expect(sum(.routeAndRegion) == 240)
        #expect(sum(.host) == 240)
        #expect(sum(.customer) == 120)
        #expect(sum(.serviceVersion) == 0)
    }
}
