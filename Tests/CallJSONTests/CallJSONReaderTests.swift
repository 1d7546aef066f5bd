import CallJSON
import CallModel
import Documents
import Testing

private let full = #"""
    {"id":"0193","time":"2026-11-23T19:34:00.123Z","received_at":"2026-11-23T20:34:01+01:00","direction":"inbound","partner":"stripe",
     "route":"POST /v1/charges/{id}","service":"billing","service_version":"2.3.1","host":"app-17","region":"eu-west-1",
     "environment":"production","customer":"acme",
     "request":{"method":"post","url":"https://api.stripe.com/v1/charges/ch_1?expand=x","headers":{"Content-Type":"application/json",
       "X-N":5,"x-b":true,"Set-Cookie":["a","b"],"x-null":null},"body":{ "amount" : 100, "x":1.50 },"body_bytes":14,"http_version":"1.1"},
     "response":{"status":402,"headers":{},"body":"plain","body_bytes":31},
     "error":"reset","outcome":"rejected","duration_ms":123.4,"peer_address":"203.0.113.7",
     "trace_id":"0AF7651916CD43DD8448EB211C80319C","span_id":"b7ad6b7169203331","parent_span_id":null,"weight":3,"source":"keylog",
     "webhook":{"event_type":"charge.failed","delivery_id":"evt_1","attempt":2,"subscription":"s","recipient":"https://r.example/"}}
    """#

@Suite struct CallJSONReaderTests {
    @Test func `every field of the native form is read`() throws {
        let call = try read(full)
        #expect(call.id == "0193" && call.time.rfc3339 == "2026-11-23T19:34:00.123Z")
        #expect(call.receivedAt?.rfc3339 == "2026-11-23T19:34:01.000Z" && call.direction == .inbound)
        #expect(call.partner == "stripe" && call.route == "POST /v1/charges/{id}" && call.service == "billing")
        #expect(call.serviceVersion == "2.3.1" && call.host == "app-17" && call.region == "eu-west-1")
        #expect(call.environment == "production" && call.customer == "acme")
        #expect(call.request.method == "POST" && call.request.url == "https://api.stripe.com/v1/charges/ch_1?expand=x")
        #expect(
            call.request.headers == [
                Header("content-type", "application/json"), Header("x-n", "5"), Header("x-b", "true"),
                Header("set-cookie", "a"),
                Header("set-cookie", "b"),
            ])
        #expect(call.request.body == Body(#"{"amount":100,"x":1.5}"#))
        #expect(call.request.bodyByteCount == 14 && call.request.httpVersion == "1.1")
        #expect(call.response?.status == 402 && call.response?.headers == [] && call.response?.bodyByteCount == 31)
        #expect(call.response?.body == Body("plain"))
        #expect(call.error == .reset && call.outcome == .rejected && call.duration == .microseconds(123_400))
        #expect(call.peerAddress == "203.0.113.7" && call.traceID?.hex == "0af7651916cd43dd8448eb211c80319c")
        #expect(call.spanID?.hex == "b7ad6b7169203331" && call.parentSpanID == nil && call.weight == 3)
        #expect(call.source == .keylog)
        #expect(call.webhook?.eventType == "charge.failed" && call.webhook?.deliveryID == "evt_1")
        #expect(
            call.webhook?.attempt == 2 && call.webhook?.subscription == "s"
                && call.webhook?.recipient == "https://r.example/")
    }

    @Test func `time and request are enough`() throws {
        let call = try read(call())
        var expected = APICall(
            time: Instant(rfc3339: "2026-11-23T19:34:00Z")!,
            request: .init(method: "GET", url: "https://api.example.com/a"),
            source: .json)
        #expect(call == expected)
        expected.error = .other
        #expect(call != expected)
    }

    @Test func `null is absent, and so are an empty name and an all-zero id`() throws {
        let nothing =
            #""id":null,"partner":"","customer":null,"error":null,"response":null,"trace_id":"00000000000000000000000000000000","#
            + #""span_id":"","weight":null,"webhook":null,"duration_ms":null,"direction":null,"source":null"#
        let request = #""headers":null,"body":null,"body_bytes":null,"http_version":null"#
        #expect(try read(call(nothing, request: request)) == read(call()))
    }

    @Test(arguments: [
        ("2026-11-23T19:34:00.123Z", "2026-11-23T19:34:00.123000000Z"),
        ("2026-11-23T19:34:00.123456789Z", "2026-11-23T19:34:00.123456789Z"),
        ("2026-11-23t19:34:00z", "2026-11-23T19:34:00.000000000Z"),
        ("2026-11-23T23:59:60Z", "2026-11-24T00:00:00.000000000Z"),
        ("2026-11-23T19:34:00-05:30", "2026-11-24T01:04:00.000000000Z"),
        ("1999-02-28T00:00:00.5Z", "1999-02-28T00:00:00.500000000Z"),
        ("2026-11-23T19:34:00.12345678901Z", "2026-11-23T19:34:00.123456789Z"),
    ])
    func `times are read to the nanosecond, years away too`(time: String, expected: String) throws {
        let json = call().replacing("2026-11-23T19:34:00Z", with: time)
        #expect(try read(json).time.text(fractionDigits: 9) == expected)
    }

    @Test func `every day of some years reads as the calendar has it`() throws {
        var lines = ""
        var expected: [Instant] = []
        for day in 0..<1_500 {
            let instant = Instant(secondsSinceEpoch: 1_790_000_000 + Int64(day) * 86_399)
            lines += call().replacing("2026-11-23T19:34:00Z", with: instant.text(fractionDigits: day % 10)) + "\n"
            expected.append(instant)
        }
        #expect(try decode(lines, .ndjson).calls.map(\.time) == expected)
    }

    @Test(arguments: [
        (#""host":"api.example.com","path":"/v1/x?y=z""#, "https://api.example.com/v1/x?y=z"),
        (#""host":"localhost:8080","path":"/","scheme":"HTTP""#, "http://localhost:8080/"),
        (#""host":"[2001:db8::1]:443","path":"/a""#, "https://[2001:db8::1]:443/a"),
        (#""url":"/hook","headers":{"Host":"hooks.example.com"}"#, "https://hooks.example.com/hook"),
        (#""url":"/hook","host":"a.example""#, "https://a.example/hook"),
        (#""url":"http://h/p","host":"ignored","path":"/other""#, "http://h/p"),
    ])
    func `a URL is put together from host and path`(request: String, expected: String) throws {
        #expect(
            try read(#"{"time":"2026-11-23T19:34:00Z","request":{"method":"PUT",\#(request)}}"#).request.url == expected
        )
    }

    @Test func `bodies keep their kind`() throws {
        func body(_ json: String) throws -> Body? { try read(call(request: #""body":\#(json)"#)).request.body }
        #expect(try body(#""{\"a\":1}""#) == Body(#"{"a":1}"#))
        #expect(try body(#"{"a":[1,{"b":null}]}"#) == Body(#"{"a":[1,{"b":null}]}"#))
        #expect(try body(#"{"base64":"AAH/"}"#) == Body([0, 1, 255]))
        #expect(try body(#"{"base64":"AAE"}"#) == Body([0, 1]))
        #expect(try body(#"{"base64":""}"#) == Body([UInt8]()))
        #expect(try body(#"{"base64":"AA==","x":1}"#) == Body(#"{"base64":"AA==","x":1}"#))
        #expect(try body(#"""# + #"""#) == Body([UInt8]()))
        #expect(try body("12") == Body("12") && body("true") == Body("true"))
        #expect(try body("[123456789012345678901234567890]") == Body("[123456789012345678901234567890]"))
        #expect(try read(call(request: #""body":{"a":"integer/1"},"body_form":"shape""#)).request.body?.form == .shape)
        #expect(try read(call(request: #""body_form":"redacted","body":"x""#)).request.body?.form == .redacted)
    }

    @Test func `a body above the limit is dropped, its size kept and counted`() throws {
        let body = "\"" + String(repeating: "x", count: Limits.bodyByteCountMax + 1) + "\""
        let decoded = try decode(
            call(request: "\"body\":\(body)", response: "\"status\":200,\"body\":[\(body)],\"body_bytes\":7"), .json)
        #expect(
            decoded.calls[0].request.body == nil
                && decoded.calls[0].request.bodyByteCount == Limits.bodyByteCountMax + 1)
        #expect(decoded.calls[0].response?.body == nil && decoded.calls[0].response?.bodyByteCount == 7)
        #expect(decoded.droppedBodyCount == 2)
        let largest = "\"" + String(repeating: "x", count: Limits.bodyByteCountMax) + "\""
        #expect(try read(call(request: "\"body\":\(largest)")).request.body?.bytes.count == Limits.bodyByteCountMax)
    }

    @Test func `unknown fields are counted wherever they stand`() throws {
        let decoded = try decode(
            call(
                #""x":1,"webhook":{"y":2}"#, request: #""z":3,"status":200"#,
                response: #""status":200,"url":"u","w":null"#), .json)
        #expect(decoded.calls.count == 1 && decoded.ignoredFieldCount == 6)
    }

    @Test func `an outcome is read, and a missing answer takes its kind from the error`() throws {
        #expect(try read(call(#""outcome":"server_error""#)).outcome == .serverError)
        #expect(try read(call(#""outcome":"no_answer","error":"dns_failure""#)).outcome == .noAnswer(.dnsFailure))
        #expect(try read(call(#""error":"dns_failure""#)).outcome == .noAnswer(.dnsFailure))
        #expect(try read(call(#""outcome":"no_answer""#)).outcome == .noAnswer(.other))
        #expect(try read(call()).outcome == .success)
    }

    @Test(arguments: [
        ("1.1", "1.1"), ("\"HTTP/1.0\"", "1.0"), ("\"h2\"", "2"), ("2", "2"), ("\"2.0\"", "2"), ("3", "3"),
        ("1", "1.0"), ("1.0", "1.0"),
    ])
    func `HTTP versions are brought to one spelling`(json: String, expected: String) throws {
        #expect(try read(call(request: "\"http_version\":\(json)")).request.httpVersion == expected)
    }

    @Test func `whole numbers may be written as doubles`() throws {
        let call = try read(call(#""weight":2.0,"duration_ms":0"#, response: #""status":200.0,"body_bytes":1e3"#))
        #expect(
            call.weight == 2 && call.response?.status == 200 && call.response?.bodyByteCount == 1_000
                && call.duration == .zero)
    }
}
