import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS

/// Stands first on a new connection until it is clear what the client speaks, then makes way.
///
/// Over TLS the client has said so in ALPN (RFC 7301); in the clear HTTP/2 begins with a preface that no HTTP/1 request begins
/// with (RFC 9113, section 3.4).
final class ProtocolSelector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let preface = Array("PRI * HTTP/2.0\r\n".utf8)

    private let core: ServerCore
    private var isTLS: Bool
    private var certificate: ClientCertificate?
    private var held = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDecided = false

    init(core: ServerCore) {
        self.core = core
        isTLS = core.configuration.tls != nil
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: TimeAmount(core.configuration.headTimeout)) { [core] in
            core.counters.add(.requestTimeouts)
            channel.close(promise: nil)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        deadline?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard !isDecided else { return context.fireChannelRead(data) }
        held.writeBuffer(&bytes)
        let start = held.readableBytesView.prefix(Self.preface.count)
        if !Self.preface.starts(with: start) {
            decide(isHTTP2: false, context: context)
        } else if start.count == Self.preface.count {
            decide(isHTTP2: true, context: context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiated):
            if let shown = try? context.pipeline.syncOperations.nioSSL_peerCertificate() {
                certificate = ClientCertificate(shown)
            }
            // Without ALPN the first bytes decide.
            if let negotiated, !isDecided { decide(isHTTP2: negotiated == "h2", context: context) }
        case ChannelEvent.inputClosed, is ServerShutdownEvent:
            if isDecided { context.fireUserInboundEventTriggered(event) } else { context.close(promise: nil) }
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isDecided else { return context.fireErrorCaught(error) }
        if isTLS, error is NIOSSLError || error is BoringSSLError { core.counters.add(.tlsFailures) }
        context.close(promise: nil)
    }

    private func decide(isHTTP2: Bool, context: ChannelHandlerContext) {
        isDecided = true
        let peer = Peer(channel: context.channel, isTLS: isTLS, certificate: certificate)
        let pipeline = context.pipeline.syncOperations
        do {
            if isHTTP2 {
                try pipeline.addHandler(HTTP2Connection(core: core, peer: peer))
            } else {
                try pipeline.addHandlers([
                    ByteToMessageHandler(decoder()), HTTP1Connection(core: core, peer: peer),
                ])
            }
        } catch {
            return context.close(promise: nil)
        }
        if held.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(held)) }
        held = ByteBuffer()
        pipeline.removeHandler(context: context, promise: nil)
    }

    private func decoder() -> HTTPRequestDecoder {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = core.configuration.headerByteCountMax
        limits.maxHeaderListSize = core.configuration.headerByteCountMax
        limits.maxHeaderFieldCount = max(16, core.configuration.headerByteCountMax / 32)
        return HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    }
}
