import CallModel
import Protocols
import Testing

/// What is clear stays as it is, and TLS may begin later.
struct PassingThroughTests {
    @Test func `clear bytes pass through, whoever speaks first`() {
        for isClientFirst in [true, false] {
            var wire = Wire()
            wire.see(isClientFirst, Array("hello".utf8))
            wire.see(!isClientFirst, Array("back".utf8))
            wire.lose(7, fromClient: isClientFirst)
            wire.see(isClientFirst, Array("again".utf8))
            wire.end(fromClient: true)
            wire.close()
            #expect((isClientFirst ? wire.heard.toServer : wire.heard.toClient) == "hello[7]again")
            #expect((isClientFirst ? wire.heard.toClient : wire.heard.toServer) == "back")
            #expect(wire.heard.events == ["client ended", "closed finished"] && wire.heard.sessions.isEmpty)
            #expect(wire.heard.complaints == [])
        }
    }

    @Test func `bytes that look like the start of a record are held until they do not`() {
        var wire = Wire()
        wire.see(true, [22])
        wire.see(true, [3])
        #expect(wire.heard.origin == nil)
        wire.see(true, Array("x clear".utf8))
        #expect(wire.heard.toServer == "\u{16}\u{3}x clear")
        #expect(wire.heard.origin?.client == Wire.client)
    }

    @Test func `a gap before the first bytes is handed on where they are clear`() {
        var wire = Wire()
        wire.lose(9, fromClient: false)
        wire.see(false, Array("tail".utf8))
        #expect(wire.heard.toClient == "[9]tail")
    }

    @Test func `TLS after CONNECT is decrypted, and what went before is clear`() {
        let peers = Peers(suite: Suite.modern[0])
        var talk = Talk.modern(peers)
        talk.send("GET /secret")
        talk.answer("reply")
        var wire = Wire(peers.keyLog)
        wire.see(true, Array("CONNECT a:443\n".utf8))
        wire.see(false, Array("200\n".utf8))
        wire.see(talk.steps)
        wire.close()
        #expect(wire.heard.toServer == "CONNECT a:443\nGET /secret" && wire.heard.toClient == "200\nreply")
        #expect(wire.heard.sessions.last?.serverName == "api.example.com")
        #expect(wire.heard.complaints == [])
    }

    /// Through the readers of calls, as the agent has them.
    private func calls(_ steps: [(fromClient: Bool, bytes: [UInt8])], _ keyLog: String, pieceByteCount: Int)
        -> [APICall]
    {
        var reader = TLSReader(consumer: CallReader(sink: CallList()))
        reader.keyLog(Array(keyLog.utf8).span)
        let origin = ConnectionOrigin(
            client: Wire.client, server: Wire.server, isClientKnown: true, source: .packets)
        reader.opened(Wire.id, origin, at: Wire.now)
        for step in steps {
            var rest = step.bytes[...]
            while !rest.isEmpty {
                let piece = Array(rest.prefix(pieceByteCount))
                reader.chunk(piece.span, of: Wire.id, step.fromClient ? .toServer : .toClient, at: Wire.now)
                rest = rest.dropFirst(pieceByteCount)
            }
        }
        reader.closed(Wire.id, .finished, at: Wire.now)
        reader.consumer.finish()
        return reader.consumer.sink.calls
    }

    private struct CallList: CallSink {
        var calls: [APICall] = []
        mutating func observed(_ call: ObservedCall) { calls.append(call.makeCall(.inbound)) }
    }

