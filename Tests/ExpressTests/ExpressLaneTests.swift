import Attribution
import BatchFormat
import CallModel
import Express
import Foundation
import PartnerCatalog
import Redaction
import Testing

struct ExpressLaneTests {
    private static func settings(
        _ adjust: (inout ExpressSettings) -> Void = { _ in }
    ) -> ExpressSettings {
        var rules: [AttributedField: [AttributionRule]] = [:]
        for field in AttributedField.allCases { rules[field] = [AttributionRule(.attribute)] }
        rules[.region] = [AttributionRule(.attribute), AttributionRule(.constant("eu-1"))]
        var settings = ExpressSettings(
            catalogue: LayeredCatalogue(.builtIn), redaction: .failClosed, attribution: rules, hostName: "app-1")
        adjust(&settings)
        return settings
    }

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What the traffic generator of the benchmark makes.
    private static func traffic(_ count: Int, _ seed: Int, _ more: [String] = []) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments =
            ["python3", "-B", root.appending(path: "deploy/generate-traffic").path, "\(count)", "\(seed)"] + more
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Array(bytes)
    }

    @Test(arguments: [[], ["--metadata"]]) func `the benchmark's traffic is taken, and encoded as the general way does`(
        more: [String]
    ) throws {
        var ways = BothWays(Self.settings { $0.trustHost = true })
        let compared = try ways.compare(Self.traffic(1_500, 11, more))
        #expect(compared.takenCount == 1_500)
        #expect(compared.knownCount > 1_300)
        #expect(compared.short == compared.general)
        #expect(compared.isSameCounts)
    }

    @Test func `traffic whose sender names nobody is resolved as the general way does`() throws {
        var ways = BothWays(Self.settings())
        var text = String(decoding: try Self.traffic(600, 5), as: UTF8.self)
        text = text.replacing(#/"partner":"[^"]*",("route":"[^"]*",)/#) { _ in "\"partner\":null," }
        text = text.replacing("vendor-001.api.example.com", with: "api.stripe.com")
        text = text.replacing("vendor-002.api.example.com", with: "10.0.0.7")
        text = text.replacing("vendor-003.api.example.com", with: "intranet")
        let compared = try ways.compare(Array(text.utf8))
        #expect(compared.takenCount == 600)
        #expect(ways.reports.last.notOurs.values.reduce(0, +) > 0)
        #expect(compared.short == compared.general)
        #expect(compared.isSameCounts)
    }

    @Test func `mutated traffic is taken as the general way does, or left`() throws {
        var ways = BothWays(Self.settings { $0.trustHost = true })
        let traffic = try Self.traffic(400, 3)
        var generator = SeededGenerator(state: 20_261_127)
        var takenCount = 0
        var knownCount = 0
        // So that the structures the mutations begin from are known.
        _ = try ways.compare(traffic)
        for round in 0..<40 {
            let mutated = Mutations.mutated(traffic, &generator)
            let compared = try ways.compare(mutated)
            takenCount += compared.takenCount
            knownCount += compared.knownCount
            #expect(compared.short == compared.general, "round \(round)")
            #expect(compared.isSameCounts, "round \(round)")
        }
        #expect(takenCount > 3_000)
        #expect(knownCount > 1_000)
    }

    @Test func `secrets are masked wherever the general way masks them`() throws {
        var ways = BothWays(Self.settings())
        let secrets = [
            "anna@example.org", "4242424242424242", "4242 4242 4242 4242", "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "AKIAIOSFODNN7EXAMPLE", "123-45-6789",
            "YW5uYUBleGFtcGxlLm9yZw==", "anna%40example.org", "DE89370400440532013000",
            "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a", "plain",
        ]
        var lines: [String] = []
        for secret in secrets {
            let places = [
                (#""customer":"SECRET""#, "https://api.example.com/v1/x", ""),
                (#""service":"a""#, "https://api.example.com/v1/SECRET/y?limit=SECRET&SECRET=1&q=2&SECRET#f", ""),
                (#""id":"SECRET""#, "https://u:SECRET@hooks.example.com/T0/SECRET", ""),
                (#""route":"GET /SECRET""#, "https://api.example.com/", #""x-request-id":"SECRET""#),
                (#""environment":"e""#, "https://api.example.com/", #""authorization":"SECRET","x-other":"SECRET""#),
                (#""peer_address":"192.0.2.7""#, "https://SECRET.example.com/", #""user-agent":"SECRET""#),
            ]
            for (field, url, header) in places {
                for body in [
                    #"{"a":"SECRET","SECRET":{"b":[1,"SECRET"]}}"#, #""{\"a\":\"SECRET\"}""#, #""a=SECRET&b=1""#,
                ] {
                    let line =
                        #"{"time":"2026-11-18T11:06:40Z",FIELD,"request":{"method":"POST","url":"URL","#
                        + #""headers":{HEADER},"body":BODY},"response":{"status":200,"headers":{},"body":BODY}}"#
                    lines.append(
                        line.replacing("FIELD", with: field).replacing("URL", with: url)
                            .replacing("HEADER", with: header).replacing("BODY", with: body)
                            .replacing("SECRET", with: secret))
                }
            }
        }
        // Twice: what is remembered of the first time decides the second.
        for _ in 0..<2 {
            let compared = try ways.compare(Array(lines.joined(separator: "\n").utf8))
            #expect(compared.takenCount > lines.count / 2)
            #expect(compared.short == compared.general)
            #expect(compared.isSameCounts)
        }
    }

    @Test func `bodies are judged and shaped alike whether they were parsed or are of a known structure`() throws {
        var ways = BothWays(Self.settings { $0.trustHost = true })
        let bodies = [
            #"{"ok":false,"error":"x"}"#, #"{"ok":true,"error":""}"#, #"{"errors":[{"message":"a"}],"data":null}"#,
            #"{"errors":[],"data":{"a":1}}"#, "{}", "[]", "[[],{}]", #"[1,-2.50,"2026-02-30",true,null,"a b"]"#,
            #"{"a":1e3}"#, #"{"a":0.1234567,"b":-0.0,"c":123456789012345678}"#, #"{"a":12345678901234567890}"#,
            #"{"a":{"b":[{"c":"d"},{"c":"e"}]}}"#, #"{"a" : 1 , "b" : [ 1 , 2 ] }"#, #"{"4f3c2a9b11":1,"b":2}"#,
            #"{"token":"x"}"#, #"{"a":1,"a":"x"}"#, #"{"base64":"eA=="}"#, #""{"ok":false}""#, "null", "7",
        ]
        let types = [#""content-type":"application/json""#, #""content-type":"text/html""#, #""x":"y""#, ""]
        var lines: [String] = []
        for body in bodies {
            for status in [200, 404, 500] {
                for type in types {
                    for partner in ["slack-sdk", "slack", "shopify", "vendor-1"] {
                        lines.append(
                            #"{"time":"2026-11-18T11:06:40Z","partner":"\#(partner)","route":"POST /x","#
                                + #""request":{"method":"POST","url":"https://api.example.com/graphql","headers":{\#(type)},"body":\#(body)},"#
                                + #""response":{"status":\#(status),"headers":{\#(type)},"body":\#(body)}}"#)
                    }
                }
            }
        }
        // Twice: at the second time the structures are known.
        _ = try ways.compare(Array(lines.joined(separator: "\n").utf8))
        let compared = try ways.compare(Array(lines.joined(separator: "\n").utf8))
        #expect(compared.knownCount > lines.count / 3)
        #expect(compared.short == compared.general)
        #expect(compared.isSameCounts)
    }

    @Test func `a partner granted its bodies is left to the general way`() throws {
        let now = Instant(secondsSinceEpoch: 1_795_100_000)
        var ways = BothWays(
            Self.settings {
                $0.redaction.partners["stripe"] = RedactionPolicy.Grant(
                    mode: .redacted, approvedBy: "ops", until: now + .seconds(60))
                $0.redaction.partners["adyen-pay"] = RedactionPolicy.Grant(mode: .none)
            }, at: now)
        let compared = try ways.compare(Self.traffic(400, 9))
        #expect(compared.leftCount > 0 && compared.takenCount > 0)
        #expect(compared.short == compared.general)
        #expect(compared.isSameCounts)
    }

    @Test(arguments: [
        #"{"time":"2026-11-18T11:06:40Z","request":{"method":"GET"}}"#, #"{"time":"2026-11-18T11:06:40Z"}"#, "[]", "7",
        #"{"time":"2026-11-18T11:06:40Z","direction":"inbound","request":{"method":"GET","url":"https://a.example/"}}"#,
        #"{"time":"2026-11-18T11:06:40Z","request":{"method":"get","url":"https://a.example/"}}"#,
        #"{"time":"2026-11-18T11:06:40Z","request":{"method":"GET","url":"/x","host":"a.example"}}"#,
        #"{"time":"2099-11-18T11:06:40Z","request":{"method":"GET","url":"https://a.example/"}}"#,
        #"{"time":"2026-11-18T11:06:40Z","webhook":{},"request":{"method":"GET","url":"https://a.example/"}}"#,
        #"{"time":"2026-11-18T11:06:40Z","new":1,"request":{"method":"GET","url":"https://a.example/"}}"#,
    ]) func `what is unusual is left, and nothing of it counted`(line: String) throws {
        var ways = BothWays(Self.settings())
        let compared = try ways.compare(Array(line.utf8))
        #expect(compared.takenCount == 0)
        #expect(ways.reports.last.leftCount == 1)
        #expect(ways.reports.last.redactions.isEmpty)
        #expect(ways.reports.last.attribution == Attributor.Counts())
    }
}

/// SplitMix64: the same mutations with every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

enum Mutations {
    /// Pieces that change what a call is without making it no JSON, as often as not.
    private static let pieces = [
        "\"", "\\", "\\u0000", "\u{e9}", "{", "}", "[1]", "null", "1e400", "-0.0", "12345678901234567890123", "true",
        "\\n", "%40", "@a.example", "4242424242424242", "", "0", "123-45-6789", "é", "/", "?", "&x=1", "#", "..",
        "\",\"ok\":false,\"x\":\"", "\",\"errors\":[{\"message\":\"x\"}],\"y\":\"", " ", ":", "A", "token",
    ].map { Array($0.utf8) }

    /// Every line changed in one to three places: bytes replaced, pieces put in, spans taken out.
    static func mutated(_ lines: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var result: [UInt8] = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            var bytes = Array(line)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let at = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[at] = UInt8.random(in: 0x20..<0x7F, using: &generator)
                case 1: bytes.insert(contentsOf: pieces.randomElement(using: &generator)!, at: at)
                default: bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 1...9, using: &generator)))
                }
            }
            result += bytes.filter { $0 != UInt8(ascii: "\n") } + [UInt8(ascii: "\n")]
        }
        return result
    }
}
