import Documents
import SimulationKit
import Testing

@Suite struct ShapePrivacyTests {
    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@:/ é")

    private static func canary(_ random: inout SeededGenerator) -> String {
        String((0..<Int.random(in: 6...40, using: &random)).map { _ in letters.randomElement(using: &random)! })
    }

    /// Every run of six bytes of a value, looked for in the shape.
    private static func leak(of canaries: [String], in shape: String) -> String? {
        let shape = Array(shape.utf8)
        let windows = Set(shape.indices.dropLast(5).map { Array(shape[$0..<($0 + 6)]) })
        return canaries.first { canary in
            let bytes = Array(canary.utf8)
            return bytes.indices.dropLast(5).contains { windows.contains(Array(bytes[$0..<($0 + 6)])) }
        }
    }

    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.appendString(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `no six bytes of any value are in the shape of its document`(seed: UInt64) throws {
        var random = SeededGenerator(seed: 77 + seed)
        let parser = JSONParser()
        for round in 0..<200 {
            let canaries = (0..<6).map { _ in Self.canary(&random) }
            let numbers = (0..<2).map { _ in "\(UInt64.random(in: 100_000...UInt64.max, using: &random))" }
            let c = canaries.map(Self.quoted)
            let json =
                #"{"plain":\#(c[0]),"list":[\#(c[1]),{"deep":\#(c[2])}],"n":\#(numbers[0]),"#
                + #""12345":\#(c[3]),"67890":{"x":\#(c[4])},"a@b.c":[\#(c[5]),\#(numbers[1])]}"#
            let shape = text(Shape.of(bytes: Array(json.utf8), contentType: nil, parser: parser)!)
            #expect(shape.hasPrefix("{\"plain\":\"string/"))
            #expect(
                Self.leak(of: canaries + numbers, in: shape) == nil,
                "seed \(77 + seed) round \(round): \(json) -> \(shape)")

            let escaped = canaries.map { $0.filter { $0 != "<" && $0 != "&" } }
            let xml =
                "<r a='\(escaped[0])'><x>\(escaped[1])</x><x b='\(escaped[2])'>\(escaped[3])<y/>\(escaped[4])</x><!--\(escaped[5].filter { $0 != "-" })--></r>"
            let ofXML = text(Shape.of(bytes: Array(xml.utf8), contentType: "text/xml")!)
            #expect(ofXML.hasPrefix("{\"/r\":{\"@a\""))
            #expect(Self.leak(of: canaries, in: ofXML) == nil, "seed \(77 + seed) round \(round): \(xml) -> \(ofXML)")

            let form = canaries.enumerated().map { "field=\($1)" }.joined(separator: "&")
            let ofForm = text(Shape.of(bytes: Array(form.utf8), contentType: "application/x-www-form-urlencoded")!)
            #expect(ofForm.hasPrefix("{\"field\":["))
            #expect(
                Self.leak(of: canaries, in: ofForm) == nil, "seed \(77 + seed) round \(round): \(form) -> \(ofForm)")
            let broken = text(Shape.of(bytes: Array(json.utf8.dropLast()), contentType: "application/json")!)
            #expect(broken == "\"malformed/json/\(json.utf8.count - 1)\"")
        }
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `every shape of a random document is JSON of the same outline`(seed: UInt64) throws {
        var maker = JSONMaker(seed: 31 + seed)
        let parser = JSONParser()
        for round in 0..<1_000 {
            let document = maker.document()
            let shape = try #require(
                Shape.of(bytes: Array(document.utf8), contentType: "application/json", parser: parser))
            let (kind, count) = try parser.parse(Array(document.utf8)) { ($0.kind, $0.childCount) }
            let (shapeKind, shapeCount) = try parser.parse(shape) { ($0.kind, $0.childCount) }
            switch kind {
            case .object:
                #expect(shapeKind == .object && shapeCount <= count, "seed \(31 + seed) round \(round): \(document)")
            case .array:
                #expect(shapeKind == .array && shapeCount == count, "seed \(31 + seed) round \(round): \(document)")
            default: #expect(shapeKind == .string, "seed \(31 + seed) round \(round): \(document)")
            }
        }
    }
}
