import CallModel
import Documents
import PartnerCatalog
import SimulationKit
import Testing

@Suite struct OutcomeTests {
    private func outcome(_ call: APICall, _ partner: String = "anyone") -> Outcome {
        Catalogue.builtIn.outcome(of: call, partner: partner)
    }

    @Test(arguments: [
        (100, Outcome.success), (200, .success), (204, .success), (304, .success), (399, .success), (400, .rejected),
        (401, .unauthorized), (402, .rejected), (403, .unauthorized), (404, .rejected), (422, .rejected),
        (429, .rateLimited),
        (499, .rejected), (500, .serverError), (503, .serverError), (529, .serverError), (999, .serverError),
        (0, .noAnswer(.protocolError)), (-5, .noAnswer(.protocolError)),
    ])
    func `the status decides by default`(status: Int, expected: Outcome) {
        #expect(outcome(answered(status, "{\"id\":1}")) == expected)
    }

    @Test func `of partners nobody defined a plain no in a success counts`() {
        #expect(outcome(answered(200, #"{"ok":false}"#)) == .errorInSuccess)
        #expect(outcome(answered(200, #"{"success":false}"#)) == .errorInSuccess)
        #expect(outcome(answered(200, #"{"ok":true}"#)) == .success)
        #expect(outcome(answered(200, #"{"ok":false}"#), "stripe") == .success)
    }

    @Test(arguments: [
        ("0", Outcome.success), ("3", .rejected), ("5", .rejected), ("7", .unauthorized), ("8", .rateLimited),
        ("14", .serverError), ("16", .unauthorized), ("99", .success), ("-1", .success), ("", .success),
        ("014", .success),
    ])
    func `of gRPC its own status decides, wherever it stands, for HTTP's is always 200`(
        status: String, expected: Outcome
    ) {
        let fields = [Header("content-type", "application/grpc"), Header("grpc-status", status)]
        #expect(outcome(answered(200, headers: fields)) == expected)
        #expect(outcome(answered(503, headers: fields)) == .serverError)
    }

    @Test func `no response is no answer`() {
        var silent = call("GET", "https://api.stripe.com/")
        #expect(outcome(silent) == .noAnswer(.other))
        silent.error = .dnsFailure
        #expect(outcome(silent) == .noAnswer(.dnsFailure))
        #expect(outcome(answered(200, error: .reset)) == .noAnswer(.reset))
        #expect(outcome(answered(503, error: .other)) == .serverError)
    }

    @Test(arguments: [
        (#"{"ok":true}"#, Outcome.success), (#"{"ok":false,"error":"channel_not_found"}"#, .errorInSuccess),
        (#"{"ok":false,"error":"ratelimited"}"#, .rateLimited),
        (#"{"ok":false,"error":"invalid_auth"}"#, .unauthorized),
        ("ok", .success), ("", .success), ("{broken", .success), (#"[{"ok":false}]"#, .success),
        (#"{"ok":"false"}"#, .success),
        (#"{"ok":true,"ok":false}"#, .errorInSuccess),
    ])
    func `Slack says it in the body`(body: String, expected: Outcome) {
        #expect(outcome(answered(200, body), "slack") == expected)
        #expect(Catalogue.builtIn.outcome(of: answered(200, body), partner: "slack", parser: JSONParser()) == expected)
    }

    @Test func `GitHub rate limits with 403`() {
        #expect(outcome(answered(403, headers: [Header("x-ratelimit-remaining", "0")]), "github") == .rateLimited)
        #expect(outcome(answered(429, headers: [Header("x-ratelimit-remaining", "0")]), "github") == .rateLimited)
        #expect(outcome(answered(403, headers: [Header("retry-after", "60")]), "github") == .rateLimited)
        #expect(outcome(answered(403, headers: [Header("x-ratelimit-remaining", "12")]), "github") == .unauthorized)
        #expect(outcome(answered(200, headers: [Header("x-ratelimit-remaining", "0")]), "github") == .success)
    }

    @Test(arguments: [
        (#"{"data":{}}"#, Outcome.success), (#"{"data":{},"errors":[]}"#, .success),
        (#"{"data":null,"errors":[{"message":"x"}]}"#, .errorInSuccess),
        (#"{"errors":[{"message":"x"},{"extensions":{"code":"THROTTLED"}}]}"#, .rateLimited),
        (#"{"errors":[{"extensions":{"code":"UNAUTHENTICATED"}}]}"#, .unauthorized),
        (#"{"errors":[{"type":"RATE_LIMITED"}]}"#, .rateLimited),
    ])
    func `GraphQL hides errors in success, whoever serves it`(body: String, expected: Outcome) {
        for url in ["https://s.myshopify.com/admin/api/2024-01/graphql.json", "https://api.nobody.example/graphql?x=1"]
        {
            for partner in ["shopify", "nobody.example"] {
                #expect(outcome(answered(200, body, url: url), partner) == expected)
            }
        }
        #expect(outcome(answered(200, body), "shopify") == .success)  // Not on a GraphQL path.
    }

    @Test func `other conventions hold`() {
        #expect(outcome(answered(400, #"{"error":{"code":190}}"#), "meta") == .unauthorized)
        #expect(outcome(answered(400, #"{"error":{"code":4}}"#), "meta") == .rateLimited)
        #expect(outcome(answered(400, #"{"error":{"code":100}}"#), "meta") == .rejected)
        #expect(outcome(answered(403, #"[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#), "salesforce") == .rateLimited)
        #expect(
            outcome(answered(400, headers: [Header("x-amzn-errortype", "ThrottlingException:http://x/")]), "aws")
                == .rateLimited)
        #expect(outcome(answered(400, #"{"__type":"com.amazon#ExpiredTokenException"}"#), "aws") == .unauthorized)
        #expect(
            outcome(answered(403, #"{"error":{"errors":[{"reason":"userRateLimitExceeded"}]}}"#), "google")
                == .rateLimited)
        #expect(outcome(answered(200, #"{"messages":[{"status":"0"},{"status":"1"}]}"#), "vonage") == .rateLimited)
        #expect(outcome(answered(200, #"{"messages":[{"status":"0"}]}"#), "vonage") == .success)
        #expect(outcome(answered(200, #"{"status":"OVER_QUERY_LIMIT"}"#), "google-maps") == .rateLimited)
    }

    @Test func `an operator's convention replaces the shipped one`() {
        let soft = PartnerDefinition(id: "slack", name: "", errors: .jsonRPC)
        let mine = Catalogue(builtIn: true, partners: [soft], listedRoutes: [], unknownHosts: .ignore)
        #expect(mine.outcome(of: answered(200, #"{"ok":false}"#), partner: "slack") == .success)
        #expect(mine.outcome(of: answered(200, #"{"error":{"code":-32600}}"#), partner: "slack") == .errorInSuccess)
    }

    @Test func `any body is judged without a fault`() {
        let seed: UInt64 = 21
        var random = SeededGenerator(seed: seed)
        let whole = Array(
            #"{"ok":false,"error":"ratelimited","errors":[{"extensions":{"code":"THROTTLED"}}],"status":1}"#.utf8)
        for end in 0...whole.count {
            var bytes = Array(whole[..<end])
            if !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            var cut = answered(200, url: "https://h.example/graphql")
            for body in [bytes, Array(whole[..<end])] {
                cut.response?.body = Body(body)
                for partner in ["slack", "vonage", "meta", "nobody"] {
                    let judged = outcome(cut, partner)
                    #expect([.success, .errorInSuccess, .rateLimited].contains(judged), "seed \(seed), cut at \(end)")
                }
            }
        }
    }
}
