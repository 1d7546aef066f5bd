import CallModel

/// Pipelined requests of which some answers were lost: counting tells which.
///
/// Answers come in the order of the requests (RFC 9112, section 9.3.2). Lost bytes that begin where a message must begin hold the
/// beginning of one answer at least; lost bytes inside a message need not hold any. So the answers seen, and one for each loss of
/// the first kind, are the fewest there can have been, and the requests that waited are the most. Where both are the same number
/// by the end of the connection, each answer has its place, and so has each lost one. Where they are not, all of them stay unknown:
/// the server may have left the last requests unanswered.
///
/// Not tried where an answer's end depends on its request (HEAD, tunnels), or where interim answers were seen, which answer nothing.
extension HTTP1Conversation {
    /// The answers since the first loss, oldest first; nil for one that was lost.
    struct CountedAnswers {
        var slots: [ObservedCall?] = []
    }

    /// Whether counting can begin, or goes on, if bytes of answers are lost now.
    var mayCount: Bool {
        guard counted == nil else { return true }
        return isPipelined && isFromStart && !hasLosses && !hasInterimAnswers && waiting.allSatisfy(\.isCountable)
    }

    /// Bytes of answers were lost while several requests wait.
    /// - Parameter isBetweenMessages: The first of them is the first one of a message.
    func countLostAnswers(isBetweenMessages: Bool) {
        var counted = counted ?? CountedAnswers()
        if isBetweenMessages { counted.slots.append(nil) }
        self.counted = counted
        // The next byte begins an answer, or nothing that can be counted.
        toClient.isAnchored = true
    }

    /// An answer began that has no request yet.
    func countAnswer(_ call: ObservedCall, at now: Instant) {
        guard let counted, counted.slots.count < waiting.count else {
            // More answers than requests: something else was lost.
            context.recycle(call)
            return lose(.toClient, at: now)
        }
        self.counted?.slots.append(call)
    }

    /// What was counted is nobody's.
    func dropCounted() {
        guard let counted else { return }
        self.counted = nil
        for case let answer? in counted.slots {
            context.counters.responsesWithoutRequest &+= 1
            context.recycle(answer)
        }
    }

    /// Nothing more comes: gives each waiting call the answer that is its own, if the numbers agree.
    func settleCounted() {
        let unanswered = waiting.filter { !$0.isResponseComplete }
        guard let counted, counted.slots.count == unanswered.count else { return dropCounted() }
        self.counted = nil
        for (call, answer) in zip(unanswered, counted.slots) {
            call.isResponseComplete = true
            guard let answer else {
                call.isAnswerUnknown = true
                continue
            }
            call.adopt(answer)
            context.recycle(answer)
        }
    }
}

extension ObservedCall {
    /// Whether its answer's end can be found without knowing that it is this one's.
    var isCountable: Bool { !isHead && !isConnect && upgrade == .none }

    fileprivate func adopt(_ answer: ObservedCall) {
        status = answer.status
        error = answer.error
        swap(&response, &answer.response)
    }
}
