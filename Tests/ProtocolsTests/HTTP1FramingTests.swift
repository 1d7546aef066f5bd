import CallModel
import Protocols
import Testing

/// Where messages end: RFC 9112, section 6.
struct HTTP1FramingTests {
    @Test func `a request and its answer are one call`() {
        let calls = Timeline(.client(get), .server(ok), .closed(.finished)).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].request.bodyByteCount == 0)
        #expect(calls[0].response?.bodyByteCount == 2)
        #expect(calls[0].responseText == "ok")
        #expect(calls[0].request.headers == [Header("host", "h")])
        #expect(calls[0].request.httpVersion == "1.1")
        #expect(calls[0].duration == .milliseconds(1))
        #expect(calls[0].peerAddress == "198.51.100.7")
    }

    @Test func `pipelined requests get their answers in order`() {
        let calls = Timeline(
            .client(
                get + "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" + get.replacing("/a", with: "/c")),
            .server(ok + "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\n!"),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "POST http://h/b 404", "GET http://h/c 500"])
        #expect(calls[1].request.bodyByteCount == 3)
    }

    @Test func `chunked bodies with extensions and trailers count their content alone`() {
        let calls = Timeline(
            .client(get),
            .server(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;name=\"v;1\"\r\nwiki\r\n00A \t\r\n0123456789\r\n0\r\n"
                    + "Expires: never\r\nX: y\r\n\r\n" + ok),
            .client(get.replacing("/a", with: "/b")), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
        #expect(calls[0].response?.bodyByteCount == 14)
        #expect(calls[0].responseText == "wiki0123456789")
    }

    @Test func `answers to HEAD, and 204 and 304, have no body whatever they announce`() {
        let calls = Timeline(
            .client("HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n"),
            .server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
            .client(get), .server("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"),
            .client(get), .server("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
            .client(get), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map { $0.response?.status } == [200, 304, 204, 200])
        #expect(calls.map { $0.response?.bodyByteCount } == [0, 0, 0, 2])
    }

    @Test func `a body without length ends with the connection`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.0\r\n\r\n"), .server("HTTP/1.0 200 OK\r\n\r\nall"), .server(" of it"),
            .end(.toClient), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://198.51.100.7/a 200"])
        #expect(calls[0].response?.bodyByteCount == 9)
        #expect(calls[0].request.httpVersion == "1.0")
    }

    @Test func `interim answers are not the answer`() {
        let calls = Timeline(
            .client("POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            .server("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s>\r\n\r\n"), .client("hi"),
            .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://h/a 200"])
        #expect(calls[0].request.bodyByteCount == 2)
        #expect(calls[0].response?.headers == [Header("content-length", "2")])
    }

    @Test func `folded lines belong to the field before`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nHost: h\r\nX-Long: one\r\n  two\r\n\tthree\r\n\r\n"), .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls[0].request.headers.value(of: "x-long") == "one two three")
    }

    @Test func `folded lines frame the message as one line would`() {
        let heads = [
            "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: \n\tchunked", "Content-Length:\r\n 14",
            "Content-Length:\r\n\t \r\n  14 ", "X: y\r\n z\r\nTransfer-Encoding:\r\n  gzip,\r\n chunked",
        ]
        for head in heads {
            let body = head.contains("hunked") ? "e\r\n" + "0\r\n\r\nHTTP/1.1 " + "\r\n0\r\n\r\n" : "0\r\n\r\nHTTP/1.1 "
            let calls = Timeline(
                .client("POST /a HTTP/1.1\r\nHost:\r\n h\r\n\(head)\r\n\r\n\(body)" + get.replacing("/a", with: "/b")),
                .server(ok + "HTTP/1.1 201 Created\r\n\(head)\r\n\r\n\(body)"), .closed(.finished)
            ).calls()
            #expect(calls.map(\.line) == ["POST http://h/a 200", "GET http://h/b 201"], "\(head)")
            #expect(calls.map { $0.request.bodyByteCount } == [14, 0], "\(head)")
            #expect(calls.last?.response?.bodyByteCount == 14, "\(head)")
        }
    }

    @Test func `white space behind the start line folds nothing`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\n Content-Length: 9\r\n more\r\nHost: h\r\nX: y\r\n z\r\n\r\n"), .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].request.headers.map(\.name) == ["host", "x"])
        #expect(calls[0].request.headers.value(of: "x") == "y z")
    }

    @Test func `beyond the fields that are kept a fold belongs to none of them, and frames all the same`() {
        let fields = (0..<130).map { "X-\($0): v\r\n" }.joined()
        let calls = Timeline(
            .client("POST /a HTTP/1.1\r\nHost: h\r\n\(fields)Y: a\r\n b\r\nContent-Length:\r\n 2\r\n\r\nhi"),
            .server(ok),
            .closed(.finished)
        ).run()
        #expect(calls.map(\.line) == ["POST http://h/a 200"] && calls[0].request.bodyByteCount == 2)
        #expect(calls[0].request.headers.count == 128)
        #expect(calls[0].request.headers.last?.value == "v")
    }

    @Test func `trailers are fields of the message, as in HTTP 2`() {
        let body = "2\r\nok\r\n0\r\nX-Checksum: 7\r\nno field\r\nServer-Timing: db\r\n\r\n"
        let calls = Timeline(
            .client(
                "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-End: 1\r\n\r\n"),
            .server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n\(body)\(ok)"),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["POST http://h/a 200"])
        #expect(calls[0].request.headers.value(of: "x-end") == "1")
        #expect(calls[0].response?.headers.value(of: "x-checksum") == "7")
        #expect(calls[0].response?.headers.value(of: "server-timing") == "db")
        #expect(calls[0].responseText == "ok" && calls[0].response?.headers.count == 4)
    }

    @Test func `single line feeds end lines, and empty lines may stand before a request`() {
        let calls = Timeline(
            .client("\r\n\nGET /a HTTP/1.1\nHost: h\n\n"), .server("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `the targets of proxies, of CONNECT and of OPTIONS stand as they are`() {
        let calls = Timeline(
            .client("GET http://other.test/x?y HTTP/1.1\r\nHost: other.test\r\n\r\n"), .server(ok),
            .client("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.request.url) == ["http://other.test/x?y", "*"])
    }

    @Test func `a host that is none does not get into the URL`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nHost: evil.test/x?\r\n\r\n"), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls[0].request.url == "http://198.51.100.7/a")
    }

    @Test func `ranges are answers like any other`() {
        let calls = Timeline(
            .client("GET /a HTTP/1.1\r\nHost: h\r\nRange: bytes=0-4\r\n\r\n"),
            .server("HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-4/100\r\nContent-Length: 5\r\n\r\n01234"),
            .closed(.finished)
        ).calls()
        #expect(calls[0].response?.status == 206)
        #expect(calls[0].response?.bodyByteCount == 5)
    }

    @Test func `bodies are kept to their bound and counted beyond it`() {
        var timeline = Timeline(
            .client(get),
            .server("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + String(repeating: "x", count: 1000)),
            .closed(.finished))
        timeline.configuration.bodyByteCountMax = 10
        let reader = timeline.runReader()
        #expect(reader.sink.calls[0].response?.bodyByteCount == 1000)
        #expect(reader.sink.calls[0].response?.body?.bytes.count == 10)
        #expect(reader.counters.bodiesNotKept == 1)
    }

    @Test func `a head beyond its bound is no message`() {
        var timeline = Timeline(
            .client("GET /a HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 200)), .closed(.endOfCapture))
        timeline.configuration.headByteCountMax = 500
        let reader = timeline.runReader(.at(100))
        #expect(reader.sink.calls.isEmpty)
        #expect(reader.counters.oversizedHeads == 1)
        #expect(reader.heldByteCount == 0)
    }
}
