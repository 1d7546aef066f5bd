import CallModel
import Documents
import Testing

/// Texts read by their structure against the same texts parsed.
struct KnownStructuresTests {
    /// A scalar as both ways tell it.
    private enum Value: Equatable {
        case string([UInt8]), integer(Int64), decimal(Double), bool, null
    }

    private static func values(in value: JSONValue, _ found: inout [Value]) {
        switch value.kind {
        case .object: value.forEachMember { values(in: $1, &found) }
        case .array: value.forEachElement { values(in: $0, &found) }
        case .string: found.append(.string(Array(value.utf8 ?? CallRow.none)))
        case .integer, .unsigned: found.append(.integer(value.int64 ?? -1))
        case .double: found.append(.decimal(value.double ?? 0))
        case .bool: found.append(.bool)
        case .null: found.append(.null)
        }
    }

    private static func value(_ scalar: JSONScalar) -> Value {
        switch scalar.kind {
        case .string: .string(Array(scalar.utf8 ?? CallRow.none))
        case .integer: .integer(scalar.int64 ?? 0)
        case .decimal: .decimal(scalar.double ?? 0)
        case .bool: .bool
        case .null: .null
        }
    }

    /// The structures of some texts, numbered as they come.
    private final class Known {
        let structures: KnownStructures
        var counts: [Int] = []

        init(_ adjust: (inout KnownStructures.Configuration) -> Void = { _ in }) {
            var configuration = KnownStructures.Configuration()
            adjust(&configuration)
            structures = KnownStructures(configuration)
        }

        func learn(_ text: String) -> Bool {
            var count = 0
            let isLearned = Array(text.utf8).withUnsafeBytes { bytes in
                try? structures.learn(bytes, as: counts.count) { (scanner) throws(StructureScanner.NotPlain) in
                    try Self.pass(&scanner, &count)
                }
            }
            guard isLearned == true else { return false }
            counts.append(count)
            return true
        }

        private static func pass(
            _ scanner: inout StructureScanner, _ count: inout Int
        ) throws(StructureScanner.NotPlain) {
            if scanner.isAtObject {
                try scanner.members { (_, scanner) throws(StructureScanner.NotPlain) in try pass(&scanner, &count) }
            } else if scanner.isAtArray {
                try scanner.elements { (scanner) throws(StructureScanner.NotPlain) in try pass(&scanner, &count) }
            } else {
                count += 1
                try scanner.scalar()
            }
        }

        /// Nil for a text of no known structure. Where what lies behind it may be read it must say the same.
        func values(of bytes: [UInt8]) -> [Value]? {
            let copied = bytes.withUnsafeBytes { structures.structure(of: $0, readableAfter: 0) }
                .map { number in (0..<counts[number]).map { KnownStructuresTests.value(structures.values[$0]) } }
            let padded = bytes + [0x0A] + Array(repeating: UInt8(ascii: "1"), count: JSONScalar.byteCountBehind)
            return padded.withUnsafeBytes { padded in
                let text = UnsafeRawBufferPointer(rebasing: padded[..<bytes.count])
                let number = structures.structure(of: text, readableAfter: padded.count - bytes.count)
                let inPlace = number.map { number in
                    (0..<counts[number]).map { KnownStructuresTests.value(structures.values[$0]) }
                }
                #expect(inPlace == copied)
                return inPlace
            }
        }

        func values(of text: String) -> [Value]? { values(of: Array(text.utf8)) }
    }

    @Test func `a text of a structure that came before is read without parsing it`() {
        let known = Known()
        #expect(known.values(of: #"{"a":1}"#) == nil)
        #expect(known.learn(#"{"a":1,"b":["x",true],"c":{}}"#))
        #expect(
            known.values(of: #"{"a":-1.5,"b":[null,"y z"],"c":{}}"#)
                == [.decimal(-1.5), .null, .string(Array("y z".utf8))])
        #expect(known.values(of: #"{"a":1,"b":["x",true],"c":{}} "#) == nil)
        #expect(known.values(of: #"{"a":1,"b":["x"],"c":{}}"#) == nil)
        #expect(known.values(of: #"{"a":1,"b":["x",[]],"c":{}}"#) == nil)
        #expect(known.values(of: #"{"a":1,"b":["x",true],"c":{}"#) == nil)
    }

