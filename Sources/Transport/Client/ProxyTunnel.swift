import NIOCore

/// Stands first on a connection to a proxy: asks it for a way to the server, and makes room for TLS when there is one.
///
/// The answer's head is read by hand: its first line decides, the rest is skipped, and whatever follows the empty line is the
/// server's.
final class ProxyTunnel: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Of the answer's head.
    private static let headByteCountMax = 16 << 10

    private let proxy: Proxy
    private let endpoint: Endpoint
    private let whenFailed: (TransportError) -> Void
    /// Adds the handlers of the connection itself.
    private let whenOpen: (any Channel) throws -> Void
    private var held = ByteBuffer()
    private var isOver = false

    init(
        _ proxy: Proxy, to endpoint: Endpoint, whenFailed: @escaping (TransportError) -> Void,
        whenOpen: @escaping (any Channel) throws -> Void
    ) {
        self.proxy = proxy
        self.endpoint = endpoint
        self.whenFailed = whenFailed
        self.whenOpen = whenOpen
    }

    func channelActive(context: ChannelHandlerContext) {
        var head = "CONNECT \(endpoint.authority) HTTP/1.1\r\nhost: \(endpoint.authority)\r\n"
        if let authorization = proxy.authorization { head += "proxy-authorization: \(authorization)\r\n" }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + "\r\n")), promise: nil)
        // Not passed on: for whoever comes next the connection begins when the tunnel is open.
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        held.writeBuffer(&bytes)
        guard !isOver else { return }
        guard let end = headEnd(held.readableBytesView) else {
            if held.readableBytes > Self.headByteCountMax { fail("its answer has no end", context) }
            return
        }
        let line = String(
            decoding: held.readableBytesView.prefix { $0 != UInt8(ascii: "\r") }.prefix(200), as: UTF8.self)
        held.moveReaderIndex(forwardBy: end)
        let words = line.split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            return fail("it does not speak HTTP", context)
        }
        switch status {
        case 100...199: break  // An interim answer: the real one follows.
        case 200...299: open(context)
        case 407: fail("it wants a user and a password (407)", context)
        default: fail("it answers \(words[1...].joined(separator: " "))", context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail("it closed the connection", context)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail("\(error)", context)
    }

    private func headEnd(_ bytes: ByteBufferView) -> Int? {
        let end = Array("\r\n\r\n".utf8)
        guard bytes.count >= end.count else { return nil }
        for offset in 0...(bytes.count - end.count) {
            let start = bytes.startIndex + offset
            if bytes[start..<start + end.count].elementsEqual(end) { return offset + end.count }
        }
        return nil
    }

    private func open(_ context: ChannelHandlerContext) {
        isOver = true
        do {
            try whenOpen(context.channel)
        } catch {
            return fail("\(error)", context)
        }
        context.fireChannelActive()
        if held.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(held))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    private func fail(_ cause: String, _ context: ChannelHandlerContext) {
        isOver = true
        whenFailed(
            TransportError(
                .connectFailed, operation: "connect", subject: "\(endpoint)",
                cause: "the proxy \(proxy.host):\(proxy.port): \(cause)",
                hint: "HTTPS_PROXY names it, NO_PROXY lists what goes directly", isUnprocessed: true))
        context.close(promise: nil)
    }
}
