import CallModel
import Postgres
import Testing

@testable import Storage

/// The plan of a search reads no partition and no range of pages that could be left out. Told by `EXPLAIN`, on sixty thousand calls
/// of each of two days far from those of other tests.
struct SearchPlanTests {
    private static let days: [Int64] = [40_000, 40_001]  // In 2079.
    private static let callsPerDay = 60_000

    private static func time(_ day: Int64, _ hours: Double = 0) -> Instant {
        Instant(secondsSinceEpoch: day * 86_400 + Int64(hours * 3_600))
    }

    /// A call every 1.4 s; every 20,000th is of the rare route, every 100th of a common one; every 1,000th fails.
    private static let filled = Task {
        let connection = try await StorageServer.connect()
        for day in days {
            try Partitions.create(Partitions.byReceipt, day: day, connection)
            let start = day * 86_400_000_000
            try connection.execute(
                """
                INSERT INTO farwatch.names (kind, name) SELECT 2, n FROM unnest(ARRAY['GET /plan/busy', 'GET /plan/rare', 'GET /plan/common']) n
                ON CONFLICT DO NOTHING
                """)
            try connection.execute(
                """
                INSERT INTO farwatch.call_rows
                SELECT t, t, (7::int8 << 32) + i / 100, 1000, md5(i::text)::uuid, i, 1,
                    (SELECT id FROM farwatch.names WHERE kind = 2
                        AND name = CASE WHEN i % 20000 = 7 THEN 'GET /plan/rare'
                            WHEN i % 100 = 11 THEN 'GET /plan/common' ELSE 'GET /plan/busy' END),
                    0, 0, 1, 0, (i % 100)::int2, 34, CASE WHEN i % 1000 = 3 THEN 4 ELSE 0 END, 200, NULL
                FROM generate_series(0, \(callsPerDay - 1)) i, LATERAL (SELECT to_timestamp(
                    (\(start) + i::int8 * 1440000) / 1000000.0) AS t) times
                """)
        }
        try Partitions.summarize(connection)
        try connection.execute("ANALYZE farwatch.call_rows")
        return try Storage(connection)
    }

    /// The plan of a search over one day's calls, with what it read.
    private func plan(_ change: (inout CallFilter) -> Void) async throws -> String {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        // More than a day after the first day's end: clocks may be ahead by a day.
        var filter = CallFilter(since: Self.time(Self.days[1], 24.5), until: Self.time(Self.days[1], 48))
        change(&filter)
        let condition = try #require(try CallCondition(filter, storage.names, connection))
        return try connection.query(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + CallStore.statement(condition, limit: 100),
            condition.parameters
        ).map { try $0.text(0) }.joined(separator: "\n")
    }

    @Test func `partitions of days before are not read`() async throws {
        let plan = try await plan { _ in }
        #expect(!plan.contains("call_rows_\(Partitions.Period.day(Self.days[0]).suffix)"), "\(plan)")
    }

    @Test func `of a route that is rare, only pages are read where it may be`() async throws {
        let plan = try await plan {
            ($0.since, $0.until) = (Self.time(Self.days[1]), Self.time(Self.days[1], 24))
            $0.route = "GET /plan/rare"
        }
        #expect(plan.contains("route_idx"), "\(plan)")
        #expect(rowsRead(plan) <= 10, "\(plan)")
    }

    @Test func `of a route that lies in every page, a test of another column reads only the route's calls`()
        async throws
    {
        let plan = try await plan {
            ($0.since, $0.until) = (Self.time(Self.days[1]), Self.time(Self.days[1], 24))
            $0.route = "GET /plan/common"
            $0.status = 500...599
        }
        #expect(plan.contains("route_idx"), "\(plan)")
        // A hundredth of the calls, one in each page and a half.
        #expect(rowsRead(plan) <= Self.callsPerDay / 100 + 10, "\(plan)")
    }

    @Test func `of what failed, only that is read`() async throws {
        let plan = try await plan {
            ($0.since, $0.until) = (Self.time(Self.days[1]), Self.time(Self.days[1], 24))
            $0.failed = true
        }
        #expect(rowsRead(plan) <= Self.callsPerDay / 1_000 + 10, "\(plan)")
    }

