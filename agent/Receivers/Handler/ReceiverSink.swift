import CallModel
import Transport

/// Who took a request in.
public enum ReceiverKind: String, Sendable, CaseIterable {
    case otlp
    case native
    case moesif
}

/// What the pipeline may want to know of a request beside its calls.
public struct ReceiveContext: Sendable {
    public var receiver: ReceiverKind
    public var peer: Peer
    /// The host's clock when the request was complete.
    public var receivedAt: Instant
    /// Calls of the same request that are encoded already; what becomes of them is told together with the others.
    public var taken: TakenCalls?
}

/// What became of the calls of one request.
public enum SinkResult: Sendable {
    /// Written. `kept` went into the spool, `notOurs` match no partner, signature or listed route, `suppressed` were
    /// seen before; what the pipeline refused is told with its index among the calls handed over.
    case stored(kept: Int, notOurs: Int, suppressed: Int, rejections: [(index: Int, pointer: String, detail: String)])
    /// No room now; nothing was kept, and the sender is asked to come again.
    case pushBack(retryAfter: Duration)
    /// The write failed; nothing was kept. The sender is asked to come again.
    case failed(detail: String)
}

/// Takes calls and says once, from any thread, what became of them. It is called on an event loop or on the decoding
/// thread and must not block either.
public typealias CallSink =
    @Sendable (
        _ calls: consuming [APICall], _ context: ReceiveContext, _ completion: @escaping @Sendable (SinkResult) -> Void
    ) ->
    Void