    @Test func `where structures part the text says which it is`() {
        let known = Known()
        let texts = [
            "[1]", "[1,2]", "[1,{\"a\":2}]", "[{\"a\":1},2]", "{\"a\":[]}", "{\"a\":[1]}", "[1, 2]", "7", "[]",
        ]
        for text in texts { #expect(known.learn(text)) }
        for (number, text) in texts.enumerated() {
            #expect(known.structures.structure(of: text) == number)
        }
    }

    @Test(arguments: [
        #"["a\n"]"#, #"["é"]"#, "[\"a\u{1}\"]", "[1e3]", "[1.5E2]", "[01]", "[1.]", "[-]", "[+1]", "[.5]",
        "[1234567890123456789]", "[123456789.1234567]", "[tru]", "[nul]", "[fals]", "[falsy]", "[\"a]", "[", "[1",
        "[1x]", "[truex]",
    ]) func `what needs work is left to the parser`(text: String) {
        let known = Known()
        #expect(known.learn("[1]"))
        #expect(known.values(of: text) == nil)
    }

    @Test func `numbers are what the parser makes of them`() throws {
        let known = Known()
        #expect(known.learn("[0]"))
        var source = Source(state: 7)
        let parser = JSONParser()
        var readCount = 0
        for _ in 0..<20_000 {
            var text = source.next() % 3 == 0 ? "-" : ""
            for _ in 0...source.next() % 12 { text += "\(source.next() % 10)" }
            if source.next() % 2 == 0 {
                text += "."
                for _ in 0...source.next() % 8 { text += "\(source.next() % 10)" }
            }
            guard let values = known.values(of: "[\(text)]") else { continue }
            readCount += 1
            var parsed: [Value] = []
            try parser.parse(Array("[\(text)]".utf8)) { Self.values(in: $0, &parsed) }
            #expect(values == parsed, "\(text)")
        }
        #expect(readCount > 5_000)
    }

    @Test func `whatever is known is valid and holds what the parser finds`() throws {
        let texts = [
            #"{"id":"obj_1","n":12,"items":[{"sku":"S-1","price":1.25},{"sku":"S-2","price":3}],"on":true,"x":null}"#,
            #"{"id":"obj_1","n":12,"items":[],"on":true,"x":null}"#,
            #"{ "id" : "a" , "n" : -1.0 , "items" : [ [ ] , { } ] }"#, #"[[1,2],[3,4],"{\"no\":1}"]"#,
            #"["a","","b:c,d"]"#,
        ]
        let known = Known()
        for text in texts { _ = known.learn(text) }
        let parser = JSONParser()
        var source = Source(state: 20_261_128)
        var knownCount = 0
        for _ in 0..<60_000 {
            var bytes = Array(texts[Int(source.next() % UInt64(texts.count))].utf8)
            for _ in 0...source.next() % 3 {
                let at = Int(source.next() % UInt64(bytes.count))
                switch source.next() % 3 {
                case 0: bytes[at] = UInt8(source.next() % 256)
                case 1: bytes.insert(Array(#""\{}[],:0129.-etfn "#.utf8)[Int(source.next() % 19)], at: at)
                default: if bytes.count > 1 { bytes.remove(at: at) }
                }
            }
            guard let values = known.values(of: bytes) else { continue }
            knownCount += 1
            var parsed: [Value] = []
            try parser.parse(bytes) { Self.values(in: $0, &parsed) }
            #expect(values == parsed, "\(String(decoding: bytes, as: UTF8.self))")
        }
        #expect(knownCount > 2_000)
    }

    @Test func `what is beyond a bound is not learned, and what is known stays so`() {
        let known = Known {
            $0.edgeCountMax = 12
            $0.literalByteCountMax = 30
            $0.siblingCountMax = 3
            $0.valueCountMax = 4
            $0.textByteCountMax = 64
        }
        #expect(known.learn("[1,2]"))
        #expect(!known.learn("[1,2,3,4,5]"))
        #expect(!known.learn("[\"\(String(repeating: "x", count: 64))\"]"))
        #expect(known.learn(#"{"a":1}"#))
        #expect(known.learn(#"{"b":1}"#))
        #expect(!known.learn(#"{"c":1}"#))
        #expect(!known.learn(#"[1,{"a long key":[2,[3]]}]"#))
        #expect(known.values(of: "[8,9]") == [.integer(8), .integer(9)])
        known.structures.removeAll()
        #expect(known.values(of: "[8,9]") == nil)
    }
}

/// SplitMix64: the same texts with every run.
private struct Source {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension KnownStructures {
    fileprivate func structure(of text: String) -> Int? {
        Array(text.utf8).withUnsafeBytes { structure(of: $0, readableAfter: 0) }
    }
}
