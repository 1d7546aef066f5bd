import CallModel
import Documents
import Storage
import Testing

@testable import QueryAPI

/// Which calls evidence is made of, and what it says of those that are not in it.
struct EvidenceTests {
    private static func call(_ number: Int) -> StoredCall {
        let call = APICall(
            time: RouteCaller.now - .seconds(Int64(number)), direction: .outbound,
            request: .init(method: "GET", url: "https://api.bank.example/\(number)"), source: .json)
        return StoredCall(
            id: "t-\(number)", call: call,
            cursor: CallCursor(timeMicroseconds: Int64(10_000 - number), block: 1, row: 0))
    }

    private struct Kept {
        var records: [EvidenceRecord] = []
        var filters: [CallFilter] = []
    }

    /// Of `count` calls, of which a page gives so many at most.
    private func caller(
        count: Int, pageMax: Int = 1_000, incident: IncidentDetail? = nil
    ) -> (RouteCaller, Shared<Kept>) {
        let kept = Shared(Kept())
        var sources = emptySources()
        sources.callPage = { filter in
            kept.change { $0.filters.append(filter) }
            let first = filter.cursor.map { 10_000 - Int($0.timeMicroseconds) + 1 } ?? 0
            let size = min(filter.limit, pageMax)
            let calls = (first..<min(count, first + size)).map(Self.call)
            return CallPage(
                calls: calls, next: calls.count == size ? calls.last?.cursor : nil, scannedCount: calls.count)
        }
        sources.storeEvidence = { record in
            kept.change { $0.records.append(record) }
            return true
        }
        sources.evidence = { id in kept.get().records.first { $0.id == id } }
        sources.evidenceList = { kept.get().records }
        sources.incidents.read = { $0 == 7 ? incident : nil }
        return (RouteCaller(routes: evidenceRoutes(sources)), kept)
    }

    private let body = #"{"title":"Monday","partner":"bank"}"#

    /// How many are in it, and what all four places say.
    private func make(_ caller: RouteCaller, _ kept: Shared<Kept>) async throws -> (calls: String?, isComplete: Bool) {
        let made = try await caller.ask("POST", "/api/v1/evidence", body)
        #expect(made.status == 201)
        let record = try #require(kept.get().records.last)
        let isComplete = try made.member("complete") == "true"
        let page = try await caller.ask("GET", "/api/v1/evidence/\(record.id)?format=html").text
        let har = try await caller.ask("GET", "/api/v1/evidence/\(record.id)").text
        let list = try await caller.ask("GET", "/api/v1/evidence").text
        let preview = try await caller.ask("GET", "/api/v1/evidence/\(record.id)/preview").text
        let entryCount = har.split(separator: "\"_sha256\"").count - 1
        #expect(entryCount == record.callCount)
        #expect(page.contains("Not complete: these are the newest \(entryCount) of the calls") == !isComplete)
        #expect(har.contains("Not complete: these are the newest \(entryCount) of the calls") == !isComplete)
        #expect(list.contains("\"complete\":\(isComplete)") && preview.contains("\"complete\":\(isComplete)"))
        return (try made.member("calls"), isComplete)
    }

    @Test(arguments: [1, 499, 500])
    func `evidence of as many as may be is complete`(count: Int) async throws {
        let (caller, kept) = caller(count: count)
        let made = try await make(caller, kept)
        #expect(made.calls == "\(count)" && made.isComplete)
    }

    @Test func `of more calls than may be the newest are in it, and it says so`() async throws {
        let (caller, kept) = caller(count: 501)
        let made = try await make(caller, kept)
        #expect(made.calls == "500" && !made.isComplete)
        let har = String(decoding: try #require(kept.get().records.last).har, as: UTF8.self)
        #expect(har.contains("\"t-0\"") && har.contains("\"t-499\"") && !har.contains("\"t-500\""))
    }

    @Test func `what ten pages did not reach is told as well`() async throws {
        let (reaching, keptReaching) = caller(count: 99, pageMax: 10)
        #expect(try await make(reaching, keptReaching) == ("99", true))
        let (caller, kept) = caller(count: 130, pageMax: 10)
        #expect(try await make(caller, kept) == ("100", false))
        #expect(kept.get().filters.count == 10)
    }

    @Test func `a time that was asked for is what is searched`() async throws {
        let (caller, kept) = caller(count: 1)
        let body = #"{"title":"x","partner":"bank","since":"2026-11-23T00:00:00Z","until":"2026-11-23T01:00:00Z"}"#
        #expect(try await caller.ask("POST", "/api/v1/evidence", body).status == 201)
        let filter = try #require(kept.get().filters.last)
        #expect(filter.since.rfc3339.hasPrefix("2026-11-23T00:00:00"))
        #expect(filter.until.rfc3339.hasPrefix("2026-11-23T01:00:00"))
    }

    @Test func `an incident's evidence is what failed within its cause and time`() async throws {
        let document =
            #"{"cause":{"predicate":[{"dimension":"route","value":"GET /{id}"},{"dimension":"customer","value":"acme"}]}}"#
        let record = IncidentRecord(
            id: 7, state: "resolved", severity: "minor", kind: "partner", partners: ["bank"], isQuiet: false,
            startedAt: RouteCaller.now - .seconds(600), openedAt: RouteCaller.now - .seconds(500),
            resolvedAt: RouteCaller.now - .seconds(60), updatedAt: RouteCaller.now, document: Array(document.utf8))
        let (caller, kept) = caller(count: 3, incident: IncidentDetail(record: record))
        #expect(try await caller.ask("POST", "/api/v1/evidence", #"{"title":"x","incident":7}"#).status == 201)
        var filter = try #require(kept.get().filters.last)
        #expect(filter.partner == "bank" && filter.route == "GET /{id}" && filter.customer == "acme")
        #expect(filter.succeeded == false)
        #expect(filter.since == record.startedAt && filter.until == record.resolvedAt)
        let later = #"{"title":"x","incident":7,"since":"2026-11-24T11:55:00Z"}"#
        #expect(try await caller.ask("POST", "/api/v1/evidence", later).status == 201)
        filter = try #require(kept.get().filters.last)
        #expect(filter.since == RouteCaller.now - .seconds(300) && filter.until == record.resolvedAt)
        #expect(try await caller.ask("POST", "/api/v1/evidence", #"{"title":"x","incident":8}"#).status == 404)
    }
}
