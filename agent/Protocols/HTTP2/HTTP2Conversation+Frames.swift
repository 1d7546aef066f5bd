import CallModel

/// What each frame that is not DATA means for the calls (RFC 9113, section 6).
extension HTTP2Conversation {
    /// False where the frame breaks the protocol so that what follows cannot be trusted.
    func frameArrived(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) -> Bool {
        let isContinuation = frame.kind == FrameHeader.Kind.continuation
        let isBlockOpen = withDirection(direction) { $0.block != nil }
        // Between HEADERS and its last CONTINUATION nothing else may come (section 6.10).
        guard isBlockOpen == isContinuation else { return isContinuation && withDirection(direction) { $0.wasLost } }
        switch frame.kind {
        case FrameHeader.Kind.headers: return headersArrived(frame, direction, at: now)
        case FrameHeader.Kind.pushPromise: return promiseArrived(frame, direction, at: now)
        case FrameHeader.Kind.continuation: return continuationArrived(frame, direction, at: now)
        case FrameHeader.Kind.settings: settingsArrived(frame, direction)
        case FrameHeader.Kind.resetStream: resetArrived(frame, direction, at: now)
        case FrameHeader.Kind.goAway: goAwayArrived(direction, at: now)
        // PRIORITY, PING, WINDOW_UPDATE and unknown kinds (section 4.1) say nothing of calls.
        default: break
        }
        return true
    }

    private func payload(_ direction: StreamDirection) -> [UInt8] {
        withDirection(direction) { $0.frames.payload }
    }

    // MARK: Header blocks

    private func headersArrived(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) -> Bool {
        let bytes = payload(direction)
        guard let fragment = frame.fragment(in: bytes, skipping: frame.hasPriority ? 5 : 0), frame.stream != 0 else {
            return false
        }
        withDirection(direction) {
            $0.block = HTTP2Direction.HeaderBlock(
                stream: frame.stream, fragment: Array(bytes[fragment]), isEndStream: frame.isEndStream,
                isPromise: false, began: now)
        }
        return frame.isEndHeaders ? blockEnded(direction, at: now) : true
    }

    private func promiseArrived(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) -> Bool {
        let bytes = payload(direction)
        guard let fragment = frame.fragment(in: bytes, skipping: 4) else { return false }
        context.counters.pushPromises &+= 1
        withDirection(direction) {
            $0.block = HTTP2Direction.HeaderBlock(
                stream: frame.stream, fragment: Array(bytes[fragment]), isEndStream: false, isPromise: true, began: now)
        }
        return frame.isEndHeaders ? blockEnded(direction, at: now) : true
    }

    private func continuationArrived(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) -> Bool {
        let bytes = payload(direction)
        let byteCountMax = context.configuration.headerBlockByteCountMax
        let isWithinBounds = withDirection(direction) { side -> Bool in
            guard side.block?.stream == frame.stream else { return false }
            side.block?.fragment.append(contentsOf: bytes)
            return (side.block?.fragment.count ?? 0) <= byteCountMax
        }
        guard isWithinBounds else {
            context.counters.oversizedHeaderBlocks &+= 1
            return false
        }
        return frame.isEndHeaders ? blockEnded(direction, at: now) : true
    }

    /// Always returns true: a block that cannot be read costs its fields and the table, not the frames behind it.
    private func blockEnded(_ direction: StreamDirection, at now: Instant) -> Bool {
        guard let block = withDirection(direction, { $0.block.take() }) else { return true }
        var list = FieldList(byteCountMax: context.configuration.headerListByteCountMax)
        let isRead = withDirection(direction) { $0.table.read(block.fragment) { list.append($0, $1) } }
        if !isRead || list.hasUnknown { context.counters.incompleteHeaderBlocks &+= 1 }
        if !isRead { context.counters.malformedMessages &+= 1 }
        guard !block.isPromise else { return true }
        switch direction {
        case .toServer: requestFieldsArrived(list, block, at: now)
        case .toClient: responseFieldsArrived(list, block, at: now)
        }
        if block.isEndStream { streamEnded(block.stream, direction, at: now) }
        return true
    }

    // MARK: The connection

    private func settingsArrived(_ frame: FrameHeader, _ direction: StreamDirection) {
        guard !frame.isAcknowledgement else { return }
        let bytes = payload(direction)
        for at in stride(from: 0, to: bytes.count - 5, by: 6) {
            guard let id = bytes.span.bigEndian16(at: at), let value = bytes.span.bigEndian32(at: at + 2) else {
                return
            }
            // SETTINGS_MAX_FRAME_SIZE is about what the other end may send (section 6.5.2).
            guard id == 5, value <= 0xff_ffff else { continue }
            withDirection(direction.opposite) { $0.frames.lengthMax = max($0.frames.lengthMax, Int(value)) }
        }
    }

    private func goAwayArrived(_ direction: StreamDirection, at now: Instant) {
        context.counters.goAways &+= 1
        guard direction == .toClient, let last = payload(direction).span.bigEndian32(at: 0) else { return }
        // Streams above the last one were not looked at (section 6.8); the client may try them again elsewhere.
        for (id, stream) in streams.sorted(by: { $0.key < $1.key })
        where id > last & 0x7fff_ffff && id & 1 == 1 && !stream.call.hasResponse {
            stream.call.error = .reset
            end(id, stream, at: now)
        }
    }

    private func resetArrived(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) {
        context.counters.streamResets &+= 1
        guard let stream = streams[frame.stream], let code = payload(direction).span.bigEndian32(at: 0) else { return }
        switch direction {
        case .toServer:
            if !stream.call.hasResponse {
                let waited = now - stream.call.request.began
                stream.call.error = waited >= context.configuration.patienceMin ? .responseTimeout : .cancelled
            }
        case .toClient:
            // With NO_ERROR the answer is whole, and the rest of the request is not wanted (section 8.1).
            if code != 0 || !stream.isResponseEnded { stream.call.error = .reset }
        }
        end(frame.stream, stream, at: now)
    }
}

extension FrameHeader {
    /// The place of the header block's fragment in the payload, without padding and what is skipped before it.
    fileprivate func fragment(in payload: [UInt8], skipping: Int) -> Range<Int>? {
        let paddingCount = isPadded ? Int(payload.first ?? 0) : 0
        let start = (isPadded ? 1 : 0) + skipping
        let end = payload.count - paddingCount
        return start <= end ? start..<end : nil
    }
}
