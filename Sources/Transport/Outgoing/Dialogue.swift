import NIOCore
import NIOSSL
import NIOTLS

/// A conversation over one connection, as a value: what comes goes in, what is to be done comes out. It opens no
/// socket.
///
/// For protocols of lines that begin in the clear and may turn to TLS on the way, such as SMTP (RFC 3207).
public protocol Dialogue<Outcome>: Sendable {
    associatedtype Outcome: Sendable

    /// Bytes came. After `startTLS` none come before `secured`.
    mutating func received(_ bytes: [UInt8]) -> [DialogueStep<Outcome>]
    /// The handshake that was asked for succeeded.
    mutating func secured() -> [DialogueStep<Outcome>]
    /// The other end closed the connection before there was an outcome.
    mutating func ended() -> Outcome
}

public enum DialogueStep<Outcome: Sendable>: Sendable {
    case send([UInt8])
    case startTLS
    /// The last step: the connection is closed.
    case finish(Outcome)
}

/// Holds dialogues with servers that a setting names, within the same bounds as `WebClient`.
public final class DialogueClient: Sendable {
    private let configuration: WebClient.Configuration
    private let connector: OutgoingConnector

    public init(_ configuration: WebClient.Configuration, group: any EventLoopGroup) {
        self.configuration = configuration
        connector = OutgoingConnector(configuration, protocols: [], group: group)
    }

    /// - Parameter endpoint: with `isTLS` the handshake comes before the first byte.
    public func hold<D: Dialogue>(_ dialogue: D, with endpoint: Endpoint) async throws(TransportError) -> D.Outcome {
        let limit = configuration.responseByteCountMax
        return try await withDeadline(connector.makeLoop(), configuration.timeout, operation: "talk", endpoint) {
            [connector] answer, loop async throws(TransportError) -> any Channel in
            try await connector.connect(to: endpoint, on: loop, whenFailed: { answer.fail($0) }) { channel in
                let pipeline = channel.pipeline.syncOperations
                if endpoint.isTLS { try pipeline.addHandler(connector.tlsHandler(for: endpoint.host)) }
                try pipeline.addHandler(ReceivedByteLimit(limit, "talk", endpoint))
                try pipeline.addHandler(DialogueHandler(dialogue, endpoint, answer, connector))
            }
        }
    }
}

/// Feeds a dialogue and does what it says.
private final class DialogueHandler<D: Dialogue>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var dialogue: D
    private let endpoint: Endpoint
    private let answer: EventLoopPromise<D.Outcome>
    private let connector: OutgoingConnector
    private var wasActive = false
    private var isSecuring = false

    init(_ dialogue: D, _ endpoint: Endpoint, _ answer: EventLoopPromise<D.Outcome>, _ connector: OutgoingConnector) {
        self.dialogue = dialogue
        self.endpoint = endpoint
        self.answer = answer
        self.connector = connector
    }

    func channelActive(context: ChannelHandlerContext) { wasActive = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What was read in the clear before the handshake ended would pass for something the peer said under its
        // protection.
        guard !isSecuring else { return }
        perform(dialogue.received(Array(unwrapInboundIn(data).readableBytesView)), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard isSecuring, case TLSUserEvent.handshakeCompleted = event else { return }
        isSecuring = false
        perform(dialogue.secured(), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if wasActive { answer.succeed(dialogue.ended()) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if wasActive { answer.fail(exchangeFailure(error, "talk", endpoint)) }
        context.close(promise: nil)
    }

    private func perform(_ steps: [DialogueStep<D.Outcome>], _ context: ChannelHandlerContext) {
        for step in steps {
            switch step {
            case .send(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            case .startTLS:
                isSecuring = true
                do {
                    let handler = try connector.tlsHandler(for: endpoint.host)
                    try context.pipeline.syncOperations.addHandler(handler, position: .first)
                } catch {
                    errorCaught(context: context, error: error)
                }
            case .finish(let outcome): answer.succeed(outcome)
            }
        }
    }
}
