import HTTP2
import NIOCore

extension HTTP2Connection {
    func take(_ event: HTTP2Event, in segment: ByteBuffer) {
        switch event {
        case .head(let id, let fields): headArrived(fields, on: id)
        case .headTooLarge(let id): headTooLarge(on: id)
        case .body(let id, let range): bodyArrived(range, of: segment, on: id)
        case .ended(let id): requestEnded(on: id)
        case .closed(let id, let code): streamClosed(id, code)
        case .pong: if isShuttingDown { session.goAway() }
        case .goAway: isEndExpected = true
        case .settings: hasGreeted = true
        case .trailers: break
        }
    }

    private func headArrived(_ fields: HTTP2Fields, on id: HTTP2StreamID) {
        let head = RequestHead(http2: fields, peer: peer)
        let isForHead = head.method == "HEAD"
        switch core.admit(head) {
        case .answer(let response):
            streams[id] = Stream(.answering)
            answer(response, isForHead: isForHead, on: id)
        case .collect(let collector):
            streams[id] = Stream(.collecting(head, collector))
            if head.headers[first: "expect"]?.lowercased() == "100-continue" { try? session.submitContinue(on: id) }
        }
    }

    /// Also trailers can be too large: then the request has been seen already.
    private func headTooLarge(on id: HTTP2StreamID) {
        let stream = streams[id] ?? Stream(.answering)
        if streams[id] != nil, stream.isAnswerDue { return }
        streams[id] = stream
        stream.state = .answering
        answer(core.headersTooLarge(), isForHead: false, on: id)
    }

    private func bodyArrived(_ range: Range<Int>, of segment: ByteBuffer, on id: HTTP2StreamID) {
        // Given back at once: the bound on what we hold is the collector's, not the window's.
        session.consume(range.count, on: id)
        guard let stream = streams[id], case .collecting(let head, let collector) = stream.state,
            let bytes = segment.getSlice(at: segment.readerIndex + range.lowerBound, length: range.count)
        else { return }
        switch collector.append(bytes) {
        case .kept: break
        case .tooLarge:
            stream.state = .answering
            answer(core.oversized(head, byteCountMax: collector.byteCountMax), isForHead: false, on: id)
        case .overloaded:
            stream.state = .answering
            answer(core.overloaded(), isForHead: false, on: id)
        }
    }

    private func requestEnded(on id: HTTP2StreamID) {
        guard let context, let stream = streams[id], case .collecting(let head, let collector) = stream.state else {
            return
        }
        let isForHead = head.method == "HEAD"
        stream.state = .handling(isForHead: isForHead)
        stream.since = .now()
        let connection = NIOLoopBound(self, eventLoop: context.eventLoop)
        core.handle(head, collector, on: context.eventLoop) { connection.value.handlerAnswered($0, on: id) }
    }

    private func handlerAnswered(_ response: Response, on id: HTTP2StreamID) {
        // Ids are not used again within a connection, so a late answer finds no stream.
        guard let stream = streams[id], case .handling(let isForHead) = stream.state else {
            core.counters.add(.responsesDropped)
            response.stream?.end()
            return
        }
        stream.state = .answering
        answer(response, isForHead: isForHead, on: id)
        schedulePump()
    }

    func answer(_ given: Response, isForHead: Bool, on id: HTTP2StreamID) {
        guard let stream = streams[id] else { return }
        let (response, reservation) = core.reserve(given)
        stream.reservation = reservation
        if let source = response.stream { return open(source, response, isForHead: isForHead, on: id) }
        stream.body = isForHead || !response.mayHaveBody ? ByteBuffer() : response.body
        stream.since = .now()
        do throws(HTTP2Error) {
            let fields = response.http2Fields(isForHead: isForHead, date: core.date.now())
            try session.submitResponse(fields, bodyByteCount: stream.body.readableBytes, on: id)
            core.counters.add(.responsesSent)
            core.counters.add(.responseBytesSent, stream.body.readableBytes)
        } catch {
            core.counters.add(.responsesDropped)
            session.cancel(id, code: .internalError)
        }
    }

    private func streamClosed(_ id: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        if code != .noError { core.counters.add(.streamsReset) }
        streams.removeValue(forKey: id)?.source?.end()
        if streams.isEmpty { idleSince = .now() }
    }
}

extension RequestHead {
    /// libnghttp2 has checked that the pseudo-headers are there, once each and first (RFC 9113, section 8.3).
    init(http2 fields: HTTP2Fields, peer: Peer) {
        var method = ""
        var target = ""
        var authority: String?
        var headers: [(name: String, value: String)] = []
        headers.reserveCapacity(fields.count)
        for field in fields {
            switch field.name {
            case ":method": method = field.value
            case ":path": target = field.value
            case ":authority": authority = field.value
            case ":scheme": break
            default: headers.append(field)
            }
        }
        if let authority, !headers.contains(where: { $0.name == "host" }) { headers.append(("host", authority)) }
        let (path, query) = Self.split(target: target)
        self.init(
            method: method, path: path, query: query, headers: Headers(headers), version: .http2, peer: peer)
    }
}

extension Response {
    func http2Fields(isForHead: Bool, date: String) -> HTTP2Fields {
        var fields: HTTP2Fields = [(":status", "\(status)")]
        var announced: String?
        for (name, value) in headers.fields where !Headers.isOfConnection(name) && name != "date" {
            if name == "content-length" { announced = value } else { fields.append((name, Headers.sanitized(value))) }
        }
        fields.append(("date", date))
        if mayHaveBody, stream == nil {
            let known = isForHead && body.readableBytes == 0 ? announced.flatMap { Int($0) } : nil
            fields.append(("content-length", "\(known ?? body.readableBytes)"))
        }
        return fields
    }
}
