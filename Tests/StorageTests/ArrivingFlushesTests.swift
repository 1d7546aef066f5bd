import CallModel
import Postgres
import Testing

@testable import Storage

/// Whoever follows the calls that arrive meets each of them once. A part of the suite that goes one by one, because what others store later
/// has arrived as well.
extension ArrivalTests {
    private static let laterDay: Int64 = 100_010  // Emptied, as all that is later, by the others.

    private static func time(_ seconds: Double) -> Instant {
        Instant(microsecondsSinceEpoch: laterDay * 86_400_000_000 + Int64(seconds * 1_000_000))
    }

    /// What a flush leaves behind, as far as it matters here: its calls, at most a thousand a block, and its counts.
    private func flush(
        _ number: Int64, of writer: Int32, at receivedAt: Instant, calls: Int, _ connection: PostgresConnection
    ) throws {
        let received = PostgresValue.timestamptz(receivedAt.microsecondsSinceEpoch)
        try connection.transaction {
            try connection.execute(
                """
                INSERT INTO farwatch.call_rows
                SELECT $1, $1, ($2::int8 << 32) + $3 * 100 + i / 1000, 1, NULL, NULL, 0, 0, 0, 0, 1, 0, (i % 1000)::int2,
                    34, 0, 200, NULL
                FROM generate_series(0, $4 - 1) i
                """, [received, .int4(writer), .int8(number), .int4(Int32(calls))])
            try connection.execute(
                "INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes) VALUES ($1, $2, $3, '')",
                [received, .int4(writer), .int8(number)])
        }
    }

    private func writer(_ connection: PostgresConnection) throws -> Int32 {
        try connection.query("INSERT INTO farwatch.writers (name, started_at) VALUES ('w', now()) RETURNING id")[0]
            .int4(0)
    }

    @Test func `each call is met once, whichever writer's was received first, and what does not fit is counted`()
        async throws
    {
        let connection = try await StorageServer.connect()
        try Partitions.create(Partitions.byReceipt, day: Self.laterDay, connection)
        let store = try Storage(connection).calls
        let (first, second) = (try writer(connection), try writer(connection))
        var position = ArrivalPosition(since: Self.time(0))
        var met: [String] = []
        func follow() throws -> (met: Int, skipped: Int) {
            let arrivals = try store.arrivals(after: position, connection)
            position = arrivals.position
            met += arrivals.calls.map(\.id)
            return (arrivals.calls.count, arrivals.skippedCount)
        }
        #expect(try follow() == (0, 0))
        try flush(1, of: first, at: Self.time(100), calls: 3, connection)
        #expect(try follow() == (3, 0))
        #expect(try follow() == (0, 0))
        // Received before that one and committed after it; and at the very time of one that is known.
        try flush(1, of: second, at: Self.time(99), calls: 2, connection)
        try flush(2, of: second, at: Self.time(100), calls: 4, connection)
        #expect(try follow() == (6, 0))
        try flush(2, of: first, at: Self.time(110), calls: 5_500, connection)
        let some = try follow()
        #expect(some.met == CallStore.arrivalsAtOnceMax && some.met + some.skipped == 5_500)
        try flush(3, of: first, at: Self.time(111), calls: 7, connection)
        #expect(try follow() == (7, 0), "what was passed over does not come back")
        // While somebody indexes the day or vacuums it.
        try flush(4, of: first, at: Self.time(112), calls: 5, connection)
        let other = try await StorageServer.connect()
        try other.transaction {
            let day = Partitions.Period.day(Self.laterDay).suffix
            try other.execute("LOCK TABLE farwatch.call_rows_\(day) IN SHARE UPDATE EXCLUSIVE MODE")
            #expect(try follow() == (5, 0))
        }
        #expect(Set(met).count == met.count)
    }
}
