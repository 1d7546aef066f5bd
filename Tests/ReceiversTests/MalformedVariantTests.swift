import CallModel
import Compression
import Receivers
import SimulationKit
import Testing
import Transport

/// The real requests of each client, damaged ten thousand times: every answer is one that is documented, and what is kept of them
/// is sound. The seed is in the message of a failure.
@Suite struct MalformedVariantTests {
    enum Client: String, CaseIterable {
        case otlpProtobuf, otlpJSON, native, ndjson
        /// moesifapi, event by event and in batches; moesifwsgi and moesifdjango, as they write what came in and what went out.
        case moesifEvent, moesifBatch, moesifWSGI, moesifDjango
        /// The other doors that moesifapi knocks at.
        case moesifUser, moesifUsers, moesifCompany, moesifCompanies

        var path: String {
            switch self {
            case .otlpProtobuf, .otlpJSON: "/v1/traces"
            case .native, .ndjson: "/v1/calls"
            case .moesifEvent, .moesifDjango: "/v1/events"
            case .moesifBatch, .moesifWSGI: "/v1/events/batch"
            case .moesifUser: "/v1/users"
            case .moesifUsers: "/v1/users/batch"
            case .moesifCompany: "/v1/companies"
            case .moesifCompanies: "/v1/companies/batch"
            }
        }

        var contentType: String {
            switch self {
            case .otlpProtobuf: "application/x-protobuf"
            case .otlpJSON, .native: "application/json"
            case .ndjson: "application/x-ndjson"
            case .moesifEvent, .moesifBatch, .moesifWSGI, .moesifDjango, .moesifUser, .moesifUsers, .moesifCompany,
                .moesifCompanies:
                "application/json; charset=utf-8"
            }
        }

        /// What docs/formats and the protocols' own documents say of answers.
        var documented: Set<Int> {
            switch self {
            case .otlpProtobuf, .otlpJSON: [200, 400, 413, 415]
            case .native, .ndjson: [202, 400, 413, 415]
            case .moesifEvent, .moesifBatch, .moesifWSGI, .moesifDjango, .moesifUser, .moesifUsers, .moesifCompany,
                .moesifCompanies:
                [201, 400, 413, 415]
            }
        }

        func body() throws -> [UInt8] {
            switch self {
            case .otlpProtobuf: try unpacked(Exports.both)
            case .otlpJSON: try unpacked(Exports.bothJSON)
            case .native: Array("[\(Self.call),\(Self.call)]".utf8)
            case .ndjson: Array("\(Self.call)\n\(Self.call)\n".utf8)
            case .moesifEvent: Array(MoesifBodies.event.utf8)
            case .moesifBatch: Array("[\(MoesifBodies.event), \(MoesifBodies.event)]".utf8)
            case .moesifWSGI: Array("[\(MoesifBodies.wsgi), \(MoesifBodies.wsgiPage)]".utf8)
            case .moesifDjango: Array(MoesifBodies.django.utf8)
            case .moesifUser: Array(MoesifBodies.user.utf8)
            case .moesifUsers: Array("[\(MoesifBodies.user)]".utf8)
            case .moesifCompany: Array(MoesifBodies.company.utf8)
            case .moesifCompanies: Array("[\(MoesifBodies.company)]".utf8)
            }
        }

        private static let call =
            #"{"id":"a-1","time":"2026-11-24T05:00:00.000Z","direction":"outbound","request":{"method":"POST","#
            + #""url":"https://api.stripe.com/v1/charges","headers":{"content-type":"application/json"},"body":{"amount":1}},"#
            + #""response":{"status":402,"headers":{},"body":{"base64":"aGk="}},"duration_ms":12.5,"weight":2,"#
            + #""trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","webhook":{"attempt":1}}"#
    }

    private static let variantCount = 10_000
    private static let blockCount = 10

    @Test(arguments: Client.allCases, 0..<blockCount)
    func `damaged requests get documented answers alone`(client: Client, block: Int) async throws {
        let fixture = try HandlerFixture()
        let original = try client.body()
        let perBlock = Self.variantCount / Self.blockCount
        var refusedCount = 0
        for seed in UInt64(block * perBlock)..<UInt64((block + 1) * perBlock) {
            var random = SeededGenerator(seed: seed)
            let body = damaged(original, &random)
            var headers: [(String, String)] = []
            var bytes = body
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                bytes = body.withUnsafeBytes { Gzip.compress($0, level: 1) }
                headers = [("content-encoding", "gzip")]
                // Half of them damaged once more, behind the compression.
                if Bool.random(using: &random) { bytes = damaged(bytes, &random) }
            case 1: headers = [("content-encoding", "gzip")]  // It is not.
            case 2: headers = [("content-encoding", "zstd")]
            default: break
            }
            let status = await answer(fixture, client, bytes, headers)
            #expect(client.documented.contains(status), "\(client), seed \(seed): \(status)")
            if status >= 400 { refusedCount += 1 }
        }
        // Not all of the damage can be seen, and much of it must be.
        #expect(refusedCount > perBlock / 4 && refusedCount < perBlock, "\(client), block \(block): \(refusedCount)")
        for call in fixture.calls {
            #expect(
                call.weight >= 1 && !call.request.method.isEmpty && !call.request.url.isEmpty,
                "\(client), block \(block)")
            #expect(call.request.url.utf8.count <= Limits.urlByteCountMax)
            #expect(call.response == nil || (100...999).contains(call.response?.status ?? 0))
        }
    }

    /// As the server does it: the head is judged first.
    private func answer(
        _ fixture: HandlerFixture, _ client: Client, _ body: [UInt8], _ headers: [(String, String)]
    ) async -> Int {
        let head = fixture.head(client.path, type: client.contentType, headers: headers)
        if case .refuse(let response) = fixture.handler.admit(head) { return response.status }
        return await fixture.post(client.path, type: client.contentType, body, headers: headers).status
    }

    private func damaged(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...6, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...32, using: &random)))
            case 4: bytes = Array(bytes[..<place])
            case 5:
                let piece = bytes[place..<min(bytes.count, place + Int.random(in: 1...64, using: &random))]
                bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &random))
            default: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
        }
        return bytes
    }
}