    @Test func `of a trace, only pages are read where it may be, and of no day before`() async throws {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        var filter = CallFilter(since: Self.time(Self.days[1], 24.5), until: Self.time(Self.days[1], 48))
        filter.since = Self.time(Self.days[1], 24.1)
        filter.traceID = try #require(TraceID(hex: "b52340b4de4566b804c9880aa0b4af5f"))  // md5 of 4711.
        let condition = try #require(try CallCondition(filter, storage.names, connection))
        let table = try #require(try CallStore.partitions(since: filter.since, connection))
        let plan = try storage.calls.withoutSequentialScans(connection) {
            try connection.query(
                "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) "
                    + CallStore.statement(condition, from: table, limit: 100), condition.parameters
            ).map { try $0.text(0) }.joined(separator: "\n")
        }
        #expect(plan.contains("\(Partitions.Period.day(Self.days[1]).suffix)_trace_id_supplied_id_idx"), "\(plan)")
        #expect(!plan.contains("Seq Scan"), "\(plan)")
        #expect(rowsRead(plan) < Self.callsPerDay / 2, "\(plan)")
        #expect(!plan.contains("call_rows_\(Partitions.Period.day(Self.days[0]).suffix)"), "\(plan)")
        filter.since = Self.time(Self.days[1])
        filter.until = Self.time(Self.days[1], 24)
        let found = try storage.calls.page(filter, connection).calls
        #expect(found.count == 1 && found[0].call.traceID == filter.traceID)
        filter.until = filter.since
        #expect(try storage.calls.page(filter, connection).calls.isEmpty)
        // Of both days, by its id: trace and span.
        let both = try storage.calls.trace(filter.traceID!, since: Self.time(Self.days[0]), connection)
        #expect(both.count == 2)
    }

    /// Pages of the day's table that a plan read, by the planner's own account.
    private func pagesRead(_ plan: String) -> Int { figures(["lossy=", "exact="], plan) }

    /// Rows of the day that were looked at: those given and those thrown away.
    private func rowsRead(_ plan: String) -> Int {
        let thrown = figures(["Rows Removed by Filter: ", "Rows Removed by Index Recheck: "], plan)
        return thrown
            + figures(
                ["rows="], plan.split(separator: "\n").filter { $0.contains(" on call_rows_") }.joined(separator: "\n"))
    }

