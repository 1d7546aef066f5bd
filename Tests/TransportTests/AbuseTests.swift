import Glibc
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport

/// Gives back the body, or what `/large` asks for.
private struct Service: RequestHandler {
    func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 1 << 20) }

    func handle(_ request: Request, _ responder: Responder) {
        let body = request.head.path == "/large" ? ByteBuffer(repeating: 7, count: 4 << 20) : request.body
        responder.respond(Response(status: 200, headers: Headers(), body: body))
    }
}

/// What hostile and broken peers do to the real server, and that others are served meanwhile.
///
/// One after the other and with no other test beside them, because memory and patience are measured: what the process holds may
/// grow by 20 MB at most. So they run where `FARWATCH_ABUSE_ALONE=1` says that they are alone: `deploy/test` does, in a step of
/// its own.
@Suite(.serialized, .enabled(if: getenv("FARWATCH_ABUSE_ALONE") != nil, "they run alone, in a step of deploy/test"))
struct AbuseTests {
    private func withServer(
        mayGrowBy byteCountMax: Int = 20 << 20, _ change: (inout ServerConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (Int, HTTPServer) throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = ServerConfiguration(address: "127.0.0.1", port: 0)
        // Short only where a test waits for its end: what a peer sends in two pieces, a busy machine may hold up in between.
        configuration.headTimeout = .seconds(60)
        configuration.bodyTimeout = .seconds(60)
        configuration.writeTimeout = .milliseconds(600)
        configuration.idleTimeout = .seconds(20)
        configuration.lingerTimeout = .milliseconds(300)
        configuration.resetBurstMax = 100
        configuration.resetsPerSecondMax = 10
        configuration.barrenFramesMax = 2_000
        change(&configuration)
        let server = HTTPServer(
            configuration: configuration, handler: Service(), group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await server.start().port
        let client = HTTPClient(endpoint: Endpoint(isTLS: false, host: "127.0.0.1", port: port), group: group)
        _ = try await client.send(ClientRequest(method: "GET", path: "/"))
        let before = residentByteCount()
        // The abuse runs on a thread of its own, and a good client beside it.
        let abuse = Task.detached { try await onThread { try body(port, server) } }
        let isOver = Atomic(false)
        let bystander = Task {
            // Once at least, however short the abuse was: then it shows that the server still serves afterwards.
            repeat {
                let request = ClientRequest(
                    method: "POST", path: "/", body: ByteBuffer(string: "x"), timeout: .seconds(30))
                do throws(TransportError) {
                    #expect(try await client.send(request).status == 200)
                } catch {
                    Issue.record("somebody else was not served: \(error)")
                    break
                }
                try? await Task.sleep(for: .milliseconds(5))
            } while !isOver.load(ordering: .acquiring)
        }
        let result = await abuse.result
        isOver.store(true, ordering: .releasing)
        await bystander.value
        let grown = residentByteCount() - before
        #expect(grown <= byteCountMax, "grew by \(grown >> 10) KiB")
        await client.shutdown()
        await server.shutdown(grace: .seconds(2))
        #expect(server.connectionCount == 0)
        #expect(server.heldByteCount == (0, 0))
        try await group.shutdownGracefully()
        try result.get()
    }

    // MARK: Floods

    @Test func `rapid resets end the connection`() async throws {
        try await withServer { port, server in
            let peer = try #require(RawPeer(port: port))
            peer.send(http2Preface)
            var isOpen = true
            var sent = 0
            while isOpen, sent < 20_000 {
                let id = UInt32(sent * 2 + 1)
                isOpen = peer.send(
                    frame(FrameType.headers, flags: 5, stream: id, getBlock)
                        + frame(FrameType.reset, stream: id, [0, 0, 0, 8]))
                sent += 1
            }
            #expect(peer.isClosedByPeer())
            #expect(server.counters[.floods] + server.counters[.protocolErrors] == 1)
        }
    }

    @Test(arguments: [
        ("continuations", FrameType.continuation), ("settings", FrameType.settings), ("pings", FrameType.ping),
        ("empty data", FrameType.data), ("windows", FrameType.windowUpdate),
    ])
    func `a flood ends its connection`(name: String, type: UInt8) async throws {
        try await withServer { port, server in
            let peer = try #require(RawPeer(port: port))
            peer.send(http2Preface)
            let flood: [UInt8]
            switch type {
            case FrameType.continuation:
                peer.send(frame(FrameType.headers, stream: 1, getBlock))
                flood = frame(type, stream: 1, [])
            case FrameType.data:
                peer.send(frame(FrameType.headers, flags: 4, stream: 1, postBlock))
                flood = frame(type, stream: 1, [])
            case FrameType.ping: flood = frame(type, [UInt8](repeating: 1, count: 8))
            case FrameType.windowUpdate: flood = frame(type, [0, 0, 0, 1])
            default: flood = frame(type)
            }
            let hundred = [[UInt8]](repeating: flood, count: 100).flatMap { $0 }
            var sent = 0
            while sent < 2_000, peer.send(hundred) { sent += 1 }
            #expect(peer.isClosedByPeer(), "\(name): \(sent) hundreds were taken")
            #expect(server.counters[.floods] + server.counters[.protocolErrors] == 1)
        }
    }

    @Test func `an HPACK bomb costs its request alone`() async throws {
        try await withServer { port, server in
            let peer = try #require(RawPeer(port: port))
            peer.send(http2Preface)
            // One field into the dynamic table, then its index (62) three thousand times: 8 MB out of 6 kB.
            let value = [UInt8](repeating: 98, count: 2_800)
            let field: [UInt8] = [0x40, 1, 120, 0x7f, 0xf1, 0x14] + value  // 127 + 2673
            let bomb = getBlock + field + [UInt8](repeating: 0xbe, count: 3_000)
            for round in 0..<20 {
                peer.send(frame(FrameType.headers, flags: 5, stream: UInt32(round * 2 + 1), bomb))
            }
            peer.send(frame(FrameType.headers, flags: 5, stream: 101, getBlock))
            var received: [UInt8] = []
            while !frames(in: received).contains(where: { $0.stream == 101 && $0.type == FrameType.headers }) {
                guard let bytes = peer.receive(), !bytes.isEmpty else { break }
                received += bytes
            }
            #expect(frames(in: received).contains { $0.stream == 101 && $0.type == FrameType.headers })
            #expect(server.counters[.headersTooLarge] == 20)
        }
    }

    // MARK: Those who make us wait

    @Test func `who opens no window gets nothing and is let go`() async throws {
        try await withServer { port, server in
            let peer = try #require(RawPeer(port: port))
            let settings = frame(FrameType.settings, [0, 4, 0, 0, 0, 0])
            peer.send(Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + settings)
            let large: [UInt8] = [0x82, 0x86, 0x04, 6] + Array("/large".utf8) + [0x41, 3] + Array("far".utf8)
            for index in 0..<8 { peer.send(frame(FrameType.headers, flags: 5, stream: UInt32(index * 2 + 1), large)) }
            var resets = 0
            var received: [UInt8] = []
            while resets < 8, let bytes = peer.receive(), !bytes.isEmpty {
                received += bytes
                resets = frames(in: received).count { $0.type == FrameType.reset }
            }
            #expect(resets == 8)
            #expect(server.counters[.writeTimeouts] == 8)
            for _ in 0..<600 where server.heldByteCount.responses > 0 { usleep(100_000) }
            #expect(server.heldByteCount.responses == 0)
        }
    }

    @Test(arguments: ["GET / HTTP/1.1\r\nx: ", "PRI * HTTP/2.0\r\n\r\nSM", "P"])
    func `headers that never end are waited for as long as said`(beginning: String) async throws {
        try await withServer({ $0.headTimeout = .milliseconds(600) }) { port, server in
            let peer = try #require(RawPeer(port: port))
            peer.send(beginning)
            #expect(peer.isClosedByPeer())
            #expect(server.counters[.requestTimeouts] + server.counters[.idleTimeouts] >= 1)
        }
    }

    @Test func `a body that trickles is answered 408 and its connection ends or goes on`() async throws {
        try await withServer({ $0.bodyTimeout = .milliseconds(600) }) { port, server in
            let (old, new) = (try #require(RawPeer(port: port)), try #require(RawPeer(port: port)))
            old.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n")
            new.send(http2Preface + frame(FrameType.headers, flags: 4, stream: 1, postBlock))
            for _ in 0..<12 {
                old.send("x")
                new.send(frame(FrameType.data, stream: 1, [1]))
                usleep(100_000)
            }
            #expect(String(decoding: old.receive() ?? [], as: UTF8.self).hasPrefix("HTTP/1.1 408"))
            // Settings come first, and perhaps by themselves.
            var received: [UInt8] = []
            while !frames(in: received).contains(where: { $0.stream == 1 && $0.type == FrameType.headers }) {
                guard let bytes = new.receive(), !bytes.isEmpty else { break }
                received += bytes
            }
            #expect(frames(in: received).contains { $0.stream == 1 && $0.type == FrameType.headers })
            #expect(server.counters[.requestTimeouts] == 2)
        }
    }

    @Test func `a peer that closed its half still gets its answers`() async throws {
        try await withServer { port, _ in
            let peer = try #require(RawPeer(port: port))
            peer.send(http2Preface)
            for index in 0..<5 {
                peer.send(frame(FrameType.headers, flags: 5, stream: UInt32(index * 2 + 1), getBlock))
            }
            peer.endOutput()
            let answers = frames(in: peer.receiveAll()).filter { $0.type == FrameType.headers }
            #expect(answers.map(\.stream) == [1, 3, 5, 7, 9])
        }
    }

    @Test func `a peer that closed its half in the middle of a request is let go`() async throws {
        try await withServer { port, _ in
            let peer = try #require(RawPeer(port: port))
            peer.send(http2Preface + frame(FrameType.headers, flags: 4, stream: 1, postBlock))
            peer.endOutput()
            #expect(peer.isClosedByPeer())
        }
    }

    // MARK: Many

    @Test func `thousands of idle connections cost little, and those beyond the bound are refused`() async throws {
        let count = idlePeersPossible()
        // 20 KiB each, most of it libnghttp2's session (measured).
        try await withServer(
            mayGrowBy: count * 24 << 10,
            {
                $0.connectionsMax = count
                $0.idleTimeout = .seconds(120)
            }
        ) { port, server in
            var peers: [RawPeer] = []
            // The good client has one already.
            for _ in 0..<(count - 1) {
                let peer = try #require(RawPeer(port: port))
                peer.send(http2Preface)
                peers.append(peer)
            }
            // Accepting takes its time where everything is busy.
            for _ in 0..<600 where server.connectionCount < count { usleep(100_000) }
            let late = try #require(RawPeer(port: port))
            #expect(late.isClosedByPeer())
            #expect(server.counters[.connectionsRefused] >= 1)
            #expect(server.connectionCount == count)
        }
    }

    // MARK: The end

    @Test func `at shutdown what is under way is answered, and the client told to go`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let late = LateService()
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: late, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await server.start().port
        let client = HTTPClient(endpoint: Endpoint(isTLS: false, host: "127.0.0.1", port: port), group: group)
        let underWay = (0..<20).map { _ in
            Task { try await client.send(ClientRequest(method: "GET", path: "/")).status }
        }
        while server.counters[.requestsReceived] < 20 { try await Task.sleep(for: .milliseconds(5)) }
        await server.shutdown(grace: .seconds(60))
        for request in underWay { #expect(try await request.value == 200) }
        #expect(server.counters[.responsesSent] == 20)
        await client.shutdown()
        try await group.shutdownGracefully()
    }
}

/// Answers after 300 ms.
private struct LateService: RequestHandler {
    func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 0) }

    func handle(_ request: Request, _ responder: Responder) {
        _ = responder.eventLoop.scheduleTask(in: .milliseconds(300)) {
            responder.respond(Response(status: 200, headers: Headers(), body: ByteBuffer()))
        }
    }
}

/// Two descriptors each, both ends being here; 2,000 where the system allows.
private func idlePeersPossible() -> Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return min(2_000, Int(clamping: limit.rlim_cur) / 2 - 300)
}

/// Runs blocking work without holding up the tasks of others.
private func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        pool.submit { _ in
            continuation.resume(with: Result { try body() })
            pool.shutdownGracefully { _ in }
        }
    }
}

/// Of this process (proc(5), statm).
private func residentByteCount() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(
        separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4_096 : 0
}
