import CallModel

/// Bodies: counted exactly, kept within bounds.
extension HTTP1Conversation {
    /// Returns the index to go on from.
    func requestBodyArrived(_ bytes: Span<UInt8>, from start: Int, at now: Instant) -> Int {
        guard let call = toServer.call else { return bytes.count }
        let (end, outcome) = toServer.bodyArrived(bytes, from: start) {
            context.bodyArrived(bytes, in: $0, of: &call.request)
        }
        switch outcome {
        case .goesOn: break
        case .ended:
            toServer.chunked.takeTrailers(into: &call.request, context)
            requestEnded(call, at: now)
        case .malformed: bodyIsMalformed(.toServer, call, at: now)
        }
        return end
    }

    func responseBodyArrived(_ bytes: Span<UInt8>, from start: Int, at now: Instant) -> Int {
        guard let call = toClient.call else { return bytes.count }
        call.response.ended = now
        let (end, outcome) = toClient.bodyArrived(bytes, from: start) {
            context.bodyArrived(bytes, in: $0, of: &call.response)
        }
        switch outcome {
        case .goesOn: break
        case .ended:
            toClient.chunked.takeTrailers(into: &call.response, context)
            responseEnded(call, at: now)
        case .malformed: bodyIsMalformed(.toClient, call, at: now)
        }
        return end
    }

    private func bodyIsMalformed(_ direction: StreamDirection, _ call: ObservedCall, at now: Instant) {
        context.counters.malformedMessages &+= 1
        if direction == .toClient { call.error = .protocolError }
        lose(direction, at: now)
    }
}

extension HTTP1Direction {
    enum BodyOutcome { case goesOn, ended, malformed }

    /// Hands the content in `bytes` to `content`; returns where the message, or the chunk, ended.
    @inline(__always)
    fileprivate mutating func bodyArrived(
        _ bytes: Span<UInt8>, from start: Int, content: (Range<Int>) -> Void
    ) -> (end: Int, BodyOutcome) {
        switch phase {
        case .fixedBody(let remaining):
            let taken = min(remaining, bytes.count &- start)
            content(start..<(start &+ taken))
            phase = .fixedBody(remaining: remaining &- taken)
            return (start &+ taken, taken == remaining ? .ended : .goesOn)
        case .chunkedBody:
            switch chunked.read(bytes, from: start, data: content) {
            case .needsMore: return (bytes.count, .goesOn)
            case .complete(let end): return (end, .ended)
            case .malformed: return (bytes.count, .malformed)
            }
        case .openBody:
            content(start..<bytes.count)
            return (bytes.count, .goesOn)
        case .start, .head, .paused, .lost, .ended:
            return (bytes.count, .goesOn)
        }
    }
}
