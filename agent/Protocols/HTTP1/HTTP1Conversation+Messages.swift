import CallModel

/// What follows a head, and what follows a message.
extension HTTP1Conversation {
    func headEnded(_ head: HTTP1Head, _ kind: HTTP1Head.Kind, _ call: ObservedCall, at now: Instant) {
        context.counters.fieldsLeftOut &+= head.fieldsLeftOut
        if head.contentLength != .absent, head.transferCoding != .none || head.contentLength == .invalid {
            context.counters.ambiguousMessages &+= 1
        }
        switch kind {
        case .request: requestHeadEnded(head, call, at: now)
        case .response: responseHeadEnded(head, call, at: now)
        }
    }

    // MARK: Requests

    private func requestHeadEnded(_ head: HTTP1Head, _ call: ObservedCall, at now: Instant) {
        requestBegan(head, call, at: now)
        // RFC 9112, section 6.3: chunked ends itself; another last coding, or a length that is none, the server must refuse.
        switch (head.transferCoding, head.contentLength) {
        case (.chunked, _):
            toServer.chunked = ChunkedBody()
            toServer.readBody(of: call, .chunkedBody)
        case (.other, _), (.none, .invalid):
            call.request.isBodySizeKnown = false
            requestEnded(call, at: now)
            lose(.toServer, at: now)
        case (.none, .bytes(let count)) where count > 0:
            toServer.readBody(of: call, .fixedBody(remaining: count))
        case (.none, .bytes), (.none, .absent):
            requestEnded(call, at: now)
        }
    }

    /// Notes the call, before its body is read.
    func requestBegan(_ head: HTTP1Head, _ call: ObservedCall, at now: Instant) {
        call.hasRequest = true
        call.method = head.method
        call.target = head.target
        call.authority = head.host
        call.version = head.isHTTP10 ? .http10 : .http11
        call.request.contentCoding = head.contentCoding
        call.request.hasMoreCodings = head.hasMoreCodings
        call.request.began = toServer.began
        call.request.ended = now
        call.isHead = call.request.spells("head", at: head.method)
        call.isConnect = call.request.spells("connect", at: head.method)
        call.upgrade = head.isConnectionUpgrade ? head.upgrade : .none
        if !early.isEmpty, early[0] === call {
            // It waits for the rest of both messages, so that it ends with the connection at the latest.
            early.removeFirst()
            waiting.append(call)
        } else {
            requestJoinsQueue(call, at: now)
        }
    }

    private func requestJoinsQueue(_ call: ObservedCall, at now: Instant) {
        if counted != nil, !call.isCountable { lose(.toClient, at: now) }
        if counted == nil, let last = waiting.last, !last.isResponseComplete {
            if case .lost = toClient.phase {
                endWaiting()
            } else if call.request.began - last.request.ended < context.configuration.pipeliningIntervalMax {
                isPipelined = true
            }
        }
        if waiting.count >= context.configuration.waitingRequestCountMax {
            context.counters.waitingRequestsDropped &+= waiting.count
            endWaiting()
            isPipelined = true
            if case .lost = toClient.phase {} else { lose(.toClient, at: now) }
        }
        waiting.append(call)
        // Handed out late, behind lost bytes: its answer went by as nobody's.
        if hasLosses || !isFromStart, let orphanBegan, orphanBegan > call.request.began { endWaiting() }
    }

    var hasLosses: Bool { toServer.wasLost || toClient.wasLost }

    /// All waiting calls end, their answer unknown.
    func endWaiting() {
        endWaiting(upTo: waiting.count)
    }

    /// A call whose request is still being read ends with it.
    private func endWaiting(upTo count: Int) {
        for call in waiting.prefix(count) {
            if !call.isResponseComplete { call.isAnswerUnknown = true }
            call.isResponseComplete = true
            if call.isRequestComplete { endCall(call) }
        }
    }

    /// Bytes of answers are missing. If a client that does not pipeline has spoken since, what is missing answers its earlier
    /// requests, and the next byte may begin the answer to the last one.
    func answersWereLost() {
        guard !isPipelined, waiting.count > 1 || hasLostRequests else { return }
        endWaiting(upTo: max(0, waiting.count - 1))
        toClient.isAnchored = true
        hasLostRequests = false
    }

