import CallJSON
import CallModel
import Documents
import Testing

@Suite struct CallRefusalTests {
    static let refusals: [(String, String, String)] = [
        ("[]", "", "expected an object, found an array"),
        ("{}", "/time", "required: RFC 3339 with an offset"),
        (#"{"time":"2026-11-23T19:34:00Z"}"#, "/request", "required: an object"),
        (#"{"time":5}"#, "/time", "expected RFC 3339 with an offset, found a number"),
        (
            #"{"time":"2026-11-23T19:34:00"}"#, "/time",
            #"expected RFC 3339 with an offset, 1678 to 2261, found "2026-11-23T19:34:00""#
        ),
        (
            #"{"time":"2026-02-30T19:34:00Z"}"#, "/time",
            #"expected RFC 3339 with an offset, 1678 to 2261, found "2026-02-30T19:34:00Z""#
        ),
        (
            #"{"time":"9999-01-01T00:00:00Z"}"#, "/time",
            #"expected RFC 3339 with an offset, 1678 to 2261, found "9999-01-01T00:00:00Z""#
        ),
        (
            call(#""received_at":"now""#), "/received_at",
            #"expected RFC 3339 with an offset, 1678 to 2261, found "now""#
        ),
        (call(#""direction":"sideways""#), "/direction", #"expected one of outbound, inbound, found "sideways""#),
        (
            call(#""source":"x\u0007y""#), "/source",
            #"expected one of otlp, moesif, json, packets, probe, keylog, found "x?y""#
        ),
        (
            call(#""error":"timeout""#), "/error",
            "expected one of dns_failure, connect_refused, connect_timeout, unreachable, tls_failure, reset, response_timeout, "
                + #"protocol_error, cancelled, other, found "timeout""#
        ),
        (
            call(#""outcome":"failed""#), "/outcome",
            "expected one of success, rejected, unauthorized, rate_limited, server_error, error_in_success, no_answer, found "
                + #""failed""#
        ),
        (call(#""weight":0"#), "/weight", "expected 1 to 4294967295, found 0"),
        (call(#""weight":1.5"#), "/weight", "expected a whole number, found a number"),
        (call(#""weight":5000000000"#), "/weight", "expected 1 to 4294967295, found 5000000000"),
        (call(#""duration_ms":-0.1"#), "/duration_ms", "expected 0 or more and less than 9.2e12, found -0.1"),
        (call(#""duration_ms":1e300"#), "/duration_ms", "expected 0 or more and less than 9.2e12, found 1e+300"),
        (
            call(#""duration_ms":1e999"#), "/duration_ms",
            "expected 0 or more and less than 9.2e12, found 1.7976931348623157e+308"
        ),
        (call(#""duration_ms":"5""#), "/duration_ms", "expected a number, found a string of 1 bytes"),
        (call(#""trace_id":"abc""#), "/trace_id", "expected 32 hex digits, found a string of 3 bytes"),
        (call(#""span_id":"zzzzzzzzzzzzzzzz""#), "/span_id", "expected 16 hex digits, found a string of 16 bytes"),
        (call(#""partner":5"#), "/partner", "expected a string, found a number"),
        (call(#""webhook":[]"#), "/webhook", "expected an object, found an array"),
        (call(#""webhook":{"attempt":0}"#), "/webhook/attempt", "expected 1 to 1000000, found 0"),
        (call(response: ""), "/response/status", "required: a whole number, 100 to 999"),
        (call(response: #""status":99"#), "/response/status", "expected 100 to 999, found 99"),
        (call(response: #""status":"200""#), "/response/status", "expected a whole number, found a string of 3 bytes"),
        (call(request: #""body_bytes":-1"#), "/request/body_bytes", "expected 0 or more, found -1"),
        (
            call(request: #""body_form":"none""#), "/request/body_form",
            #"expected one of full, redacted, shape, found "none""#
        ),
        (
            call(request: #""body":{"base64":"s3cr!t"}"#), "/request/body/base64",
            "expected base64, found a string of 6 bytes"
        ),
        (call(request: #""body":{"base64":5}"#), "/request/body/base64", "expected base64, found a number"),
        (
            call(request: #""http_version":"5""#), "/request/http_version",
            "expected 1.0, 1.1, 2 or 3, found a string of 1 bytes"
        ),
        (call(request: #""headers":[]"#), "/request/headers", "expected an object, found an array"),
        (
            call(request: #""headers":{"a":{}}"#), "/request/headers/a",
            "expected text of at most 8192 bytes, found an object"
        ),
        (
            call(request: #""headers":{"a":[["x"]]}"#), "/request/headers/a",
            "expected text of at most 8192 bytes, found an array"
        ),
        (
            call(request: #""headers":{"a/b~":"x"}"#), "/request/headers/a~1b~0",
            "expected a header name of at most 256 bytes"
        ),
        (call(request: #""headers":{"":"x"}"#), "/request/headers/", "expected a header name of at most 256 bytes"),
    ]

    @Test(arguments: refusals)
    func `a refusal says where, what was expected and what was found`(json: String, pointer: String, detail: String) {
        #expect(refusal(of: json) == CallError(pointer: pointer, detail: detail))
    }

    @Test(arguments: [
        (#""method":"GET""#, "/request/url"), (#""url":"https://a.example/""#, "/request/method"),
        (#""method":"G T","url":"https://a.example/""#, "/request/method"),
        (#""method":"GET","url":"a.example/x""#, "/request/url"),
        (#""method":"GET","url":"https:///x""#, "/request/url"), (#""method":"GET","url":"https://""#, "/request/url"),
        (#""method":"GET","url":"https://a.example/\n""#, "/request/url"),
        (#""method":"GET","url":"""#, "/request/url"),
        (#""method":"GET","host":"a.example""#, "/request/url"), (#""method":"GET","path":"/x""#, "/request/host"),
        (#""method":"GET","host":"a.example","path":"x""#, "/request/path"),
        (#""method":"GET","host":"u@a.example","path":"/x""#, "/request/host"),
        (#""method":"GET","host":"a b","path":"/x""#, "/request/host"),
        (#""method":"GET","host":"a","path":"/x","scheme":"ftp""#, "/request/scheme"),
    ])
    func `a request without method or address is refused`(request: String, pointer: String) {
        #expect(refusal(of: #"{"time":"2026-11-23T19:34:00Z","request":{\#(request)}}"#)?.pointer == pointer)
    }

    @Test func `limits are exact`() throws {
        func long(_ count: Int) -> String { "\"" + String(repeating: "x", count: count) + "\"" }
        #expect(
            refusal(of: call("\"id\":\(long(129))"))
                == CallError(pointer: "/id", detail: "expected at most 128 bytes, found a string of 129 bytes"))
        #expect(try read(call("\"id\":\(long(128))")).id?.count == 128)
        #expect(refusal(of: call("\"customer\":\(long(257))"))?.pointer == "/customer")
        #expect(try read(call("\"customer\":\(long(256))")).customer?.count == 256)
        #expect(refusal(of: call(request: "\"url\":\(long(8_193))"))?.pointer == "/request/url")
        #expect(
            refusal(of: call(request: "\"headers\":{\"secret\":\(long(8_193))}"))?.pointer == "/request/headers/secret")
        #expect(try read(call(request: "\"headers\":{\"a\":\(long(8_192))}")).request.headers[0].value.count == 8_192)
        func headers(_ count: Int) -> String { (0..<count).map { "\"h\($0)\":\"v\"" }.joined(separator: ",") }
        #expect(
            refusal(of: call(request: "\"headers\":{\(headers(129))}"))
                == CallError(pointer: "/request/headers", detail: "expected at most 128 headers"))
        #expect(try read(call(request: "\"headers\":{\(headers(128))}")).request.headers.count == 128)
        let many = "\"headers\":{\"a\":[\((0..<129).map { "\"\($0)\"" }.joined(separator: ","))]}"
        #expect(refusal(of: call(request: many))?.pointer == "/request/headers")
        let name = refusal(of: call(request: "\"headers\":{\(long(5_000)):1}"))
        #expect(name?.pointer.utf8.count ?? 9_999 < 200)
    }

    @Test func `no refusal repeats a secret`() {
        let secret = "hunter2-hunter2"
        for json in [
            call(request: #""headers":{"authorization":{"x":"\#(secret)"}}"#),
            call(request: #""body":{"base64":"\#(secret)!"}"#),
            call(request: #""url":"\#(secret)""#), call(request: #""url":"https://\#(secret)\u0000""#),
            call(request: #""method":"\#(secret) ""#),
            call(request: #""http_version":"\#(secret)""#), call(#""trace_id":"\#(secret)""#),
            call(request: #""url":"/x","host":"\#(secret)@h""#),
        ] {
            let refusal = refusal(of: json)
            #expect(refusal != nil)
            #expect(refusal?.description.contains("hunter2") == false, "\(json)")
        }
    }
}
