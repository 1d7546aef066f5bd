import CallModel
import Drift
import Storage
import Testing

private let noon = Instant(rfc3339: "2026-11-24T12:00:00Z")!

struct DriftStoreTests {
    private func finding(_ subject: String, partner: String, at time: Instant = noon) -> DriftFinding {
        var finding = DriftFinding(
            partner: partner, route: "GET /x", kind: .typeChanged, subject: subject, before: "number", after: "string",
            firstSeen: time, lastSeen: time)
        (finding.answers, finding.hostsSeeing, finding.hostsCalling, finding.samples) = (5, 2, 3, ["a", "b"])
        return finding
    }

    private func filter(_ partner: String) -> DriftFilter {
        var filter = DriftFilter(since: .epoch)
        filter.partner = partner
        return filter
    }

    @Test func `a finding is read as it was written, and one that is seen again stays one`() async throws {
        let connection = try await StorageServer.connect()
        var written = finding("2xx $.amount", partner: "drift-a")
        try DriftStore.store([written], epoch: 1, connection)
        #expect(try DriftStore.list(filter("drift-a"), connection) == [written])
        (written.lastSeen, written.answers, written.hostsSeeing) = (noon + .seconds(60), 9, 3)
        try DriftStore.store([written], epoch: 1, connection)
        #expect(try DriftStore.list(filter("drift-a"), connection) == [written])
    }

    @Test func `a watcher that was held up cannot overwrite its successor`() async throws {
        let connection = try await StorageServer.connect()
        var written = finding("2xx $.amount", partner: "drift-b")
        try DriftStore.store([written], epoch: 3, connection)
        written.answers = 1
        try DriftStore.store([written], epoch: 2, connection)
        #expect(try DriftStore.list(filter("drift-b"), connection).map(\.answers) == [5])
    }

    @Test func `what was told is not told again, and what nobody asks for stays untold`() async throws {
        let connection = try await StorageServer.connect()
        let now = Instant(
            secondsSinceEpoch: Int64(try connection.query("SELECT extract(epoch FROM now())::int8")[0].int8(0)))
        let written = ["a", "b"].map { finding($0, partner: "drift-d", at: now) }
        try DriftStore.store(written, epoch: 1, connection)
        func untold(_ kinds: [DriftFinding.Kind]) throws -> [String] {
            try DriftStore.untold(kinds, connection).filter { $0.partner == "drift-d" }.map(\.subject)
        }
        #expect(try untold([.typeChanged]).sorted() == ["a", "b"])
        #expect(try untold([.sunset]).isEmpty)
        try DriftStore.markTold([written[0].id], at: now, connection)
        try DriftStore.store(written, epoch: 1, connection)
        #expect(try untold([.typeChanged]) == ["b"])
        #expect(try DriftStore.partnersTold(since: now - .seconds(5), connection).contains("drift-d"))
    }

    @Test func `pages follow one another, newest first, without a gap`() async throws {
        let connection = try await StorageServer.connect()
        let findings = (0..<7).map { finding("k\($0)", partner: "drift-c", at: noon + .seconds(Int64($0 / 2))) }
        try DriftStore.store(findings, epoch: 1, connection)
        var filter = filter("drift-c")
        filter.limit = 3
        var seen: [String] = []
        while let page = Optional(try DriftStore.list(filter, connection)), let last = page.last {
            seen += page.map(\.subject)
            filter.cursor = DriftCursor(firstSeenMicroseconds: last.firstSeen.microsecondsSinceEpoch, id: last.id)
        }
        #expect(seen.count == 7 && Set(seen).count == 7)
        #expect(seen.first == "k6")
        filter.cursor = nil
        filter.kind = .sunset
        #expect(try DriftStore.list(filter, connection).isEmpty)
    }
}
