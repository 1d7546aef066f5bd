import CallModel
import Postgres
import Testing

@testable import Storage

struct ImpactWindowsTests {
    private static let day: Int64 = 41_000
    private static let start = Instant(secondsSinceEpoch: day * 86_400)

    @Test func `short times are read whole, long ones in windows spread over them`() {
        let start = Self.start
        let short = CallStore.starts(of: ImpactQuestion(since: start, until: start + .seconds(80)))
        #expect(short.count == 8 && short.first!.0 == start && short.last!.1 == start + .seconds(80))
        #expect(zip(short, short.dropFirst()).allSatisfy { $0.1 == $1.0 })
        let long = CallStore.starts(of: ImpactQuestion(since: start, until: start + .seconds(86_400)))
        #expect(long.count == 8 && long.last!.1 == start + .seconds(86_400))
        #expect(long.allSatisfy { $1 - $0 == .seconds(120) })
    }

    @Test func `both directions are read, of one partner, and of some hosts where there are too many`() async throws {
        let connection = try await StorageServer.connect()
        try Partitions.create(Partitions.byReceipt, day: Self.day, connection)
        try connection.execute(
            "INSERT INTO farwatch.names (kind, name) SELECT k, n FROM (VALUES (1, 'imp-a'), (1, 'imp-b'), (2, 'POST /imp')) v(k, n)"
        )
        try connection.execute(
            "INSERT INTO farwatch.names (kind, name) SELECT 5, 'imp-host-' || i FROM generate_series(1, 4) i")
        try connection.execute(
            """
            INSERT INTO farwatch.origins (service, service_version, host, region, environment)
            SELECT 0, 0, id, 0, 0 FROM farwatch.names WHERE kind = 5 AND name LIKE 'imp-host-%'
            """)
        // On each host a request a second; in it a call to one partner, or to the other.
        try connection.execute(
            """
            INSERT INTO farwatch.call_rows
            SELECT t, t, (8::int8 << 32) + o.id, 100000, NULL, NULL,
                CASE WHEN inbound THEN 0 ELSE (SELECT id FROM farwatch.names WHERE kind = 1 AND name = CASE WHEN i % 2 = 0
                    THEN 'imp-a' ELSE 'imp-b' END) END,
                (SELECT id FROM farwatch.names WHERE kind = 2 AND name = 'POST /imp'), o.id, 0, 1, 0,
                (2 * i + inbound::int)::int2, 34 + inbound::int, 4, 500, NULL
            FROM generate_series(0, 79) i, (VALUES (true), (false)) d(inbound), farwatch.origins o
            JOIN farwatch.names n ON n.id = o.host AND n.name LIKE 'imp-host-%',
            LATERAL (SELECT to_timestamp(\(Self.day * 86_400) + i + CASE WHEN inbound THEN 0 ELSE 0.01 END) AS t) times
            """)
        let calls = try Storage(connection).calls
        var question = ImpactQuestion(since: Self.start, until: Self.start + .seconds(80))
        question.partner = "imp-a"
        question.windowCount = 1
        let whole = try calls.impactWindows(question, connection)
        #expect(whole.count == 1 && whole[0].isWhole)
        #expect(whole[0].calls.count { $0.isInbound } == 320 && whole[0].calls.count { !$0.isInbound } == 160)
        #expect(
            whole[0].calls.allSatisfy { $0.outcome == .serverError && $0.end - $0.start == 100_000 && $0.host != 0 })
        question.callsMax = 250
        let some = try calls.impactWindows(question, connection)
        #expect(!some[0].isWhole && Set(some[0].calls.map(\.host)).count == 2)
        question.partner = "imp-nobody"
        #expect(try calls.impactWindows(question, connection).isEmpty)
    }
}
