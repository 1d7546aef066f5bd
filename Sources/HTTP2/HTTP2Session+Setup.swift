import CNghttp2

extension HTTP2Session {
    static func set(_ options: OpaquePointer, from configuration: HTTP2Configuration) {
        nghttp2_option_set_no_auto_window_update(options, 1)
        nghttp2_option_set_max_settings(options, configuration.settingsEntriesMax)
        nghttp2_option_set_max_outbound_ack(options, configuration.acknowledgementsMax)
        nghttp2_option_set_peer_max_concurrent_streams(options, UInt32(clamping: configuration.assumedPeerStreamsMax))
        // No memory of closed streams: we use no priorities, which alone need it.
        nghttp2_option_set_no_closed_streams(options, 1)
        _ = cnghttp2_limit_resets(
            options, UInt64(clamping: configuration.resetBurstMax), UInt64(clamping: configuration.resetsPerSecondMax))
        _ = cnghttp2_limit_continuations(options, configuration.continuationsMax)
    }

    static func set(_ callbacks: OpaquePointer) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, headersBegan)
        nghttp2_session_callbacks_set_on_header_callback(callbacks, fieldArrived)
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameArrived)
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, bodyArrived)
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed)
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalidFrameArrived)
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent)
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, frameNotSent)
        nghttp2_session_callbacks_set_send_data_callback(callbacks, bodyPlaced)
        nghttp2_session_callbacks_set_error_callback2(callbacks, remarkMade)
    }

    func submitSettings() throws(HTTP2Error) {
        func entry(_ id: nghttp2_settings_id, _ value: Int) -> nghttp2_settings_entry {
            nghttp2_settings_entry(settings_id: Int32(id.rawValue), value: UInt32(clamping: value))
        }
        var entries = [
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, min(configuration.streamWindowByteCount, Int(Int32.max))),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, configuration.headerByteCountMax),
        ]
        switch role {
        case .client: entries.append(entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0))
        case .server:
            entries.append(entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, configuration.streamsMax))
            // Every stream is as urgent as the others (RFC 9218, section 2.1).
            entries.append(entry(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1))
        }
        let flags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let submitted = nghttp2_submit_settings(pointer, flags, entries, entries.count)
        guard submitted == 0 else { throw HTTP2Error(code: Int(submitted)) }
        let window = Int32(clamping: max(configuration.connectionWindowByteCount, 65_535))
        let widened = nghttp2_session_set_local_window_size(pointer, flags, 0, window)
        guard widened == 0 else { throw HTTP2Error(code: Int(widened)) }
    }
}
