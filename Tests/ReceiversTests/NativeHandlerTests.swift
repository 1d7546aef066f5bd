import CallModel
import Compression
import Documents
import Receivers
import Testing
import Transport

/// The native form over HTTP.
struct NativeHandlerTests {
    private let json = "application/json"
    private let good =
        #"{"time":"2026-11-24T05:00:00.000Z","request":{"method":"GET","url":"https://api.example.com/x"},"#
        + #""response":{"status":200}}"#

    private func answer(_ accepted: Int, _ rejected: Int, _ errors: String = "", notOurs: Int = 0, suppressed: Int = 0)
        -> String
    {
        #"{"accepted":\#(accepted),"rejected":\#(rejected),"errors":[\#(errors)],"#
            + #""not_ours":\#(notOurs),"suppressed":\#(suppressed)}"#
    }

    @Test func `one call, an array and lines are all taken`() async throws {
        let fixture = try HandlerFixture()
        var response = await fixture.post("/v1/calls", type: json, Array(good.utf8))
        #expect(response.status == 202)
        #expect(response.contentType == json)
        #expect(response.text == answer(1, 0))
        response = await fixture.post("/v1/calls", type: json, Array("[\(good),\(good)]".utf8))
        #expect(response.text == answer(2, 0))
        response = await fixture.post(
            "/v1/calls", type: "application/x-ndjson", Array("\(good)\n\(good)\n\n\(good)".utf8))
        #expect(response.text == answer(3, 0))
        #expect(fixture.calls.count == 6)
        #expect(fixture.contexts.allSatisfy { $0.receiver == .native })
        #expect(fixture.metric(#"farwatch_agent_receiver_accepted_calls_total{receiver="native"}"#) == 6)
    }

    @Test(arguments: ["gzip", "zstd"])
    func `a compressed body is taken`(coding: String) async throws {
        let fixture = try HandlerFixture()
        let bytes = Array("[\(good)]".utf8)
        let body = bytes.withUnsafeBytes {
            coding == "gzip" ? Gzip.compress($0, level: 1) : Zstandard.compress($0, level: 1)
        }
        let response = await fixture.post("/v1/calls", type: json, body, headers: [("content-encoding", coding)])
        #expect(response.text == answer(1, 0))
    }

