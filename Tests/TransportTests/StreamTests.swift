import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport

/// Answers every request with a stream and hands it to the test.
private final class Streaming: RequestHandler {
    let streams: AsyncStream<BodyStream>
    private let opened: AsyncStream<BodyStream>.Continuation
    private let waitingByteCountMax: Int

    init(waitingByteCountMax: Int) {
        self.waitingByteCountMax = waitingByteCountMax
        (streams, opened) = AsyncStream.makeStream()
    }

    func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 1 << 10) }

    func handle(_ request: Request, _ responder: Responder) {
        var response = Response(status: 200, headers: ["content-type": "text/event-stream"])
        let stream = BodyStream(waitingByteCountMax: waitingByteCountMax)
        response.stream = stream
        responder.respond(response)
        opened.yield(stream)
    }

    func next() async -> BodyStream {
        var iterator = streams.makeAsyncIterator()
        return await iterator.next()!
    }
}

/// What came so far, and a way to wait for more.
private final class Received: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    private let arrivals = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    func append(_ buffer: ByteBuffer) {
        bytes.withLock { $0.append(contentsOf: buffer.readableBytesView) }
        arrivals.continuation.yield()
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
    var count: Int { bytes.withLock { $0.count } }

    func wait(until isEnough: (String) -> Bool) async {
        var iterator = arrivals.stream.makeAsyncIterator()
        while !isEnough(text) { await iterator.next() }
    }
}

private final class Collector: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    let received: Received

    init(_ received: Received) { self.received = received }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { received.append(unwrapInboundIn(data)) }
}

struct StreamTests {
    /// Waits as long as a task of the handler may have to wait for its turn among those of other tests.
    private static let get = ClientRequest(method: "GET", path: "/", timeout: .seconds(600))

    private func withServer(
        waitingByteCountMax: Int = 64 << 10, streamsMax: Int = 8,
        _ body: (Streaming, HTTPServer, Endpoint, MultiThreadedEventLoopGroup) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let handler = Streaming(waitingByteCountMax: waitingByteCountMax)
        var configuration = ServerConfiguration(address: "127.0.0.1", port: 0)
        configuration.streamedResponsesMax = streamsMax
        let server = HTTPServer(
            configuration: configuration, handler: handler, group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let bound = try await server.start()
        try await body(handler, server, Endpoint(isTLS: false, host: "127.0.0.1", port: bound.port), group)
        await server.shutdown(grace: .seconds(1))
        try await group.shutdownGracefully()
    }

    @Test func `pieces arrive as they are offered, and the end ends the answer`() async throws {
        try await withServer { handler, server, endpoint, group in
            let client = HTTPClient(endpoint: endpoint, group: group)
            let received = Received()
            async let answer = client.stream(Self.get) { received.append($0) }
            let stream = await handler.next()
            let isTaken = stream.offer(Array("one;".utf8))
            #expect(isTaken)
            await received.wait { $0 == "one;" }
            _ = stream.offer(Array("two;".utf8))
            await received.wait { $0 == "one;two;" }
            stream.finish()
            let status = try await answer.status
            #expect(status == 200)
            let isTakenAfterwards = stream.offer([1])
            #expect(!isTakenAfterwards, "after the end nothing is taken")
            #expect(server.counters[.streamsStarted] == 1)
            await client.shutdown()
        }
    }

    @Test func `much more than a window arrives whole and in order`() async throws {
        try await withServer(waitingByteCountMax: 8 << 20) { handler, _, endpoint, group in
            let client = HTTPClient(endpoint: endpoint, group: group)
            let received = Received()
            async let answer = client.stream(Self.get) { received.append($0) }
            let stream = await handler.next()
            var sent = ""
            for number in 0..<100_000 {
                let piece = "\(number);"
                sent += piece
                let isTaken = stream.offer(Array(piece.utf8))
                #expect(isTaken)
            }
            stream.finish()
            _ = try await answer
            #expect(received.text == sent)
            await client.shutdown()
        }
    }

    @Test func `HTTP 1.1 gets chunks, and the connection ends with the stream`() async throws {
        try await withServer { handler, _, endpoint, group in
            let received = Received()
            let channel = try await ClientBootstrap(group: group)
                .channelInitializer { $0.pipeline.addHandler(Collector(received)) }
                .connect(host: endpoint.host, port: endpoint.port).get()
            try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
            let stream = await handler.next()
            _ = stream.offer(Array("hello".utf8))
            await received.wait { $0.hasSuffix("5\r\nhello\r\n") }
            #expect(received.text.contains("transfer-encoding: chunked\r\n"))
            #expect(!received.text.contains("content-length"))
            stream.finish()
            await received.wait { $0.hasSuffix("\r\n0\r\n\r\n") }
            try await channel.closeFuture.get()
        }
    }

    @Test func `a reader who goes is noticed, whichever protocol he speaks`() async throws {
        try await withServer { handler, _, endpoint, group in
            let over = AsyncStream<String>.makeStream()
            var iterator = over.stream.makeAsyncIterator()
            let channel = try await ClientBootstrap(group: group).connect(host: endpoint.host, port: endpoint.port)
                .get()
            try await channel.writeAndFlush(ByteBuffer(string: "GET / HTTP/1.1\r\nhost: a\r\n\r\n"))
            let first = await handler.next()
            first.whenOver { over.continuation.yield("HTTP/1.1") }
            // An error says that it is closed already: the server does not wait for ever for one who is held up.
            try? await channel.close()
            #expect(await iterator.next() == "HTTP/1.1")
            #expect(first.isOver)

            let client = HTTPClient(endpoint: endpoint, group: group)
            let reading = Task { try await client.stream(Self.get) { _ in } }
            let second = await handler.next()
            second.whenOver { over.continuation.yield("HTTP/2") }
            reading.cancel()
            #expect(await iterator.next() == "HTTP/2")
            _ = await reading.result
            await client.shutdown()
        }
    }

    @Test func `beyond its bound a stream takes nothing, and never half a piece`() {
        let stream = BodyStream(waitingByteCountMax: 10)
        #expect(stream.offer([1, 2, 3, 4, 5, 6]))
        #expect(!stream.offer([1, 2, 3, 4, 5]))
        #expect(stream.offer([1, 2, 3, 4]))
        #expect(stream.waitingByteCount == 10)
    }

    @Test func `more streams than may be are refused, and a place is free again when one ends`() async throws {
        try await withServer(streamsMax: 1) { handler, server, endpoint, group in
            let client = HTTPClient(endpoint: endpoint, group: group)
            async let first = client.stream(Self.get) { _ in }
            let open = await handler.next()
            let refused = try await client.stream(Self.get) { _ in }
            #expect(refused.status == 503)
            let stillborn = await handler.next()
            #expect(stillborn.isOver)
            #expect(server.counters[.streamsRefused] == 1)
            open.finish()
            _ = try await first
            async let third = client.stream(Self.get) { _ in }
            await handler.next().finish()
            let status = try await third.status
            #expect(status == 200)
            await client.shutdown()
        }
    }

    @Test func `a server that stops ends its streams`() async throws {
        try await withServer { handler, server, endpoint, group in
            let client = HTTPClient(endpoint: endpoint, group: group)
            async let answer = client.stream(Self.get) { _ in }
            let stream = await handler.next()
            await server.shutdown(grace: .seconds(60))
            let status = try await answer.status
            #expect(status == 200)
            #expect(stream.isOver)
            await client.shutdown()
        }
    }
}
