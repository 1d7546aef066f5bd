import Alerting
import CallModel
import Postgres
import Rollups
import Testing

@testable import Storage

private let noon = Instant(rfc3339: "2026-11-24T12:00:00Z")!

/// What cannot be read costs itself, and nothing else.
struct DamageTests {
    @Test func `a damaged block of counts is passed over and counted, and those behind it are folded`() async throws {
        let connection = try await StorageServer.connect()
        try Partitions.create(Partitions.byReceipt, day: noon.secondsSinceEpoch / 86_400, connection)
        let writer = try connection.query(
            "INSERT INTO farwatch.writers (name, started_at) VALUES ('damaged', now()) RETURNING id")[0].int4(0)
        for flush in 1...3 as ClosedRange<Int64> {
            try connection.execute(
                "INSERT INTO farwatch.rollup_blocks (received_at, writer, flush, bytes) VALUES ($1, $2, $3, $4)",
                [
                    .timestamptz(noon.microsecondsSinceEpoch), .int4(writer), .int8(flush),
                    .bytea(Array("no block at all".utf8)),
                ])
        }
        var damaged: [Int64] = []
        while case let folded = try RollupStore.compact(countMax: 2, connection), folded.count > 0 {
            damaged += folded.damaged.filter { $0.writer == writer }.map(\.flush)
        }
        #expect(damaged == [1, 2, 3])
        let position = try connection.query("SELECT flush FROM farwatch.compacted WHERE writer = $1", [.int4(writer)])
        #expect(try position[0].int8(0) == 3)
        let kept = try connection.query(
            "SELECT count(*) FROM farwatch.rollup_blocks WHERE writer = $1", [.int4(writer)])
        #expect(try kept[0].int8(0) == 3, "they stay for whoever wants to look into them")
    }

    @Test func `the outbox says who heard of an incident, of what last, and under which number`() async throws {
        let connection = try await StorageServer.connect()
        func message(_ incident: Int64, _ channel: String, _ sequence: Int32, _ kind: Message.Kind) -> Message {
            Message(
                id: "\(incident)-\(channel)-\(sequence)", incident: incident, sequence: sequence, channel: channel,
                kind: kind, at: noon, severity: "major", title: "t", summary: "s", text: "", reason: "")
        }
        try OutboxStore.append(
            [
                message(901, "slack", 1, .opened), message(901, "slack", 2, .escalated),
                message(901, "pager", 1, .opened),
                message(902, "slack", 1, .opened), message(902, "slack", 2, .resolved),
                // Of a stand-in, and of somebody who tried the channel: no decider's.
                message(901, "mail", -2, .resolved), message(901, "hook", 1, .test),
            ], connection)
        let heard = try OutboxStore.heard(ofIncidents: [901, 902, 903], connection)
        #expect(heard.keys.sorted() == [901, 902])
        #expect(heard[901]?.map(\.channel) == ["pager", "slack"])
        #expect(heard[901]?.map(\.sequence) == [1, 2])
        #expect(heard[901]?.map(\.isEnd) == [false, false])
        #expect(heard[902]?.map(\.isEnd) == [true])
        #expect(try OutboxStore.heard(ofIncidents: [], connection).isEmpty)
    }
}
