import CallModel
import Compression
import Receivers
import Testing
import Transport

/// OTLP/HTTP's rules for requests and answers.
struct OTLPHandlerTests {
    private let protobuf = "application/x-protobuf"
    private let good = SpanSketch(["http.request.method": "GET", "url.full": "https://api.example.com/x"])
    private let bad = SpanSketch(["http.request.method": "GET"])

    private func gzip(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { Gzip.compress($0, level: 1) } }

    @Test func `an export in gzip is stored and answered with an empty message of its own type`() async throws {
        let fixture = try HandlerFixture()
        let body = gzip(try unpacked(Exports.both))
        let response = await fixture.post("/v1/traces", type: protobuf, body, headers: [("content-encoding", "gzip")])
        #expect(response.status == 200)
        #expect(response.bytes.isEmpty)
        #expect(response.contentType == protobuf)
        #expect(fixture.calls.count == 23)
        #expect(fixture.contexts.first?.receiver == .otlp)
        #expect(fixture.contexts.first?.receivedAt == testNow)
        #expect(fixture.metric(#"farwatch_agent_receiver_received_calls_total{receiver="otlp"}"#) == 23)
        #expect(fixture.metric(#"farwatch_agent_receiver_accepted_calls_total{receiver="otlp"}"#) == 23)
        #expect(fixture.metric(#"farwatch_agent_receiver_let_go_spans_total{receiver="otlp"}"#) == 1)
        #expect(fixture.metric(#"farwatch_agent_receiver_received_bytes_total{receiver="otlp"}"#) == body.count)
    }

    @Test func `JSON is answered in JSON, parameters of the type do not matter`() async throws {
        let fixture = try HandlerFixture()
        let body = try unpacked(Exports.bothJSON)
        let response = await fixture.post("/v1/traces", type: "Application/JSON; charset=utf-8", body)
        #expect(response.status == 200)
        #expect(response.text == "{}")
        #expect(response.contentType == "application/json")
        #expect(fixture.calls.count == 23)
    }

    @Test(arguments: ["application/x-protobuf", "application/json"], ["", "gzip", "identity"])
    func `no bytes are an empty request`(type: String, coding: String) async throws {
        let fixture = try HandlerFixture()
        let response = await fixture.post("/v1/traces", type: type, [], headers: [("content-encoding", coding)])
        #expect(response.status == 200)
        #expect(fixture.contexts.isEmpty)
    }

    @Test func `rejected spans are told in the partial success and the others are kept`() async throws {
        let fixture = try HandlerFixture()
        let message =
            "2 of 3 HTTP spans were rejected; span 1: "
            + "no absolute http or https URL follows from url.full, http.url or the parts of one"
        let response = await fixture.post("/v1/traces", type: protobuf, export([good, bad, bad]))
        #expect(response.status == 200)
        let expected = Message().adding(1, Message().adding(1, varint: 2).adding(2, text: message))
        #expect(response.bytes == expected.bytes)
        #expect(fixture.calls.count == 1)
        #expect(fixture.metric(#"farwatch_agent_receiver_rejected_calls_total{reason="no_url",receiver="otlp"}"#) == 2)
    }

    @Test func `what the pipeline refuses is told by the number of its span`() async throws {
        let fixture = try HandlerFixture()
        fixture.answer { _ in .stored(kept: 0, notOurs: 0, suppressed: 0, rejections: [(0, "", "not today")]) }
        let body =
            #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":1},{"kind":3,"#
            + #""startTimeUnixNano":"1795494000000000000","attributes":["#
            + #"{"key":"http.method","value":{"stringValue":"GET"}},"#
            + #"{"key":"http.url","value":{"stringValue":"http://a/"}}]}]}]}]}"#
        let response = await fixture.post("/v1/traces", type: "application/json", Array(body.utf8))
        let message = "1 of 1 HTTP spans were rejected; span 1: not today"
        #expect(response.text == #"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"\#(message)"}}"#)
    }

