import CallModel

/// Lost bytes, and the end of a connection.
extension HTTP1Conversation {
    /// - Parameter byteCount: nil when nobody knows how many.
    func bytesLost(_ byteCount: Int?, _ direction: StreamDirection, at now: Instant) {
        switch direction {
        case .toServer: requestBytesLost(byteCount, at: now)
        case .toClient: responseBytesLost(byteCount, at: now)
        }
    }

    private func requestBytesLost(_ byteCount: Int?, at now: Instant) {
        toServer.isSeen = true
        toClient.isAnchored = true
        if case .head = toServer.phase { return headIsCut(.request, at: now) }
        if case .ended = toServer.phase { return }
        guard let call = toServer.call, let byteCount, toServer.skip(byteCount, &call.request) else {
            lose(.toServer, at: now)
            hasLostRequests = true
            // A whole request right behind the lost bytes is one, whatever was lost.
            toServer.isAnchored = true
            return
        }
        if case .fixedBody(0) = toServer.phase { requestEnded(call, at: now) }
    }

    private func responseBytesLost(_ byteCount: Int?, at now: Instant) {
        toClient.isSeen = true
        toServer.isAnchored = true
        if case .head = toClient.phase { return headIsCut(.response, at: now) }
        if case .ended = toClient.phase { return }
        responseIsNonsense = false
        guard let call = toClient.call, let byteCount, toClient.skip(byteCount, &call.response) else {
            let (mayCount, isBetweenMessages) = (mayCount, toClient.losesBeginning(byteCount))
            lose(.toClient, at: now, isCountable: mayCount)
            return mayCount ? countLostAnswers(isBetweenMessages: isBetweenMessages) : answersWereLost()
        }
        if case .fixedBody(0) = toClient.phase { responseEnded(call, at: now) }
    }

    /// A head of which only the beginning is known. Its message is told; where it ends is unknown.
    func cutHeadEnded(_ head: HTTP1Head, _ kind: HTTP1Head.Kind, _ call: ObservedCall, at now: Instant) {
        switch kind {
        case .request:
            requestBegan(head, call, at: now)
            call.request.isHeadWhole = false
            toServer.call = call
        case .response:
            guard head.status >= 200, counted == nil else {
                if !call.hasRequest { context.recycle(call) }
                break
            }
            responseBegan(head, call, at: now)
            call.response.isHeadWhole = false
            toClient.call = call
        }
        lose(kind.direction, at: now)
        // An answer that is nobody's has been let go with its direction.
        if kind == .response, call.hasRequest { call.response.takeAnnouncedSize(head, call) }
    }

    // MARK: The end

    func halfClosed(_ direction: StreamDirection, at now: Instant) {
        switch direction {
        case .toServer:
            toServer.isSeen = true
            if clientLeft == nil {
                clientLeft = now
                clientLeftFirst = !serverLeft
            }
        case .toClient:
            toClient.isSeen = true
            serverLeft = true
            guard let call = toClient.call else { return }
            if case .openBody = toClient.phase { return responseEnded(call, at: now) }
            // Shorter than announced: incomplete (RFC 9112, section 8).
            if clientLeft == nil { call.error = .protocolError }
            responseEnded(call, at: now)
        }
    }

    func closed(_ reason: CloseReason, at now: Instant) {
        if case .paused = toServer.phase { resumeRequests(at: now) }
        if case .finished = reason {
            halfClosed(.toServer, at: now)
            halfClosed(.toClient, at: now)
        }
        if let call = toClient.call { responseWasCut(call, reason, at: now) }
        settleCounted()
        for (index, call) in waiting.enumerated() {
            answerStaysAway(call, isLast: index == waiting.count - 1, reason, at: now)
            context.end(call)
        }
        waiting.removeAll()
        dropEarly()
        dropHeld()
    }

    private func responseWasCut(_ call: ObservedCall, _ reason: CloseReason, at now: Instant) {
        switch reason {
        case .finished, .refused, .connectTimeout, .unreachable: break
        case .reset(by: .toClient):
            if clientLeft == nil { call.error = call.error ?? .reset }
        case .reset(by: .toServer): break
        case .evicted, .endOfCapture: call.response.isBodySizeKnown = false
        }
        responseEnded(call, at: now)
    }

    /// Why a waiting call has no answer, if that can be said.
    private func answerStaysAway(_ call: ObservedCall, isLast: Bool, _ reason: CloseReason, at now: Instant) {
        guard !call.isResponseComplete else { return }
        call.error = isLast || toClient.isSeen ? failure(of: call, reason, at: now) : nil
        call.isAnswerUnknown = call.error == nil
        call.response.ended = clientLeft ?? now
    }

    private func failure(of call: ObservedCall, _ reason: CloseReason, at now: Instant) -> FailureKind? {
        // Bytes of the answer were lost, or came and made no sense.
        if toClient.wasLost { return responseIsNonsense ? .protocolError : nil }
        switch reason {
        case .reset(by: .toClient):
            return clientLeft.map { left($0, call) } ?? .reset
        case .reset(by: .toServer):
            return left(clientLeft ?? now, call)
        case .finished:
            // With a half close the client goes on listening; whoever closes first is the one who gave up.
            return clientLeftFirst ? left(clientLeft ?? now, call) : .reset
        case .unreachable: return .unreachable
        case .connectTimeout: return .connectTimeout
        case .refused: return .connectRefused
        case .evicted, .endOfCapture: return nil
        }
    }

    private func left(_ moment: Instant, _ call: ObservedCall) -> FailureKind {
        moment - call.request.began >= context.configuration.patienceMin ? .responseTimeout : .cancelled
    }

    private func dropHeld() {
        toServer.releaseHeld(context)
        toClient.releaseHeld(context)
        if let call = toServer.call, !call.hasRequest { context.recycle(call) }
        toServer.call = nil
        toClient.call = nil
    }
}

extension Message {
    /// A length that stands in the part of the head that was seen is the body's, though none of it can be told apart.
    fileprivate mutating func takeAnnouncedSize(_ head: HTTP1Head, _ call: ObservedCall) {
        let hasNoBody = call.isHead || head.status == 204 || head.status == 304
        if hasNoBody {
            isBodySizeKnown = true
        } else if case .bytes(let count) = head.contentLength, head.transferCoding == .none {
            bodyByteCount = count
            isBodySizeKnown = true
            isBodyWhole = count == 0
        }
    }
}

extension HTTP1Direction {
    /// Whether the first byte of a message is among so many lost ones for certain.
    fileprivate func losesBeginning(_ byteCount: Int?) -> Bool {
        switch phase {
        case .start: true
        case .fixedBody(let remaining): byteCount.map { $0 > remaining } ?? false
        case .chunkedBody, .openBody, .head, .paused, .lost, .ended: false
        }
    }

    /// Passes over lost bytes of a body whose end does not depend on them; its size stays exact, its content does not.
    fileprivate mutating func skip(_ byteCount: Int, _ message: inout Message) -> Bool {
        switch phase {
        case .fixedBody(let remaining) where byteCount <= remaining:
            phase = .fixedBody(remaining: remaining - byteCount)
        case .chunkedBody:
            guard chunked.skip(byteCount) else { return false }
        case .openBody: break
        case .fixedBody, .start, .head, .paused, .lost, .ended: return false
        }
        message.bodyByteCount &+= byteCount
        message.isBodyWhole = false
        return true
    }
}
