import Logging
import NIOCore
import NIOPosix
import Testing
import Transport

struct ProxySettingTests {
    private let far = Endpoint(isTLS: true, host: "agg.example.com", port: 7_443)

    @Test func `an environment names the proxy, and what goes without`() throws {
        let proxy = try #require(try Proxy.named(by: ["HTTPS_PROXY": "http://proxy.example:8080"], for: far))
        #expect((proxy.host, proxy.port) == ("proxy.example", 8_080))
        #expect(try Proxy.named(by: ["https_proxy": "proxy"], for: far)?.port == 3_128)
        #expect(try Proxy.named(by: [:], for: far) == nil)
        for list in ["*", "example.com", ".example.com", "x, agg.example.com", "agg.example.com:7443"] {
            #expect(try Proxy.named(by: ["HTTPS_PROXY": "http://p:1", "NO_PROXY": list], for: far) == nil, "\(list)")
        }
        for list in ["", "ample.com", "agg.example.com:443", "other.example"] {
            #expect(try Proxy.named(by: ["HTTPS_PROXY": "http://p:1", "NO_PROXY": list], for: far) != nil, "\(list)")
        }
    }

    @Test func `loopback and clear text are never sent to a proxy`() throws {
        let environment = ["HTTPS_PROXY": "http://p:1"]
        let near = Endpoint(isTLS: true, host: "127.0.0.1", port: 7_443)
        #expect(try Proxy.named(by: environment, for: near) == nil)
        #expect(try Proxy.named(by: environment, for: Endpoint(isTLS: false, host: "far", port: 1)) == nil)
    }

    @Test func `a user goes along, and is not shown`() throws {
        let proxy = try #require(Proxy(address: "http://us%40er:pass@p:3128/"))
        #expect(proxy.authorization == "Basic " + base64(Array("us@er:pass".utf8)))
        #expect(base64(Array("Aladdin:open sesame".utf8)) == "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
    }

    @Test(arguments: ["https://p:1", "socks5://p:1", "http://", "http://p/x", "http://%zz@p"])
    func `what is no proxy's address is an error that names the variable`(value: String) {
        #expect(throws: ProxySettingError.self) { try Proxy.named(by: ["HTTPS_PROXY": value], for: far) }
    }
}

/// A client through a proxy that a few lines make, to a real server.
struct ProxyTunnelTests {
    private struct Echo: RequestHandler {
        func admit(_ head: RequestHead) -> Admission { .collect(byteCountMax: 1 << 20) }
        func handle(_ request: Request, _ responder: Responder) {
            responder.respond(Response(status: 200, headers: Headers(), body: request.body))
        }
    }

    /// Takes CONNECT, answers as told, and joins the two connections.
    private final class Joiner: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: String
        private let target: Int
        private let asked: NIOLoopBoundBox<[String]>
        private var far: (any Channel)?
        private var waiting: [ByteBuffer] = []
        private var isAsked = false

        init(answer: String, target: Int, asked: NIOLoopBoundBox<[String]>) {
            self.answer = answer
            self.target = target
            self.asked = asked
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            guard isAsked else {
                isAsked = true
                asked.value.append(String(buffer: bytes))
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
                guard answer.contains("200") else { return context.close(promise: nil) }
                let near = context.channel
                ClientBootstrap(group: context.eventLoop)
                    .channelInitializer { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Return(near: near))
                        }
                    }
                    .connect(host: "127.0.0.1", port: target).assumeIsolated().whenSuccess { channel in
                        self.far = channel
                        for bytes in self.waiting { channel.writeAndFlush(bytes, promise: nil) }
                    }
                return
            }
            if let far { far.writeAndFlush(bytes, promise: nil) } else { waiting.append(bytes) }
        }
    }

    private final class Return: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let near: any Channel
        init(near: any Channel) { self.near = near }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            near.writeAndFlush(unwrapInboundIn(data), promise: nil)
        }
    }

    private func send(_ answer: String) async throws -> (
        result: Result<ClientResponse, TransportError>, asked: [String]
    ) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let server = HTTPServer(
            configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: Echo(), group: group,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let target = try await server.start().port
        let loop = group.next()
        let asked = try await loop.submit { NIOLoopBoundBox([String](), eventLoop: loop) }.get()
        let proxy = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Joiner(answer: answer, target: target, asked: asked))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var configuration = ClientConfiguration()
        configuration.proxy = Proxy(address: "http://user:word@127.0.0.1:\(proxy.localAddress?.port ?? 0)")
        let client = HTTPClient(
            endpoint: Endpoint(isTLS: false, host: "far.example", port: 7_443), configuration: configuration,
            group: group)
        let result: Result<ClientResponse, TransportError>
        do throws(TransportError) {
            result = .success(
                try await client.send(ClientRequest(method: "POST", path: "/", body: ByteBuffer(string: "hello"))))
        } catch {
            result = .failure(error)
        }
        let heard = try await loop.submit { asked.value }.get()
        await client.shutdown()
        try await proxy.close()
        await server.shutdown(grace: .seconds(1))
        try await group.shutdownGracefully()
        return (result, heard)
    }

    @Test func `a request goes through the tunnel`() async throws {
        let (result, asked) = try await send("HTTP/1.1 200 Connection established\r\nx: y\r\n\r\n")
        #expect(try result.get().body == ByteBuffer(string: "hello"))
        #expect(
            asked == [
                "CONNECT far.example:7443 HTTP/1.1\r\nhost: far.example:7443\r\nproxy-authorization: Basic dXNlcjp3b3Jk\r\n\r\n"
            ])
    }

    @Test(arguments: ["HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 407 Who\r\n\r\n", "SSH-2.0\r\n\r\n", ""])
    func `a proxy that refuses is named in the error, and what it was for may be tried again`(answer: String)
        async throws
    {
        let (result, _) = try await send(answer)
        guard case .failure(let error) = result else {
            Issue.record("an answer came")
            return
        }
        #expect(error.kind == .connectFailed && error.isUnprocessed)
        #expect("\(error)".contains("the proxy 127.0.0.1"))
    }
}
