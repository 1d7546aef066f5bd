import HTTP2
import Testing

struct SessionTests {
    private func pattern(_ count: Int, salt: Int = 0) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 31) &+ ($0 >> 8) &+ salt) }
    }

    @Test func `a request and its answer arrive whole`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        server.onEnded = { side, id in try? side.respond(id, body: Array("seen".utf8)) }
        let id = try client.request("/v1/batches?x=1", headers: [("farwatch-agent", "a1")], body: pattern(1_000))
        try converse(client, server)
        #expect(server.heads[id]?.map(\.name) == [":method", ":scheme", ":authority", ":path", "farwatch-agent"])
        #expect(server.bodies[id] == pattern(1_000))
        #expect(client.heads[id]?.first?.value == "200")
        #expect(client.bodies[id] == Array("seen".utf8))
        #expect(client.closed[id] == .noError)
        #expect(client.session.openStreamCount == 0 && server.session.openStreamCount == 0)
    }

    @Test func `bodies larger than every window arrive whole, both ways at once`() throws {
        let narrow: (inout HTTP2Configuration) -> Void = {
            $0.streamWindowByteCount = 3_000
            $0.connectionWindowByteCount = 70_000
        }
        let client = try Side(.client, narrow)
        let server = try Side(.server, narrow)
        server.onEnded = { side, id in try? side.respond(id, body: pattern(300_000, salt: Int(id))) }
        let ids = try (0..<5).map { try client.request("/\($0)", body: pattern(200_000, salt: $0)) }
        try converse(client, server)
        for (index, id) in ids.enumerated() {
            #expect(server.bodies[id] == pattern(200_000, salt: index))
            #expect(client.bodies[id] == pattern(300_000, salt: Int(id)))
        }
    }

    @Test func `what is not consumed is not sent`() throws {
        let client = try Side(.client)
        let server = try Side(.server) { $0.streamWindowByteCount = 10_000 }
        server.consumes = false
        let id = try client.request("/", body: pattern(25_000))
        try converse(client, server)
        // The client may have sent before it knew the window: our SETTINGS arrive with the first answer.
        let held = try #require(server.bodies[id]?.count)
        #expect(held == 25_000 || held == 10_000)
        let second = try client.request("/", body: pattern(25_000))
        try converse(client, server)
        #expect(server.bodies[second]?.count == 10_000)
        #expect(!server.ended.contains(second))
        server.session.consume(10_000, on: second)
        try converse(client, server)
        #expect(server.bodies[second]?.count == 20_000)
        server.session.consume(10_000, on: second)
        try converse(client, server)
        #expect(server.bodies[second] == pattern(25_000))
        #expect(server.ended.contains(second))
    }

    @Test func `output stops at its bound and goes on later`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        try converse(client, server)
        let body = pattern(500_000)
        let id = try client.request("/", body: body)
        var rounds = 0
        var isMore = true
        var sent: [UInt8] = []
        while isMore {
            isMore = try client.session.produce(byteCountMax: 20_000) { frames, pieces in
                #expect(frames.count + pieces.reduce(0) { $0 + $1.range.count } <= 20_000 + 16_384 + 9)
                var start = 0
                for piece in pieces {
                    sent += frames[start..<piece.position]
                    sent += body[piece.range]
                    start = piece.position
                }
                sent += frames[start...]
            }
            rounds += 1
        }
        #expect(rounds > 10)
        try server.receive(sent)
        #expect(server.bodies[id] == body)
    }

    @Test func `requests beyond the server's limit wait for their turn`() throws {
        let client = try Side(.client)
        let server = try Side(.server) { $0.streamsMax = 3 }
        try converse(client, server)
        server.onEnded = { side, id in try? side.respond(id) }
        let ids = try (0..<50).map { try client.request("/\($0)") }
        try converse(client, server)
        #expect(client.session.peerStreamsMax == 3)
        #expect(ids.allSatisfy { client.closed[$0] == .noError })
        #expect(server.openMax <= 3)
    }

    @Test func `an answer before the end of the request lets go of the rest`() throws {
        let client = try Side(.client)
        let server = try Side(.server) { $0.streamWindowByteCount = 65_535 }
        server.consumes = false
        try converse(client, server)
        let id = try client.request("/", body: pattern(1_000_000))
        try converse(client, server)
        try server.respond(id, status: 413, body: Array("too much".utf8))
        try converse(client, server)
        #expect(client.heads[id]?.first?.value == "413")
        #expect(client.bodies[id] == Array("too much".utf8))
        #expect(client.closed[id] == .noError)
        #expect(server.session.openStreamCount == 0)
        // The connection's window was not lost with it.
        let next = try client.request("/", body: pattern(10_000))
        try converse(client, server)
        #expect(server.bodies[next] == pattern(10_000))
    }

    @Test func `informational responses are passed over`() throws {
        let client = try Side(.client)
        let deflater = try HeaderDeflater()
        let id = try client.request("/")
        _ = try client.output()
        try client.receive(frame(type: 4))
        try client.receive(frame(type: 1, flags: 4, stream: 1, deflater.deflate([(":status", "103"), ("link", "x")])))
        #expect(client.heads[id] == nil)
        try client.receive(
            frame(type: 1, flags: 5, stream: 1, deflater.deflate([(":status", "204"), ("date", "now")])))
        #expect(client.heads[id]?.map(\.value) == ["204", "now"])
        #expect(client.ended == [id])
    }

    @Test func `trailers end a request`() throws {
        let server = try Side(.server)
        let deflater = try HeaderDeflater()
        let head: HTTP2Fields = [(":method", "POST"), (":scheme", "http"), (":path", "/"), (":authority", "far")]
        try server.receive(preface)
        try server.receive(frame(type: 1, flags: 4, stream: 1, deflater.deflate(head)))
        try server.receive(frame(type: 0, stream: 1, Array("abc".utf8)))
        try server.receive(frame(type: 1, flags: 5, stream: 1, deflater.deflate([("checksum", "1")])))
        #expect(server.log.suffix(2) == ["trailers 1 1", "ended 1 after 3"])
    }

    @Test func `a session with open streams leaves nothing behind`() throws {
        weak var gone: HTTP2Session?
        do {
            let client = try Side(.client)
            let server = try Side(.server)
            for index in 0..<20 { _ = try client.request("/\(index)", body: pattern(100_000)) }
            try server.receive(try client.output())
            try server.respond(1, body: pattern(2_000_000))
            _ = try server.output(byteCountMax: 1_000)
            #expect(server.session.openStreamCount == 20)
            gone = server.session
            #expect(gone != nil)
        }
        #expect(gone == nil)
    }

    @Test func `both sides hear a ping's answer`() throws {
        let client = try Side(.client)
        let server = try Side(.server)
        try converse(client, server)
        client.session.ping()
        server.session.ping()
        try converse(client, server)
        #expect(client.log.contains("pong") && server.log.contains("pong"))
    }
}
