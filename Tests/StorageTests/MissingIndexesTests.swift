import CallModel
import Postgres
import Testing

@testable import Storage

/// Indexes that a schema step only declared are built for the days that are stored already. In a database of their own: in the one
/// that all share, partitions come and go, and one that goes while it is indexed is an error.
@Suite(.serialized) struct MissingIndexesTests {
    private static let day: Int64 = 41_000
    private static let database = Task {
        try await StorageServer.connect().execute("CREATE DATABASE missing_indexes")
        var settings = try await StorageServer.settings()
        settings.address += " dbname=missing_indexes"
        let connection = try PostgresConnection(settings)
        defer { connection.close() }
        _ = try Migrator.migrate(connection)
        return settings
    }
    private let partition = "call_rows_\(Partitions.Period.day(day).suffix)"

    private func connect() async throws -> PostgresConnection { try PostgresConnection(try await Self.database.value) }

    private func isWhole(_ index: String, _ connection: PostgresConnection) throws -> Bool {
        try connection.query(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = $1::text::regclass", [.text("farwatch.\(index)")])[0]
            .bool(0)
    }

    @Test func `each stored day is indexed, and then nothing is missing`() async throws {
        let connection = try await connect()
        try Partitions.create(["call_rows"], day: Self.day, connection)
        while try MissingIndexes.buildNext(holder: "test", connection) != nil {}
        try connection.execute("CREATE INDEX declared_a ON ONLY farwatch.call_rows (weight) WHERE weight > 1")
        // A half-built one of a crash is in the way.
        try connection.execute("CREATE INDEX \(partition)_declared_a ON farwatch.\(partition) (outcome)")
        #expect(try !isWhole("declared_a", connection))
        var built: [String] = []
        while let name = try MissingIndexes.buildNext(holder: "test", connection) { built.append(name) }
        #expect(built.contains("\(partition)_declared_a"))
        #expect(try isWhole("declared_a", connection))
        #expect(try MissingIndexes.buildNext(holder: "test", connection) == nil)
        let definition = try connection.query(
            "SELECT pg_get_indexdef($1::text::regclass)", [.text("farwatch.\(partition)_declared_a")])[0].text(0)
        #expect(definition.contains("(weight) WHERE (weight > 1)"))
        try connection.execute("DROP INDEX farwatch.declared_a")
    }

    @Test func `while one aggregator builds, another does not`() async throws {
        let connection = try await connect()
        try Partitions.create(["call_rows"], day: Self.day, connection)
        try connection.execute("CREATE INDEX declared_b ON ONLY farwatch.call_rows (weight)")
        #expect(try StateStore.acquireLease("indexes", holder: "other", for: .seconds(60), connection) != nil)
        #expect(try MissingIndexes.buildNext(holder: "test", connection) == nil)
        try StateStore.releaseLease("indexes", holder: "other", connection)
        while try MissingIndexes.buildNext(holder: "test", connection) != nil {}
        #expect(try isWhole("declared_b", connection))
        try connection.execute("DROP INDEX farwatch.declared_b")
    }

    @Test func `the indexes of the schema are whole in a new database`() async throws {
        let connection = try await connect()
        try Partitions.create(["call_rows"], day: Self.day, connection)
        while try MissingIndexes.buildNext(holder: "test", connection) != nil {}
        for name in ["calls_by_route", "calls_in_trouble", "calls_where_rare"] {
            #expect(try isWhole(name, connection), "\(name)")
        }
    }
}
