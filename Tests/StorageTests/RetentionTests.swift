import CallModel
import Postgres
import Testing

@testable import Storage

/// In 1990: days that no other test has calls of, and that lie before all of theirs.
struct RetentionTests {
    private static let today: Int64 = 7_305
    private static let now = Instant(secondsSinceEpoch: today * 86_400 + 3_600)

    private static var policy: RetentionPolicy {
        var policy = RetentionPolicy()
        policy.calls = .seconds(3 * 86_400)
        policy.minutes = .seconds(30 * 86_400)
        policy.hours = .seconds(396 * 86_400)
        return policy
    }

    /// Those of this test: others work on the same server meanwhile.
    private func partitions(_ connection: PostgresConnection) throws -> Set<String> {
        let rows = try connection.query(
            """
            SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'farwatch'
            """)
        return Set(try rows.map { try $0.text(0) }.filter { $0.split(separator: "_").last?.hasPrefix("19") ?? false })
    }

    @Test func `what is over is dropped by whole days and months, and what comes is made ahead`() async throws {
        let connection = try await StorageServer.connect()
        for day in [Self.today - 40, Self.today - 10, Self.today - 2] {
            try Partitions.create(Partitions.byReceipt + Partitions.byMinute, day: day, connection)
        }
        let month = Partitions.Period.month(of: Self.now)
        for month in [month - 20, month - 2] { try Partitions.create(Partitions.byHour, .month(month), connection) }
        let before = try partitions(connection)
        let dropped = try Retention.maintain(Self.policy, at: Self.now, connection)
        let after = try partitions(connection)
        #expect(before.subtracting(after) == Set(dropped))
        // Calls of two days, counts by minute of one, by hour of one month.
        var countByTable: [String: Int] = [:]
        for name in dropped {
            countByTable[name.split(separator: "_").dropLast().joined(separator: "_"), default: 0] += 1
        }
        for table in Partitions.byReceipt { #expect(countByTable[table] == 2, "\(table)") }
        for table in Partitions.byMinute + Partitions.byHour { #expect(countByTable[table] == 1, "\(table)") }
        // Today and the two days after it, this month and the next.
        let madeCount = 3 * (Partitions.byReceipt + Partitions.byMinute).count + 2 * Partitions.byHour.count
        #expect(after.subtracting(before).count == madeCount)
        #expect(try Retention.maintain(Self.policy, at: Self.now, connection).isEmpty, "once")
        #expect(try partitions(connection) == after)
    }
}