    func requestEnded(_ call: ObservedCall, at now: Instant) {
        call.isRequestComplete = true
        call.request.ended = now
        toServer.call = nil
        let mayTunnel = call.isConnect || call.upgrade != .none
        toServer.phase = mayTunnel && !call.isResponseComplete ? .paused : .start
        if call.isResponseComplete { endCall(call) }
    }

    // MARK: Responses

    private func responseHeadEnded(_ head: HTTP1Head, _ call: ObservedCall, at now: Instant) {
        if head.status < 200, head.status != 101 { return interimArrived(call, at: now) }
        responseBegan(head, call, at: now)
        if case .lost = toClient.phase { return }
        if let kind = tunnelKind(head, call) { return tunnelBegan(kind, call, at: now) }
        // RFC 9112, section 6.3, rules 1 to 8.
        let hasNoBody = call.isHead || head.status == 204 || head.status == 304
        switch (head.transferCoding, head.contentLength) {
        case _ where hasNoBody:
            responseEnded(call, at: now)
        case (.chunked, _):
            toClient.chunked = ChunkedBody()
            toClient.readBody(of: call, .chunkedBody)
        case (.none, .bytes(let count)) where count > 0:
            toClient.readBody(of: call, .fixedBody(remaining: count))
        case (.none, .bytes):
            responseEnded(call, at: now)
        case (.other, _), (.none, .invalid), (.none, .absent):
            toClient.readBody(of: call, .openBody)
        }
    }

    private func interimArrived(_ call: ObservedCall, at now: Instant) {
        context.counters.interimResponses &+= 1
        hasInterimAnswers = true
        toClient.phase = .start
        if !call.hasRequest { context.recycle(call) }
        if counted != nil { lose(.toClient, at: now) }
    }

    func responseBegan(_ head: HTTP1Head, _ call: ObservedCall, at now: Instant) {
        call.status = head.status
        call.response.contentCoding = head.contentCoding
        call.response.hasMoreCodings = head.hasMoreCodings
        call.response.began = toClient.began
        call.response.ended = now
        guard !call.hasRequest else {
            if waiting.count > 1 { isPipelined = true }
            hasLostRequests = false
            isInStep = true
            return
        }
        guard counted == nil else { return countAnswer(call, at: now) }
        orphanBegan = toClient.began
        // Only with both directions whole, and once they are known to be in step, does an answer without a request belong to the next one.
        if isInStep, !hasLosses, early.count < context.configuration.waitingRequestCountMax {
            early.append(call)
        }
    }

    private func tunnelKind(_ head: HTTP1Head, _ call: ObservedCall) -> TunnelKind? {
        if head.status == 101 { return call.upgrade == .http2 ? .http2(call) : .opaque }
        return call.isConnect && head.status < 300 ? .connect(call) : nil
    }

    private func tunnelBegan(_ kind: TunnelKind, _ call: ObservedCall, at now: Instant) {
        pendingTunnel = kind
        toClient.phase = .ended
        // With HTTP/2 the answer is still to come, on stream 1 (RFC 7540, section 3.2).
        if case .http2 = kind {
            call.status = 0
            waiting.removeAll { $0 === call }
        } else {
            responseEnded(call, at: now)
            toClient.phase = .ended
        }
    }

    func responseEnded(_ call: ObservedCall, at now: Instant) {
        call.isResponseComplete = true
        call.response.ended = now
        toClient.call = nil
        toClient.phase = .start
        guard call.hasRequest else { return orphanEnded(call) }
        if case .paused = toServer.phase, waiting.last === call, pendingTunnel == nil { resumeRequests(at: now) }
        if call.isRequestComplete { endCall(call) }
    }

    /// The connection stays HTTP/1: what the client sent since is read as requests.
    func resumeRequests(at now: Instant) {
        toServer.phase = .start
        let held = toServer.held
        toServer.releaseHeld(context)
        if !held.isEmpty { _ = bytesArrived(held.span, .toServer, at: now) }
    }

    private func orphanEnded(_ call: ObservedCall) {
        guard counted == nil, !early.contains(where: { $0 === call }) else { return }
        context.counters.responsesWithoutRequest &+= 1
        context.recycle(call)
    }

    func endCall(_ call: ObservedCall) {
        // Nearly always there is but one, and the last one leaves most cheaply.
        if waiting.count == 1, waiting[0] === call {
            waiting.removeLast()
        } else if let index = waiting.firstIndex(where: { $0 === call }) {
            waiting.remove(at: index)
        }
        context.end(call)
    }
}
