import CallModel
import Receivers
import Testing

/// Which names of attributes an export uses.
enum Generation: CaseIterable {
    case older, stable, both

    var packed: String {
        switch self {
        case .older: Exports.older
        case .stable: Exports.stable
        case .both: Exports.both
        }
    }
}

/// What real exports become: a Flask shop that calls partners with requests and httpx, and meets every kind of failure.
struct ExportTests {
    private func outbound(_ decoded: DecodedSpans, path: String) -> [APICall] {
        decoded.calls.filter { $0.direction == .outbound && $0.request.url.hasSuffix(path) }
    }

    @Test(arguments: Generation.allCases)
    func `HTTP client and server spans become calls and the others are let go`(names: Generation) throws {
        let decoded = try decode(unpacked(names.packed))
        #expect(decoded.spanCount == 24)
        #expect(decoded.letGoCount == 1)
        #expect(decoded.rejectedCount == 0)
        #expect(decoded.cutCount == 0)
        #expect(decoded.calls.count == 23)
        #expect(decoded.calls.count { $0.direction == .inbound } == 2)
        #expect(decoded.spanIndices == Array(0..<24).filter { $0 != 14 })
    }

    @Test(arguments: Generation.allCases)
    func `a call carries what the span and its resource say`(names: Generation) throws {
        let call = try #require(decode(unpacked(names.packed)).calls.first)
        #expect(call.request.method == "POST")
        #expect(call.request.url.hasPrefix("http://127.0.0.1:"))
        #expect(call.request.url.hasSuffix("/v1/charges/ch_1?expand=x"))
        #expect(call.request.headers.value(of: "x-request-id") == "r-1")
        #expect(call.request.headers.value(of: "idempotency-key") == "k")
        #expect(call.request.headers.value(of: "user-agent") == "python-requests/2.34.2")
        #expect(call.response?.status == 200)
        #expect(call.response?.headers.value(of: "x-ratelimit-remaining") == "42")
        #expect(call.response?.headers.value(of: "content-type") == "application/json")
        #expect(call.error == nil)
        #expect(call.service == "billing")
        #expect(call.serviceVersion == "2.3.1")
        #expect(call.environment == "production")
        #expect(call.host == "app-17")
        #expect(call.region == "eu-west-1")
        #expect(call.source == .otlp)
        #expect(call.weight == 1)
        #expect(call.id == "\(call.traceID!.hex)-\(call.spanID!.hex)")
        #expect(call.parentSpanID != nil)
        let duration = try #require(call.duration)
        #expect(duration > .zero && duration < .seconds(2))
        #expect(testNow - call.time < .seconds(7_200))
    }

    @Test(arguments: Generation.allCases)
    func `an error status is a response`(names: Generation) throws {
        let decoded = try decode(unpacked(names.packed))
        #expect(outbound(decoded, path: "/503").map { $0.response?.status } == [503, 503])
        #expect(outbound(decoded, path: "/402").map { $0.response?.status } == [402, 402])
        #expect(outbound(decoded, path: "/503").allSatisfy { $0.error == nil })
    }

    @Test(arguments: Generation.allCases)
    func `what requests and httpx raise says why no answer came`(names: Generation) throws {
        let decoded = try decode(unpacked(names.packed))
        let unanswered = decoded.calls.filter { $0.response == nil }.map(\.error)
        #expect(decoded.calls.allSatisfy { $0.outcome == ($0.error.map(Outcome.noAnswer) ?? .success) })
        #expect(
            unanswered == [
                .connectRefused, .dnsFailure, .responseTimeout, .tlsFailure, .reset, .unreachable,  // requests
                .connectRefused, .dnsFailure, .responseTimeout, .tlsFailure, .reset,  // httpx
            ])
    }

    @Test(arguments: Generation.allCases)
    func `a webhook carries the route, the signature header and the caller`(names: Generation) throws {
        let calls = try decode(unpacked(names.packed)).calls.filter { $0.direction == .inbound }
        let paid = try #require(calls.first)
        #expect(paid.request.url.hasPrefix("http://hooks.example.com:"))
        #expect(paid.request.url.hasSuffix("/webhooks/stripe/paid?live=1"))
        #expect(paid.route == "POST /webhooks/stripe/{ev}")
        #expect(paid.request.headers.value(of: "stripe-signature") == "t=1,v1=aa")
        #expect(paid.request.headers.value(of: "user-agent") == "Stripe/1.0")
        #expect(paid.request.httpVersion == "1.0")
        #expect(paid.peerAddress == "127.0.0.1")
        #expect(paid.response?.status == 200)
        #expect(calls.last?.response?.status == 500)
        // The call to the partner that the webhook caused hangs below it.
        let caused = try decode(unpacked(names.packed)).calls.first { $0.parentSpanID == paid.spanID }
        #expect(caused?.traceID == paid.traceID)
    }

    @Test func `credentials in a URL do not become part of the call`() throws {
        let decoded = try decode(unpacked(Exports.stable))
        #expect(outbound(decoded, path: "/c").count == 2)
        #expect(decoded.calls.allSatisfy { !$0.request.url.contains("@") })
    }

    @Test func `both generations of names at once make the same calls as the stable ones`() throws {
        let stable = try decode(unpacked(Exports.stable)).calls
        let both = try decode(unpacked(Exports.both)).calls
        func withoutChance(_ call: APICall) -> [String?] {
            let path = call.request.url.split(separator: "/", maxSplits: 2).last.map(String.init)?.drop { $0 != "/" }
            return [
                call.request.method, path.map(String.init), call.route, call.response.map { "\($0.status)" },
                call.error?.name, call.request.httpVersion, "\(call.request.headers)", call.direction.name,
            ]
        }
        #expect(both.map(withoutChance) == stable.map(withoutChance))
    }

    @Test func `the JSON encoding makes the same calls as protobuf`() throws {
        let protobuf = try decode(unpacked(Exports.both))
        let json = try decodeJSON(unpacked(Exports.bothJSON))
        #expect(json.calls == protobuf.calls)
        #expect(json.letGoCount == protobuf.letGoCount)
        #expect(json.spanIndices == protobuf.spanIndices)
    }
}