    /// Tables of other tests' days, which lie in the searched time as well as far as the planner can know, do not count.
    private func figures(_ names: [String], _ plan: String) -> Int {
        var isOurs = false
        return plan.split(separator: "\n").reduce(0) { sum, line in
            if line.contains(" on call_rows_") {
                isOurs = line.contains(" on call_rows_\(Partitions.Period.day(Self.days[1]).suffix) ")
            }
            guard isOurs else { return sum }
            return names.reduce(sum) { sum, name in
                sum + (line.firstRange(of: name).flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) } ?? 0)
            }
        }
    }

    /// The day's calls of a route that is a hundredth of all, as one call's neighbours are found.
    private func neighbours(_ change: (inout CallFilter) -> Void) -> CallFilter {
        var filter = CallFilter(since: Self.time(Self.days[1], 1), until: Self.time(Self.days[1], 3))
        filter.route = "GET /plan/common"
        change(&filter)
        return filter
    }

    @Test func `of a time's calls so many are found, the same every time`() async throws {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        let filter = neighbours { $0.succeeded = true }
        let all = try storage.calls.spread(filter, callsMax: 1_000, connection)
        #expect(all.matchingCount == 50 && all.calls.count == 50 && all.isComplete)
        let some = try storage.calls.spread(filter, callsMax: 30, connection)
        #expect(some.matchingCount == 50 && (20...30).contains(some.calls.count) && !some.isComplete)
        // What is found of fewer is a part of what is found of more.
        #expect(Set(some.calls.map(\.key)).isSubset(of: Set(all.calls.map(\.key))))
        #expect(try storage.calls.spread(filter, callsMax: 30, connection).calls.map(\.key) == some.calls.map(\.key))
        #expect(try storage.calls.open(some.calls, connection).count == some.calls.count)
        let none = try storage.calls.spread(neighbours { $0.route = "GET /plan/never" }, callsMax: 30, connection)
        #expect(none.calls.isEmpty && none.isComplete)
    }

    /// Of a day's 60,000 calls 8,000 are counted; a part of these that happens to be read first would be of a few hours.
    @Test(arguments: [0, 1.0, 20])
    func `of more calls than are counted, every part of the time is in the sample`(daysBefore: Double) async throws {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        let filter = CallFilter(
            since: Self.time(Self.days[0], -24 * daysBefore), until: Self.time(Self.days[0], 24))
        var bounds = CallSample.Bounds(callsMax: 480)
        bounds.timeMax = .seconds(600)
        bounds.countedMax = 8_000
        let sample = try storage.calls.sample(filter, bounds, connection)
        #expect(sample.matchingCount == 8_000 && !sample.isCounted && !sample.isComplete)
        #expect(sample.calls.count == 480)
        let start = Self.time(Self.days[0]).microsecondsSinceEpoch
        let hours = sample.calls.map { Int(($0.call.time.microsecondsSinceEpoch - start) / 3_600_000_000) }
        for hour in 0..<24 { #expect((10...30).contains(hours.filter { $0 == hour }.count), "hour \(hour)") }
    }

    @Test func `calls that can all be counted are, and their own times are the ends`() async throws {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        var filter = CallFilter(since: Self.time(Self.days[0], -480), until: Self.time(Self.days[0], 24))
        filter.route = "GET /plan/common"
        var bounds = CallSample.Bounds(callsMax: 1_000)
        bounds.timeMax = .seconds(600)
        let all = try storage.calls.sample(filter, bounds, connection)
        #expect(all.matchingCount == 600 && all.calls.count == 600 && all.isComplete)
        bounds.callsMax = 240
        let some = try storage.calls.sample(filter, bounds, connection)
        #expect(some.matchingCount == 600 && some.calls.count == 240 && some.isCounted && !some.isComplete)
    }

    @Test(arguments: [true, false])
    func `of each five minutes no more is looked at than may be`(succeeded: Bool) async throws {
        let storage = try await Self.filled.value
        let connection = try await StorageServer.connect()
        let filter = neighbours {
            $0.route = "GET /plan/busy"
            $0.succeeded = succeeded
        }
        let condition = try #require(try CallCondition(filter, storage.names, connection, bucketIs: "s.start"))
        let buckets = try #require(CallCondition.buckets(filter))
        for statement in [CallStore.countStatement(condition), CallStore.spreadStatement(condition, stride: 1)] {
            let plan = try connection.query(
                "EXPLAIN (COSTS OFF) " + statement, condition.parameters + [.timestamptzArray(buckets)]
            ).map { try $0.text(0) }.joined(separator: "\n")
            #expect(!plan.contains("Seq Scan on call_rows_\(Partitions.Period.day(Self.days[1]).suffix)"), "\(plan)")
            #expect(plan.contains("Limit"), "\(plan)")
        }
    }

    @Test func `of an hour, only pages of that hour are read`() async throws {
        let plan = try await plan {
            ($0.since, $0.until) = (Self.time(Self.days[1], 3), Self.time(Self.days[1], 4))
            $0.route = "GET /plan/busy"
        }
        #expect(plan.contains("Index Scan"), "\(plan)")
        #expect(pagesRead(plan) <= 4 * 32, "\(plan)")
    }

    @Test func `a search finds the rare calls of a day`() async throws {
        let storage = try await Self.filled.value
        var filter = CallFilter(since: Self.time(Self.days[1]), until: Self.time(Self.days[1], 24))
        filter.route = "GET /plan/rare"
        let page = try storage.calls.page(filter, try await StorageServer.connect())
        #expect(page.calls.count == 3)
    }
}
