import Documents
import SimulationKit
import Testing

private func parse(_ xml: String, limits: XMLLimits = XMLLimits()) throws -> XMLElement {
    try Array(xml.utf8).withUnsafeBytes { try XMLDocument.parse($0, limits: limits) }
}

@Suite struct XMLDocumentTests {
    @Test func `elements, attributes and text are read without prefixes`() throws {
        let root = try parse("<s:a xmlns:s='u' s:k='v&#65;'>x<b/>y<![CDATA[<z>]]></s:a>")
        #expect(root.name == "a" && root.text == "xy<z>" && root.children.map(\.name) == ["b"])
        #expect(root.attributes == [XMLAttribute(name: "k", value: "vA")])
    }

    @Test func `entities cannot grow or fetch anything`() {
        let laughs = "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;&x;'>]><a>&y;</a>"
        #expect(throws: XMLError.declarationsRefused) { try parse(laughs) }
        let external = "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>"
        #expect(throws: XMLError.declarationsRefused) { try parse(external) }
        let defaults = "<!DOCTYPE a [<!ATTLIST b c CDATA 'long'>]><a><b/></a>"
        #expect(throws: XMLError.declarationsRefused) { try parse(defaults) }
        #expect(throws: XMLError.self) { try parse("<a>&undefined;</a>") }
        let outside = try? parse("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>x&gone;y</a>")
        #expect(outside?.text == "xy")
    }

    @Test func `limits hold`() throws {
        var limits = XMLLimits()
        limits.depthMax = 3
        #expect(try parse("<a><b><c/></b></a>", limits: limits).children[0].children[0].name == "c")
        #expect(throws: XMLError.tooDeep) { try parse("<a><b><c><d/></c></b></a>", limits: limits) }
        limits = XMLLimits()
        limits.nodeCountMax = 3
        let cut = try parse("<a k='1'><b/><c><d>x</d></c><e/></a>", limits: limits)
        #expect(cut.children.map(\.name) == ["b"] && cut.attributes.count == 1)
        limits.byteCountMax = 4
        #expect(throws: XMLError.tooLarge(byteCount: 5, max: 4)) { try parse("<abc>", limits: limits) }
    }

    @Test func `a malformed document is refused where it breaks, and every cut one is`() {
        do {
            _ = try parse("<a><b></a>")
            Issue.record("taken")
        } catch {
            #expect("\(error)" == "malformed XML at byte 8: mismatched tag")
        }
        let xml = "<?xml version='1.0'?><a k='v'><b>t&amp;</b><!-- c --></a>"
        for cut in 0..<xml.utf8.count {
            #expect(throws: XMLError.self, "cut at \(cut)") { try parse(String(xml.prefix(cut))) }
        }
        #expect(throws: XMLError.self) { try parse("") }
    }

    @Test func `damaged documents never trap`() {
        var random = SeededGenerator(seed: 9)
        let xml = Array(
            "<?xml version='1.0' encoding='UTF-8'?><a k='v' x:y='z'><b>t&amp;é</b><![CDATA[q]]><c/><c/></a>".utf8)
        var refused = 0
        for _ in 0..<3_000 {
            var bytes = xml
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let shape = Shape.of(bytes: bytes, contentType: "text/xml")
            if shape?.starts(with: "\"malformed".utf8) == true { refused += 1 }
        }
        #expect(refused > 1_000 && refused < 3_000)
    }
}
