import Documents
import Testing

@Suite struct JSONParserTests {
    @Test func `values are read with their kinds`() throws {
        let json =
            #"{"s":"a\u00e9\n","i":-5,"u":18446744073709551615,"d":1.5,"t":true,"f":false,"n":null,"o":{},"a":[]}"#
        try JSONParser().parse(Array(json.utf8)) { root in
            #expect(root.kind == .object && root.childCount == 9)
            #expect(root.member("s")?.string == "aé\n")
            #expect(root.member("i")?.int64 == -5 && root.member("i")?.kind == .integer)
            #expect(root.member("i")?.uint64 == nil && root.member("i")?.double == -5)
            #expect(root.member("u")?.uint64 == .max && root.member("u")?.kind == .unsigned)
            #expect(root.member("u")?.int64 == nil)
            #expect(root.member("d")?.double == 1.5 && root.member("d")?.kind == .double)
            #expect(root.member("t")?.bool == true && root.member("f")?.bool == false)
            #expect(root.member("n")?.isNull == true && root.member("n")?.kind == .null)
            #expect(root.member("o")?.kind == .object && root.member("o")?.childCount == 0)
            #expect(root.member("a")?.kind == .array && root.member("a")?.onlyMember == nil)
            #expect(root.member("missing") == nil && root.member("s")?.member("x") == nil)
        }
    }

    @Test func `members and elements come in their order, and the last duplicate wins`() throws {
        try JSONParser().parse(Array(#"{"a":1,"b":[10,[20],{"c":30}],"a":2}"#.utf8)) { root in
            var keys: [String] = []
            root.forEachMember { key, _ in keys.append(String(decoding: key, as: UTF8.self)) }
            #expect(keys == ["a", "b", "a"])
            #expect(root.member("a")?.int64 == 2)
            var elements: [String] = []
            root.member("b")?.forEachElement { elements.append(text($0.serialized())) }
            #expect(elements == ["10", "[20]", #"{"c":30}"#])
        }
    }

    @Test func `the only member of an object is found`() throws {
        try JSONParser().parse(Array(#"[{"a":1},{"a":[1,2]},{},{"a":1,"b":2}]"#.utf8)) { root in
            var found: [String?] = []
            root.forEachElement { found.append($0.onlyMember.map { text($0.value.serialized()) }) }
            #expect(found == ["1", "[1,2]", nil, nil])
        }
    }

    @Test func `numbers beyond 64 bits keep all their digits and lose no document`() throws {
        let json = #"{"id":123456789012345678901234567890,"x":[1e400,-1e999],"min":-9223372036854775809,"s":"1e400"}"#
        #expect(try rewritten(json) == json)
        try JSONParser().parse(Array(json.utf8)) { root in
            #expect(root.member("id")?.kind == .double && root.member("id")?.int64 == nil)
            #expect(root.member("id")?.double == 123456789012345678901234567890.0)
            #expect(root.member("min")?.double == -9223372036854775809.0)
            #expect(root.member("s")?.kind == .string)
            var doubles: [Double?] = []
            root.member("x")?.forEachElement { doubles.append($0.double) }
            #expect(doubles == [.greatestFiniteMagnitude, -.greatestFiniteMagnitude])
        }
    }

    @Test func `a parser goes on after errors and big documents, and gives their memory back`() throws {
        let parser = JSONParser()
        #expect(failure(of: Array("{".utf8), parser) != nil)
        let big = "[" + String(repeating: #"{"a":[1,2,3]},"#, count: 200_000) + "0]"
        #expect(try parser.parse(Array(big.utf8)) { $0.childCount } == 200_001)
        #expect(parser.reservedByteCount <= parser.keptByteCountMax)
        #expect(try parser.parse(Array("[1]".utf8)) { $0.childCount } == 1)
        #expect(failure(of: Array("[1,]".utf8), parser) == .malformed(byteOffset: 3, detail: "expected a value"))
        #expect(try parser.parse(Array("7".utf8)) { $0.int64 } == 7)
    }

    @Test func `limits of size and depth are exact`() throws {
        let parser = JSONParser(byteCountMax: 10, depthMax: 3)
        #expect(failure(of: Array("[123456789]".utf8), parser) == .tooLarge(byteCount: 11, max: 10))
        #expect(failure(of: Array("[12345678]".utf8), parser) == nil)
        #expect(failure(of: Array("[[[1]]]".utf8), parser) == nil)
        #expect(failure(of: Array("[[[[1]]]]".utf8), parser) == .tooDeep)
        #expect(failure(of: Array("[[[[1]".utf8), parser) == .tooDeep)
        let deep = String(repeating: "[", count: 100_000)
        #expect(failure(of: deep) == .tooDeep)
        let deepObjects = String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65)
        #expect(failure(of: deepObjects) == .tooDeep)
    }

    @Test(arguments: [
        ("", 0, "the document is empty"), (" \n ", 3, "the document is empty"),
        ("{\"a\":1} x", 8, "expected the end of the document"), ("1 2", 2, "expected the end of the document"),
        ("{\"a\" 1}", 5, "expected : after a key"), ("{a:1}", 1, "expected a key in quotes"),
        ("[1 2]", 3, "expected , or ]"), ("{\"a\":1", 6, "the text ends inside an object or array"),
        ("\"abc", 0, "this string does not end"), ("\"a\u{1}b\"", 2, "a control character must be escaped in a string"),
        ("\"\\ud800\"", 1, "a lone surrogate is no character"),
        ("\"\\ud800\\u0041\"", 1, "a lone surrogate is no character"),
        ("\"x\\udc00\"", 2, "a lone surrogate is no character"), ("\"\\x\"", 1, "unknown escape"),
        ("\"\\u12g4\"", 1, "expected four hex digits after \\u"), ("01", 1, "a number starts with 0"),
        ("[1.]", 3, "expected a digit"), ("-", 1, "expected a digit"), ("nul", 0, "expected a value"),
        ("[NaN]", 1, "expected a value"), ("{\"a\":1,}", 7, "expected a key in quotes"),
        ("\u{0}", 0, "expected a value"),
    ])
    func `an error says where and why`(json: String, offset: Int, detail: String) {
        #expect(failure(of: json) == .malformed(byteOffset: offset, detail: detail))
    }

    @Test(
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
            [0x22, 0xE2, 0x82, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
        ] as [[UInt8]])
    func `bytes that are not UTF-8 are refused where they are`(json: [UInt8]) {
        #expect(failure(of: json) == .malformed(byteOffset: 1, detail: "not UTF-8"))
    }

    @Test func `a byte order mark is ignored and counted in offsets`() throws {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        #expect(try JSONParser().parse(mark + Array("[1]".utf8)) { $0.childCount } == 1)
        #expect(
            failure(of: mark + Array("[1".utf8))
                == .malformed(byteOffset: 5, detail: "the text ends inside an object or array"))
        #expect(failure(of: mark) == .malformed(byteOffset: 0, detail: "the document is empty"))
    }

    @Test func `text with room behind it is read in place, as text without`() throws {
        let json = Array(#"{"a":[1,"two"]}"#.utf8)
        let roomy = json + [UInt8](repeating: UInt8(ascii: "\""), count: 64)
        let parser = JSONParser()
        let read = try roomy.withUnsafeBytes { bytes in
            let line = UnsafeRawBufferPointer(rebasing: bytes[..<json.count])
            return try parser.root(of: line, readableAfter: 64).serialized()
        }
        #expect(read == json)
    }
}
