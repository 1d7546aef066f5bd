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
