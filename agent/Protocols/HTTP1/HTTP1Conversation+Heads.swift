import CallModel

/// Heads: from their first byte to the decision what follows them.
extension HTTP1Conversation {
    /// Reads a head that begins at `start`; returns the index to go on from.
    func beginHead(_ bytes: Span<UInt8>, from start: Int, _ kind: HTTP1Head.Kind, at now: Instant) -> Int {
        setDirection(kind) { $0.began = now }
        let call = callForHead(kind)
        var head = HTTP1Head()
        let result = call.readHead(kind, &head, bytes, from: start, context)
        switch result {
        case .complete(let end):
            call.keepHead(kind, bytes, in: start..<end, context)
            headEnded(head, kind, call, at: now)
            return end
        case .needsMore:
            putBack(call, kind)
            setDirection(kind) {
                $0.phase = .head
                $0.headIsOver()
                $0.hold(bytes, from: start, context)
                _ = $0.searchHeadEnd()
                // It was read just now, as far as it goes.
                $0.isStartLineChecked = $0.hasStartLine
            }
            return bytes.count
        case .malformed:
            putBack(call, kind)
            headIsMalformed(kind, at: now)
            return bytes.count
        }
    }

    /// Adds to a head that began in an earlier chunk.
    func continueHead(_ bytes: Span<UInt8>, from start: Int, _ kind: HTTP1Head.Kind, at now: Instant) -> Int {
        var end: Int?
        var before = 0
        var mustCheck = false
        setDirection(kind) {
            before = $0.held.count
            $0.hold(bytes, from: start, context)
            end = $0.searchHeadEnd()
            // Its first bytes tell, and then its end: what lies between need not be looked at again and again.
            mustCheck = !$0.isStartLineChecked && ($0.hasStartLine || before <= HTTP1Direction.startCheckedByteCount)
            $0.isStartLineChecked = $0.hasStartLine
        }
        let held = takeHeld(kind)
        guard let end else {
            guard held.count <= context.configuration.headByteCountMax else {
                context.counters.oversizedHeads &+= 1
                return heldIsMalformed(held, kind, bytes, at: now)
            }
            guard !mustCheck || HTTP1Head.isPlausible(held.span, kind) else {
                return heldIsMalformed(held, kind, bytes, at: now)
            }
            giveBackHeld(held, kind)
            return bytes.count
        }
        let next = start &+ (end &- before)
        readWholeHead(held, end, kind, at: now)
        return next
    }

    private func heldIsMalformed(
        _ held: [UInt8], _ kind: HTTP1Head.Kind, _ bytes: Span<UInt8>, at now: Instant
    ) -> Int {
        context.heldByteCount &-= held.count
        setDirection(kind) { $0.headIsOver() }
        headIsMalformed(kind, at: now)
        return bytes.count
    }

    private func readWholeHead(_ held: [UInt8], _ end: Int, _ kind: HTTP1Head.Kind, at now: Instant) {
        let call = callForHead(kind)
        var head = HTTP1Head()
        let result = call.readHead(kind, &head, held.span, from: 0, context)
        context.heldByteCount &-= held.count
        setDirection(kind) {
            $0.held = []
            $0.headIsOver()
        }
        guard case .complete(let readEnd) = result, readEnd == end else {
            putBack(call, kind)
            return headIsMalformed(kind, at: now)
        }
        call.keepHead(kind, held.span, in: 0..<end, context)
        headEnded(head, kind, call, at: now)
    }

    /// Bytes were lost in the middle of a head. If its start line is there, the call can be told all the same.
    func headIsCut(_ kind: HTTP1Head.Kind, at now: Instant) {
        let held = takeHeld(kind)
        context.heldByteCount &-= held.count
        setDirection(kind) { $0.headIsOver() }
        // The lines that are whole, and an empty one behind them.
        let end = held.lastIndex(of: 0x0A) ?? held.count
        let lines = HTTP1Head.withWholeStartLine(Array(held[..<end]), kind) + [0x0A, 0x0A]
        let call = callForHead(kind)
        var head = HTTP1Head()
        guard case .complete(let end) = call.readHead(kind, &head, lines.span, from: 0, context) else {
            putBack(call, kind)
            return lose(kind.direction, at: now)
        }
        call.keepHead(kind, lines.span, in: 0..<end, context)
        cutHeadEnded(head, kind, call, at: now)
    }

    // MARK: Whose head it is

