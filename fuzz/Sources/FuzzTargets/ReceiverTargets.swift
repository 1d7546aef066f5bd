import CallJSON
import CallModel
import Documents

@testable import Receivers

extension FuzzTarget {
    private static let now = Instant(secondsSinceEpoch: 1_795_000_000)

    private static func check(_ decoded: DecodedSpans) {
        must(decoded.calls.count == decoded.spanIndices.count, "calls without their spans")
        must(
            decoded.calls.count + decoded.letGoCount + decoded.rejectedCount == decoded.spanCount,
            "a span is neither a call nor counted")
    }

    static let otlpProtobuf = FuzzTarget(
        name: "otlp-protobuf",
        run: { bytes in
            var decoder = OTLPTraceDecoder()
            if let decoded = try? bytes.withUnsafeBytes({ try decoder.decode(protobuf: $0, now: now) }) {
                check(decoded)
            }
        },
        seeds: { [exportRequest()] })

    static let otlpJSON = FuzzTarget(
        name: "otlp-json",
        run: { bytes in
            var decoder = OTLPTraceDecoder()
            let decoded = try? JSONParser(byteCountMax: 1 << 20).parse(bytes) { try decoder.decode(json: $0, now: now) }
            if let decoded { check(decoded) }
        },
        seeds: {
            [
                """
                {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"billing"}}]},
                "scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","kind":3,
                "startTimeUnixNano":"1794999999000000000","endTimeUnixNano":"1794999999100000000","name":"POST","attributes":[
                {"key":"http.request.method","value":{"stringValue":"POST"}},
                {"key":"url.full","value":{"stringValue":"https://api.stripe.com/v1/charges"}},
                {"key":"http.response.status_code","value":{"intValue":"402"}}],"status":{"code":2}}]}]}]}
                """
            ].map { Array($0.utf8) }
        })

    static let moesif = FuzzTarget(
        name: "moesif",
        run: { bytes in
            let configuration = ReceiverConfiguration(hostName: "host")
            var tools = DecodingTools(configuration)
            let decoded = bytes.withUnsafeBytes {
                MoesifReceiver(configuration: configuration).decode($0, .json, now: now, with: &tools)
            }
            guard case .success(let request) = decoded else { return }
            must(request.calls.count == request.indices.count, "calls without their places")
        },
        seeds: {
            let event = """
                {"request":{"time":"2026-11-23T19:34:00.123","uri":"https://api.stripe.com/v1/charges","verb":"POST",
                "headers":{"content-type":"application/json"},"body":{"amount":100},"transfer_encoding":"json"},
                "response":{"time":"2026-11-23T19:34:00.200","status":402,"headers":{},"body":"aGk=","transfer_encoding":"base64"},
                "direction":"Outgoing","weight":2,"company_id":"acme","metadata":{"a":1}}
                """
            return [event, "[\(event),\(event)]"].map { Array($0.utf8) }
        })

    static let nativeJSON = FuzzTarget(
        name: "native-json",
        run: { bytes in
            // The first byte chooses between the two forms.
            guard let first = bytes.first else { return }
            var reader = CallJSONReader()
            let skimming = Skimming()
            let decoded = bytes.dropFirst().withUnsafeBytes {
                try? decodeCalls(
                    $0, form: first & 1 == 0 ? .json : .ndjson, parser: JSONParser(byteCountMax: 1 << 20),
                    reader: &reader, limits: CallDocumentLimits(), taker: skimming)
            }
            must(skimming.known == nil, "a text of a known structure is no JSON")
            if let decoded { must(decoded.calls.count == decoded.indices.count, "calls without their places") }
        },
        seeds: {
            let call = """
                {"id":"a-1","time":"2026-11-23T19:34:00.123Z","direction":"outbound","partner":"stripe","customer":"acme",
                "request":{"method":"POST","url":"https://api.stripe.com/v1/charges?x=1","headers":{"content-type":"application/json"},
                "body":{"amount":100}},"response":{"status":402,"body":{"base64":"aGk="}},"duration_ms":12.5,"weight":2,
                "trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174","webhook":{"attempt":2}}
                """
            let line = call.split(separator: "\n").joined()
            // Three lines without what is left to the reader: at the second the structure is known.
            let plain =
                #"{"time":"2026-11-23T19:34:00.123Z","duration_ms":12.5,"request":{"method":"POST","#
                + #""url":"https://api.stripe.com/v1/charges","headers":{"a":"b"},"#
                + #""body":{"amount":100,"ok":[true,null]}},"response":{"status":402}}"#
            let lines = ["1\(line)\n\(line)\n", "1\(plain)\n\(plain)\n\(plain)"]
            return (["0" + call, "0[\(call),\(call)]"] + lines).map { Array($0.utf8) }
        })

    /// One client span, written by hand: opentelemetry-proto 1.x, ExportTraceServiceRequest.
    private static func exportRequest() -> [UInt8] {
        func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
            [UInt8(number << 3 | 2)] + varint(bytes.count) + bytes
        }
        func varint(_ value: Int) -> [UInt8] {
            value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varint(value >> 7)
        }
        func text(_ key: String, _ value: String) -> [UInt8] {
            field(1, Array(key.utf8)) + field(2, field(1, Array(value.utf8)))
        }
        func fixed(_ number: Int, _ value: UInt64) -> [UInt8] {
            [UInt8(number << 3 | 1)] + (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
        }
        var span =
            field(1, (1...16).map { UInt8($0) }) + field(2, (1...8).map { UInt8($0) }) + field(5, Array("POST".utf8))
        span += [6 << 3, 3] + fixed(7, 1_794_999_999_000_000_000) + fixed(8, 1_794_999_999_100_000_000)
        for (key, value) in [
            ("http.request.method", "POST"), ("url.full", "https://api.stripe.com/v1/charges"),
            ("error.type", "timeout"),
        ] { span += field(9, text(key, value)) }
        let status = field(9, field(1, Array("http.response.status_code".utf8)) + field(2, [3 << 3] + varint(402)))
        let resource = field(1, field(1, text("service.name", "billing")))
        return field(1, resource + field(2, field(2, span + status)))
    }
}

/// Skims what it is shown, by its structure where that came before, and leaves all calls to the reader.
private final class Skimming: CallTaker {
    /// What of a call both ways must tell alike.
    struct Facts: Equatable {
        var time: Instant
        var method: [UInt8]
        var url: [UInt8]
        var status: Int?
        var duration: Duration?
        var headers: [[UInt8]]

        init(_ row: CallRow) {
            (time, status, duration) = (row.time, row.status, row.duration)
            (method, url) = (Array(row.method), Array(row.url))
            headers = (row.request.headers + row.response.headers).flatMap { [Array($0.name), Array($0.value)] }
        }
    }

    private var skimmer = CallSkimmer()
    private let shapes = ShapeMaker { _ in false }
    /// Of a text that was read by its structure and not parsed since.
    private(set) var known: Facts?

    func take(_ text: UnsafeRawBufferPointer, readableAfter: Int) -> Bool {
        must(known == nil, "a text of a known structure is no JSON")
        if skimmer.skimKnown(text, readableAfter: readableAfter) { known = Facts(skimmer.row) }
        return false
    }

    func take(_ value: JSONValue, of text: UnsafeRawBufferPointer) -> Bool {
        let isTaken = skimmer.skim(value)
        if let known { must(isTaken && known == Facts(skimmer.row), "a known structure is read in another way") }
        if isTaken, known == nil {
            skimmer.learn(text) { [shapes] (scanner) throws(StructureScanner.NotPlain) in try shapes.plan(&scanner) }
        }
        known = nil
        return false
    }
}