    @Test func `errors are a Status in the type of the request`() async throws {
        let fixture = try HandlerFixture()
        var response = await fixture.post("/v1/traces", type: protobuf, [0xff])
        #expect(response.status == 400)
        #expect(response.contentType == protobuf)
        #expect(response.bytes.starts(with: [0x08, 3, 0x12]))
        response = await fixture.post("/v1/traces", type: "application/json", Array("{".utf8))
        #expect(response.status == 400)
        #expect(response.contentType == "application/json")
        #expect(response.text.hasPrefix(#"{"code":3,"message":"#))
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_requests_total{reason="malformed",receiver="otlp"}"#) == 2
        )
    }

    @Test func `damaged gzip is the sender's error`() async throws {
        let fixture = try HandlerFixture()
        let body = gzip(export([good]))
        for cut in [1, 10, body.count - 4] {
            let response = await fixture.post(
                "/v1/traces", type: protobuf, Array(body[..<cut]), headers: [("content-encoding", "gzip")])
            #expect(response.status == 400)
        }
    }

    @Test func `a bomb costs no more than the bound and is too large`() async throws {
        let fixture = try HandlerFixture { $0.bodyByteCountMax = 1 << 20 }
        let zeros = [UInt8](repeating: 0, count: 8 << 20)
        let bombs: [(String, [UInt8])] = [
            ("gzip", gzip(zeros)), ("zstd", zeros.withUnsafeBytes { Zstandard.compress($0, level: 1) }),
            ("identity", zeros),
        ]
        for (coding, bomb) in bombs {
            let response = await fixture.post(
                "/v1/traces", type: protobuf, bomb, headers: [("content-encoding", coding)])
            #expect(response.status == 413, "\(coding)")
            #expect(response.bytes.starts(with: [0x08, 8, 0x12]), "\(coding)")
        }
    }

    @Test func `a body too large for the event loop is decoded all the same`() async throws {
        let fixture = try HandlerFixture { $0.inlineByteCountMax = 1_000 }
        let body = export(Array(repeating: good, count: 500))
        for coding in ["identity", "gzip"] {
            let sent = coding == "gzip" ? gzip(body) : body
            let response = await fixture.post(
                "/v1/traces", type: protobuf, sent, headers: [("content-encoding", coding)])
            #expect(response.status == 200)
        }
        #expect(fixture.calls.count == 1_000)
    }

    @Test func `push-back is 503 with the time to come again, and nothing counts as accepted`() async throws {
        let fixture = try HandlerFixture()
        fixture.answer { _ in .pushBack(retryAfter: .milliseconds(2_500)) }
        var response = await fixture.post("/v1/traces", type: protobuf, export([good]))
        #expect(response.status == 503)
        #expect(response.headers[first: "retry-after"] == "3")
        #expect(response.bytes.starts(with: [0x08, 14, 0x12]))
        fixture.answer { _ in .failed(detail: "the disk is full") }
        response = await fixture.post("/v1/traces", type: "application/json", try unpacked(Exports.bothJSON))
        #expect(response.status == 503)
        #expect(response.headers[first: "retry-after"] == "5")
        #expect(response.text == #"{"code":14,"message":"the disk is full"}"#)
        #expect(fixture.metric(#"farwatch_agent_receiver_accepted_calls_total{receiver="otlp"}"#) == 0)
        #expect(fixture.metric(#"farwatch_agent_receiver_rejected_requests_total{reason="busy",receiver="otlp"}"#) == 1)
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_requests_total{reason="failed",receiver="otlp"}"#) == 1)
    }

    @Test func `a call is of this host unless the sender may speak for others`() async throws {
        let body = export([good], resource: ["host.name": "app-17"])
        let own = try HandlerFixture()
        _ = await own.post("/v1/traces", type: protobuf, body)
        #expect(own.calls.first?.host == "app-1")
        #expect(own.metric(#"farwatch_agent_receiver_replaced_hosts_total{receiver="otlp"}"#) == 1)
        let trusting = try HandlerFixture { $0.trustHost = true }
        _ = await trusting.post("/v1/traces", type: protobuf, body)
        _ = await trusting.post("/v1/traces", type: protobuf, export([good]))
        #expect(trusting.calls.map(\.host) == ["app-17", "app-1"])
        #expect(trusting.metric(#"farwatch_agent_receiver_replaced_hosts_total{receiver="otlp"}"#) == 0)
    }

    @Test func `a request is refused by its head where it has no chance`() throws {
        let fixture = try HandlerFixture()
        let cases: [(RequestHead, Int, [String: String])] = [
            (fixture.head("/v1/traces", type: "text/plain"), 415, ["content-type": "application/json"]),
            (fixture.head("/v1/traces"), 415, [:]),
            (fixture.head("/v1/traces", type: "application/x-ndjson"), 415, [:]),
            (
                fixture.head("/v1/traces", type: protobuf, headers: [("content-encoding", "br")]), 415,
                ["content-type": protobuf, "accept-encoding": "gzip, zstd, identity"]
            ),
            (fixture.head("/v1/traces", type: protobuf, headers: [("content-encoding", "gzip, gzip")]), 415, [:]),
            (fixture.head("/v1/traces", method: "GET"), 405, ["allow": "POST"]),
            (fixture.head("/v1/metrics", type: protobuf), 404, ["content-type": protobuf]),
            (fixture.head("/v1/logs", type: "application/json"), 404, ["content-type": "application/json"]),
            (fixture.head("/", method: "GET"), 404, ["content-type": "application/problem+json"]),
            (fixture.head("/v1/traces/", type: protobuf), 404, [:]),
        ]
        for (head, status, headers) in cases {
            guard case .refuse(let response) = fixture.handler.admit(head) else {
                Issue.record("\(head.method) \(head.path) was admitted")
                continue
            }
            #expect(response.status == status, "\(head.method) \(head.path)")
            for (name, value) in headers { #expect(response.headers[first: name] == value, "\(head.path)") }
        }
        guard case .collect(let byteCountMax) = fixture.handler.admit(fixture.head("/v1/traces", type: protobuf)) else {
            Issue.record("a good head was refused")
            return
        }
        #expect(byteCountMax == 64 << 20)
    }

    @Test func `an oversized body is refused in OTLP's form`() throws {
        let fixture = try HandlerFixture()
        let response = fixture.handler.oversized(fixture.head("/v1/traces", type: protobuf), byteCountMax: 9)
        #expect(response.status == 413)
        #expect(response.contentType == protobuf)
        #expect(
            fixture.metric(#"farwatch_agent_receiver_rejected_requests_total{reason="too_large",receiver="otlp"}"#) == 1
        )
    }
}
