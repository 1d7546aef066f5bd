import HTTP2
import SimulationKit
import Testing

struct HostilePeerTests {
    private let head: HTTP2Fields = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "far")]

    /// What a real client says: several requests with bodies, a ping, a cancelled one.
    private func recording() throws -> [UInt8] {
        let client = try Side(.client)
        _ = try client.request("/one", headers: [("x", String(repeating: "v", count: 300))], body: Array("12345".utf8))
        _ = try client.request("/two")
        let third = try client.request("/three", body: [UInt8](repeating: 7, count: 700))
        var bytes = try client.output()
        client.session.ping()
        client.session.cancel(third, code: .cancel)
        bytes += try client.output()
        return bytes
    }

    @Test func `cut at every byte a conversation means the same`() throws {
        let bytes = try recording()
        let whole = try Side(.server)
        try whole.receive(bytes)
        #expect(whole.log.count >= 7)
        for cut in 1..<bytes.count {
            let side = try Side(.server)
            try side.receive(bytes[..<cut])
            try side.receive(bytes[cut...])
            #expect(side.log == whole.log && side.bodies == whole.bodies, "cut at \(cut)")
        }
        let crumbs = try Side(.server)
        for byte in bytes { try crumbs.receive([byte]) }
        #expect(crumbs.log == whole.log && crumbs.bodies == whole.bodies)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `broken bytes end a session and nothing else`(seed: UInt64) throws {
        let bytes = try recording()
        var random = SeededGenerator(seed: seed)
        var endings = 0
        for round in 0..<400 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                broken[Int.random(in: 24..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let side = try Side(.server)
            side.onEnded = { side, id in try? side.respond(id, body: [1]) }
            do {
                var rest = broken[...]
                while !rest.isEmpty {
                    let count = min(rest.count, Int.random(in: 1...200, using: &random))
                    try side.receive(rest.prefix(count))
                    rest = rest.dropFirst(count)
                    _ = try side.output()
                }
                if !side.session.wantsBytes { endings += 1 }
            } catch is HTTP2Error {
                endings += 1
            }
            #expect(side.session.openStreamCount <= 3, "seed \(seed), round \(round)")
        }
        #expect(endings > 50, "seed \(seed)")
    }

    @Test func `HTTP/1 on an HTTP/2 session is a bad preface`() throws {
        let server = try Side(.server)
        #expect(throws: HTTP2Error.badPreface) { try server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8)) }
    }

    @Test func `headers beyond the bound are let go while the connection lives on`() throws {
        let server = try Side(.server) { $0.headerByteCountMax = 4_000 }
        let deflater = try HeaderDeflater()
        // In the table once, then named again by one byte each: the HPACK bomb, 8 MB out of 12 kB.
        let bomb =
            head + [(name: String, value: String)](repeating: ("x", String(repeating: "b", count: 2_800)), count: 3_000)
        let block = try deflater.deflate(bomb)
        #expect(block.count < 16_000)
        try server.receive(preface)
        try server.receive(frame(type: 1, flags: 5, stream: 1, block))
        #expect(server.log.suffix(2) == ["too large 1", "ended 1 after 0"])
        try server.respond(1, status: 431)
        try server.receive(frame(type: 1, flags: 5, stream: 3, deflater.deflate(head)))
        #expect(server.heads[3]?.count == 4)
    }

    @Test func `rapid resets end the connection`() throws {
        let server = try Side(.server) {
            $0.resetBurstMax = 100
            $0.resetsPerSecondMax = 1
        }
        try server.receive(preface)
        let deflater = try HeaderDeflater()
        var accepted = 0
        for index in 0..<5_000 {
            let id = UInt32(index * 2 + 1)
            try server.receive(frame(type: 1, flags: 5, stream: id, deflater.deflate(head)))
            try server.receive(frame(type: 3, stream: id, [0, 0, 0, 8]))
            _ = try server.output()
            if !server.session.wantsBytes { break }
            accepted += 1
        }
        // A slow machine regains a token or so on the way.
        #expect((90...2_000).contains(accepted))
        #expect(server.session.isFinished)
    }

    @Test func `resets that the peer provokes end the connection too`() throws {
        let server = try Side(.server) { $0.abandonedStreamsMax = 50 }
        try server.receive(preface)
        let deflater = try HeaderDeflater()
        var accepted = 0
        for index in 0..<1_000 {
            let id = UInt32(index * 2 + 1)
            try server.receive(frame(type: 1, flags: 4, stream: id, deflater.deflate(head)))
            // WINDOW_UPDATE by zero: a stream error of ours to send (RFC 9113, section 6.9).
            try server.receive(frame(type: 8, stream: id, [0, 0, 0, 0]))
            _ = try server.output()
            if !server.session.wantsBytes { break }
            accepted += 1
        }
        #expect(accepted < 100)
        #expect(server.session.isFinished)
    }

    @Test(arguments: [UInt8(6), 4])
    func `a flood of pings or settings nobody reads the answers of is cut short`(type: UInt8) throws {
        let server = try Side(.server) { $0.acknowledgementsMax = 100 }
        try server.receive(preface)
        let flood = frame(type: type, type == 6 ? [0, 1, 2, 3, 4, 5, 6, 7] : [])
        #expect(throws: HTTP2Error.flooded) {
            for _ in 0..<200 { try server.receive(flood) }
        }
    }

    @Test func `a flood of continuations is cut short`() throws {
        let server = try Side(.server)
        try server.receive(preface)
        let block = try HeaderDeflater().deflate(head)
        try server.receive(frame(type: 1, flags: 0, stream: 1, block))
        var isCut = false
        for _ in 0..<100 where !isCut {
            do {
                try server.receive(frame(type: 9, stream: 1, []))
                isCut = !server.session.wantsBytes
            } catch { isCut = true }
        }
        #expect(isCut)
    }

    @Test func `more open requests than allowed are refused`() throws {
        let server = try Side(.server) { $0.streamsMax = 10 }
        try server.receive(preface)
        try server.receive(try server.output().isEmpty ? [] : frame(type: 4, flags: 1))
        let deflater = try HeaderDeflater()
        for index in 0..<100 {
            if !server.session.wantsBytes { break }
            try server.receive(frame(type: 1, flags: 4, stream: UInt32(index * 2 + 1), deflater.deflate(head)))
        }
        #expect(server.heads.count <= 10)
        #expect(server.session.openStreamCount <= 10)
    }

    @Test func `a body past the window ends its stream`() throws {
        let server = try Side(.server) { $0.streamWindowByteCount = 1_000 }
        server.consumes = false
        try server.receive(preface)
        _ = try server.output()
        try server.receive(frame(type: 4, flags: 1))
        try server.receive(frame(type: 1, flags: 4, stream: 1, HeaderDeflater().deflate(head)))
        for _ in 0..<3 { try server.receive(frame(type: 0, stream: 1, [UInt8](repeating: 1, count: 900))) }
        _ = try server.output()
        // The frame that crosses the line is still handed on, none after it.
        #expect((server.bodies[1]?.count ?? 0) <= 1_800)
        #expect(server.closed[1] == .flowControlError)
    }
}
