import CallJSON
import CallModel
import Documents
import SimulationKit
import Testing

@Suite struct DecodeCallsTests {
    @Test func `one object or an array of objects is a document`() throws {
        #expect(try decode(call(), .json).calls.count == 1)
        let decoded = try decode("[\(call()),5,\(call(#""weight":0"#)),\(call(#""id":"z""#))]", .json)
        #expect(decoded.calls.map(\.id) == [nil, "z"] && decoded.indices == [0, 3] && decoded.rejectedCount == 2)
        #expect(decoded.rejections.map(\.index) == [1, 2])
        #expect(decoded.rejections[0].error == CallError(pointer: "", detail: "expected an object, found a number"))
        #expect(decoded.rejections[1].error.pointer == "/weight")
        #expect(try decode("[]", .json).calls.isEmpty)
    }

    @Test func `a malformed document is refused as a whole`() {
        #expect(throws: CallDocumentError.malformed(.malformed(byteOffset: 1, detail: "expected a key in quotes"))) {
            try decode("{x}", .json)
        }
        #expect(throws: CallDocumentError.malformed(.malformed(byteOffset: 0, detail: "the document is empty"))) {
            try decode("", .json)
        }
        #expect(throws: CallDocumentError.noCalls(found: "a string of 1 bytes")) { try decode("\"x\"", .json) }
    }

    @Test func `lines end in LF or CRLF, blank ones do not count, bad ones fall alone`() throws {
        let text = "\n\(call(#""id":"a""#))\r\n  \t\r\n{bad}\n\(call(#""id":"b""#))\n[]\n\n\(call(#""id":"c""#))"
        let decoded = try decode(text, .ndjson)
        #expect(
            decoded.calls.map(\.id) == ["a", "b", "c"] && decoded.indices == [0, 2, 4] && decoded.rejectedCount == 2)
        #expect(decoded.rejections.map(\.index) == [1, 3])
        #expect(
            decoded.rejections[0].error
                == CallError(pointer: "", detail: "malformed JSON at byte 1: expected a key in quotes"))
        #expect(decoded.rejections[1].error == CallError(pointer: "", detail: "expected an object, found an array"))
        #expect(try decode("", .ndjson).calls.isEmpty)
        #expect(try decode("\n\r\n\n", .ndjson).rejectedCount == 0)
    }

    @Test func `a hundred rejections are kept and all are counted`() throws {
        let decoded = try decode(String(repeating: "x\n", count: 250) + call(), .ndjson)
        #expect(decoded.rejections.count == 100 && decoded.rejectedCount == 250 && decoded.indices == [250])
        #expect(decoded.rejections.map(\.index) == Array(0..<100))
    }

    @Test func `a line and a number of calls have their limits`() throws {
        var limits = CallDocumentLimits()
        limits.lineByteCountMax = call().utf8.count
        let decoded = try decode(call() + "\n" + call(#""x":1"#) + "\n" + call(), .ndjson, limits: limits)
        #expect(
            decoded.indices == [0, 2] && decoded.rejections[0].error.detail.hasPrefix("expected a line of at most"))
        limits.callCountMax = 2
        #expect(throws: CallDocumentError.tooManyCalls(max: 2)) { try decode("x\nx\nx", .ndjson, limits: limits) }
        #expect(throws: CallDocumentError.tooManyCalls(max: 2)) { try decode("[1,2,3]", .json, limits: limits) }
        #expect(try decode("[1,2]", .json, limits: limits).rejectedCount == 2)
    }

    @Test func `a big number costs no call`() throws {
        let decoded = try decode("[\(call()),\(call(request: #""body":{"wei":12345678901234567890123}"#))]", .json)
        #expect(decoded.calls.count == 2)
        #expect(decoded.calls[1].request.body == Body(#"{"wei":12345678901234567890123}"#))
    }

    @Test func `names that repeat are the same whichever line they come from`() throws {
        var lines = ""
        for index in 0..<2_000 {
            lines += call(#""host":"a-rather-long-host-name-\#(index % 700).example.net","region":"r\#(index)""#) + "\n"
        }
        let decoded = try decode(lines, .ndjson)
        #expect(
            decoded.calls.enumerated().allSatisfy {
                $1.host == "a-rather-long-host-name-\($0 % 700).example.net" && $1.region == "r\($0)"
            })
    }

    @Test func `cut at every byte, a document is refused or its last line is`() throws {
        var maker = CallMaker(random: SeededGenerator(seed: 11))
        let bytes = Array(written(maker.call()).utf8)
        let parser = JSONParser()
        for cut in 1..<bytes.count {
            let part = Array(bytes[..<cut])
            #expect(throws: CallDocumentError.self) {
                try part.withUnsafeBytes { try decodeCalls($0, form: .json, parser: parser) }
            }
            let decoded = try part.withUnsafeBytes { try decodeCalls($0, form: .ndjson, parser: parser) }
            #expect(decoded.calls.isEmpty && decoded.rejectedCount == 1, "cut at \(cut)")
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func `damaged calls are taken or refused, and what is taken can be written and read`(seed: UInt64) throws {
        var maker = CallMaker(random: SeededGenerator(seed: 900 + seed))
        let parser = JSONParser()
        let words = ["null", "5", "\"\"", "[]", "{}", "-1", "1e999", "true", "\"x\"", "{\"base64\":\"!\"}"].map {
            Array($0.utf8)
        }
        var taken = 0
        var refused = 0
        for round in 0..<2_000 {
            var bytes = Array(written(maker.call()).utf8)
            // Puts another value behind one of the colons, or flips a byte.
            let colons = bytes.indices.filter { bytes[$0] == UInt8(ascii: ":") }
            if round % 4 > 0, let at = colons.randomElement(using: &maker.random) {
                let end =
                    bytes[(at + 1)...].firstIndex { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "}") } ?? bytes.count
                bytes.replaceSubrange((at + 1)..<end, with: words.randomElement(using: &maker.random)!)
            } else {
                bytes[Int.random(in: 0..<bytes.count, using: &maker.random)] = UInt8.random(
                    in: 0...255, using: &maker.random)
            }
            let decoded = try bytes.withUnsafeBytes { try decodeCalls($0, form: .ndjson, parser: parser) }
            refused += decoded.rejectedCount
            for call in decoded.calls {
                taken += 1
                let once = written(call)
                #expect(try written(read(once)) == once, "seed \(900 + seed) round \(round)")
            }
            for rejection in decoded.rejections { #expect(rejection.error.description.utf8.count < 400) }
        }
        #expect(taken > 100 && refused > 100)
    }
}
