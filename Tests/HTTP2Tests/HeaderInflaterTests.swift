import HTTP2
import SimulationKit
import Testing

struct HeaderInflaterTests {
    private func inflate(
        _ inflater: HeaderInflater, _ bytes: some Collection<UInt8>, byteCountMax: Int = 64 << 10
    ) throws -> HeaderInflater.Block {
        try Array(bytes).withUnsafeBytes { try inflater.inflate($0, byteCountMax: byteCountMax) }
    }

    private func text(_ block: HeaderInflater.Block) -> [String] {
        block.fields.map { "\($0.name): \($0.value)" }
    }

    @Test func `the requests of RFC 7541, appendix C.3, read as it says`() throws {
        let inflater = try HeaderInflater()
        let first: [UInt8] = [0x82, 0x86, 0x84, 0x41, 0x0F] + Array("www.example.com".utf8)
        let second: [UInt8] = [0x82, 0x86, 0x84, 0xBE, 0x58, 0x08] + Array("no-cache".utf8)
        let common = [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"]
        #expect(text(try inflate(inflater, first)) == common)
        #expect(text(try inflate(inflater, second)) == common + ["cache-control: no-cache"])
    }

    @Test func `what was deflated reads back, block after block`() throws {
        let deflater = try HeaderDeflater()
        let inflater = try HeaderInflater()
        for round in 0..<50 {
            let fields: HTTP2Fields = [
                (":status", "\(200 + round % 5)"), ("date", "day \(round / 3)"), ("x-\(round % 7)", "value \(round)"),
            ]
            let block = try inflate(inflater, deflater.deflate(fields))
            #expect(text(block) == fields.map { "\($0.name): \($0.value)" })
            #expect(block.byteCount == fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 })
        }
    }

    @Test func `a block beyond the bound loses fields but keeps the table in step`() throws {
        let deflater = try HeaderDeflater()
        let inflater = try HeaderInflater()
        let large: HTTP2Fields = (0..<20).map { ("name-\($0)", String(repeating: "v", count: 100)) }
        let cut = try inflate(inflater, deflater.deflate(large), byteCountMax: 500)
        #expect(cut.isTruncated && cut.fields.count == 3)
        #expect(text(try inflate(inflater, deflater.deflate(large))) == large.map { "\($0.name): \($0.value)" })
    }

    @Test func `a reference into an empty table is corrupt, and so is all that follows`() throws {
        let inflater = try HeaderInflater()
        #expect(throws: HTTP2Error.corruptHeaderBlock) { try inflate(inflater, [0xBE]) }
        #expect(throws: HTTP2Error.corruptHeaderBlock) { try inflate(inflater, [0x82]) }
    }

    @Test func `an empty block has no fields`() throws {
        #expect(try inflate(HeaderInflater(), []).fields.isEmpty)
    }

    @Test func `a truncated block never yields what the whole one does not`() throws {
        let fields: HTTP2Fields = [
            (":path", "/a/long/path"), ("cookie", "secret=1"), ("x", String(repeating: "é", count: 90)),
        ]
        let bytes = try HeaderDeflater().deflate(fields)
        let whole = text(try inflate(HeaderInflater(), bytes))
        var failures = 0
        for end in 0..<bytes.count {
            do {
                let block = try inflate(HeaderInflater(), bytes[..<end])
                #expect(whole.starts(with: text(block)) && block.fields.count < whole.count, "cut at \(end)")
            } catch { failures += 1 }
        }
        #expect(failures > bytes.count / 2)
    }

    @Test(arguments: [UInt64(11), 12, 13])
    func `random blocks are read or refused`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var refused = 0
        for round in 0..<3_000 {
            let inflater = try HeaderInflater()
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            do {
                let block = try inflate(inflater, bytes, byteCountMax: 1_000)
                let kept = block.fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
                // A byte that is no UTF-8 becomes three.
                #expect(kept <= 3_000, "seed \(seed), round \(round)")
            } catch { refused += 1 }
        }
        #expect(refused > 500 && refused < 3_000, "seed \(seed)")
    }
}
