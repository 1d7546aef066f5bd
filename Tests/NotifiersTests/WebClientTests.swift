import NIOCore
import NIOPosix
import Synchronization
import Testing
import Transport

/// A server on loopback that says what it was told to, whatever it is asked.
private final class LyingServer: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let says: String
    private let closes: Bool

    init(_ says: String, closes: Bool) {
        self.says = says
        self.closes = closes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: says)), promise: nil)
        if closes { context.close(promise: nil) }
    }

    static func with<R: Sendable>(
        _ says: String, closes: Bool = true, _ body: (Int) async throws -> R
    ) async throws -> R {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in channel.pipeline.addHandler(LyingServer(says, closes: closes)) }
            .bind(host: "127.0.0.1", port: 0).get()
        let result = try await body(server.localAddress!.port!)
        try await server.close()
        return result
    }
}

struct WebClientTests {
    private func send(
        to url: String, allowsPrivate: Bool = true, timeout: Duration = .seconds(600), proxyPort: Int? = nil
    ) async -> Result<ClientResponse, TransportError> {
        var configuration = WebClient.Configuration()
        configuration.addresses.allowsPrivate = allowsPrivate
        configuration.timeout = timeout
        configuration.proxy = { _ in proxyPort.map { Proxy(host: "127.0.0.1", port: $0) } }
        let client = WebClient(configuration, group: MultiThreadedEventLoopGroup.singleton)
        do throws(TransportError) {
            let request = WebRequest(WebAddress(url)!, headers: ["x-evil": "a\r\nb: c"], body: [1, 2, 3])
            return .success(try await client.send(request))
        } catch {
            return .failure(error)
        }
    }

    private func failure(_ result: Result<ClientResponse, TransportError>) -> TransportError.Kind? {
        if case .failure(let error) = result { error.kind } else { nil }
    }

    @Test func `an answer is an answer, with a length, in chunks, or up to the end`() async throws {
        for text in [
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "HTTP/1.0 200 OK\r\n\r\nok",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
            "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
        ] {
            let result = try await LyingServer.with(text) { await send(to: "http://127.0.0.1:\($0)/a") }
            let response = try result.get()
            #expect(response.status == 200 && String(buffer: response.body) == "ok")
        }
    }

    @Test func `a redirect is handed back and not followed`() async throws {
        let text = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
        let result = try await LyingServer.with(text) { await send(to: "http://127.0.0.1:\($0)/") }
        #expect(try result.get().status == 302)
    }

    @Test func `an answer without end costs no more than its bound`() async throws {
        let flood = String(repeating: "x", count: 200_000)
        for text in ["HTTP/1.1 200 OK\r\n\r\n" + flood, "HTTP/1.1 200 OK\r\nx: " + flood, flood] {
            let result = try await LyingServer.with(text, closes: false) { await send(to: "http://127.0.0.1:\($0)/") }
            #expect(failure(result) != nil && failure(result) != .timeout)
        }
    }

    @Test func `a server that says nothing, or half of it, is waited for no longer than the time`() async throws {
        for text in ["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf"] {
            let result = try await LyingServer.with(text, closes: false) {
                await send(to: "http://127.0.0.1:\($0)/", timeout: .milliseconds(200))
            }
            #expect(failure(result) == .timeout)
        }
    }

    @Test func `half an answer is none`() async throws {
        let result = try await LyingServer.with("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf") {
            await send(to: "http://127.0.0.1:\($0)/")
        }
        #expect(failure(result) == .connectionLost)
    }

    @Test(arguments: [
        "127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433",
    ])
    func `private addresses are refused however they are written, before anything is sent`(_ host: String) async {
        let result = await send(to: "http://\(host):9/latest/meta-data", allowsPrivate: false)
        // Where a spelling is no address at all it has none.
        #expect(failure(result) == .addressRefused || failure(result) == .dnsFailed)
        if case .failure(let error) = result { #expect(!"\(error)".contains("meta-data")) }
    }

    @Test func `a server that does not speak TLS is told apart`() async throws {
        let result = try await LyingServer.with("hello there, this is no TLS\r\n") {
            await send(to: "https://127.0.0.1:\($0)/")
        }
        #expect(failure(result) == .tlsFailed)
    }

    @Test func `a proxy is asked for the way, and one that refuses is named`() async throws {
        let refusal = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"
        let refused = try await LyingServer.with(refusal) {
            await send(to: "https://hooks.example/s3cret", allowsPrivate: false, proxyPort: $0)
        }
        #expect(failure(refused) == .connectFailed)
        if case .failure(let error) = refused { #expect(error.cause.contains("403 Forbidden")) }
        // What is under the tunnel is no TLS: so TLS was begun with whoever is behind the proxy.
        let open = try await LyingServer.with("HTTP/1.1 200 Connected\r\n\r\n", closes: false) {
            await send(to: "https://hooks.example/s3cret", allowsPrivate: false, proxyPort: $0)
        }
        #expect(failure(open) == .tlsFailed)
        let near = await send(to: "https://169.254.169.254/", allowsPrivate: false, proxyPort: 9)
        #expect(failure(near) == .addressRefused)
    }

    @Test func `nobody there is said so`() async {
        // A port that was free a moment ago may be another test's by now.
        #expect(failure(await send(to: "http://127.0.0.1:1/")) == .connectFailed)
        #expect(failure(await send(to: "http://no-such-name.invalid/")) == .dnsFailed)
    }
}
