import CallModel
import Postgres
import Rollups
import SimulationKit
import Testing

@testable import Storage

/// Counts last as arrays, and add up to what was counted.
struct SegmentStoreTests {
    // MARK: Which are taken together

    private func lengths(afterAdding additions: [Int]) -> (lengths: [Int], written: Int) {
        var segments: [SegmentStore.Stored] = []
        var written = 0
        for length in additions {
            let joined = SegmentStore.joined(segments, withNew: length)
            let total = joined.reduce(length) { $0 + $1.length }
            written += total
            segments.removeLast(joined.count)
            segments.append(.init(number: Int32(segments.count), length: total))
        }
        return (segments.map(\.length), written)
    }

    @Test func `however much comes how often, a key has few segments, and each count is written few times`() {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let largest = 1 << Int.random(in: 0...9, using: &random)
            let additions = (0..<1_000).map { _ in Int.random(in: 1...largest, using: &random) }
            let (lengths, written) = lengths(afterAdding: additions)
            let total = additions.reduce(0, +)
            #expect(lengths.reduce(0, +) == total)
            #expect(lengths.count <= 12 + total / (SegmentStore.lengthMax / 4), "\(lengths)")
            #expect(lengths.allSatisfy { $0 <= SegmentStore.lengthMax })
            // Below the small length everything is written each time; above it, by the logarithm.
            #expect(written <= total * 14 + additions.count * SegmentStore.smallLength)
        }
    }

    @Test func `what is larger than a segment may be stays by itself`() {
        let large = SegmentStore.Stored(number: 0, length: SegmentStore.lengthMax)
        #expect(SegmentStore.joined([large], withNew: SegmentStore.lengthMax * 2).isEmpty)
        #expect(SegmentStore.joined([large], withNew: 1).isEmpty)
    }

    // MARK: In the database

    private static let day: Int64 = 21_000  // In 2027, far from other tests' counts.

    /// Counts of a partner that no other test has, over two hours.
    private func block(partner: NameID, count: Int, _ random: inout SeededGenerator) -> RollupBlock {
        var counter = RollupCounter()
        for _ in 0..<count {
            let second = Int32(Self.day * 86_400) + Int32.random(in: 3_000..<4_000, using: &random)
            counter.add(
                CellKey(
                    interval: second, partner: partner, route: .random(in: 1...3, using: &random),
                    host: .random(in: 1...20, using: &random), region: 2,
                    customer: .random(in: 0...900, using: &random), serviceVersion: 5, direction: .outbound,
                    outcome: Bool.random(using: &random) ? 0 : 5, latency: .random(in: 10...14, using: &random)),
                weight: .random(in: 1...3, using: &random))
        }
        return counter.block
    }

    /// What the views tell of a partner.
    private func read(
        _ unit: String, partner: NameID, _ connection: PostgresConnection
    ) throws -> [CountSegment.Key: [CountSegment.Count]] {
        let rows = try connection.query(
            """
            SELECT \(unit), dimension, first, second, direction, outcome, stored, calls
            FROM farwatch.\(unit)_counts WHERE partner = $1
            UNION ALL SELECT \(unit), $2, route, region, direction, bucket, 0, calls
            FROM farwatch.\(unit)_latencies WHERE partner = $1
            """, [.int4(partner), .int2(CountSegment.latencyDimension)])
        var counts: [CountSegment.Key: [CountSegment.Count]] = [:]
        for row in rows {
            let key = CountSegment.Key(
                partner: partner, dimension: try row.int2(1), minute: Int32(try row.timestamptz(0) / 60_000_000))
            let place = CountSegment.Place(
                first: try row.int4(2), second: try row.int4(3), direction: try row.int2(4), outcome: try row.int2(5))
            let value = CellCount(stored: try row.int8(6), weighted: try row.int8(7))
            counts[key, default: []].append(CountSegment.Count(place: place, value: value))
        }
        return counts.mapValues(CountSegment.summed)
    }

    @Test func `counts added little by little and in lumps are what was counted, by minute and by hour`() async throws {
        let connection = try await StorageServer.connect()
        let partner: NameID = 900_001
        var random = SeededGenerator(seed: 5)
        var whole = MinuteRollup()
        for count in [1, 3, 700, 2, 40, 5_000, 90, 90, 1] {
            let block = block(partner: partner, count: count, &random)
            whole.add(block)
            var rollup = MinuteRollup()
            rollup.add(block)
            let damaged = try connection.transaction {
                try SegmentStore(unit: "minute").add(rollup.segments, connection)
                    + SegmentStore(unit: "hour").add(CountSegment.byHour(rollup.segments), connection)
            }
            #expect(damaged.isEmpty)
        }
        #expect(try read("minute", partner: partner, connection) == whole.segments)
        #expect(try read("hour", partner: partner, connection) == CountSegment.byHour(whole.segments))
        let crowded = try connection.query(
            "SELECT count(*) FROM farwatch.hour_segments WHERE partner = $1 GROUP BY dimension, hour ORDER BY 1 DESC",
            [.int4(partner)])
        #expect(try crowded[0].int8(0) <= 4)
    }

    @Test func `adding nothing writes nothing`() async throws {
        let connection = try await StorageServer.connect()
        #expect(try SegmentStore(unit: "minute").add([:], connection).isEmpty)
    }

    @Test func `a damaged segment is set aside, each time anew, and all other counts are added`() async throws {
        let connection = try await StorageServer.connect()
        let partner: NameID = 900_002
        let store = SegmentStore(unit: "minute")
        var random = SeededGenerator(seed: 6)
        var rollup = MinuteRollup()
        rollup.add(block(partner: partner, count: 20, &random))
        let key = try #require(rollup.segments.keys.first { $0.dimension == RollupSet.customer.rawValue })
        let ofKey =
            "partner = \(partner) AND dimension = \(key.dimension) AND minute = to_timestamp(\(key.minute * 60))"
        #expect(try connection.transaction { try store.add(rollup.segments, connection) }.isEmpty)
        var lost: [Int64] = []
        for _ in 1...2 {
            let before = try connection.query(
                "SELECT sum(stored)::int8 FROM farwatch.minute_counts WHERE \(ofKey)")[0].int8(0)
            lost.append(before)
            try connection.execute("UPDATE farwatch.minute_segments SET calls = calls[2:] WHERE \(ofKey)", [])
            #expect(try connection.transaction { try store.add(rollup.segments, connection) } == [key])
        }
        // What was damaged is gone from the counts, and nothing else: all others were added three times.
        for (key, counts) in rollup.segments {
            let stored = try connection.query(
                """
                SELECT coalesce(sum(s), 0)::int8 FROM farwatch.minute_segments, unnest(stored) s
                WHERE partner = $1 AND dimension = $2 AND minute = to_timestamp($3)
                """, [.int4(partner), .int2(key.dimension), .int8(Int64(key.minute) * 60)])[0].int8(0)
            let once = counts.reduce(0) { $0 + $1.value.stored }
            let damaged = key.dimension == RollupSet.customer.rawValue && stored == once
            #expect(stored == once * 3 || damaged, "\(key)")
        }
        let aside = try connection.query(
            """
            SELECT number FROM farwatch.minute_segments
            WHERE partner = $1 AND dimension = $2 AND minute = to_timestamp($3) ORDER BY number
            """, [.int4(partner), .int2(-1 - key.dimension), .int8(Int64(key.minute) * 60)])
        #expect(try aside.map { try $0.int4(0) } == [0, 1])
        #expect(lost.allSatisfy { $0 > 0 })
    }

    // MARK: What was counted before

    @Test func `counts of the schema before are carried over, and their partitions with them`() async throws {
        let server = try await StorageServer.connect()
        try server.execute("CREATE DATABASE carried_over")
        var settings = try await StorageServer.settings()
        settings.address += " dbname=carried_over"
        let connection = try PostgresConnection(settings)
        defer { connection.close() }
        try Migrator.migrate(to: 5, connection)
        let start = Instant(secondsSinceEpoch: Self.day * 86_400).text(fractionDigits: 0)
        try connection.execute(
            """
            CREATE TABLE farwatch.minute_counts_20270701 PARTITION OF farwatch.minute_counts
                FOR VALUES FROM ('\(start)') TO ('2027-07-02T00:00:00Z');
            INSERT INTO farwatch.minute_counts
                SELECT '\(start)'::timestamptz + (i % 7) * interval '1 minute', 1 + i % 2, i % 5, i, 0, 0, i % 3, 1, i
                FROM generate_series(1, 500) i;
            INSERT INTO farwatch.minute_counts VALUES ('1999-01-01T00:00:00Z', 3, 4, 0, 0, 1, 0, 2, 7);
            INSERT INTO farwatch.minute_latencies
                SELECT '\(start)'::timestamptz, 1, i, 0, 0, i - 10, i FROM generate_series(1, 20) i;
            INSERT INTO farwatch.hour_counts VALUES ('\(start)', 1, 4, 0, 0, 0, 0, 1, 9);
            CREATE TABLE counts_before AS TABLE farwatch.minute_counts;
            CREATE TABLE latencies_before AS TABLE farwatch.minute_latencies;
            """)
        #expect(try Migrator.migrate(connection).steps.count == Int(Migrator.programVersion) - 5)
        for (view, before) in [("minute_counts", "counts_before"), ("minute_latencies", "latencies_before")] {
            let differing = try connection.query(
                """
                SELECT count(*) FROM ((TABLE farwatch.\(view) EXCEPT ALL TABLE \(before))
                    UNION ALL (TABLE \(before) EXCEPT ALL TABLE farwatch.\(view))) d
                """)
            #expect(try differing[0].int8(0) == 0, "\(view)")
        }
        #expect(try connection.query("SELECT calls FROM farwatch.hour_counts")[0].int8(0) == 9)
        let partitioned = try connection.query("SELECT sum(length) FROM farwatch.minute_segments_20270701")
        #expect(try partitioned[0].int8(0) == 520)
    }
}
