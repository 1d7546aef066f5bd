import CallModel
import Compression
import Protocols
import Testing

/// Content codings: undone for the body, left alone for its size.
struct ContentTests {
    private let text = #"{"amount":100,"currency":"eur"}"#

    private func answer(_ coding: String, _ body: [UInt8]) -> APICall {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: \(coding)\r\nContent-Length: \(body.count)\r\n\r\n"
        return Timeline(.client(get), .server(Array(head.utf8) + body), .closed(.finished)).run()[0]
    }

    @Test func `gzip, zstd and none are undone, and the size is the one on the wire`() {
        let gzip = Array(text.utf8).withUnsafeBytes { Gzip.compress($0) }
        let zstd = Array(text.utf8).withUnsafeBytes { Zstandard.compress($0) }
        for (coding, body) in [
            ("gzip", gzip), ("x-gzip", gzip), ("GZip", gzip), ("zstd", zstd), ("identity", Array(text.utf8)),
        ] {
            let call = answer(coding, body)
            #expect(call.responseText == text, "\(coding)")
            #expect(call.response?.bodyByteCount == body.count, "\(coding)")
        }
        let both = gzip.withUnsafeBytes { Zstandard.compress($0) }
        #expect(answer("gzip, zstd", both).responseText == text)
    }

    @Test func `brotli is undone`() {
        // A window of 16 bits, one stored meta-block of five bytes, and the empty last one (RFC 7932, section 9).
        let stored: [UInt8] = [0x0b, 0x02, 0x80] + Array("hello".utf8) + [0x03]
        #expect(answer("br", stored).responseText == "hello")
    }

    @Test func `deflate comes with zlib's header or without`() {
        let gzip = Array(text.utf8).withUnsafeBytes { Gzip.compress($0) }
        // A gzip member without its header of 10 bytes and its trailer of 8 is raw deflate.
        #expect(answer("deflate", Array(gzip[10..<(gzip.count - 8)])).responseText == text)
    }

    @Test func `what cannot be undone is kept as it travelled`() {
        #expect(answer("gzip", Array("no gzip".utf8)).responseText == "no gzip")
        #expect(answer("rot13", Array("grkg".utf8)).responseText == "grkg")
    }

    @Test func `a bomb costs no more than the bound`() {
        let bomb = [UInt8](repeating: 0, count: 8 << 20).withUnsafeBytes { Gzip.compress($0, level: 9) }
        #expect(answer("gzip", bomb).response?.body?.bytes.count == ProtocolConfiguration().decodedBodyByteCountMax)
    }

    @Test func `a part of a body is undone as far as it goes`() {
        let long = String(repeating: text, count: 5_000)
        let gzip = Array(long.utf8).withUnsafeBytes { Gzip.compress($0, level: 1) }
        var timeline = Timeline(
            .client(get),
            .server(
                Array("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(gzip.count)\r\n\r\n".utf8) + gzip),
            .closed(.finished))
        timeline.configuration.bodyByteCountMax = gzip.count / 2
        let call = timeline.run()[0]
        #expect(call.response?.bodyByteCount == gzip.count)
        #expect(call.responseText.map { long.hasPrefix($0) } == true)
    }
}