    /// A request's head makes a call, or joins an answer that was seen before; a response's belongs to the oldest waiting call.
    private func callForHead(_ kind: HTTP1Head.Kind) -> ObservedCall {
        switch kind {
        case .request:
            if !early.isEmpty { return early[0] }
        case .response where counted != nil: break
        case .response:
            for index in waiting.indices where !waiting[index].isResponseComplete {
                if mayAnswer(waiting[index]) { return waiting[index] }
                break
            }
        }
        return context.takeCall(on: connection)
    }

    /// An answer cannot begin before its request. In a whole connection only the capture's order says so, and that may err.
    private func mayAnswer(_ call: ObservedCall) -> Bool {
        !hasLosses || call.request.began <= toClient.began
    }

    /// Undoes `callForHead`: the head is not whole yet, or none.
    private func putBack(_ call: ObservedCall, _ kind: HTTP1Head.Kind) {
        switch kind {
        case .request:
            call.request.fields.removeAll()
            if early.first !== call { context.recycle(call) }
        case .response:
            call.response.fields.removeAll()
            if !call.hasRequest { context.recycle(call) }
        }
    }

    // MARK: Access to a direction by kind

    func setDirection(_ kind: HTTP1Head.Kind, _ body: (inout HTTP1Direction) -> Void) {
        switch kind {
        case .request: body(&toServer)
        case .response: body(&toClient)
        }
    }

    private func takeHeld(_ kind: HTTP1Head.Kind) -> [UInt8] {
        var held: [UInt8] = []
        setDirection(kind) { swap(&held, &$0.held) }
        return held
    }

    private func giveBackHeld(_ held: [UInt8], _ kind: HTTP1Head.Kind) {
        setDirection(kind) { $0.held = held }
    }

    private func headIsMalformed(_ kind: HTTP1Head.Kind, at now: Instant) {
        context.counters.malformedMessages &+= 1
        if kind == .response, isFromStart, !toClient.wasLost { responseIsNonsense = true }
        lose(kind.direction, at: now)
    }
}

extension HTTP1Head {
    /// A start line that was cut in what follows its target, or its status, told all that is needed of it: it is completed.
    static func withWholeStartLine(_ bytes: [UInt8], _ kind: Kind) -> [UInt8] {
        guard !bytes.contains(0x0A) else { return bytes }
        switch kind {
        case .response: return bytes
        case .request:
            guard let space = bytes.lastIndex(of: 0x20) else { return bytes }
            let version = Array("HTTP/1.1".utf8)
            let begun = bytes[(space + 1)...]
            guard begun.count < version.count, !begun.isEmpty, version.starts(with: begun) else { return bytes }
            return bytes[...space] + version
        }
    }

    /// Whether a head cut behind these bytes can be told all the same.
    static func isWorthTelling(_ bytes: [UInt8], _ kind: Kind) -> Bool {
        let lines = withWholeStartLine(bytes, kind) + [0x0A, 0x0A]
        return startLine(of: lines.span, from: 0, kind) == .whole
    }

    /// Whether the bytes held so far can still become a head of this kind.
    static func isPlausible(_ bytes: Span<UInt8>, _ kind: Kind) -> Bool {
        startLine(of: bytes, from: 0, kind) != .malformed
    }
}

extension HTTP1Head.Kind {
    var direction: StreamDirection { self == .request ? .toServer : .toClient }
}

extension ObservedCall {
    fileprivate func readHead(
        _ kind: HTTP1Head.Kind, _ head: inout HTTP1Head, _ bytes: Span<UInt8>, from start: Int,
        _ context: ReaderContext
    ) -> HTTP1Head.Result {
        let fieldCountMax = context.configuration.fieldCountMax
        switch kind {
        case .request:
            request.fields.removeAll()
            return head.read(bytes, from: start, kind, fields: &request.fields, fieldCountMax: fieldCountMax)
        case .response:
            // The head of an interim answer gives way to the final one.
            response.fields.removeAll()
            return head.read(bytes, from: start, kind, fields: &response.fields, fieldCountMax: fieldCountMax)
        }
    }

    fileprivate func keepHead(
        _ kind: HTTP1Head.Kind, _ bytes: Span<UInt8>, in range: Range<Int>, _ context: ReaderContext
    ) {
        switch kind {
        case .request:
            request.head.append(bytes, in: range)
            context.headWasKept(request)
        case .response:
            context.heldByteCount &-= response.head.count
            response.head.removeAll()
            response.head.append(bytes, in: range)
            context.headWasKept(response)
        }
    }
}