    private static let socks: [(fromClient: Bool, bytes: [UInt8])] = [
        (true, [5, 1, 0]), (false, [5, 0]), (true, [5, 1, 0, 3, 8] + Array("api.test".utf8) + [1, 187]),
        (false, [5, 0, 0, 1, 1, 2, 3, 4, 1, 187]),
    ]
    private static let connect: [(fromClient: Bool, bytes: [UInt8])] = [
        (true, Array("CONNECT api.test:443 HTTP/1.1\r\nhost: api.test\r\n\r\n".utf8)),
        (false, Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8)),
    ]
    private static let line: [(fromClient: Bool, bytes: [UInt8])] = [
        (true, Array("PROXY TCP4 192.0.2.9 198.51.100.2 1024 443\r\n".utf8))
    ]
    private static let version2: [(fromClient: Bool, bytes: [UInt8])] = [
        (
            true,
            [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x11, 0, 15]
                + [192, 0, 2, 9, 198, 51, 100, 2, 4, 0, 1, 187, 4, 0, 0]
        )
    ]

    @Test(arguments: ["connect", "socks", "line", "version2", "line along with the hello", "nothing"], [0, 3])
    func `TLS behind a tunnel or a preamble is found in pieces of any size`(_ before: String, _ suite: Int) {
        let peers = Peers(suite: suite == 0 ? Suite.modern[0] : Suite.legacy[suite])
        var talk = Talk.make(peers)
        talk.send("GET /secret HTTP/1.1\r\nhost: api.example.com\r\n\r\n")
        talk.answer("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        let preamble =
            switch before {
            case "connect": Self.connect
            case "socks": Self.socks
            case "line", "line along with the hello": Self.line
            case "version2": Self.version2
            default: [(fromClient: Bool, bytes: [UInt8])]()
            }
        if before == "line along with the hello" {
            talk.steps[0].bytes = preamble[0].bytes + talk.steps[0].bytes
        } else {
            talk.steps = preamble + talk.steps
        }
        for pieceByteCount in Array(1...50) + [.max] {
            let calls = calls(talk.steps, peers.keyLog, pieceByteCount: pieceByteCount)
            #expect(calls.last?.request.url == "https://api.example.com/secret", "\(pieceByteCount)")
            #expect(calls.last?.response?.status == 200)
            #expect(calls.count == (before == "connect" ? 2 : 1))
            if before.hasPrefix("line") || before == "version2" {
                #expect(calls.last?.peerAddress == "192.0.2.9", "the balancer says who calls")
            }
        }
    }

    @Test func `a ClientHello in a body is a body, however it is cut`() {
        let hello = Peers(suite: Suite.modern[0]).clientHello
        let head = "POST /captures HTTP/1.1\r\nhost: h\r\ncontent-length: \(hello.count)\r\n\r\n"
        let steps: [(fromClient: Bool, bytes: [UInt8])] = [
            (true, Array(head.utf8)), (true, hello),
            (false, Array("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n".utf8)),
        ]
        for pieceByteCount in [1, 2, 7, 40, 64, .max] {
            let calls = calls(steps, "", pieceByteCount: pieceByteCount)
            #expect(calls.map { $0.request.bodyByteCount } == [hello.count])
            #expect(calls.map { $0.response?.status } == [201])
        }
    }

    @Test func `TLS in TLS, as through a proxy spoken to in TLS, is decrypted twice`() {
        var outerPeers = Peers(suite: Suite.modern[2])
        outerPeers.serverName = "proxy.example.com"
        outerPeers.clientRandom = [UInt8](repeating: 0x77, count: 32)
        let innerPeers = Peers(suite: Suite.legacy[0])
        var inner = Talk.legacy(innerPeers)
        inner.send("GET /secret")
        inner.answer("reply")
        inner.alert(fromClient: true, [1, 0])
        var outer = Talk.modern(outerPeers)
        outer.send("CONNECT a:443\n")
        outer.answer("200\n")
        for step in inner.steps {
            outer.steps.append(
                (
                    step.fromClient,
                    step.fromClient ? outer.client.seal(23, step.bytes) : outer.server.seal(23, step.bytes)
                ))
        }
        outer.alert(fromClient: true, [1, 0])
        outer.alert(fromClient: false, [1, 0])
        var wire = Wire(outerPeers.keyLog + innerPeers.keyLog)
        wire.see(outer.steps)
        wire.close()
        #expect(wire.heard.toServer == "CONNECT a:443\nGET /secret" && wire.heard.toClient == "200\nreply")
        #expect(wire.heard.origin?.serverName == "proxy.example.com")
        #expect(wire.heard.sessions.last?.serverName == "api.example.com")
        #expect(wire.heard.events == ["client ended", "server ended", "closed finished"])
        #expect(wire.heard.complaints == [])
    }

    @Test func `TLS after the server's greeting, where the source had guessed the ends wrongly`() {
        let peers = Peers(suite: Suite.legacy[0])
        var talk = Talk.legacy(peers)
        talk.send("A")
        talk.answer("B")
        var wire = Wire(peers.keyLog, isClientKnown: false)
        // What the source calls the client greets, and so is the server.
        wire.see(true, Array("220 ready\n".utf8))
        wire.see(false, Array("STARTTLS\n".utf8))
        wire.see(true, Array("220 go\n".utf8))
        wire.see(talk.steps.map { (!$0.fromClient, $0.bytes) })
        #expect(wire.heard.toServer == "220 ready\n220 go\nB" && wire.heard.toClient == "STARTTLS\nA")
    }

    @Test func `a body that begins like a record stays clear`() {
        var wire = Wire()
        wire.see(true, Array("POST /\n".utf8))
        let body: [UInt8] = [22, 3, 1, 0, 100, 1] + [UInt8](repeating: 65, count: 120)
        wire.see(true, body)
        #expect(wire.heard.sessions.isEmpty && wire.heard.toServer.utf8.count == 7 + body.count)
    }

    @Test func `connections beyond the bound pass through, and are counted`() {
        var configuration = TLSConfiguration()
        configuration.connectionsMax = 0
        var wire = Wire("", configuration)
        wire.see(true, Peers(suite: Suite.modern[0]).clientHello)
        #expect(wire.reader.counters.connectionsBeyondMax == 1)
        #expect(wire.heard.toServer != "")
    }

    @Test func `datagrams pass through`() {
        var wire = Wire()
        wire.reader.datagram([1, 2, 3].span, from: Wire.client, to: Wire.server, at: Wire.now)
        #expect(wire.heard.events == ["datagram of 3"])
    }
}
