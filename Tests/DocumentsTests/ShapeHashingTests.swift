import Documents
import Testing

@Suite struct ShapeHashingTests {
    /// FNV-1a: a test needs a hash, not a secret.
    private static let hashing = ShapeHashing(
        excludes: { String(decoding: $0, as: UTF8.self).hasSuffix("token") },
        hash: { text in text.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } })

    private func shape(_ body: String, _ type: String = "application/json", hashes: Bool = true) -> String {
        var limits = ShapeLimits()
        if hashes { limits.hashing = Self.hashing }
        let shape = Shape.of(bytes: Array(body.utf8), contentType: type, parser: JSONParser(), limits: limits)
        return shape.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    @Test func `equal codes have equal hashes and different ones different hashes`() {
        let body = shape(#"{"a":"card","b":"card","c":"bank","d":12,"e":12,"f":true,"g":false}"#)
        let leaves = body.split(separator: "\"").filter { $0.contains("#") }
        #expect(leaves.count == 7)
        #expect(leaves[0] == leaves[1] && leaves[0] != leaves[2])
        #expect(leaves[0].hasPrefix("string/4/word#") && leaves[0].utf8.count == "string/4/word#".utf8.count + 4)
        #expect(leaves[3] == leaves[4] && leaves[3].hasPrefix("integer/2#"))
        #expect(leaves[5] != leaves[6] && leaves[5].hasPrefix("bool#"))
    }

    @Test(arguments: [
        "a@b.example", "+49 151 1234567", "two words", "Zoë", "2026-11-23T19:34:00Z", "https://x.example/a",
        "12345678901", String(repeating: "a", count: 41), "",
    ])
    func `texts, addresses and long numbers have none`(value: String) {
        #expect(!shape("{\"a\":\"\(value)\"}").contains("#"))
        #expect(!shape("<r><a>\(value)</a></r>", "text/xml").contains("#"))
    }

    @Test func `what stands under an excluded key has none, in every syntax`() {
        for (body, type) in [
            (#"{"token":"card","in":{"token":["a","b"]}}"#, "application/json"),
            ("<token>card</token>", "text/xml"), ("<r token=\"card\"/>", "text/xml"),
            ("token=card", "application/x-www-form-urlencoded"),
        ] {
            #expect(!shape(body, type).contains("#"), "\(body)")
        }
        #expect(shape(#"{"token":{"kind":"card"}}"#).contains("#"), "the nearest key decides")
    }

    @Test func `forms and XML have the same hashes as JSON`() {
        let json = shape(#"{"kind":"card"}"#)
        #expect(shape("kind=card", "application/x-www-form-urlencoded") == json)
        #expect(shape("<r><kind>card</kind></r>", "text/xml") == "{\"/r\":\(json)}")
    }

    @Test func `merged values keep a hash only where they are equal`() {
        #expect(shape(#"{"12345678":"card","12345679":"card"}"#).contains("#"))
        #expect(!shape(#"{"12345678":"card","12345679":"bank"}"#).contains("#"))
    }

    @Test func `without hashes a shape is as it always was`() {
        #expect(
            shape(#"{"a":"card","b":12,"c":true}"#, hashes: false)
                == #"{"a":"string/4/word","b":"integer/2","c":"bool"}"#)
    }
}
