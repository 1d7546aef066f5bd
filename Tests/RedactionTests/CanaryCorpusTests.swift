import CallJSON
import CallModel
import PartnerCatalog
import Redaction
import Testing

/// Random secrets of every kind, in every place where they can hide, encoded in every way: none may be found in what is left.
@Suite struct CanaryCorpusTests {
    /// What is made of a secret before it is hidden.
    private static let encodings: [(name: String, encode: @Sendable (String) -> String)] = [
        ("plain", { $0 }), ("percent", { percentEncoded($0) }), ("base64", { base64($0) }),
        ("nested", { "{\"inner\":{\"v\":\"\($0)\"}}" }), ("basic", { "Basic " + base64("user:" + $0) }),
    ]

    @Test(arguments: RedactionMode.allCases, 0..<8 as Range<UInt64>)
    func `no canary is found in any form`(mode: RedactionMode, block: UInt64) {
        var policy = RedactionPolicy()
        policy.partners["stripe"] = .init(mode: mode, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
        var redactor = Redactor(policy: policy, catalogue: .builtIn)
        for seed in (block * 25)..<(block * 25 + 25) {
            var canary = Canary(seed: seed)
            // Of people may stay what was granted in full; what opens or pays something never.
            let secret = mode == .full ? canary.credential() : canary.secret()
            for encoding in Self.encodings {
                var call = hiding(encoding.encode(secret), &canary)
                call.direction = canary.pick(2) == 0 ? .outbound : .inbound
                redactor.redact(&call, now: .epoch)
                var bytes: [UInt8] = []
                CallJSONWriter.append(call, id: call.id, to: &bytes)
                let left = String(decoding: bytes, as: UTF8.self) + "\(call)"
                for form in [secret, percentEncoded(secret), base64(secret), escaped(secret)] {
                    #expect(!left.contains(form), "seed \(seed), \(encoding.name), \(mode): \(form) in \(left)")
                }
            }
        }
        #expect(redactor.counts.values.reduce(0, +) > 0)
    }

    /// A call with the text in every place.
    private func hiding(_ text: String, _ canary: inout Canary) -> APICall {
        let query = percentEncoded(text)
        let json = escaped(text)
        let bodies: [(type: String, text: String)] = [
            (
                "application/json",
                #"{"a":{"note":"\#(json)","list":["x","\#(json)"]},"\#(json)":1,"text":"pay \#(json) now"}"#
            ),
            ("application/x-www-form-urlencoded", "a=1&note=\(query)&\(query)=2"),
            ("application/xml", "<order note=\"\(xml(text))\"><item>\(xml(text))</item></order>"),
            ("text/plain", "the charge failed for \(text)"),
            (
                "multipart/form-data; boundary=XX",
                "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\(text)\"\r\n\r\n\(text)\r\n--XX--\r\n"
            ),
            ("application/octet-stream", text), ("application/json", "{\"broken\":\"\(json)"),
        ]
        let body = bodies[canary.pick(bodies.count)]
        var request = APICall.Request(
            method: "POST",
            url:
                "https://me:\(query)@api.stripe.com/v1/x/\(query)/y?token=\(query)&q=\(query)&\(query)&\(query)=1#\(query)"
        )
        request.headers = [
            Header("authorization", "Bearer \(text)"), Header("proxy-authorization", text),
            Header("cookie", "s=\(text); b=\(text)"),
            Header("x-api-key", text), Header("x-odd", text), Header("user-agent", "shop/1 \(text)"),
            Header("x-request-id", text), Header("referer", "https://us.example/?x=\(query)"),
            Header("content-type", body.type),
        ]
        request.body = Body(body.text)
        var call = APICall(time: .epoch, request: request, source: .json)
        call.response = .init(
            status: 400,
            headers: [
                Header("set-cookie", "id=\(text)"), Header("location", "https://a.example/\(query)"),
                Header("x-ratelimit-reset", text),
                Header("www-authenticate", text), Header("content-type", "application/json"),
            ], body: Body(#"{"error":{"message":"No such customer: '\#(json)'","param":"\#(json)"}}"#))
        call.partner = "stripe"
        (call.customer, call.service, call.serviceVersion, call.id) = (text, text, text, text)
        (call.region, call.environment, call.route) = (text, text, "POST /v1/\(text)")
        call.webhook = APICall.Webhook()
        call.webhook?.eventType = text
        call.webhook?.deliveryID = text
        call.webhook?.recipient = "https://h.example/\(query)?k=\(query)"
        call.webhook?.subscription = text
        return call
    }

    @Test func `a partner's own limits are told and its signatures are not`() {
        var redactor = Redactor(policy: .failClosed, catalogue: .builtIn)
        for partner in PartnerDefinition.builtIn {
            var call = APICall(
                time: .epoch, direction: .inbound, request: .init(method: "POST", url: "https://us.example/h"),
                source: .json)
            call.partner = partner.id
            call.request.headers = partner.webhookSignatures.flatMap(\.headers).map { Header($0, "s3cr3t-value") }
            call.response = .init(status: 200, headers: partner.rateLimitHeaders.map { Header($0.name, "17") })
            redactor.redact(&call, now: .epoch)
            for header in call.response?.headers ?? [] {
                #expect(header.value == "17", "\(partner.id): \(header.name)")
            }
            let told = [partner.webhookHeaders.deliveryID, partner.webhookHeaders.eventType].compactMap { $0 }
            for header in call.request.headers where !told.contains(header.name) && !header.name.hasSuffix("-id") {
                guard header.name.contains("signature") else { continue }
                #expect(header.value == "{secret}", "\(partner.id): \(header.name)")
            }
        }
    }

    @Test func `the URL of an incoming hook keeps no secret`() {
        var redactor = Redactor(policy: .failClosed)
        for (url, left) in [
            (
                "https://hooks.slack.com/services/T024BE7LD/B024BE7LH/Zq3xXkPq1",
                "https://hooks.slack.com/services/{id}/{id}/{id}"
            ),
            ("https://hook.eu1.make.com/7edtb8prqbrmeu91", "https://hook.eu1.make.com/{id}"),
            ("https://hooks.zapier.com/hooks/catch/123456/a7bc9d/", "https://hooks.zapier.com/hooks/catch/{id}/{id}/"),
        ] {
            var call = APICall(time: .epoch, request: .init(method: "POST", url: url), source: .json)
            redactor.redact(&call, now: .epoch)
            #expect(call.request.url == left)
        }
    }

    @Test func `keys that are data are no keys`() {
        var policy = RedactionPolicy()
        policy.partners["p"] = .init(mode: .redacted, approvedBy: "jane", until: Instant(secondsSinceEpoch: 100))
        var redactor = Redactor(policy: policy)
        var call = APICall(
            time: .epoch,
            request: .init(
                method: "GET", url: "https://a.example/?cus_NffrFeUfNV2Hib=1&limit=2",
                body: Body(#"{"users":{"4f3c2a9b7d":{"plan":"pro"},"name_of_field":"x"}}"#)), source: .json)
        call.partner = "p"
        redactor.redact(&call, now: .epoch)
        #expect(call.request.url == "https://a.example/?{key}={value}&limit=2")
        #expect(
            String(decoding: call.request.body?.bytes ?? [], as: UTF8.self)
                == #"{"users":{"{key}":{"plan":"pro"},"name_of_field":"x"}}"#)
        #expect(redactor.counts["key"] == 2)
    }
}

private func escaped(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }

private func xml(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
}

private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in
        let isPlain = byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == 45 || byte == 46 || byte == 95
        return isPlain
            ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}

private func base64(_ text: String) -> String {
    var bytes: [UInt8] = []
    Base64.append(Array(text.utf8), to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// Secrets that look real, from a seed.
private struct Canary: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
        return word ^ (word >> 31)
    }

    mutating func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    private mutating func text(_ alphabet: String, _ count: Int) -> String {
        let letters = Array(alphabet)
        return String((0..<count).map { _ in letters[pick(letters.count)] })
    }

    private static let base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    private static let digits = "0123456789"

    mutating func secret() -> String {
        let (base62, digits) = (Self.base62, Self.digits)
        switch pick(11) {
        case 0: return text("abcdefghijklmnop", 6) + "." + text("rstuvwxyz", 4) + "@" + text("abcdef", 5) + ".example"
        case 1: return iban()
        case 2: return text(digits, 3) + "-" + text(digits, 2) + "-" + text(digits, 4)
        case 3: return text(base62, 20) + text(digits, 4) + text("abcdef", 2) + text("XYZ", 2) + text(base62, 16)
        default: return credential()
        }
    }

    /// What opens or pays something, by its very form.
    mutating func credential() -> String {
        let base62 = Self.base62
        switch pick(7) {
        case 0: return "sk_live_" + text(base62, 24)
        case 1: return "ghp_" + text(base62, 36)
        case 2: return "AKIA" + text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)
        case 3: return card(separator: ["", " ", "-"][pick(3)])
        case 4: return "eyJ" + text(base62, 20) + "." + text(base62, 30) + "." + text(base62, 43)
        case 5: return "whsec_" + text(base62, 32)
        default:
            let lines = (0..<3).map { _ in text(base62 + "+/", 64) }
            return "-----BEGIN PRIVATE KEY-----\n" + lines.joined(separator: "\n") + "\n-----END PRIVATE KEY-----"
        }
    }

    private mutating func card(separator: String) -> String {
        var numbers = [4] + (0..<14).map { _ in pick(10) }
        var sum = 0
        for (position, digit) in numbers.reversed().enumerated() {
            let doubled = position % 2 == 0 ? digit * 2 : digit
            sum += doubled > 9 ? doubled - 9 : doubled
        }
        numbers.append((10 - sum % 10) % 10)
        return stride(from: 0, to: 16, by: 4).map { start in
            numbers[start..<start + 4].map(String.init).joined()
        }.joined(separator: separator)
    }

    private mutating func iban() -> String {
        let account = text("0123456789", 18)
        // ISO 7064: 98 less the remainder of the account, the country as digits (D is 13, E is 14) and 00.
        let remainder = (account + "131400").utf8.reduce(0) { ($0 * 10 + Int($1 - 48)) % 97 }
        let check = 98 - remainder
        return "DE" + (check < 10 ? "0" : "") + String(check) + account
    }
}
