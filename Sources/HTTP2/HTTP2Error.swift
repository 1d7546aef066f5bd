import CNghttp2

/// Why a session or one of its operations failed.
public enum HTTP2Error: Error, Equatable, Sendable {
    case outOfMemory
    /// The peer's first bytes were not HTTP/2's (RFC 9113, section 3.4).
    case badPreface
    /// The peer made us owe more answers (acknowledgements, resets, continuations) than the configuration allows.
    case flooded
    /// The peer broke the protocol, or the library refused what was asked of it.
    case protocolViolation(String)
    /// The stream is not open, or not any more.
    case streamClosed
    /// No further request may be started: the connection is going away, or its 2³⁰ stream ids are used up.
    case sessionClosing
    /// A header block that no table state explains; the inflater cannot be used any further.
    case corruptHeaderBlock

    init(code: Int) {
        switch Int32(truncatingIfNeeded: code) {
        case NGHTTP2_ERR_NOMEM.rawValue: self = .outOfMemory
        case NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue: self = .badPreface
        case NGHTTP2_ERR_FLOODED.rawValue, NGHTTP2_ERR_TOO_MANY_CONTINUATIONS.rawValue: self = .flooded
        case NGHTTP2_ERR_STREAM_CLOSED.rawValue, NGHTTP2_ERR_STREAM_CLOSING.rawValue,
            NGHTTP2_ERR_INVALID_STREAM_ID.rawValue, NGHTTP2_ERR_STREAM_SHUT_WR.rawValue:
            self = .streamClosed
        case NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE.rawValue, NGHTTP2_ERR_START_STREAM_NOT_ALLOWED.rawValue,
            NGHTTP2_ERR_SESSION_CLOSING.rawValue, NGHTTP2_ERR_GOAWAY_ALREADY_SENT.rawValue:
            self = .sessionClosing
        default:
            self = .protocolViolation(String(cString: nghttp2_strerror(Int32(truncatingIfNeeded: code))))
        }
    }
}

/// The error codes of RST_STREAM and GOAWAY (RFC 9113, section 7).
public struct HTTP2ErrorCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let noError = HTTP2ErrorCode(rawValue: 0)
    public static let protocolError = HTTP2ErrorCode(rawValue: 1)
    public static let internalError = HTTP2ErrorCode(rawValue: 2)
    public static let flowControlError = HTTP2ErrorCode(rawValue: 3)
    /// The receiver surely did nothing with the stream: it may be sent again (RFC 9113, section 8.7).
    public static let refusedStream = HTTP2ErrorCode(rawValue: 7)
    public static let cancel = HTTP2ErrorCode(rawValue: 8)
    public static let enhanceYourCalm = HTTP2ErrorCode(rawValue: 11)

    public var description: String {
        String(cString: nghttp2_http2_strerror(rawValue))
    }
}
