import CallModel
import Protocols
import Testing

/// Malformed and smuggled messages: read as a server or a browser would, never as a crash, never as an invented call.
struct HTTP1OddityTests {
    private let post = "POST /a HTTP/1.1\r\nHost: h\r\n"

    @Test func `chunks win over a length (RFC 9112, section 6.3, rule 3)`() {
        let reader = Timeline(
            .client(
                post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                    + get.replacing("/a", with: "/b")),
            .server(ok + ok), .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["POST http://h/a 200", "GET http://h/b 200"])
        #expect(reader.counters.ambiguousMessages == 1)
    }

    @Test func `equal lengths are one, different ones end the reading of requests`() {
        let equal = Timeline(
            .client(post + "Content-Length: 2\r\nContent-Length: 2, 2\r\n\r\nhi" + get), .server(ok + ok),
            .closed(.finished))
        #expect(equal.calls().map(\.line) == ["POST http://h/a 200", "GET http://h/a 200"])
        let different = Timeline(
            .client(post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi" + get),
            .server("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), .closed(.finished))
        #expect(different.calls().map(\.line) == ["POST http://h/a 400"])
    }

    @Test(arguments: ["-1", "+5", "0x10", "1e3", "18446744073709551616", "", "5 5", "five"])
    func `a length that is no number frames no request`(_ length: String) {
        let calls = Timeline(
            .client(post + "Content-Length: \(length)\r\n\r\n" + get),
            .server("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://h/a 400"])
        #expect(calls[0].request.bodyByteCount == nil)
    }

    @Test func `another transfer coding than chunked frames no request, and reads an answer to its end`() {
        let request = Timeline(
            .client(post + "Transfer-Encoding: xchunked\r\n\r\n" + get),
            .server("HTTP/1.1 501 No\r\nContent-Length: 0\r\n\r\n"), .closed(.finished))
        #expect(request.calls().map(\.line) == ["POST http://h/a 501"])
        let answer = Timeline(
            .client(get), .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n4\r\nwiki"),
            .end(.toClient),
            .closed(.finished))
        #expect(answer.calls().map { $0.response?.bodyByteCount } == [7])
    }

    @Test func `white space before the colon frames nothing in a request`() {
        let calls = Timeline(
            .client(post + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://h/a 200"])
        #expect(calls[0].request.bodyByteCount == 5)
    }

    @Test(arguments: [
        " GET /a HTTP/1.1\r\n\r\n", "GET\r\n\r\n", "GET /a\r\n\r\n", "GET /a HTTP/2.0\r\n\r\n",
        "GET /a HTTP/1.\r\n\r\n", "G\u{0}T /a HTTP/1.1\r\n\r\n", "{\"a\":1}\r\n\r\n", "\u{1}\u{2}\u{3}\u{4}",
    ])
    func `what begins no request makes no call`(_ text: String) {
        let calls = Timeline(.client(text), .server(ok), .closed(.finished)).calls()
        #expect(calls.isEmpty)
    }

    @Test(arguments: ["GET HTTP/1.1", "GET  HTTP/1.1"])
    func `a request without a target is told with what it was answered`(_ line: String) {
        let calls = Timeline(
            .client(line + "\r\nHost: h\r\n\r\n"), .server("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/ 400"])
    }

    @Test(arguments: [
        "HTTP/2.0 200 ok", "HTTP/1.01 200 ok", "HTTP/1.10 200 ok", "HTTP/0.9 200 ok", "HTTP/1.1\u{0} 200 ok",
    ])
    func `an answer of another version is one, as browsers have it`(_ line: String) {
        let calls = Timeline(
            .client(get), .server(line + "\r\nContent-Length: 2\r\n\r\nok"), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls.map(\.responseText) == ["ok"])
    }

    @Test(arguments: [
        "HTTP/ 200 ok", "HTTP/1.1.1.1.1.1.1.1.1 200 ok", "HTTP 200 ok", "HTTP/1.1 2000 ok", "HTTP/1.1 0200 ok",
    ])
    func `an answer without a version, or without a status, is a protocol error`(_ line: String) {
        let calls = Timeline(
            .client(get), .server(line + "\r\nContent-Length: 2\r\n\r\nok"), .end(.toClient), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a - protocol_error"])
    }

    @Test(arguments: ["content-length", "Content-Length", "CONTENT-LENGTH", "cOnTeNt-LeNgTh"])
    func `names are read in any case of their letters, and of nothing else`(_ name: String) {
        let answer = "HTTP/1.1 200 OK\r\n\(name): 2\r\nX: 1\r\n\r\nok"
        let calls = Timeline(.client(get), .server(answer + answer), .client(get), .closed(.finished)).calls()
        #expect(calls.map(\.responseText) == ["ok", "ok"])
        // A hyphen with the bit of letters' case flipped is a carriage return; `[` is `{`.
        for other in ["content\rlength", "content-lengt{", "content_length"] {
            let calls = Timeline(
                .client(get), .server("HTTP/1.1 200 OK\r\n\(other): 2\r\n\r\nok, to the end"), .end(.toClient),
                .closed(.finished)
            ).calls()
            #expect(calls.map(\.responseText) == ["ok, to the end"], "\(other)")
        }
    }

    @Test func `an answer that is no HTTP is a protocol error`() {
        let calls = Timeline(.client(get), .server("<html>nine</html>"), .end(.toClient), .closed(.finished)).calls()
        #expect(calls.map(\.line) == ["GET http://h/a - protocol_error"])
    }

    @Test(arguments: ["xyz\r\n", "\r\nab\r\n", "FFFFFFFFFFFFFFFFF\r\n", "-1\r\n", "4\r\nwikiXX\r\n"])
    func `chunks that are none break the answer off`(_ chunks: String) {
        let calls = Timeline(
            .client(get), .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200 protocol_error"])
        #expect(calls[0].response?.bodyByteCount == nil)
    }

    @Test func `an answer without a request is nobody's`() {
        let reader = Timeline(
            .server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.isEmpty)
        #expect(reader.counters.responsesWithoutRequest == 1)
    }

    @Test func `an answer captured before its request is still its answer`() {
        let calls = Timeline(
            .server(ok), .client(get), .server(ok), .client(get.replacing("/a", with: "/b")), .closed(.finished)
        )
        .calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
    }

    /// The mutation tests' seed 4963467391792621023, round 2130: neither told nor let go.
    @Test func `an answer captured before its request is told also where the connection ends within the request`() {
        let reader = Timeline(
            .client("POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"), .server(ok), .client("\r\n"),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["POST http://h/a 200"])
        #expect(reader.heldByteCount == 0)
    }

    @Test func `an answer being read as the requests are lost stays nobody's`() {
        let reader = Timeline(
            .server("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), .client("\u{1} /a HTTP/1.1\r\n"),
            .server("defghij"), .client(get + get.replacing("/a", with: "/b")), .server(ok + ok), .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
        #expect(reader.sink.calls.map(\.responseText) == ["ok", "ok"])
        #expect(reader.counters.responsesWithoutRequest == 1)
        #expect(reader.heldByteCount == 0)
    }

    @Test func `a cut head of nobody's answer leaves nothing behind for the next call`() {
        let calls = Timeline(
            .server("HTTP/1.1 200 OK\r\nContent-Length: 99\r\nX: "), .gap(.toClient, 5), .client(get), .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].response?.bodyByteCount == 2)
        #expect(calls[0].responseText == "ok")
    }

    /// The mutation tests' seed 1294353408343350, round 5: the first call was told twice, the second time empty.
    @Test func `a request handed out behind nobody's answer is told once`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nHost: h\r\n"), .server(ok + "c"), .client("\r\n" + get), .server(ok),
            .closed(.finished)
        ).runReader().sink.calls
        #expect(calls.filter { $0.request.method == "_OTHER" }.isEmpty)
        #expect(calls.count == 2)
    }

    @Test func `sixteen line ends before a request are none, however they are cut`() {
        let calls = Timeline(.client(String(repeating: "\r\n", count: 8) + get), .server(ok), .closed(.finished))
            .calls()
        #expect(calls.isEmpty)
    }

    @Test func `more bytes than announced do not become the next answer`() {
        let calls = Timeline(
            .client(get), .server(ok + "surplus that is no message"), .client(get.replacing("/a", with: "/b")),
            .server("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n"), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 404"])
    }

    @Test func `lines without a colon are passed over`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nnonsense\r\nHost: h\r\n: empty\r\n\r\n"), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].request.headers == [Header("host", "h")])
    }

    @Test func `bytes that are no UTF-8 become marks, not crashes`() {
        let calls = Timeline(
            .client(
                Array("GET /".utf8) + [0xff, 0xfe] + Array(" HTTP/1.1\r\nHost: h\r\nX: ".utf8) + [0x80]
                    + Array("\r\n\r\n".utf8)),
            .server(ok), .closed(.finished)
        ).calls()
        #expect(calls[0].request.url == "http://h/\u{FFFD}\u{FFFD}")
        #expect(calls[0].request.headers.value(of: "x") == "\u{FFFD}")
    }

    @Test func `an answer seen first is known for one, however much of it comes at once`() {
        let body = String(repeating: "x", count: 20_000)
        let calls = Timeline(
            .server("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n" + body), .client(get), .server(ok),
            .closed(.finished), isClientKnown: false
        ).run()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }
}
