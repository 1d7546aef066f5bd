import Documents
import SimulationKit
import Testing

@Suite struct JSONTextTests {
    @Test func `strings are escaped as little as the grammar demands`() {
        var bytes: [UInt8] = []
        JSONText.appendString("a\"b\\c\u{8}\t\n\u{c}\r\u{1}\u{1f}\u{7f}é😀/", to: &bytes)
        #expect(text(bytes) == #""a\"b\\c\b\t\n\f\r\u0001\u001f"# + "\u{7f}é😀/\"")
    }

    @Test func `an escape is found at every place of a long string`() throws {
        for length in 0..<40 {
            for at in 0..<length {
                for special: Character in ["\"", "\\", "\u{1}", "\u{1f}"] {
                    var characters = [Character](repeating: "x", count: length)
                    characters[at] = special
                    var bytes: [UInt8] = []
                    JSONText.appendString(String(characters), to: &bytes)
                    #expect(try JSONParser().parse(bytes) { $0.string } == String(characters))
                }
            }
        }
    }

    @Test func `bytes that are not UTF-8 become replacement characters`() {
        var bytes: [UInt8] = []
        JSONText.appendString([0x61, 0xFF, 0x62] as [UInt8], to: &bytes)
        #expect(text(bytes) == "\"a\u{FFFD}b\"")
    }

    @Test(arguments: [
        (0.0, "0"), (-0.5, "-0.5"), (285.04, "285.04"), (100.0, "100"), (1e21, "1e+21"), (123456.789, "123456.789"),
        (0.001, "0.001"), (0.0001, "0.0001"), (1e-7, "1e-07"), (.infinity, "null"), (.nan, "null"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"), (-12.05, "-12.05"), (999_999_999.999, "999999999.999"),
    ])
    func `doubles take the shortest text`(value: Double, expected: String) {
        var bytes: [UInt8] = []
        JSONText.appendDouble(value, to: &bytes)
        #expect(text(bytes) == expected)
    }

    @Test func `doubles read back as they were, and no text is longer than Swift's`() throws {
        var random = SeededGenerator(seed: 5)
        let parser = JSONParser()
        for round in 0..<20_000 {
            let scale = [1.0, 100, 1_000, 10_000].randomElement(using: &random)!
            let value =
                round % 2 == 0
                ? Double(Int.random(in: -99_999_999...99_999_999, using: &random)) / scale
                : Double(bitPattern: random.next())
            guard value.isFinite else { continue }
            var bytes: [UInt8] = []
            JSONText.appendDouble(value, to: &bytes)
            #expect(try parser.parse(bytes) { $0.double } == value, "seed 5 round \(round): \(value)")
            #expect(bytes.count <= value.description.utf8.count)
        }
    }

    @Test func `integers are written to their ends`() {
        var bytes: [UInt8] = []
        JSONText.appendInt(Int64.min, to: &bytes)
        JSONText.appendInt(UInt64.max, to: &bytes)
        JSONText.appendInt(0, to: &bytes)
        #expect(text(bytes) == "-9223372036854775808184467440737095516150")
    }

    @Test func `compacting takes out white space and nothing else`() {
        let json = "\n{ \"a b\" : [ 1.50 , 1E5,\t12345678901234567890123 ] ,\r\n\"c\\u0041\": { } }\n"
        var bytes = Array("x".utf8)
        #expect(Array(json.utf8).withUnsafeBytes { JSONText.appendCompacted($0, to: &bytes) })
        #expect(text(bytes) == #"x{"a b":[1.50,1E5,12345678901234567890123],"c\u0041":{}}"#)
    }

    @Test func `serialising keeps kinds and big digits`() throws {
        #expect(
            try rewritten(" { \"a\" : 1.50 , \"b\":[ 1e2,10.0, -0, 5e-324 ] } ")
                == #"{"a":1.5,"b":[100.0,10.0,0,5e-324]}"#)
        #expect(try rewritten("[ ]") == "[]")
        #expect(try rewritten("{ }") == "{}")
        #expect(try rewritten(#""x\/\u0041""#) == #""x/A""#)
    }
}
