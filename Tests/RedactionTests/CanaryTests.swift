import CallJSON
import CallModel
import Redaction
import Testing

/// Secrets are put wherever they can hide; none of them may be found in what is left of the call.
struct CanaryTests {
    private static let canaries = [
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4242424242424242", "4242 4242 4242 4242", "jane.doe@example.com",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
        "AKIAIOSFODNN7EXAMPLE", "DE89370400440532013000", "123-45-6789", "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy",
    ]

    private func call(with secret: String) -> APICall {
        let encoded = String(secret.map { $0 == " " ? "+" : $0 })
        var request = APICall.Request(
            method: "POST",
            url:
                "https://user:\(encoded)@api.stripe.com/v1/x/\(encoded)?token=\(encoded)&q=\(encoded)&\(encoded)#\(encoded)"
        )
        request.headers = [
            Header("authorization", "Bearer \(secret)"), Header("cookie", "a=\(secret)"), Header("x-odd", secret),
            Header("user-agent", "curl \(secret)"), Header("content-type", "application/json"),
        ]
        request.body = Body(#"{"a":{"b":["\#(secret)"]},"note":"pay \#(secret) now","\#(secret)":1}"#)
        var call = APICall(time: .epoch, request: request, source: .json)
        call.response = .init(
            status: 400, headers: [Header("set-cookie", secret), Header("content-type", "text/plain")],
            body: Body("failed for \(secret)"))
        call.partner = "stripe"
        call.customer = secret
        call.service = secret
        call.host = secret
        call.id = secret
        call.webhook = APICall.Webhook()
        call.webhook?.recipient = "https://h.example/?k=\(encoded)"
        call.webhook?.deliveryID = secret
        return call
    }

    private func text(_ call: APICall) -> String {
        var bytes: [UInt8] = []
        CallJSONWriter.append(call, id: call.id, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: canaries, [RedactionMode.none, .shape, .redacted])
    func `no secret is left anywhere`(secret: String, mode: RedactionMode) {
        var policy = RedactionPolicy()
        policy.partners["stripe"] = .init(mode: mode, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
        var redactor = Redactor(policy: policy)
        var call = call(with: secret)
        #expect(text(call).contains(secret))
        redactor.redact(&call, now: .epoch)
        let left = text(call)
        #expect(!left.contains(secret), "\(left)")
        #expect(!left.contains(String(secret.map { $0 == " " ? "+" : $0 })), "\(left)")
        #expect(redactor.counts.values.reduce(0, +) > 0)
    }

    @Test(arguments: [
        "42 4242 4242 4242 4242", "order 7 4242%204242%204242%204242", "4242+4242+4242+4242 12", "4242-4242-4242-4242",
        "1 123-45-6789", "tel 123-45-6789-0",
    ])
    func `numbers in groups are found beside other numbers`(text: String) {
        var redactor = Redactor(policy: .failClosed)
        var call = call(with: "x")
        call.customer = text
        redactor.redact(&call, now: .epoch)
        let left = call.customer ?? ""
        #expect(["{card}", "{social_security}", "{encoded}"].contains { left.contains($0) }, "\(left)")
        #expect(!left.contains("4242") && !left.contains("45-6789"), "\(left)")
    }

    @Test func `a grant that has ended or lacks a name gives shape`() {
        let end = Instant(secondsSinceEpoch: 100)
        for (grant, now) in [
            (RedactionPolicy.Grant(mode: .full, approvedBy: "jane", until: end), end),
            (RedactionPolicy.Grant(mode: .full, approvedBy: nil, until: end), .epoch),
            (RedactionPolicy.Grant(mode: .redacted, approvedBy: "jane", until: nil), .epoch),
        ] {
            var policy = RedactionPolicy()
            policy.partners["stripe"] = grant
            var redactor = Redactor(policy: policy)
            var call = call(with: "secret-word")
            redactor.redact(&call, now: now)
            #expect(call.request.body?.form == .shape)
        }
    }

    @Test func `what people need to find a call stays`() {
        var redactor = Redactor(policy: .failClosed)
        var call = APICall(
            time: .epoch,
            request: .init(method: "GET", url: "https://api.stripe.com/v1/charges/ch_3NqAbC2eZvKYlo2C?limit=10"),
            source: .json)
        call.request.headers = [Header("x-request-id", "req_123"), Header("retry-after", "3")]
        call.customer = "acme"
        redactor.redact(&call, now: .epoch)
        #expect(call.request.url == "https://api.stripe.com/v1/charges/ch_3NqAbC2eZvKYlo2C?limit=10")
        #expect(call.request.headers == [Header("x-request-id", "req_123"), Header("retry-after", "3")])
        #expect(call.customer == "acme")
    }

    @Test(arguments: ["ch_40950a0341485039422afd57", "a4242424242424242f", "8400000000000000"])
    func `digits inside an identifier are no card`(id: String) {
        var redactor = Redactor(policy: .failClosed)
        var call = call(with: "x")
        call.customer = id
        redactor.redact(&call, now: .epoch)
        #expect(call.customer == id)
    }

    @Test func `ids stay what they are or go, for two calls with one id would be one`() throws {
        var redactor = Redactor(policy: .failClosed)
        var call = APICall(time: .epoch, request: .init(method: "GET", url: "https://api.stripe.com/"), source: .otlp)
        let (trace, span) = ("25096a1fb06fa057f2e5aa3c9ef24584", "7810691c59d12936")
        call.traceID = try #require(TraceID(hex: trace))
        call.spanID = try #require(SpanID(hex: span))
        for (id, left) in [
            (trace + "-" + span, trace + "-" + span), ("order-1234", "order-1234"),
            ("01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8057"),
            ("jane.doe@example.com", nil),
        ] {
            call.id = id
            redactor.redact(&call, now: .epoch)
            #expect(call.id == left)
        }
        // What only looks random still tells repeats from others.
        call.id = "sk_live_4eC39HqLyjWDarjtT1zdp7dc"
        redactor.redact(&call, now: .epoch)
        #expect(call.id?.hasPrefix("id-") == true && call.id?.contains("4eC39") == false)
    }

    @Test func `a body that cannot be read is not let through`() {
        var policy = RedactionPolicy()
        policy.partners["stripe"] = .init(mode: .redacted, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
        var redactor = Redactor(policy: policy)
        var call = call(with: "x")
        call.request.body = Body([0xff, 0xfe, 0x00, 0x41])
        redactor.redact(&call, now: .epoch)
        #expect(call.request.body?.form == .shape)
    }
}
