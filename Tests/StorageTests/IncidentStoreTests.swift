import CallModel
import Storage
import Testing

private let noon = Instant(rfc3339: "2026-11-24T12:00:00Z")!

private func incident(_ id: Int64, partner: String, openedAt: Instant = noon) -> IncidentRecord {
    IncidentRecord(
        id: id, state: "open", severity: "major", kind: "partner", partners: [partner], isQuiet: false,
        startedAt: openedAt - .seconds(9), openedAt: openedAt, updatedAt: openedAt,
        document: Array(#"{"id":"\#(id)","title":"\#(partner) answers 500"}"#.utf8))
}

struct IncidentStoreTests {
    @Test func `an incident is read as it was written`() async throws {
        let connection = try await StorageServer.connect()
        var written = incident(101, partner: "as-written")
        written.owner = "payments"
        written.acknowledgedAt = noon + .seconds(60)
        written.acknowledgedBy = "ann"
        written.isQuiet = true
        #expect(try IncidentStore.store(written, epoch: 1, connection))
        #expect(try IncidentStore.read(id: 101, connection) == written)
        #expect(try IncidentStore.read(id: 199, connection) == nil)
        #expect(try IncidentStore.maxID(connection) >= 101)
    }

    @Test func `a decider that was held up cannot overwrite its successor`() async throws {
        let connection = try await StorageServer.connect()
        var record = incident(111, partner: "fenced")
        #expect(try IncidentStore.store(record, epoch: 5, connection))
        record.severity = "critical"
        #expect(try IncidentStore.store(record, epoch: 6, connection))
        record.severity = "minor"
        #expect(try !IncidentStore.store(record, epoch: 5, connection))
        #expect(try IncidentStore.read(id: 111, connection)?.severity == "critical")
        #expect(try IncidentStore.store(record, epoch: 6, connection), "the same epoch goes on writing")
    }

    @Test func `an incident of which every message was given up is known, until somebody was told or it is over`()
        async throws
    {
        let connection = try await StorageServer.connect()
        /// As deliveries leave it. The incident's number is one that no other test uses.
        func put(_ channel: String, _ state: String, sequence: Int = 1) throws -> Int64 {
            try connection.query(
                """
                INSERT INTO farwatch.outbox (incident, channel, sequence, kind, message, created_at, state)
                VALUES (171, $1, $2, 'opened', '{}', now(), $3) RETURNING id
                """, [.text(channel), .int4(Int32(sequence)), .text(state)]
            )[0].int8(0)
        }
        var record = incident(171, partner: "untold")
        #expect(try IncidentStore.store(record, epoch: 1, connection))
        #expect(try OutboxStore.untoldSince(connection) == nil)
        let dead = try put("pager", "dead")
        #expect(try OutboxStore.untoldSince(connection) != nil)
        _ = try put("mail", "delivered")
        #expect(try OutboxStore.untoldSince(connection) == nil, "by mail somebody was")
        try connection.execute("DELETE FROM farwatch.outbox WHERE incident = 171 AND channel = 'mail'", [])
        #expect(try OutboxStore.retry(dead, connection))
        #expect(try OutboxStore.record(id: dead, connection)?.state == "pending")
        #expect(try OutboxStore.untoldSince(connection) == nil, "it is on its way again")
        #expect(try !OutboxStore.retry(dead, connection), "only what was given up")
        try connection.execute("UPDATE farwatch.outbox SET state = 'dead' WHERE id = $1", [.int8(dead)])
        let later = try put("pager", "delivered", sequence: 2)
        #expect(try !OutboxStore.retry(dead, connection), "something later was told")
        try connection.execute("UPDATE farwatch.outbox SET state = 'dead' WHERE id = $1", [.int8(later)])
        #expect(try OutboxStore.untoldSince(connection) != nil)
        record.state = "resolved"
        #expect(try IncidentStore.store(record, epoch: 1, connection))
        #expect(try OutboxStore.untoldSince(connection) == nil)
        #expect(try !OutboxStore.retry(later, connection), "nobody is woken by what is over")
    }

    @Test func `pages follow one another, newest first, without a gap`() async throws {
        let connection = try await StorageServer.connect()
        // Two of them opened at the same time.
        for (id, second) in [(121, 0), (122, 10), (123, 10), (124, 20)] as [(Int64, Int64)] {
            let record = incident(id, partner: "paged", openedAt: noon + .seconds(second))
            #expect(try IncidentStore.store(record, epoch: 1, connection))
        }
        var filter = IncidentFilter()
        filter.partner = "paged"
        filter.limit = 2
        let first = try IncidentStore.list(filter, connection)
        #expect(first.map(\.id) == [124, 123])
        filter.cursor = IncidentCursor(openedAtMicroseconds: first[1].openedAt.microsecondsSinceEpoch, id: first[1].id)
        #expect(try IncidentStore.list(filter, connection).map(\.id) == [122, 121])
    }

    @Test func `a filter asks for states, a partner, and what was not over before`() async throws {
        let connection = try await StorageServer.connect()
        let open = incident(131, partner: "filtered")
        var over = incident(132, partner: "filtered", openedAt: noon - .seconds(7_200))
        over.state = "resolved"
        over.resolvedAt = noon - .seconds(3_600)
        for record in [open, over] { #expect(try IncidentStore.store(record, epoch: 1, connection)) }
        func ids(_ change: (inout IncidentFilter) -> Void) throws -> [Int64] {
            var filter = IncidentFilter()
            filter.partner = "filtered"
            change(&filter)
            return try IncidentStore.list(filter, connection).map(\.id)
        }
        #expect(try ids { _ in } == [131, 132])
        #expect(try ids { $0.states = ["open", "acknowledged"] } == [131])
        #expect(try ids { $0.states = ["resolved"] } == [132])
        #expect(try ids { $0.since = noon - .seconds(3_600) } == [131, 132])
        #expect(try ids { $0.since = noon - .seconds(3_599) } == [131], "one that goes on is never before")
        #expect(try ids { $0.partner = "another" } == [])
        let taken = try IncidentStore.open(connection).map(\.id)
        #expect(taken.contains(131) && !taken.contains(132))
    }

    @Test func `what was sent about an incident is told with it`() async throws {
        let connection = try await StorageServer.connect()
        #expect(try IncidentStore.store(incident(141, partner: "told"), epoch: 1, connection))
        try connection.execute(
            """
            INSERT INTO farwatch.outbox (incident, channel, sequence, kind, message, created_at, state, attempts, finished_at,
                last_error)
            VALUES (141, 'slack', 1, 'opened', '{}', '2026-11-24T12:00:01Z', 'delivered', 2, '2026-11-24T12:00:04Z', 'slow'),
                (141, 'slack', 2, 'updated', '{}', '2026-11-24T12:05:00Z', 'pending', 0, NULL, NULL)
            """)
        let detail = try #require(try IncidentStore.detail(id: 141, connection))
        #expect(
            detail.notifications == [
                NotificationRecord(
                    at: noon + .seconds(4), channel: "slack", kind: "opened", state: "delivered", attempts: 2,
                    lastError: "slow"),
                NotificationRecord(
                    at: noon + .seconds(300), channel: "slack", kind: "updated", state: "pending", attempts: 0,
                    lastError: nil),
            ])
    }
}

struct ActionStoreTests {
    @Test func `actions wait in order until the decider has come to them`() async throws {
        let connection = try await StorageServer.connect()
        func append(_ what: ActionRecord.What, _ detail: String? = nil) throws -> Int64 {
            try #require(try ActionStore.append(incident: 151, who: "ann", what: what, detail: detail, connection))
        }
        func waiting() throws -> [Int64] {
            try ActionStore.pending(connection).filter { $0.incident == 151 }.map(\.id)
        }
        let first = try append(.assign, "bob")
        let second = try append(.resolve)
        #expect(try waiting() == [first, second])
        #expect(try ActionStore.finish(first, refused: nil, at: noon, connection))
        #expect(try ActionStore.finish(second, refused: "it still fails", at: noon, connection))
        #expect(try !ActionStore.finish(second, refused: nil, at: noon, connection), "said once")
        #expect(try waiting() == [])
        let done = try ActionStore.of([151], connection)
        #expect(done.map(\.detail) == ["bob", nil])
        #expect(done.map(\.appliedAt) == [noon, noon])
        #expect(done.map(\.refused) == [nil, "it still fails"])
        #expect(try ActionStore.read(id: second, connection) == done[1])
    }

    @Test func `one incident takes so many actions and no more`() async throws {
        let connection = try await StorageServer.connect()
        try connection.execute(
            """
            INSERT INTO farwatch.incident_actions (incident, who, what, applied_at)
            SELECT 161, 'ann', 'note', now() FROM generate_series(1, \(ActionStore.perIncidentMax - 1))
            """)
        let last = try ActionStore.append(incident: 161, who: "ann", what: .note, detail: "one more", connection)
        #expect(last != nil)
        #expect(try ActionStore.append(incident: 161, who: "ann", what: .note, detail: "and one", connection) == nil)
        #expect(try ActionStore.of([161], connection).last?.id == last, "the latest are read")
    }
}
