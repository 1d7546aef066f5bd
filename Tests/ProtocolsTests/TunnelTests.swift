import CallModel
import HTTP2
import Protocols
import Testing

/// Connections that become something else.
struct TunnelTests {
    private let connect = "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443\r\n\r\n"

    @Test func `inside a CONNECT tunnel a new stream begins`() {
        let calls = Timeline(
            .client(connect), .server("HTTP/1.1 200 Connection established\r\n\r\n"),
            .client("GET /in HTTP/1.0\r\n\r\n"),
            .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["CONNECT api.test:443 200", "GET http://api.test:443/in 200"])
    }

    @Test func `a refused CONNECT leaves the connection as it was`() {
        let calls = Timeline(
            .client(connect), .server("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"), .client(get), .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["CONNECT api.test:443 407", "GET http://h/a 200"])
    }

    @Test func `TLS inside a tunnel belongs to the tunnel's end`() {
        let calls = Timeline(
            .client(connect), .server("HTTP/1.1 200 OK\r\n\r\n"),
            .secured(SecureSession(serverName: "api.test", version: 0x304, isReadable: true)), .client(get),
            .server(ok),
            .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["CONNECT api.test:443 200", "GET https://h/a 200"])
    }

    @Test func `a websocket ends the reading`() {
        let calls = Timeline(
            .client("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n"),
            .server("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
            .client(get), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/ws 101"])
    }

    @Test func `an upgrade the server does not take changes nothing`() {
        let ask = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
        let calls = Timeline(.client(ask + get.replacing("/a", with: "/b")), .server(ok + ok), .closed(.finished))
            .calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200", "GET http://h/b 200"])
    }

    @Test func `an upgrade to HTTP 2 is one call, with the answer of stream 1`() throws {
        let table = try HeaderDeflater()
        let answer =
            try frame(1, 0x4, 1, table.deflate([(":status", "200"), ("x", "y")]))
            + frame(0, 0x1, 1, Array("hello".utf8))
        let timeline = Timeline(
            .client(
                "GET /a HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
            ),
            .server(
                Array("HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".utf8) + frame(4, 0, 0, [])
            ),
            .client(Array(preface.utf8) + frame(4, 0, 0, [])), .server(answer), .closed(.finished))
        let calls = timeline.calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
        #expect(calls[0].request.httpVersion == "2")
        #expect(calls[0].response?.bodyByteCount == 5)
    }

    @Test(arguments: [true, false])
    func `a SOCKS tunnel carries the call`(_ isVersion5: Bool) {
        let steps: [Timeline.Step] =
            isVersion5
            ? [
                .client([5, 1, 0]), .server([5, 0]),
                .client([5, 1, 0, 3, 8] + Array("api.test".utf8) + [0, 80]), .server([5, 0, 0, 1, 1, 2, 3, 4, 0, 80]),
            ]
            : [
                .client([4, 1, 0, 80, 0, 0, 0, 1, 0] + Array("api.test".utf8) + [0]),
                .server([0, 0x5a, 0, 0, 0, 0, 0, 0]),
            ]
        var timeline = Timeline()
        timeline.serverPort = 1_080
        timeline.steps = steps + [.client("GET /a HTTP/1.0\r\n\r\n"), .server(ok), .closed(.finished)]
        #expect(timeline.calls().map(\.line) == ["GET http://api.test/a 200"])
    }

    /// The mutation tests' seed 4963467391792621023, round 115: the request ends within the client's next bytes.
    @Test func `a SOCKS answer may come before the request is whole`() {
        let calls = Timeline(
            .client([5, 1, 0]), .server([5, 0]), .client([5, 1, 0, 3, 1] + Array("h".utf8)),
            .server([5, 0, 0, 1, 4, 32, 0, 80, 32, 0]), .client([0, 80] + Array(get.utf8)), .server(ok),
            .closed(.endOfCapture)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `a SOCKS client need not wait for the proxy`() {
        let calls = Timeline(
            .client([5, 1, 0, 5, 1, 0, 3, 1] + Array("h".utf8) + [0, 80] + Array(get.utf8)),
            .server([5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80] + Array(ok.utf8)), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `a SOCKS client that has signed in is followed`() {
        let calls = Timeline(
            .client([5, 2, 0, 2]), .server([5, 2]), .client([1, 1, 117, 1, 112]), .server([1, 0]),
            .client([5, 1, 0, 1, 1, 2, 3, 4, 0, 80]), .server([5, 0, 0, 1, 1, 2, 3, 4, 0, 80]), .client(get),
            .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    @Test func `a SOCKS proxy that goes on without a request is passed over`() {
        let reader = Timeline(
            .client([5, 1, 0]), .server([5, 0]), .server([UInt8](repeating: 5, count: 1_025)), .closed(.finished)
        ).runReader()
        #expect(reader.counters.opaqueConnections == 1)
    }

    @Test func `the line of a load balancer stands before the connection itself`() {
        let calls = Timeline(
            .client("PROXY TCP4 192.0.2.1 198.51.100.2 1024 443\r\n" + get), .server(ok), .closed(.finished)
        ).calls()
        #expect(calls.map(\.line) == ["GET http://h/a 200"])
    }

    /// Version 2 with these addresses, and a field behind them that says nothing here.
    private func preamble(_ command: UInt8, _ family: UInt8, _ addresses: [UInt8]) -> [UInt8] {
        [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20 | command, family, 0]
            + [UInt8(addresses.count + 4)] + addresses + [4, 0, 1, 9]
    }

    @Test func `a load balancer tells whose connection it is, in any of its ways`() {
        let get6 = [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [7]
        let preambles: [([UInt8], String)] = [
            (Array("PROXY TCP4 192.0.2.1 198.51.100.2 1024 443\r\n".utf8), "192.0.2.1"),
            (Array("PROXY TCP6 2001:db8::7 2001:db8::8 1024 443\r\n".utf8), "2001:db8::7"),
            (Array("PROXY UNKNOWN\r\n".utf8), "10.0.0.1"),
            (Array("PROXY UNKNOWN ffff:f::1 ffff:f::2 65535 65535\r\n".utf8), "10.0.0.1"),
            (preamble(1, 0x11, [192, 0, 2, 1, 198, 51, 100, 2, 4, 0, 1, 187]), "192.0.2.1"),
            (preamble(1, 0x21, get6 + get6 + [4, 0, 1, 187]), "2001:db8::7"),
            // LOCAL: the balancer's own check; a socket in the file system.
            (preamble(0, 0, []), "10.0.0.1"), (preamble(1, 0x31, [UInt8](repeating: 47, count: 216)), "10.0.0.1"),
        ]
        for (preamble, address) in preambles {
            for isTogether in [true, false] {
                let steps: [Timeline.Step] =
                    isTogether ? [.client(preamble + Array(get.utf8))] : [.client(preamble), .client(get)]
                var timeline = Timeline(isClientKnown: true)
                timeline.isInbound = true
                timeline.steps = steps + [.server(ok), .closed(.finished)]
                let calls = timeline.calls()
                #expect(calls.map(\.line) == ["GET http://h/a 200"])
                #expect(calls.map(\.peerAddress) == [address])
            }
        }
    }

    @Test func `what only begins like a preamble is none`() {
        #expect(Timeline(.client("PROXY / HTTP/1.1\r\nHost: h\r\n\r\n"), .server(ok)).calls().count == 1)
        #expect(Timeline(.client("PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n"), .server(ok)).calls().count == 1)
        #expect(Timeline(.client("\r\n\r\n" + get), .server(ok)).calls().count == 1)
        let long = "PROXY TCP4 " + String(repeating: "1", count: 100) + "\r\n"
        #expect(Timeline(.client(long + get), .server("220 hm\r\n")).calls().isEmpty)
    }

    @Test func `what speaks nothing known is passed over`() {
        let reader = Timeline(
            .server("220 mail.test ESMTP\r\n"), .client("EHLO me\r\n"), .server("250 fine\r\n"), .client(get),
            .closed(.finished)
        ).runReader()
        #expect(reader.sink.calls.isEmpty)
        #expect(reader.counters.opaqueConnections == 1)
    }
}
