import CNghttp2

/// What libnghttp2 calls: each notes what happened and returns; none acts.
extension HTTP2Session {
    /// The session a callback belongs to: alive, because only its own methods enter the library.
    private static func session(_ userData: UnsafeMutableRawPointer?) -> HTTP2Session {
        Unmanaged<HTTP2Session>.fromOpaque(userData!).takeUnretainedValue()
    }

    static let headersBegan: nghttp2_on_begin_headers_callback = { _, frame, userData in
        let session = session(userData)
        let id = frame!.pointee.hd.stream_id
        if session.role == .server, session.streams[id] == nil { session.streams[id] = Stream() }
        session.streams[id]?.resetFields()
        return 0
    }

    static let fieldArrived: nghttp2_on_header_callback = { _, frame, name, nameCount, value, valueCount, _, userData in
        let session = session(userData)
        guard let stream = session.streams[frame!.pointee.hd.stream_id] else { return 0 }
        stream.fieldsByteCount += nameCount + valueCount + 32
        guard stream.fieldsByteCount <= session.configuration.headerByteCountMax else {
            // Reading goes on, since the peer's header table must stay in step with ours; only nothing is kept.
            stream.areFieldsTooLarge = true
            stream.fields = []
            return 0
        }
        let field = (
            name: String(decoding: UnsafeBufferPointer(start: name, count: nameCount), as: UTF8.self),
            value: String(decoding: UnsafeBufferPointer(start: value, count: valueCount), as: UTF8.self)
        )
        stream.fields.append(field)
        return 0
    }