    @Test func `good calls are kept though others are refused`() async throws {
        let fixture = try HandlerFixture()
        let body = #"[\#(good),{"request":{"method":"GET","url":"https://a.example/"}},7,\#(good)]"#
        let response = await fixture.post("/v1/calls", type: json, Array(body.utf8))
        #expect(response.status == 202)
        #expect(
            response.text.hasPrefix(#"{"accepted":2,"rejected":2,"errors":[{"index":1,"pointer":"/time","detail":"#))
        #expect(response.text.contains(#"{"index":2,"pointer":"","detail":"#))
        #expect(fixture.calls.count == 2)
        #expect(fixture.metric(#"farwatch_agent_receiver_received_calls_total{receiver="native"}"#) == 4)
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_calls_total{reason="invalid",receiver="native"}"#) == 2)
    }

    @Test func `one bad line does not spoil the others`() async throws {
        let fixture = try HandlerFixture()
        let response = await fixture.post(
            "/v1/calls", type: "application/x-ndjson", Array("\(good)\n{oops\n\(good)".utf8))
        #expect(response.status == 202)
        #expect(response.text.hasPrefix(#"{"accepted":2,"rejected":1,"errors":[{"index":1,"pointer":"","#))
    }

    @Test func `calls of no partner or seen before are accepted and told apart`() async throws {
        let fixture = try HandlerFixture()
        fixture.answer { _ in .stored(kept: 1, notOurs: 1, suppressed: 1, rejections: []) }
        let response = await fixture.post("/v1/calls", type: json, Array("[\(good),\(good),\(good)]".utf8))
        #expect(response.text == answer(3, 0, notOurs: 1, suppressed: 1))
    }

    @Test func `what the pipeline refuses is told by the sender's own index`() async throws {
        let fixture = try HandlerFixture()
        fixture.answer { _ in .stored(kept: 1, notOurs: 0, suppressed: 0, rejections: [(1, "/partner", "unknown")]) }
        let response = await fixture.post("/v1/calls", type: json, Array("[1,\(good),\(good)]".utf8))
        #expect(response.text.hasPrefix(#"{"accepted":1,"rejected":2,"errors":[{"index":0,"#))
        #expect(response.text.contains(#"{"index":2,"pointer":"/partner","detail":"unknown"}"#))
    }

    @Test func `a time more than a day ahead is refused, a year ago is not`() async throws {
        let fixture = try HandlerFixture()
        func call(_ time: String) -> String { good.replacing("2026-11-24T05:00:00.000Z", with: time) }
        let body = "[\(call("2026-11-25T05:20:00Z")),\(call("2026-11-25T05:20:01Z")),\(call("2020-01-01T00:00:00Z"))]"
        let response = await fixture.post("/v1/calls", type: json, Array(body.utf8))
        let error =
            #"{"index":1,"pointer":"/time","detail":"expected a time at most 24 hours ahead of this host's clock"}"#
        #expect(testNow.rfc3339 == "2026-11-24T05:20:00.000Z")
        #expect(response.text == answer(2, 1, error))
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_calls_total{reason="future",receiver="native"}"#) == 1)
    }

    @Test func `a document that is malformed as a whole is a problem and nothing of it is kept`() async throws {
        let fixture = try HandlerFixture()
        for body in ["", "{", "[\(good)", "7", "[\(good)] x"] {
            let response = await fixture.post("/v1/calls", type: json, Array(body.utf8))
            #expect(response.status == 400, "\(body)")
            #expect(response.contentType == "application/problem+json")
            let detail = try JSONParser().parse(response.bytes) { problem in
                #expect(problem.member("status")?.int64 == 400)
                #expect(problem.member("title")?.string == "The body is malformed")
                var pointers: [String?] = []
                problem.member("errors")?.forEachElement { pointers.append($0.member("pointer")?.string) }
                #expect(pointers == [""])
                return problem.member("detail")?.string
            }
            #expect(detail?.isEmpty == false)
        }
        #expect(fixture.calls.isEmpty)
    }

    @Test func `heads without a chance are problems`() throws {
        let fixture = try HandlerFixture()
        let cases: [(RequestHead, Int)] = [
            (fixture.head("/v1/calls", type: "application/x-protobuf"), 415), (fixture.head("/v1/calls"), 415),
            (fixture.head("/v1/calls", type: json, headers: [("content-encoding", "br")]), 415),
            (fixture.head("/v1/calls", method: "PUT", type: json), 405), (fixture.head("/v1/nothing", type: json), 404),
        ]
        for (head, status) in cases {
            guard case .refuse(let response) = fixture.handler.admit(head) else {
                Issue.record("\(head.method) \(head.path) was admitted")
                continue
            }
            #expect(response.status == status)
            #expect(response.contentType == "application/problem+json")
        }
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_requests_total{reason="not_found",receiver="none"}"#) == 1
        )
    }

    @Test func `more calls than taken at once are too large`() async throws {
        let fixture = try HandlerFixture { $0.callCountMax = 2 }
        let response = await fixture.post("/v1/calls", type: json, Array("[\(good),\(good),\(good)]".utf8))
        #expect(response.status == 413)
        #expect(fixture.calls.isEmpty)
    }

    @Test func `a call that names another host is this host's unless trusted`() async throws {
        let named = good.replacing(#"{"time""#, with: #"{"host":"app-9","time""#)
        let own = try HandlerFixture()
        _ = await own.post("/v1/calls", type: json, Array("[\(named),\(good)]".utf8))
        #expect(own.calls.map(\.host) == ["app-1", "app-1"])
        #expect(own.metric(#"farwatch_agent_receiver_replaced_hosts_total{receiver="native"}"#) == 1)
        let trusting = try HandlerFixture { $0.trustHost = true }
        _ = await trusting.post("/v1/calls", type: json, Array("[\(named),\(good)]".utf8))
        #expect(trusting.calls.map(\.host) == ["app-9", "app-1"])
    }

    @Test func `when too many requests wait, the next is told to come again`() async throws {
        // Nobody decodes: the one thread is held by a sink that has not returned.
        let fixture = try HandlerFixture {
            $0.inlineByteCountMax = 0
            $0.waitingMax = 1
        }
        let gate = Gate()
        fixture.answer { count in
            gate.wait()
            return .stored(kept: count, notOurs: 0, suppressed: 0, rejections: [])
        }
        let body = Array(good.utf8)
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { await fixture.post("/v1/calls", type: "application/json", body).status } }
            var statuses: [Int] = []
            for await status in group {
                statuses.append(status)
                // Only a refusal can come before the gate opens.
                gate.open()
            }
            #expect(statuses.first == 503)
            #expect(statuses.allSatisfy { $0 == 503 || $0 == 202 })
        }
    }
}
