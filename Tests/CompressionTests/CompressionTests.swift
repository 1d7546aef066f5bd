import Compression
import Testing

struct CompressionTests {
    private let text = Array(String(repeating: "what differs, ", count: 5_000).utf8)

    @Test(arguments: [0, 1, 1_000, 70_000])
    func `what was compressed reads back`(count: Int) throws {
        let bytes = Array(text[..<count])
        let zstd = bytes.withUnsafeBytes { Zstandard.compress($0, level: 1) }
        #expect(try zstd.withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: count) } == bytes)
        let gzip = bytes.withUnsafeBytes { Gzip.compress($0) }
        #expect(try gzip.withUnsafeBytes { try Gzip.decompress($0, byteCountMax: count) } == bytes)
    }

    @Test(arguments: [[1], [13, 14, 69_999], [35_000], [300, 69_000]])
    func `bytes cut into blocks read back, as one frame of a known size`(cuts: [Int]) throws {
        let zstd = text.withUnsafeBytes { Zstandard.compress($0, level: 1, cutAt: cuts) }
        #expect(try zstd.withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: text.count) } == text)
        // RFC 8878, section 3.1.1.1: the size stands in the head, so that a reader can refuse before it allocates.
        #expect(throws: CompressionError.tooLarge(max: text.count - 1)) {
            try Array(zstd.prefix(18)).withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: text.count - 1) }
        }
    }

    @Test func `random bytes do not spoil the code of others in a block of their own`() {
        var random = SystemRandomNumberGenerator()
        let noise = (0..<40_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let digits = (0..<40_000).map { _ in UInt8.random(in: 48...49, using: &random) }
        let whole = (noise + digits).withUnsafeBytes { Zstandard.compress($0) }
        let cut = (noise + digits).withUnsafeBytes { Zstandard.compress($0, cutAt: [noise.count]) }
        // 40,000 and an eighth of 40,000, and little around it.
        #expect(cut.count < 48_000)
        #expect(cut.count < whole.count)
    }

    @Test func `an output beyond the bound is refused`() {
        let zstd = text.withUnsafeBytes { Zstandard.compress($0) }
        let gzip = text.withUnsafeBytes { Gzip.compress($0) }
        #expect(throws: CompressionError.tooLarge(max: 69_999)) {
            try zstd.withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: 69_999) }
        }
        #expect(throws: CompressionError.tooLarge(max: 69_999)) {
            try gzip.withUnsafeBytes { try Gzip.decompress($0, byteCountMax: 69_999) }
        }
    }

    @Test func `every truncation is corrupt`() {
        let short = Array(text[..<200])
        let zstd = short.withUnsafeBytes { Zstandard.compress($0) }
        let gzip = short.withUnsafeBytes { Gzip.compress($0) }
        for end in 0..<zstd.count {
            #expect(throws: CompressionError.self) {
                try zstd[..<end].withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: 1_000) }
            }
        }
        for end in 0..<gzip.count {
            #expect(throws: CompressionError.self) {
                try gzip[..<end].withUnsafeBytes { try Gzip.decompress($0, byteCountMax: 1_000) }
            }
        }
    }

    @Test func `gzip members follow one another, as the format allows`() throws {
        let one = text[..<100].withUnsafeBytes { Gzip.compress($0) }
        let both = one + one
        #expect(
            try both.withUnsafeBytes { try Gzip.decompress($0, byteCountMax: 200) }
                == Array(text[..<100] + text[..<100]))
    }

    @Test func `a zstd frame without a declared size is read piece by piece`() throws {
        // `printf 'hello hello hello' | zstd -c --no-check`: written as a stream, without the content's size.
        let frame: [UInt8] = [
            0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, 0x65, 0x00, 0x00, 0x30, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x01, 0x00,
            0x31, 0x4a, 0x11,
        ]
        let read = try? frame.withUnsafeBytes { try Zstandard.decompress($0, byteCountMax: 100) }
        #expect(read.map { String(decoding: $0, as: UTF8.self) } == "hello hello hello")
    }

    @Test func `the check sum is the one of gzip`() {
        #expect(Array("123456789".utf8).withUnsafeBytes { crc32($0) } == 0xcbf4_3926)
    }
}