    static let frameArrived: nghttp2_on_frame_recv_callback = { _, frame, userData in
        let session = session(userData)
        let header = frame!.pointee.hd
        session.countBarren(frame!)
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue: session.headersArrived(on: header.stream_id, flags: header.flags)
        case NGHTTP2_DATA.rawValue: session.endIfFlagged(header.stream_id, flags: header.flags)
        case NGHTTP2_SETTINGS.rawValue:
            if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue == 0 { session.events.append(.settings) }
        case NGHTTP2_PING.rawValue:
            if UInt32(header.flags) & NGHTTP2_FLAG_ACK.rawValue != 0 { session.events.append(.pong) }
        case NGHTTP2_GOAWAY.rawValue:
            let goAway = frame!.pointee.goaway
            let debug = UnsafeBufferPointer(start: goAway.opaque_data, count: min(goAway.opaque_data_len, 256))
            session.events.append(
                .goAway(
                    lastStream: goAway.last_stream_id, code: HTTP2ErrorCode(rawValue: goAway.error_code),
                    debug: String(decoding: debug, as: UTF8.self)))
        default: break  // The library has dealt with it.
        }
        return 0
    }

    static let bodyArrived: nghttp2_on_data_chunk_recv_callback = { _, _, id, bytes, count, userData in
        let session = session(userData)
        // The library hands on a pointer into what `receive` was given: a range says the same without a lifetime.
        let offset = UnsafeRawPointer(bytes!) - session.segmentStart!
        session.events.append(.body(stream: id, range: offset..<(offset + count)))
        return 0
    }

    static let streamClosed: nghttp2_on_stream_close_callback = { _, id, code, userData in
        session(userData).close(id, code: HTTP2ErrorCode(rawValue: code))
        return 0
    }

    static let invalidFrameArrived: nghttp2_on_invalid_frame_recv_callback = { _, _, _, userData in
        session(userData).invalidFrameCount += 1
        return 0
    }

    static let remarkMade: nghttp2_error_callback2 = { _, _, text, count, userData in
        let bytes = UnsafeRawBufferPointer(start: text, count: min(count, 200))
        session(userData).diagnostic = String(decoding: bytes, as: UTF8.self)
        return 0
    }

    static let bodyRead: nghttp2_data_source_read_callback = { _, id, _, countMax, flags, _, userData in
        let session = session(userData)
        guard let stream = session.streams[id] else { return Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue) }
        let rest = stream.bodyByteCount - stream.bodyOffset
        // Nothing to send now, and no end: the library asks again after `nghttp2_session_resume_data`.
        guard rest > 0 || !stream.isBodyOpen else { return Int(NGHTTP2_ERR_DEFERRED.rawValue) }
        let count = min(rest, countMax)
        flags!.pointee = NGHTTP2_DATA_FLAG_NO_COPY.rawValue
        if count == rest, !stream.isBodyOpen { flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
        return count
    }

    static let bodyPlaced: nghttp2_send_data_callback = { _, frame, frameHeader, count, _, userData in
        let session = session(userData)
        guard session.producedByteCount < session.outputByteCountMax else { return NGHTTP2_ERR_WOULDBLOCK.rawValue }
        let id = frame!.pointee.hd.stream_id
        guard let stream = session.streams[id] else { return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue }
        session.output.append(contentsOf: UnsafeBufferPointer(start: frameHeader, count: 9))
        // No padding to write: that takes a callback which we do not set.
        let range = stream.bodyOffset..<(stream.bodyOffset + count)
        session.pieces.append(HTTP2BodyPiece(position: session.output.count, stream: id, range: range))
        session.outputBodyByteCount += count
        stream.bodyOffset = range.upperBound
        return 0
    }

    static let frameSent: nghttp2_on_frame_send_callback = { _, frame, userData in
        let session = session(userData)
        let header = frame!.pointee.hd
        let endsStream = UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0
        let type = UInt32(header.type)
        guard endsStream, type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue,
            let stream = session.streams[header.stream_id]
        else { return 0 }
        stream.haveWeEnded = true
        if session.role == .server, !stream.hasPeerEnded {
            // Answered before the request was complete: the rest is not wanted (RFC 9113, section 8.1).
            session.cancel(header.stream_id, code: .noError)
        }
        return 0
    }

    static let frameNotSent: nghttp2_on_frame_not_send_callback = { _, frame, reason, userData in
        let session = session(userData)
        let header = frame!.pointee.hd
        guard UInt32(header.type) == NGHTTP2_HEADERS.rawValue else { return 0 }
        switch session.role {
        // Never left this side, so the server surely did nothing with it.
        case .client: session.close(header.stream_id, code: .refusedStream)
        case .server: session.cancel(header.stream_id, code: .internalError)
        }
        return 0
    }

    /// Frames that bring nothing and end nothing cost us time all the same.
    private func countBarren(_ frame: UnsafePointer<nghttp2_frame>) {
        let header = frame.pointee.hd
        let isBarren: Bool
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_RST_STREAM.rawValue: isBarren = false
        case NGHTTP2_DATA.rawValue:
            isBarren =
                header.length <= frame.pointee.data.padlen
                && UInt32(header.flags) & NGHTTP2_FLAG_END_STREAM.rawValue == 0
        default: isBarren = true
        }
        if isBarren { barrenFrameCount += 1 }
    }

    private func headersArrived(on id: HTTP2StreamID, flags: UInt8) {
        guard let stream = streams[id] else { return }
        let fields = stream.fields
        let isTooLarge = stream.areFieldsTooLarge
        stream.resetFields()
        if role == .client, !stream.isHeadDone, !isTooLarge, Self.isInformational(fields) { return }
        switch (stream.isHeadDone, isTooLarge) {
        case (false, false): events.append(.head(stream: id, fields: fields))
        case (_, true): events.append(.headTooLarge(stream: id))
        case (true, false): events.append(.trailers(stream: id, fields: fields))
        }
        stream.isHeadDone = true
        endIfFlagged(id, flags: flags)
    }

    /// 100 Continue and its like announce a response; they are not one (RFC 9110, section 15.2).
    private static func isInformational(_ fields: HTTP2Fields) -> Bool {
        fields.first.map { $0.name == ":status" && $0.value.utf8.first == UInt8(ascii: "1") } ?? false
    }

    private func endIfFlagged(_ id: HTTP2StreamID, flags: UInt8) {
        guard UInt32(flags) & NGHTTP2_FLAG_END_STREAM.rawValue != 0, let stream = streams[id] else { return }
        stream.hasPeerEnded = true
        events.append(.ended(stream: id))
    }

    private func close(_ id: HTTP2StreamID, code: HTTP2ErrorCode) {
        guard let stream = streams.removeValue(forKey: id) else { return }
        if code != .noError, !stream.haveWeEnded { abandonedStreamCount += 1 }
        events.append(.closed(stream: id, code: code))
    }
}

extension HTTP2Session.Stream {
    fileprivate func resetFields() {
        fields = []
        fieldsByteCount = 0
        areFieldsTooLarge = false
    }
}
