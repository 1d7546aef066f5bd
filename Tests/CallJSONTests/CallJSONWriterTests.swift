import CallJSON
import CallModel
import Documents
import SimulationKit
import Testing

@Suite struct CallJSONWriterTests {
    @Test func `a call is written in the order of the contract`() throws {
        var call = APICall(
            time: Instant(rfc3339: "2026-11-23T19:34:00.1239Z")!, request: .init(method: "POST", url: "https://h/p"),
            source: .packets)
        call.partner = "stripe"
        call.request.headers = [Header("a", "1"), Header("b", "2"), Header("a", "\"3\"")]
        call.request.body = Body(" { \"x\" : [ 1.50 ] }\n")
        call.request.bodyByteCount = 14
        call.response = .init(status: 204)
        call.duration = .nanoseconds(123_400_000)
        call.traceID = TraceID(hex: "0af7651916cd43dd8448eb211c80319c")
        call.outcome = .rejected
        #expect(
            written(call, id: "i1")
                == #"{"id":"i1","time":"2026-11-23T19:34:00.123Z","direction":"outbound","partner":"stripe","request":{"method":"POST","#
                + #""url":"https://h/p","headers":{"a":["1","\"3\""],"b":"2"},"body":{"x":[1.50]},"body_bytes":14},"response":{"status":204,"#
                + #""headers":{}},"outcome":"rejected","duration_ms":123.4,"trace_id":"0af7651916cd43dd8448eb211c80319c","weight":1,"source":"packets"}"#
        )
        call.id = "own"
        #expect(written(call, id: "i1").hasPrefix(#"{"id":"own","#))
    }

    @Test(arguments: [
        (0, "0"), (1, "0.000001"), (1_500, "0.0015"), (1_000_000, "1"), (123_456_789, "123.456789"),
        (12_000_000_000, "12000"),
        (Int64.max, "9223372036854.775807"), (-5, "0"),
    ])
    func `durations are exact milliseconds`(nanoseconds: Int64, expected: String) throws {
        var call = try read(call())
        call.duration = .nanoseconds(nanoseconds)
        #expect(written(call).contains(#""duration_ms":\#(expected),"#))
    }

    @Test func `bodies are JSON, text or base64, and never mistaken for one another`() throws {
        for (bytes, expected) in [
            (Array(#"{"a":1}"#.utf8), #"{"a":1}"#), (Array("[ 1,\n2 ]".utf8), "[1,2]"), (Array("12".utf8), #""12""#),
            (Array("null".utf8), #""null""#),
            (Array("\"x\"".utf8), #""\"x\"""#), (Array("{oops".utf8), #""{oops""#),
            ([0xFF, 0x00], #"{"base64":"/wA="}"#), ([], #""""#),
            (Array(#"{"base64":"aGk="}"#.utf8), #""{\"base64\":\"aGk=\"}""#),
            (Array(#"{"b\u0061se64":"aGk="}"#.utf8), #""{\"b\\u0061se64\":\"aGk=\"}""#),
            (Array("<a>é</a>".utf8), #""<a>é</a>""#),
        ] as [([UInt8], String)] {
            var call = try read(call())
            call.response = .init(status: 200)
            call.response?.body = Body(bytes)
            let json = written(call)
            #expect(json.contains(#""body":\#(expected)}"#), "\(json)")
            let back = try read(json).response?.body?.bytes
            if bytes != Array("[ 1,\n2 ]".utf8) { #expect(back == bytes) }
        }
    }

    @Test func `a deep body is written as text, so that every reader takes the document`() throws {
        let deep = String(repeating: "[", count: 60) + "1" + String(repeating: "]", count: 60)
        var call = try read(call())
        call.request.body = Body(deep)
        let json = written(call)
        #expect(json.contains("\"body\":\"[[["))
        #expect(try read(json) == call)
    }

    @Test func `a missing answer keeps its kind`() throws {
        var call = try read(call(#""error":"reset""#))
        #expect(try read(written(call)) == call)
        call.error = nil
        call.outcome = .noAnswer(.tlsFailure)
        #expect(try read(written(call)).outcome == .noAnswer(.tlsFailure))
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `random calls read back as they were written`(seed: UInt64) throws {
        var maker = CallMaker(random: SeededGenerator(seed: 400 + seed))
        var text: [UInt8] = []
        var calls: [APICall] = []
        for _ in 0..<300 {
            calls.append(maker.call())
            CallJSONWriter.append(calls[calls.count - 1], id: nil, to: &text)
            #expect(!text.suffix(100).contains(0x0A))
            text.append(0x0A)
        }
        let parser = JSONParser()
        let decoded = try text.withUnsafeBytes { try decodeCalls($0, form: .ndjson, parser: parser) }
        #expect(decoded.rejectedCount == 0 && decoded.ignoredFieldCount == 0 && decoded.indices == Array(0..<300))
        for (index, (back, call)) in zip(decoded.calls, calls).enumerated() {
            #expect(back == call, "seed \(400 + seed) call \(index)")
        }
    }
}

/// Random calls of the kinds that survive a round trip exactly: times in milliseconds, repeated headers beside each other.
struct CallMaker {
    var random: SeededGenerator

    private mutating func chance() -> Bool { Bool.random(using: &random) }

    private mutating func text() -> String {
        let pieces = ["a", "ß", "\"", "\\", "\n", "\u{0}", " ", "😀", "/", "x9"]
        return "n"
            + (0..<Int.random(in: 0..<12, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
    }

    private mutating func maybe(_ value: (inout CallMaker) -> String) -> String? { chance() ? value(&self) : nil }

    private mutating func body() -> Body? {
        let form = Body.Form.allCases.randomElement(using: &random)!
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return nil
        case 1: return Body(#"{"k":["\u00e9",1.5,-3,null,{"base64":"x"}]}"#.replacing("\\u00e9", with: "é"), form: form)
        case 2:
            return Body(
                (0..<Int.random(in: 0..<20, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) },
                form: form)
        case 3: return Body("[" + String(Int.random(in: 0...9, using: &random)) + "]", form: form)
        default: return Body(text(), form: form)
        }
    }

    private mutating func headers() -> [Header] {
        (0..<Int.random(in: 0..<5, using: &random)).flatMap { index in
            (0...Int.random(in: 0...2, using: &random)).map { _ in Header("x-h\(index)", text()) }
        }
    }

    mutating func call() -> APICall {
        let time = Instant(
            millisecondsSinceEpoch: Int64.random(in: -9_000_000_000_000...9_000_000_000_000, using: &random))
        var call = APICall(
            time: time, direction: Direction.allCases.randomElement(using: &random)!,
            request: .init(
                method: ["GET", "PATCH", "X-ODD"].randomElement(using: &random)!,
                url: "https://h.example/\(random.next())?é=1"),
            source: CallSource.allCases.randomElement(using: &random)!)
        call.id = maybe { $0.text() }
        call.receivedAt = chance() ? time : nil
        call.partner = maybe { $0.text() }
        call.route = maybe { $0.text() }
        call.service = maybe { $0.text() }
        call.serviceVersion = maybe { $0.text() }
        call.host = maybe { $0.text() }
        call.region = maybe { $0.text() }
        call.environment = maybe { $0.text() }
        call.customer = maybe { $0.text() }
        call.request.headers = headers()
        call.request.body = body()
        call.request.bodyByteCount = chance() ? Int.random(in: 0...1 << 40, using: &random) : nil
        call.request.httpVersion = chance() ? ["1.0", "1.1", "2", "3"].randomElement(using: &random) : nil
        if chance() {
            call.response = .init(status: Int.random(in: 100...999, using: &random), headers: headers(), body: body())
            call.outcome = Outcome.allCases.prefix(6).randomElement(using: &random)!
        } else {
            call.error = FailureKind.allCases.randomElement(using: &random)
            call.outcome = .noAnswer(call.error!)
        }
        call.duration = chance() ? .nanoseconds(Int64.random(in: 0...4_000_000_000_000_000, using: &random)) : nil
        call.peerAddress = maybe { $0.text() }
        call.traceID = chance() ? TraceID(high: random.next(), low: random.next()) : nil
        call.spanID = chance() ? SpanID(bits: random.next()) : nil
        call.parentSpanID = chance() ? SpanID(bits: random.next()) : nil
        call.weight = UInt32.random(in: 1 ... .max, using: &random)
        if chance() {
            var webhook = APICall.Webhook()
            webhook.eventType = maybe { $0.text() }
            webhook.deliveryID = maybe { $0.text() }
            webhook.attempt = chance() ? 3 : nil
            webhook.subscription = maybe { $0.text() }
            webhook.recipient = maybe { $0.text() }
            call.webhook = webhook
        }
        return call
    }
}
