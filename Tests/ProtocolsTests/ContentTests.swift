import CallModel
import Compression
import HTTP2
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

    @Test func `several lines of codings are one list, and those of the transfer come last`() throws {
        let gzip = Array(text.utf8).withUnsafeBytes { Gzip.compress($0) }
        let both = gzip.withUnsafeBytes { Zstandard.compress($0) }
        func chunks(_ body: [UInt8]) -> [UInt8] {
            Array("\(String(body.count, radix: 16))\r\n".utf8) + body + Array("\r\n0\r\n\r\n".utf8)
        }
        let length = "Content-Length: \(both.count)"
        let answers: [(String, [UInt8])] = [
            ("Content-Encoding: gzip\r\nX: y\r\ncontent-encoding: zstd\r\n\(length)", both),
            ("Transfer-Encoding: gzip, chunked", chunks(gzip)),
            ("Transfer-Encoding: GZIP\r\nTransfer-Encoding: chunked", chunks(gzip)),
            ("Content-Encoding: gzip\r\nTransfer-Encoding: zstd, chunked", chunks(both)),
        ]
        for (fields, body) in answers {
            let calls = Timeline(
                .client(get), .server(Array("HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n".utf8) + body), .closed(.finished)
            ).calls()
            #expect(calls.map(\.responseText) == [text], "\(fields)")
        }
        let table = try HeaderDeflater()
        let ask = try HeaderDeflater().deflate([
            (":method", "GET"), (":scheme", "http"), (":authority", "h"), (":path", "/a"),
        ])
        let fields = [(":status", "200"), ("content-encoding", "gzip"), ("content-encoding", "zstd")]
        let calls = try Timeline(
            .client(Array(preface.utf8) + frame(4, 0, 0, []) + frame(1, 0x5, 1, ask)),
            .server(frame(4, 0, 0, []) + frame(1, 0x4, 1, table.deflate(fields)) + frame(0, 0x1, 1, both)),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.responseText) == [text])
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
