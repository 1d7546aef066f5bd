import CallModel
import Compression
import Documents
import Receivers
import Testing
import Transport

/// Moesif's collector API over HTTP.
struct MoesifHandlerTests {
    private let json = "application/json; charset=utf-8"

    private func event(_ changes: String = "", request: String = "", response: String = "") -> String {
        #"{"request":{"time":"2026-11-24T05:00:00.500","uri":"https://api.stripe.com/v1/charges/ch_1?x=1","verb":"POST","#
            + #""headers":{"Content-Type":"application/json","X-Number":7,"Set":["a","b"]},"body":{"amount":100},"#
            + #""transfer_encoding":"json","ip_address":"203.0.113.9"\#(request)},"#
            + #""response":{"time":"2026-11-24T05:00:00.750","status":402,"headers":{"Request-Id":"r1"},"#
            + #""body":"aGVsbG8=","transfer_encoding":"base64","ip_address":"198.51.100.4"\#(response)},"#
            + #""direction":"Outgoing","company_id":"acme","user_id":"ann@acme.example","session_token":"secret","#
            + #""transaction_id":"a3765025-46ec-45dd-bc83-b136c8d1d257","weight":4,"metadata":{"tenant":"t-9"}\#(changes)}"#
    }

    @Test func `an event becomes a call, field by field`() async throws {
        let fixture = try HandlerFixture()
        let response = await fixture.post("/v1/events", type: json, Array(event().utf8))
        #expect(response.status == 201)
        #expect(response.headers[first: "x-moesif-config-etag"]?.isEmpty == false)
        #expect(response.headers[first: "x-moesif-rules-tag"]?.isEmpty == false)
        let call = try #require(fixture.calls.first)
        #expect(call.id == "a3765025-46ec-45dd-bc83-b136c8d1d257")
        #expect(call.time.rfc3339 == "2026-11-24T05:00:00.500Z")
        #expect(call.duration == .milliseconds(250))
        #expect(call.direction == .outbound && call.source == .moesif && call.weight == 4)
        #expect(call.customer == "acme" && call.host == "app-1")
        #expect(call.peerAddress == "198.51.100.4")
        #expect(call.request.method == "POST")
        #expect(call.request.url == "https://api.stripe.com/v1/charges/ch_1?x=1")
        #expect(
            call.request.headers == [
                Header("content-type", "application/json"), Header("x-number", "7"), Header("set", "a"),
                Header("set", "b"),
            ])
        #expect(call.request.body == Body(#"{"amount":100}"#))
        #expect(call.response == .init(status: 402, headers: [Header("request-id", "r1")], body: Body("hello")))
        #expect(call.error == nil)
        #expect(fixture.contexts.map(\.receiver) == [.moesif])
        // Nothing of the person is in it.
        #expect(!"\(call)".contains("ann@acme") && !"\(call)".contains("secret"))
    }

    @Test func `batches, single events, gzip and a missing content type are taken on both paths`() async throws {
        let fixture = try HandlerFixture()
        let batch = Array("[\(event()),\(event(#","direction":"Incoming""#))]".utf8)
        let zipped = batch.withUnsafeBytes { Gzip.compress($0, level: 1) }
        for path in ["/v1/events", "/v1/events/batch"] {
            #expect(await fixture.post(path, type: nil, batch).status == 201)
            let response = await fixture.post(path, type: json, zipped, headers: [("content-encoding", "gzip")])
            #expect(response.status == 201)
            #expect(await fixture.post(path, type: json, Array(event().utf8)).status == 201)
        }
        #expect(fixture.calls.count == 10)
        #expect(fixture.calls.filter { $0.direction == .inbound }.allSatisfy { $0.peerAddress == "203.0.113.9" })
    }

    @Test func `good events are kept though others are refused`() async throws {
        let fixture = try HandlerFixture()
        let bad = [
            "7", "{}", #"{"request":{"time":"never","uri":"https://a.example","verb":"GET"}}"#,
            #"{"request":{"time":"2026-11-24T05:00:00","uri":"/x","verb":"GET"}}"#,
            #"{"request":{"time":"2026-11-24T05:00:00","uri":"https://a.example","verb":"G T"}}"#,
            #"{"request":{"time":"2028-11-24T05:00:00","uri":"https://a.example","verb":"GET"}}"#,
            // Later than nanoseconds reach.
            #"{"request":{"time":33333333333360,"uri":"https://a.example","verb":"GET"}}"#,
        ]
        let body = "[" + ([event()] + bad + [event(#","direction":"Internal""#)]).joined(separator: ",") + "]"
        #expect(await fixture.post("/v1/events/batch", type: json, Array(body.utf8)).status == 201)
        #expect(fixture.calls.count == 1)
        let series = "farwatch_agent_receiver_rejected_calls_total"
        #expect(fixture.metric(series + #"{reason="invalid",receiver="moesif"}"#) == 6)
        #expect(fixture.metric(series + #"{reason="future",receiver="moesif"}"#) == 1)
        #expect(fixture.metric(#"farwatch_agent_receiver_let_go_spans_total{receiver="moesif"}"#) == 1)
        // Nothing in it was an event: the sender is told what was wrong with the first.
        let refused = await fixture.post("/v1/events/batch", type: json, Array("[\(bad[2])]".utf8))
        #expect(refused.status == 400)
        #expect(refused.text.hasPrefix(#"{"moesif_error":{"code":"malformed","msg":"event 0, /request/time: "#))
    }

    @Test func `times are UTC without an offset, and with one`() async throws {
        for (text, expected) in [
            (#""2026-11-24T04:45:42.914""#, "2026-11-24T04:45:42.914Z"),
            (#""2026-11-24 04:45:42""#, "2026-11-24T04:45:42.000Z"),
            (#""2026-11-24T04:45:42.123456+02:00""#, "2026-11-24T02:45:42.123Z"),
            (#""2026-11-24T04:45:42Z""#, "2026-11-24T04:45:42.000Z"), ("1795495542", "2026-11-24T04:45:42.000Z"),
            ("1795495542914", "2026-11-24T04:45:42.914Z"),
        ] {
            let fixture = try HandlerFixture()
            let body = #"{"request":{"time":\#(text),"uri":"https://a.example/","verb":"GET"},"direction":"Outgoing"}"#
            #expect(await fixture.post("/v1/events", type: json, Array(body.utf8)).status == 201)
            #expect(
                fixture.calls.first.map { Instant(millisecondsSinceEpoch: $0.time.millisecondsSinceEpoch).rfc3339 }
                    == expected)
        }
    }

    @Test func `no response, or one without a status, is no answer`() async throws {
        for response in ["", #","response":null"#, #","response":{"status":-1,"time":"2026-11-24T05:00:01"}"#] {
            let fixture = try HandlerFixture()
            let body =
                #"{"request":{"time":"2026-11-24T05:00:00","uri":"https://a.example/","verb":"GET"}\#(response)}"#
            #expect(await fixture.post("/v1/events", type: json, Array(body.utf8)).status == 201)
            let call = try #require(fixture.calls.first)
            #expect(call.response == nil && call.error == .other && call.direction == .inbound)
        }
    }

    @Test func `the customer is where the operator says it is`() async throws {
        let body = Array(event().utf8)
        for (fields, customer) in [
            (["metadata.tenant", "company_id"], "t-9"), (["subscription_id", "company_id"], "acme"),
            (["metadata.none"], nil),
        ] as [([String], String?)] {
            let fixture = try HandlerFixture { $0.moesifCustomerFields = fields.compactMap { MoesifCustomerField($0) } }
            _ = await fixture.post("/v1/events", type: json, body)
            #expect(fixture.calls.first?.customer == customer)
        }
        #expect(MoesifCustomerField("metadata.") == nil && MoesifCustomerField("else") == nil)
    }

    @Test func `a trace is joined by traceparent`() async throws {
        let fixture = try HandlerFixture()
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        for direction in ["Outgoing", "Incoming"] {
            let body =
                #"{"request":{"time":"2026-11-24T05:00:00","uri":"https://a.example/","verb":"GET","headers":"#
                + #"{"traceparent":"00-\#(trace)-00f067aa0ba902b7-01"}},"direction":"\#(direction)"}"#
            _ = await fixture.post("/v1/events", type: json, Array(body.utf8))
        }
        #expect(fixture.calls.map { $0.traceID?.hex } == [trace, trace])
        #expect(fixture.calls.map { $0.spanID?.hex } == ["00f067aa0ba902b7", nil])
        #expect(fixture.calls.map { $0.parentSpanID?.hex } == [nil, "00f067aa0ba902b7"])
    }

    @Test func `users, companies, subscriptions and actions are taken and nothing of them is kept`() async throws {
        let fixture = try HandlerFixture()
        for kind in ["users", "companies", "subscriptions", "actions"] {
            let one = #"{"user_id":"ann@acme.example","metadata":{"email":"ann@acme.example"}}"#
            #expect(await fixture.post("/v1/\(kind)", type: json, Array(one.utf8)).status == 201)
            #expect(await fixture.post("/v1/\(kind)/batch", type: json, Array("[\(one),\(one)]".utf8)).status == 201)
            #expect(await fixture.post("/v1/\(kind)", type: json, Array("x".utf8)).status == 400)
        }
        #expect(fixture.calls.isEmpty)
        #expect(fixture.metric(#"farwatch_agent_receiver_let_go_spans_total{receiver="moesif"}"#) == 12)
    }

    @Test func `config and rules have tags that are known again`() async throws {
        let fixture = try HandlerFixture()
        for path in ["/v1/config", "/v1/rules"] {
            let first = await fixture.get(path)
            #expect(first.status == 200 && first.contentType == "application/json")
            try JSONParser().parse(first.bytes) { root in
                #expect(path == "/v1/rules" ? root.kind == .array : root.member("sample_rate")?.int64 == 100)
            }
            let tag = try #require(first.headers[first: "etag"])
            let header = path == "/v1/config" ? "x-moesif-config-etag" : "x-moesif-rules-tag"
            #expect(first.headers[first: header].map { "\"\($0)\"" } == tag)
            let again = await fixture.get(path, headers: [("if-none-match", tag)])
            #expect(again.status == 304 && again.bytes.isEmpty)
            #expect(await fixture.get(path, headers: [("if-none-match", "\"old\"")]).status == 200)
            guard case .refuse(let refused) = fixture.handler.admit(fixture.head(path, method: "POST", type: json))
            else {
                Issue.record("POST \(path) was admitted")
                return
            }
            #expect(refused.status == 405 && refused.headers[first: "allow"] == "GET")
        }
    }

    @Test func `what cannot be stored is answered so that the sender may come again`() async throws {
        let fixture = try HandlerFixture()
        fixture.answer { _ in .pushBack(retryAfter: .seconds(7)) }
        let response = await fixture.post("/v1/events", type: json, Array(event().utf8))
        #expect(response.status == 503 && response.headers[first: "retry-after"] == "7")
        #expect(response.text.contains("moesif_error"))
    }

    @Test func `bodies beyond the bound are dropped and their size is kept`() async throws {
        let fixture = try HandlerFixture()
        let text = String(repeating: "x", count: Limits.bodyByteCountMax + 1)
        let body =
            #"{"request":{"time":"2026-11-24T05:00:00","uri":"https://a.example/","verb":"PUT","body":"\#(text)"}}"#
        #expect(await fixture.post("/v1/events", type: json, Array(body.utf8)).status == 201)
        #expect(fixture.calls.first?.request.body == nil)
        #expect(fixture.calls.first?.request.bodyByteCount == text.utf8.count)
        #expect(fixture.metric(#"farwatch_agent_receiver_dropped_bodies_total{receiver="moesif"}"#) == 1)
    }
}
