import NIOCore

/// Answers whose body has no end yet (`BodyStream`): in chunks (RFC 9112, section 7.1), or to HTTP/1.0 until the connection's
/// end. The connection ends with them.
extension HTTP1Connection {
    func open(_ given: Response, _ manner: Manner) {
        var manner = manner
        manner.keepsAlive = false
        let (response, _) = core.reserve(given)
        guard let source = response.stream, !manner.isForHead else {
            given.stream?.end()
            return write(response, manner)
        }
        core.counters.add(.responsesSent)
        var head = ByteBuffer()
        HTTP1ResponseWriter.appendHead(
            of: response,
            .init(keepsAlive: false, isForHead: false, isHTTP1_0: manner.isHTTP1_0, date: core.date.now()), to: &head)
        guard let context else { return source.end() }
        state = .streaming(source, manner)
        let eventLoop = context.eventLoop
        let connection = NIOLoopBound(self, eventLoop: eventLoop)
        source.attach {
            eventLoop.execute { connection.value.feedStream() }
        }
        writePiece(head, isLast: false)
        feedStream()
    }

    /// Writes what waits, as far as the socket takes it; the stream's own bound holds the rest.
    func feedStream() {
        guard case .streaming(let source, let manner) = state, context?.channel.isWritable ?? false else { return }
        let (bytes, isLast) = source.take()
        guard bytes.readableBytes > 0 || isLast else { return }
        core.counters.add(.responseBytesSent, bytes.readableBytes)
        var piece = ByteBuffer()
        if manner.isHTTP1_0 {
            piece.writeImmutableBuffer(bytes)
        } else {
            if bytes.readableBytes > 0 {
                piece.writeString(String(bytes.readableBytes, radix: 16) + "\r\n")
                piece.writeImmutableBuffer(bytes)
                piece.writeStaticString("\r\n")
            }
            if isLast { piece.writeStaticString("0\r\n\r\n") }
        }
        if isLast {
            state = .finishing
            parts.removeAll()
            source.end()
        }
        writePiece(piece, isLast: isLast)
    }

    func endStream() {
        if case .streaming(let source, _) = state { source.end() }
    }
}
