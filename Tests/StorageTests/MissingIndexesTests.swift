import CallModel
import Postgres
import Testing

@testable import Storage

/// Indexes that a schema step only declared are built for the days that are stored already.
@Suite(.serialized) struct MissingIndexesTests {
    /// Far from those of other tests.
    private static let day: Int64 = 41_000
    private let partition = "call_rows_\(Partitions.Period.day(day).suffix)"

    private func indexes(_ connection: PostgresConnection) throws -> Set<String> {
        Set(
            try connection.query(
                """
                SELECT parent.relname::text FROM pg_inherits h JOIN pg_class parent ON parent.oid = h.inhparent
                JOIN pg_index x ON x.indexrelid = h.inhrelid AND x.indisvalid
                WHERE x.indrelid = $1::text::regclass
                """, [.text("farwatch.\(partition)")]
            ).map { try $0.text(0) })
    }

    /// As a day was before the step: a table of its own, taken in without the index.
    private func loseIndex(_ name: String, _ connection: PostgresConnection) throws {
        let definition = try connection.query(
            "SELECT pg_get_indexdef(('farwatch.' || $1)::regclass)", [.text(name)])[0].text(0)
        try connection.execute("DROP INDEX farwatch.\(name)")
        let only = definition.replacing("ON farwatch.call_rows ", with: "ON ONLY farwatch.call_rows ")
        try connection.execute(only)
    }

    @Test func `each stored day is indexed, and then nothing is missing`() async throws {
        let connection = try await StorageServer.connect()
        try Partitions.create(["call_rows"], day: Self.day, connection)
        #expect(try indexes(connection).isSuperset(of: ["calls_by_route", "calls_in_trouble", "calls_where_rare"]))
        try loseIndex("calls_in_trouble", connection)
        #expect(try !indexes(connection).contains("calls_in_trouble"))
        // A half-built one of a crash is in the way.
        try connection.execute("CREATE INDEX \(partition)_calls_in_trouble ON farwatch.\(partition) (outcome)")
        var built: [String] = []
        while let name = try MissingIndexes.buildNext(holder: "test", connection) { built.append(name) }
        #expect(built.contains("\(partition)_calls_in_trouble"))
        #expect(try indexes(connection).contains("calls_in_trouble"))
        let isWhole = try connection.query(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'farwatch.calls_in_trouble'::regclass")[0].bool(0)
        #expect(isWhole)
        #expect(try MissingIndexes.buildNext(holder: "test", connection) == nil)
    }

    @Test func `while one aggregator builds, another does not`() async throws {
        let connection = try await StorageServer.connect()
        try Partitions.create(["call_rows"], day: Self.day, connection)
        try loseIndex("calls_by_route", connection)
        #expect(try StateStore.acquireLease("indexes", holder: "other", for: .seconds(60), connection) != nil)
        #expect(try MissingIndexes.buildNext(holder: "test", connection) == nil)
        try StateStore.releaseLease("indexes", holder: "other", connection)
        while try MissingIndexes.buildNext(holder: "test", connection) != nil {}
        #expect(try indexes(connection).contains("calls_by_route"))
    }
}
