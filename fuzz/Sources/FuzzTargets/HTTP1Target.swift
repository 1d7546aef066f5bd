import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import Transport

/// Takes a small body of any request and gives it back.
private struct Echo: RequestHandler {
    func admit(_ head: RequestHead) -> Admission {
        head.path == "/no"
            ? .refuse(.problem(status: 403, title: "Forbidden", detail: "no")) : .collect(byteCountMax: 4_096)
    }

    func handle(_ request: Request, _ responder: Responder) {
        must(request.body.readableBytes <= 4_096, "a body beyond what was allowed")
        responder.respond(Response(status: 200, headers: Headers(), body: request.body))
    }
}

extension FuzzTarget {
    /// What a client may send to a server's HTTP/1.1, cut into pieces as the first byte says.
    static let http1 = FuzzTarget(
        name: "http1",
        run: { bytes in
            guard let first = bytes.first else { return }
            let core = ServerCore(
                configuration: ServerConfiguration(address: "127.0.0.1", port: 0), handler: Echo())
            let channel = EmbeddedChannel()
            let peer = Peer(address: "127.0.0.1", port: 1, isLoopback: true, isTLS: false)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = 4_096
            limits.maxHeaderListSize = 4_096
            let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
            do {
                try channel.pipeline.syncOperations.addHandlers([
                    ByteToMessageHandler(decoder), HTTP1Connection(core: core, peer: peer),
                ])
                try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            } catch {
                return must(false, "no channel: \(error)")
            }
            let pieceSize = Int(first & 63) + 1
            var rest = bytes.dropFirst()
            while !rest.isEmpty, channel.isActive {
                // An error closes the connection; it must not do anything worse.
                _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(pieceSize)))
                rest = rest.dropFirst(pieceSize)
                channel.embeddedEventLoop.run()
            }
            channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
            channel.embeddedEventLoop.advanceTime(by: .seconds(200))
            _ = try? channel.finish(acceptAlreadyClosed: true)
            must(
                core.requestBudget.freeByteCount == core.configuration.requestBytesHeldMax,
                "a request's bytes are still held")
        },
        seeds: {
            [
                "?GET /a?b=c HTTP/1.1\r\nhost: x\r\n\r\n",
                "\u{05}POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n",
                "?POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nexpect: 100-continue\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                "?GET /no HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
            ].map { Array($0.utf8) }
        })
}
