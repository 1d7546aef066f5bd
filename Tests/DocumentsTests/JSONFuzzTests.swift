import Documents
import Testing

@Suite struct JSONFuzzTests {
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `random documents survive reading and writing, cut ones are refused`(seed: UInt64) throws {
        var maker = JSONMaker(seed: seed)
        let parser = JSONParser()
        for round in 0..<1_500 {
            let document = maker.document()
            let once = try parser.parse(Array(document.utf8)) { $0.serialized() }
            let twice = try parser.parse(once) { $0.serialized() }
            #expect(once == twice, "seed \(seed) round \(round): \(document)")
            var compacted: [UInt8] = []
            #expect(Array(document.utf8).withUnsafeBytes { JSONText.appendCompacted($0, to: &compacted) })
            #expect(try parser.parse(compacted) { $0.serialized() } == once, "seed \(seed) round \(round): \(document)")
            guard round % 50 == 0, document.hasPrefix("{") || document.hasPrefix("[") else { continue }
            let bytes = Array(document.utf8)
            let end = bytes.lastIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "]") } ?? 0
            for cut in 0..<end {
                #expect(
                    failure(of: Array(bytes[..<cut]), parser) != nil,
                    "seed \(seed) round \(round) cut \(cut): \(document)")
            }
        }
    }

    /// `appendCompacted` reads with our own scanner, `parse` with simdjson: two judges of one grammar.
    @Test(arguments: 0..<4 as Range<UInt64>)
    func `damaged documents are judged alike by both readers, and faults have a place`(seed: UInt64) {
        var maker = JSONMaker(seed: 1_000 + seed)
        let parser = JSONParser()
        let noise = Array("{}[]\",:\\u0019eE+-. \n\u{7F}truefalsn".utf8) + [0x00, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        for round in 0..<3_000 {
            var bytes = Array(maker.document().utf8)
            for _ in 0..<Int.random(in: 1...3, using: &maker.random) {
                let at = Int.random(in: 0...bytes.count, using: &maker.random)
                switch Int.random(in: 0..<3, using: &maker.random) {
                case 0: bytes.insert(noise.randomElement(using: &maker.random)!, at: at)
                case 1 where at < bytes.count: bytes.remove(at: at)
                case 2 where at < bytes.count: bytes[at] = noise.randomElement(using: &maker.random)!
                default: break
                }
            }
            var compacted: [UInt8] = [1]
            let isValid = bytes.withUnsafeBytes { JSONText.appendCompacted($0, to: &compacted) }
            let error = failure(of: bytes, parser)
            #expect(isValid == (error == nil), "seed \(seed) round \(round): \(bytes)")
            if !isValid { #expect(compacted == [1]) }
            if case .malformed(nil, _) = error { Issue.record("no place: seed \(seed) round \(round): \(bytes)") }
            if case .malformed(let offset?, _) = error { #expect(offset <= bytes.count) }
        }
    }
}
