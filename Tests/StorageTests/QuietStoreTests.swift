import CallModel
import Postgres
import Storage
import Testing

private let now = Instant(rfc3339: "2031-06-01T12:00:00Z")!

private func silence(from: Int64 = 0, until: Int64 = 3_600) -> QuietRecord {
    QuietRecord(
        kind: .silence, side: nil, matchers: #"[{"dimension":"partner","op":"=","value":"stripe"}]"#,
        startsAt: now + .seconds(from), endsAt: now + .seconds(until), comment: "their upgrade", createdAt: now,
        createdBy: "ann", updatedAt: now)
}

/// One after the other, each from an empty table: what is current is asked of all there is.
@Suite(.serialized) struct QuietStoreTests {
    private func emptied() async throws -> PostgresConnection {
        let connection = try await StorageServer.connect()
        try connection.execute("DELETE FROM farwatch.quiets")
        return connection
    }

    @Test func `a silence is made, changed and ended, and then only told`() async throws {
        let connection = try await emptied()
        var made = try #require(try QuietStore.create(silence(), connection))
        #expect(made.id > 0 && made.createdBy == "ann")
        #expect(try QuietStore.current(at: now, connection) == [made])
        made.endsAt = now + .seconds(7_200)
        made.comment = "takes longer"
        let changed = try #require(try QuietStore.change(made, at: now + .seconds(5), connection))
        #expect(changed.endsAt == now + .seconds(7_200) && changed.updatedAt == now + .seconds(5))
        let ended = try #require(
            try QuietStore.end(id: made.id, .silence, by: "bob", at: now + .seconds(9), connection))
        #expect(ended.endedBy == "bob" && ended.endsAt == now + .seconds(9))
        #expect(try QuietStore.change(made, at: now + .seconds(10), connection) == nil, "what is over stays as it was")
        #expect(try QuietStore.end(id: made.id, .silence, by: "cy", at: now + .seconds(10), connection) == nil)
        #expect(try QuietStore.current(at: now + .seconds(10), connection) == [])
        #expect(
            try QuietStore.list(.silence, past: true, at: now + .seconds(10), connection).contains { $0.id == made.id })
        #expect(try QuietStore.read(id: made.id, .silence, connection) == ended)
        #expect(try QuietStore.read(id: made.id, .maintenance, connection) == nil, "each kind has its own")
    }

    @Test func `what is to come is current, and can be called off`() async throws {
        let connection = try await emptied()
        let made = try #require(try QuietStore.create(silence(from: 600, until: 1_200), connection))
        #expect(try QuietStore.list(.silence, past: false, at: now, connection) == [made])
        #expect(try QuietStore.end(id: made.id, .silence, by: "ann", at: now, connection) != nil)
        #expect(try QuietStore.current(at: now, connection) == [])
    }

    @Test func `there are so many that are not over, and no more`() async throws {
        let connection = try await emptied()
        try connection.execute(
            """
            INSERT INTO farwatch.quiets (kind, matchers, starts_at, ends_at, comment, created_by)
            SELECT 'maintenance', '[]', '2031-01-01Z', '2032-01-01Z', 'many', 'ann'
            FROM generate_series(1, \(QuietStore.currentMax))
            """)
        #expect(try QuietStore.create(silence(), connection) == nil)
        try connection.execute(
            """
            UPDATE farwatch.quiets SET ends_at = '2031-01-01Z' WHERE id = (SELECT min(id) FROM farwatch.quiets)
            """)
        #expect(try QuietStore.create(silence(), connection) != nil, "one is over")
    }
}

struct OwnerStoreTests {
    @Test func `an owner is made, replaced and removed`() async throws {
        let connection = try await StorageServer.connect()
        var record = OwnerRecord(name: "payments", document: #"{"contact":"a"}"#, updatedAt: now, updatedBy: "ann")
        #expect(try OwnerStore.put(record, connection))
        record.document = #"{"contact":"b"}"#
        record.updatedBy = "bob"
        #expect(try OwnerStore.put(record, connection))
        #expect(try OwnerStore.list(connection) == [record])
        #expect(try OwnerStore.remove(name: "payments", connection))
        #expect(try !OwnerStore.remove(name: "payments", connection))
    }

    @Test func `bytes made once stay as the first made them`() async throws {
        let connection = try await StorageServer.connect()
        #expect(try StateStore.madeOnce("a test's key", [1, 2, 3], connection) == [1, 2, 3])
        #expect(try StateStore.madeOnce("a test's key", [4, 5, 6], connection) == [1, 2, 3])
    }
}
