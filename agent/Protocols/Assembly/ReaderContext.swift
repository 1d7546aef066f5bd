import CallModel

/// What all connections of one reader share: bounds, counters, the pool of calls, and the calls that have just ended.
///
/// Parsers collect ended calls here and the reader hands them on when the event has been dealt with: nothing acts in the
/// middle of parsing.
final class ReaderContext {
    let configuration: ProtocolConfiguration
    var counters = ProtocolCounters()
    /// Bytes held for all connections together.
    var heldByteCount = 0
    var ended: [ObservedCall] = []
    /// Connections whose TLS has just been agreed on.
    var secured: [ConnectionInfo] = []
    /// Connections whose server has just shown a certificate.
    var certified: [ConnectionInfo] = []
    var failures = FailureBook()
    private var pool: [ObservedCall] = []
    private static let pooledMax = 256

    init(_ configuration: ProtocolConfiguration) {
        self.configuration = configuration
    }

    func takeCall(on connection: ConnectionInfo) -> ObservedCall {
        guard let call = pool.popLast() else { return ObservedCall(connection: connection) }
        call.connection = connection
        return call
    }

    /// The call is over, or as much of it as will ever be seen.
    func end(_ call: ObservedCall) {
        counters.calls &+= 1
        if call.isAnswerUnknown { counters.callsAnswerUnknown &+= 1 }
        ended.append(call)
    }

    /// Takes back a call nobody will hear of any more.
    func recycle(_ call: ObservedCall) {
        heldByteCount &-= call.heldByteCount
        guard pool.count < Self.pooledMax else { return }
        call.clear()
        pool.append(call)
    }

    @inline(__always)
    func headWasKept(_ message: borrowing Message) {
        heldByteCount &+= message.head.count
    }

    /// Adds bytes of a body, and keeps of them what the bounds allow.
    @inline(__always)
    func bodyArrived(_ bytes: Span<UInt8>, in range: Range<Int>, of message: inout Message) {
        message.bodyByteCount &+= range.count
        guard message.isBodyWhole, !range.isEmpty else { return }
        let room = min(
            configuration.bodyByteCountMax &- message.body.count,
            configuration.heldByteCountMax &- heldByteCount)
        if range.count > room {
            message.isBodyWhole = false
            counters.bodiesNotKept &+= 1
        }
        let kept = max(0, min(room, range.count))
        message.body.append(bytes, in: range.lowerBound..<(range.lowerBound &+ kept))
        heldByteCount &+= kept
    }
}
