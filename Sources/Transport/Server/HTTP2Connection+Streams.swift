import HTTP2
import NIOCore

/// Answers whose body has no end yet (`BodyStream`): what their writers offered goes into the session, a window at a time.
extension HTTP2Connection {
    /// What is taken over from a writer at once; the rest stays in the stream, where its bound counts.
    private static let fedByteCountMax = 64 << 10

    func open(_ source: BodyStream, _ response: Response, isForHead: Bool, on id: HTTP2StreamID) {
        guard let context, let stream = streams[id] else { return source.end() }
        stream.since = .now()
        do throws(HTTP2Error) {
            let fields = response.http2Fields(isForHead: isForHead, date: core.date.now())
            core.counters.add(.responsesSent)
            if isForHead {
                try session.submitResponse(fields, bodyByteCount: 0, on: id)
                return source.end()
            }
            try session.submitOpenResponse(fields, on: id)
        } catch {
            core.counters.add(.responsesDropped)
            session.cancel(id, code: .internalError)
            return source.end()
        }
        stream.source = source
        let eventLoop = context.eventLoop
        let connection = NIOLoopBound(self, eventLoop: eventLoop)
        source.attach {
            eventLoop.execute { connection.value.schedulePump() }
        }
        schedulePump()
    }

    /// Hands what waits to the session, where the body before it is on its way.
    ///
    /// - Returns: whether there was any.
    func feedStreams(at now: NIODeadline) -> Bool {
        var hasFed = false
        for (id, stream) in streams {
            guard let source = stream.source, stream.body.readableBytes < Self.fedByteCountMax else { continue }
            let (bytes, isLast) = source.take()
            guard bytes.readableBytes > 0 || isLast else { continue }
            hasFed = true
            if stream.body.readableBytes == 0 { stream.since = now }
            stream.body.writeImmutableBuffer(bytes)
            core.counters.add(.responseBytesSent, bytes.readableBytes)
            session.extendBody(by: bytes.readableBytes, isLast: isLast, on: id)
            if isLast {
                stream.source = nil
                source.end()
            }
        }
        return hasFed
    }

    /// The server stops: bodies end where they are, so that their readers come back elsewhere.
    func finishSources() {
        for stream in streams.values { stream.source?.finish() }
    }

    func endSources() {
        for stream in streams.values { stream.source?.end() }
    }
}

extension HTTP2Connection.Stream {
    /// Bytes of the body by their range from its beginning. Those of a stream without an end are let go with that.
    func takeBody(_ range: Range<Int>) -> ByteBuffer? {
        let start = body.readerIndex + range.lowerBound - bodyStart
        guard let slice = body.getSlice(at: start, length: range.count) else { return nil }
        guard isStreamed else { return slice }
        body.moveReaderIndex(to: start + range.count)
        bodyStart = range.upperBound
        body.discardReadBytes()
        return slice
    }

    /// Nothing is owed to the reader at the moment, so that no clock runs.
    var isWaitingForWriter: Bool { source != nil && body.readableBytes == 0 }
}
