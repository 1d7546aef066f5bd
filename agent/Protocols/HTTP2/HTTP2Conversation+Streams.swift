import CallModel

/// Streams: from their first header block to the call they were.
extension HTTP2Conversation {
    func requestFieldsArrived(_ list: FieldList, _ block: HTTP2Direction.HeaderBlock, at now: Instant) {
        // Without a method it is trailers, or the rest of a request whose head was not seen.
        guard !list.method.isEmpty else {
            if list.hasPseudoFields || list.hasUnknown { requestIsUnknown(block.stream) }
            return
        }
        let isConnect = list.bytes.span.equals("connect", in: list.method.range)
        guard !list.path.isEmpty || isConnect && !list.authority.isEmpty else { return requestIsUnknown(block.stream) }
        guard let stream = stream(block.stream, at: now), !stream.call.hasRequest else { return }
        let call = stream.call
        call.version = .http2
        call.hasRequest = true
        call.isConnect = isConnect && list.path.isEmpty
        call.method = list.method
        call.target = call.isConnect ? list.authority : list.path
        call.authority = list.authority
        call.request.take(list, context)
        call.request.began = block.began
        call.request.ended = now
        if stream.isResponseEnded, block.isEndStream { stream.isRequestEnded = true }
    }

    private func requestIsUnknown(_ id: UInt32) {
        if let stream = streams[id] {
            guard !stream.call.hasRequest else { return }
            stream.isRequestUnknown = true
        }
        context.counters.unknownRequests &+= 1
    }

    func responseFieldsArrived(_ list: FieldList, _ block: HTTP2Direction.HeaderBlock, at now: Instant) {
        if streams[block.stream] == nil {
            // Before its request: that can still come, if nothing of the connection was missed.
            guard block.stream & 1 == 1, isFromStart, !toServer.wasLost, !block.isEndStream || list.status != nil else {
                return context.counters.responsesWithoutRequest &+= 1
            }
        }
        guard let stream = stream(block.stream, at: now) else { return }
        let call = stream.call
        call.response.ended = now
        if let status = list.status {
            guard status >= 200 else { return context.counters.interimResponses &+= 1 }
            guard !call.hasResponse else { return }
            call.status = status
            call.response.take(list, context)
            call.response.began = block.began
        } else if call.hasResponse {
            // Trailers: gRPC's status is one of them.
            call.response.takeTrailers(list.bytes.span, list.fields.span, context)
        } else {
            call.isAnswerUnknown = true
        }
    }

    func streamEnded(_ id: UInt32, _ direction: StreamDirection, at now: Instant) {
        guard let stream = streams[id] else { return }
        switch direction {
        case .toServer:
            stream.isRequestEnded = true
            stream.call.request.ended = now
        case .toClient:
            stream.isResponseEnded = true
            stream.call.response.ended = now
        }
        if stream.isRequestEnded, stream.isResponseEnded { end(id, stream, at: now) }
    }

    /// The stream is over, however it ended.
    func end(_ id: UInt32, _ stream: HTTP2Stream, at now: Instant) {
        streams[id] = nil
        let call = stream.call
        guard call.hasRequest else {
            context.counters.responsesWithoutRequest &+= 1
            return context.recycle(call)
        }
        if !call.hasResponse, call.error == nil { call.isAnswerUnknown = true }
        if call.hasResponse { call.isAnswerUnknown = false }
        if !stream.isResponseEnded { call.response.ended = now }
        context.end(call)
    }

    /// The stream of that number, made where there is none. Nil for those the server opens.
    private func stream(_ id: UInt32, at now: Instant) -> HTTP2Stream? {
        if let stream = streams[id] { return stream }
        guard id & 1 == 1 else { return nil }
        if streams.count >= context.configuration.streamCountMax { evictOldest(at: now) }
        let stream = HTTP2Stream(context.takeCall(on: connection))
        streams[id] = stream
        return stream
    }

    private func evictOldest(at now: Instant) {
        guard let id = streams.keys.min(), let stream = streams[id] else { return }
        context.counters.streamsEvicted &+= 1
        stream.call.response.isBodySizeKnown = false
        end(id, stream, at: now)
    }

    // MARK: The end of the connection

    func halfClosed(_ direction: StreamDirection, at now: Instant) {
        withDirection(direction) { if $0.hasEnded == nil { $0.hasEnded = now } }
    }

    func closed(_ reason: CloseReason, at now: Instant) {
        for (id, stream) in streams.sorted(by: { $0.key < $1.key }) {
            stream.call.error = stream.call.error ?? failure(of: stream, reason, at: now)
            switch reason {
            case .evicted, .endOfCapture: stream.call.response.isBodySizeKnown = false
            default: break
            }
            end(id, stream, at: toServer.hasEnded ?? now)
        }
        account(0)
    }

    private func failure(of stream: HTTP2Stream, _ reason: CloseReason, at now: Instant) -> FailureKind? {
        guard !stream.isResponseEnded, !toClient.wasLost else { return nil }
        if stream.call.hasResponse, case .reset(by: .toClient) = reason { return .reset }
        guard !stream.call.hasResponse else { return nil }
        switch reason {
        case .reset(by: .toClient): return .reset
        case .finished, .reset(by: .toServer):
            guard let left = toServer.hasEnded, left <= toClient.hasEnded ?? now else { return .reset }
            return left - stream.call.request.began >= context.configuration.patienceMin ? .responseTimeout : .cancelled
        case .unreachable: return .unreachable
        case .connectTimeout: return .connectTimeout
        case .refused: return .connectRefused
        case .evicted, .endOfCapture: return nil
        }
    }
}

extension Message {
    fileprivate mutating func take(_ list: FieldList, _ context: ReaderContext) {
        context.heldByteCount &-= head.count
        head.removeAll()
        head.append(list.bytes.span, in: list.bytes.indices)
        context.headWasKept(self)
        isHeadWhole = !list.hasUnknown && !list.isCut
        contentCoding = list.contentCoding
        hasMoreCodings = list.hasMoreCodings
        let fieldCountMax = context.configuration.fieldCountMax
        fields.removeAll()
        fields.append(list.fields.span, in: 0..<min(fieldCountMax, list.fields.count))
        context.counters.fieldsLeftOut &+= max(0, list.fields.count - fieldCountMax)
    }
}
