import CallModel
import SimulationKit
import Testing

@testable import PartnerCatalog

/// What an answer's headers tell of limits, in every dialect that the shipped partners speak.
@Suite struct RateLimitTests {
    private static let end = Instant(rfc3339: "2026-11-27T12:00:00Z")!

    /// An answer that came at `end`.
    private func limit(_ partner: String, _ headers: [Header], status: Int = 200) -> RateLimit? {
        var call = answered(status, headers: headers)
        call.time = Self.end - .seconds(2)
        call.duration = .seconds(2)
        return Catalogue.builtIn.rateLimit(of: call, partner: partner)
    }

    /// Partner, its headers, and what they mean: `limit remaining used ratio reset`, `-` for what is not told, the reset in
    /// seconds from the answer. Of several limits the first two.
    @Test(arguments: [
        (
            "github",
            "x-ratelimit-limit: 5000|x-ratelimit-remaining: 4987|x-ratelimit-used: 13|x-ratelimit-reset: 1795781700|x-ratelimit-resource: core",
            "5000 4987 13 0.0026 900"
        ),
        ("shopify", "x-shopify-shop-api-call-limit: 32/40", "40 - 32 0.8 -"),
        (
            "zendesk",
            "x-rate-limit: 700|x-rate-limit-remaining: 699|ratelimit-limit: 100|ratelimit-remaining: 99|ratelimit-reset: 41",
            "700 699 - 0.0014 - / 100 99 - 0.01 41"
        ),
        (
            "hubspot",
            "x-hubspot-ratelimit-daily: 250000|x-hubspot-ratelimit-daily-remaining: 249000|x-hubspot-ratelimit-secondly: 10|x-hubspot-ratelimit-secondly-remaining: 9",
            "250000 249000 - 0.004 - / 10 9 - 0.1 -"
        ),
        ("hubspot", "x-hubspot-ratelimit-secondly: 10|x-hubspot-ratelimit-secondly-remaining: 0", "10 0 - 1.0 -"),
        (
            "okta", "x-rate-limit-limit: 1200|x-rate-limit-remaining: 1199|x-rate-limit-reset: 1795781260",
            "1200 1199 - 0.0008 460"
        ),
        (
            "openai",
            "x-ratelimit-limit-requests: 5000|x-ratelimit-remaining-requests: 4999|x-ratelimit-reset-requests: 12ms|x-ratelimit-limit-tokens: 160000|x-ratelimit-remaining-tokens: 80000|x-ratelimit-reset-tokens: 6m0s",
            "5000 4999 - 0.0002 0 / 160000 80000 - 0.5 360"
        ),
        (
            "anthropic",
            "anthropic-ratelimit-requests-limit: 50|anthropic-ratelimit-requests-remaining: 49|anthropic-ratelimit-requests-reset: 2026-11-27T12:01:00Z",
            "50 49 - 0.02 60"
        ),
        (
            "bigcommerce",
            "x-rate-limit-requests-left: 149|x-rate-limit-requests-quota: 150|x-rate-limit-time-reset-ms: 15000",
            "150 149 - 0.0067 15"
        ),
        (
            "discord",
            "x-ratelimit-limit: 5|x-ratelimit-remaining: 0|x-ratelimit-reset: 1795780801.500|x-ratelimit-reset-after: 1.5",
            "5 0 - 1.0 1"
        ),
        ("discord", "x-ratelimit-limit: 5|x-ratelimit-remaining: 0|x-ratelimit-reset-after: 2.5", "5 0 - 1.0 2"),
        (
            "linear",
            "x-ratelimit-requests-limit: 1500|x-ratelimit-requests-remaining: 1499|x-ratelimit-requests-reset: 1795781400000",
            "1500 1499 - 0.0007 600"
        ),
        (
            "salesforce", "sforce-limit-info: api-usage=10018/100000; api-bursts=1/750",
            "100000 - 10018 0.1002 - / 750 - 1 0.0013 -"
        ),
        (
            "salesforce", "sforce-limit-info: api-usage=25/5000, per-app-api-usage=17/250(appName=sample)",
            "5000 - 25 0.005 - / 250 - 17 0.068 -"
        ),
        ("meta", #"x-app-usage: {"call_count":28,"total_time":25,"total_cputime":90}"#, "- - - 0.9 -"),
        (
            "meta",
            #"x-business-use-case-usage: {"17":[{"type":"messenger","call_count":100,"total_cputime":25,"estimated_time_to_regain_access":19}]}"#,
            "- - - 1.0 1140"
        ),
        (
            "xero", "x-daylimit-remaining: 4999|x-minlimit-remaining: 59|x-appminlimit-remaining: 9999",
            "- 4999 - - - / - 59 - - -"
        ),
        (
            "ringcentral",
            "x-rate-limit-limit: 40|x-rate-limit-remaining: 37|x-rate-limit-window: 60|x-rate-limit-group: medium",
            "40 37 - 0.075 -"
        ),
        ("microsoft-graph", "x-ms-throttle-limit-percentage: 0.8", "- - - 0.8 -"),
        ("heroku", "ratelimit-remaining: 2400", "- 2400 - - -"),
        (
            "contentful",
            "x-contentful-ratelimit-second-limit: 7|x-contentful-ratelimit-second-remaining: 6|x-contentful-ratelimit-reset: 1",
            "7 6 - 0.1429 1"
        ),
        (
            "nobody.example",
            #"ratelimit-policy: "burst";q=100;w=60,"daily";q=1000;w=86400|ratelimit: "daily";r=50;t=30"#,
            "1000 50 - 0.95 30 / 100 - - - -"
        ),
        ("nobody.example", "ratelimit: limit=100, remaining=50, reset=30", "100 50 - 0.5 30"),
        (
            "nobody.example",
            "x-ratelimit-limit: 100, 100;w=60|x-ratelimit-remaining: 98|x-ratelimit-reset: Fri, 27 Nov 2026 12:00:30 GMT",
            "100 98 - 0.02 30"
        ),
    ])
    func `a dialect is read`(partner: String, lines: String, expected: String) throws {
        let headers = lines.split(separator: "|").map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return Header(String(parts[0]), String(parts[1].drop { $0 == " " }))
        }
        let figures = try #require(limit(partner, headers)).figures
        let told = figures.prefix(2).map { figure in
            [
                figure.limit.map(String.init), figure.remaining.map(String.init), figure.used.map(String.init),
                figure.usedRatio.map { "\(($0 * 10_000).rounded() / 10_000)" },
                figure.resetAt.map { String(Int(($0 - Self.end).inSeconds)) },
            ].map { $0 ?? "-" }.joined(separator: " ")
        }
        #expect(told.joined(separator: " / ") == expected)
        // Windows and reasons are of the first figure.
        if partner == "github" { #expect(figures[0].reason == "core") }
        if partner == "ringcentral" { #expect(figures[0].window == .seconds(60) && figures[0].reason == "medium") }
        if partner == "hubspot", lines.contains("daily") { #expect(figures[0].window == .seconds(86_400)) }
    }

    @Test func `retry-after is told in seconds or as a date, and stands beside the figures`() {
        #expect(limit("stripe", [Header("retry-after", "2.0")])?.retryAt == Self.end + .seconds(2))
        let date = limit("stripe", [Header("retry-after", "Fri, 27 Nov 2026 12:01:00 GMT")], status: 503)
        #expect(date?.retryAt == Self.end + .seconds(60))
        #expect(date?.figures.isEmpty == true)
    }

    @Test(arguments: [
        [Header("x-ratelimit-limit", "unlimited")], [Header("x-ratelimit-limit", "")],
        [Header("x-ratelimit-limit", "-1"), Header("x-ratelimit-remaining", "-1")],
        [Header("x-ratelimit-remaining", "99999999999999999999999")], [Header("ratelimit", "\"")],
        [Header("ratelimit", ";;;,,,==;=")], [Header("ratelimit", "\"a\";r=;t=x")],
        [Header("ratelimit", "limit=" + String(repeating: "1", count: 5_000))],
        [Header("retry-after", "soon")], [Header("retry-after", "1e309")], [Header("retry-after", "99999999999999999")],
        [Header("x-ratelimit-reset", "30")], [],
    ])
    func `what cannot be read is not told`(headers: [Header]) {
        #expect(limit("nobody.example", headers) == nil)
    }

    @Test func `any bytes in any of the headers are read without a trap`() {
        var generator = SeededGenerator(seed: 11)
        let names = Set(
            PartnerDefinition.builtIn.flatMap(\.rateLimitHeaders).map(\.name) + ["retry-after", "ratelimit"])
        let pieces = [
            "1", "9", "-", ".", ";", ",", "=", "/", "\"", "{", "}", "[", "]", " ", "e", "w=", "r=", "ms", "s", "é",
        ]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                pieces.randomElement(using: &generator)!
            }.joined()
            for partner in ["github", "meta", "salesforce", "shopify", "openai", "nobody.example"] {
                _ = limit(partner, names.sorted().map { Header($0, text) })
            }
        }
    }

    @Test func `times far off are none`() {
        #expect(LimitText.time("5000000000000000", at: Self.end) == nil)
        #expect(LimitText.time("999999999", at: Self.end) == nil, "thirty years from now is no reset")
        #expect(LimitText.time("2026-11-27T12:05Z", at: Self.end) == Self.end + .seconds(300))
        #expect(LimitText.time("2026-11-27T12:65Z", at: Self.end) == nil)
        #expect(LimitText.time("1h2m3.5s", at: Self.end) == Self.end + .milliseconds(3_723_500))
        #expect(LimitText.time("9999999999h", at: Self.end) == nil)
    }
}
