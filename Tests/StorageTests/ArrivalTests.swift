import CallModel
import Postgres
import Testing

@testable import Storage

/// Calls in the order of their arrival, and from where a reader left: on a day after those of all other tests, because whatever was
/// received later has arrived as well.
@Suite(.serialized) struct ArrivalTests {
    /// Each test begins with an empty day, and has writers of its own.
    private struct Day {
        let connection: PostgresConnection
        let storage: Storage
        static let day: Int64 = 100_000  // In 2243.
        var start: Int64 { Self.day * 86_400_000_000 + 43_200_000_000 }

        init() async throws {
            connection = try await StorageServer.connect()
            try Partitions.create(Partitions.byReceipt, day: Self.day, connection)
            for table in ["call_rows", "rollup_blocks"] {
                try connection.execute(
                    "DELETE FROM farwatch.\(table) WHERE received_at >= to_timestamp(\(Self.day * 86_400))")
            }
            storage = try Storage(connection)
        }

        /// A flush of one block of calls, with its counts, received so many milliseconds after the day's noon.
        func store(writer: Int64, block: Int64, calls: Int, at milliseconds: Int64, status: Int = 200) throws {
            let receivedAt = "to_timestamp(\(start + milliseconds * 1_000) / 1000000.0)"
            try connection.execute(
                """
                INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes)
                VALUES (\(receivedAt), \(writer), \(block), '')
                """)
            try connection.execute(
                """
                INSERT INTO farwatch.call_rows
                SELECT \(receivedAt), to_timestamp(0), \(writer << 32 | block),
                    1000, NULL, NULL, 0, 0, 0, 0, 1, 0, i::int2, 34, 0, \(status), 'a-\(writer)-\(block)-' || i
                FROM generate_series(0, \(calls - 1)) i
                """)
        }

        func at(_ milliseconds: Int64) -> Instant { Instant(microsecondsSinceEpoch: start + milliseconds * 1_000) }

        func end(_ milliseconds: Int64) throws -> ArrivalPosition {
            try storage.calls.arrivalsEnd(at: at(milliseconds), connection)
        }

        func next(_ position: ArrivalPosition) throws -> Arrivals {
            try storage.calls.arrivals(after: position, connection)
        }

        func range(
            _ after: ArrivalPosition, _ upTo: ArrivalPosition, _ change: (inout CallFilter) -> Void = { _ in }
        ) -> ArrivalRange {
            var filter = CallFilter(since: .epoch, until: .epoch)
            change(&filter)
            return ArrivalRange(after: after, upTo: upTo, filter: filter)
        }
    }

    @Test func `what is committed later with an earlier time is given once, and what was there is not`() async throws {
        let day = try await Day()
        try day.store(writer: 101, block: 1, calls: 3, at: 0)
        let end = try day.end(1_000)
        #expect(try day.next(end).calls.isEmpty)
        try day.store(writer: 102, block: 1, calls: 2, at: 2_000)
        let first = try day.next(end)
        #expect(first.calls.map(\.id) == ["a-102-1-0", "a-102-1-1"])
        // The other writer received this before, and committed it after.
        try day.store(writer: 101, block: 2, calls: 2, at: 1_500)
        let second = try day.next(first.position)
        #expect(second.calls.map(\.id) == ["a-101-2-0", "a-101-2-1"] && second.skippedCount == 0)
        #expect(try day.next(second.position).calls.isEmpty)
        // From the middle of a block.
        var middle = end
        middle.pass(first.calls[0].arrival)
        #expect(try day.next(middle).calls.map(\.id) == ["a-101-2-0", "a-101-2-1", "a-102-1-1"])
    }

    @Test func `of more than fit the rest is counted and passed over`() async throws {
        let day = try await Day()
        let end = try day.end(0)
        for block in 1...5 { try day.store(writer: 111, block: Int64(block), calls: 700, at: Int64(block)) }
        let round = try day.next(end)
        #expect(round.calls.count == CallStore.arrivalsAtOnceMax)
        #expect(round.skippedCount == 3_500 - CallStore.arrivalsAtOnceMax)
        #expect(try day.next(round.position).calls.isEmpty)
    }

    @Test func `a range ends where its bound is, whatever was stored since, and is read in pages`() async throws {
        let day = try await Day()
        let end = try day.end(0)
        for block in 1...4 { try day.store(writer: 121, block: Int64(block), calls: 800, at: Int64(block)) }
        try day.store(writer: 122, block: 1, calls: 10, at: 2, status: 503)
        let bound = try day.end(10)
        try day.store(writer: 121, block: 5, calls: 5, at: 5)
        var position = end
        var ids: [String] = []
        for _ in 0..<3 {
            let page = try day.storage.calls.arrivals(in: day.range(position, bound), day.connection)
            let left = try day.storage.calls.arrivalCount(in: day.range(position, bound), day.connection)
            #expect(left == 3_210 - ids.count)
            ids += page.map(\.id)
            for call in page { position.pass(call.arrival) }
        }
        #expect(ids.count == 3_210 && Set(ids).count == 3_210 && !ids.contains { $0.hasPrefix("a-121-5") })
        let failed = day.range(end, bound) { $0.status = 500...599 }
        #expect(try day.storage.calls.arrivals(in: failed, day.connection).count == 10)
        #expect(try day.storage.calls.arrivalCount(in: failed, day.connection) == 10)
        let nobody = day.range(end, bound) { $0.customer = "arrivals of nobody" }
        #expect(try day.storage.calls.arrivals(in: nobody, day.connection).isEmpty)
        #expect(try day.storage.calls.arrivalCount(in: nobody, day.connection) == 0)
    }

    @Test func `positions add up, and forget who was silent for long`() {
        func call(_ writer: Int64, _ block: Int64, _ seconds: Int64) -> ArrivalCursor {
            ArrivalCursor(receivedAtMicroseconds: seconds * 1_000_000, block: writer << 32 | block, row: 3)
        }
        var position = ArrivalPosition(since: Instant(secondsSinceEpoch: 1_000))
        position.pass(call(5, 1, 1_000))
        position.pass(call(5, 9, 1_010))
        position.pass(call(5, 2, 1_005))
        #expect(position.hasPassed(call(5, 9, 1_010)) && !position.hasPassed(call(5, 10, 1_010)))
        #expect(position.hasPassed(call(6, 1, 999)) && !position.hasPassed(call(6, 1, 1_000)))
        position.pass(call(6, 1, 1_071))
        #expect(position.last == [call(6, 1, 1_071)] && position.since == Instant(secondsSinceEpoch: 1_011))
        #expect(position.hasPassed(call(5, 9, 1_010)))
        var other = ArrivalPosition(since: Instant(secondsSinceEpoch: 1_012))
        other.pass(call(7, 1, 1_070))
        other.formUnion(position)
        #expect(other.last == [call(6, 1, 1_071), call(7, 1, 1_070)])
        for writer in 0..<200 as Range<Int64> { other.pass(call(100 + writer, 1, 1_072)) }
        #expect(other.last.count <= ArrivalPosition.writersMax)
    }
}
