import CNghttp2

extension HTTP2Session {
    /// Starts a request (client only). Beyond the server's limit it waits inside the session for its turn.
    ///
    /// - Parameter bodyByteCount: the body's length; `produce` asks for its bytes by range.
    public func submitRequest(_ fields: HTTP2Fields, bodyByteCount: Int) throws(HTTP2Error) -> HTTP2StreamID {
        precondition(role == .client, "only a client sends requests")
        let stream = Stream()
        stream.bodyByteCount = bodyByteCount
        let id = withFieldArray(fields) { table, count in
            withBodySource(isNeeded: bodyByteCount > 0) { source in
                nghttp2_submit_request(pointer, nil, table, count, source, nil)
            }
        }
        guard id > 0 else { throw HTTP2Error(code: Int(id)) }
        streams[id] = stream
        return id
    }

    /// Answers a request (server only), once.
    public func submitResponse(
        _ fields: HTTP2Fields, bodyByteCount: Int, on id: HTTP2StreamID
    ) throws(HTTP2Error) {
        precondition(role == .server, "only a server sends responses")
        try submitResponse(fields, bodyByteCount: bodyByteCount, isBodyOpen: false, on: id)
    }

    /// Answers a request with a body that has no end yet (server only): `extendBody` makes it longer and ends it.
    public func submitOpenResponse(_ fields: HTTP2Fields, on id: HTTP2StreamID) throws(HTTP2Error) {
        precondition(role == .server, "only a server sends responses")
        try submitResponse(fields, bodyByteCount: 0, isBodyOpen: true, on: id)
    }

    /// The body of an open response is so many bytes longer, or ends with them. `produce` asks for them by range, counted
    /// from the body's beginning.
    public func extendBody(by byteCount: Int, isLast: Bool, on id: HTTP2StreamID) {
        guard let stream = streams[id], stream.isBodyOpen else { return }
        stream.bodyByteCount += byteCount
        stream.isBodyOpen = !isLast
        // Fails where nothing was deferred, and then nothing waits for it.
        _ = nghttp2_session_resume_data(pointer, id)
    }

    private func submitResponse(
        _ fields: HTTP2Fields, bodyByteCount: Int, isBodyOpen: Bool, on id: HTTP2StreamID
    ) throws(HTTP2Error) {
        guard let stream = streams[id], !stream.haveWeEnded, stream.bodyByteCount == 0, !stream.isBodyOpen else {
            throw .streamClosed
        }
        stream.bodyByteCount = bodyByteCount
        stream.isBodyOpen = isBodyOpen
        let result = withFieldArray(fields) { table, count in
            withBodySource(isNeeded: bodyByteCount > 0 || isBodyOpen) { source in
                nghttp2_submit_response(pointer, id, table, count, source)
            }
        }
        guard result == 0 else { throw HTTP2Error(code: Int(result)) }
    }

    /// Tells the client of a request still being sent to go on: 100 Continue (RFC 9110, section 15.2.1).
    public func submitContinue(on id: HTTP2StreamID) throws(HTTP2Error) {
        guard streams[id] != nil else { throw .streamClosed }
        let result = withFieldArray([(":status", "100")]) { table, count in
            nghttp2_submit_headers(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, nil, table, count, nil)
        }
        guard result == 0 else { throw HTTP2Error(code: Int(result)) }
    }

    /// Lets the peer send as many bytes again, on the stream and on the connection. Also right after the stream has closed.
    public func consume(_ byteCount: Int, on id: HTTP2StreamID) {
        guard byteCount > 0, id > 0 else { return }
        // Fails only for want of memory, which `produce` then reports.
        _ = nghttp2_session_consume(pointer, id, byteCount)
    }

    /// Ends a stream at once; `closed` follows when that has been sent.
    public func cancel(_ id: HTTP2StreamID, code: HTTP2ErrorCode) {
        guard streams[id] != nil else { return }
        _ = nghttp2_submit_rst_stream(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), id, code.rawValue)
    }

    /// Asks the peer for a sign of life: `pong`.
    public func ping() {
        _ = nghttp2_submit_ping(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), nil)
    }

    /// First step of a graceful end (RFC 9113, section 6.8): the peer shall start nothing new, what is on its way still counts.
    public func announceShutdown() {
        guard role == .server else { return }
        _ = nghttp2_submit_shutdown_notice(pointer)
    }

    /// Second step: nothing after the streams seen so far will be looked at; those are finished.
    public func goAway(_ code: HTTP2ErrorCode = .noError) {
        let last = role == .server ? nghttp2_session_get_last_proc_stream_id(pointer) : 0
        _ = nghttp2_submit_goaway(pointer, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, code.rawValue, nil, 0)
    }

    /// Ends the connection: GOAWAY is the last thing to be sent.
    public func terminate(_ code: HTTP2ErrorCode) {
        _ = nghttp2_session_terminate_session(pointer, code.rawValue)
    }

    private func withBodySource<R>(isNeeded: Bool, _ body: (UnsafePointer<nghttp2_data_provider>?) -> R) -> R {
        guard isNeeded else { return body(nil) }
        var provider = nghttp2_data_provider(source: .init(), read_callback: HTTP2Session.bodyRead)
        return withUnsafePointer(to: &provider, body)
    }
}
