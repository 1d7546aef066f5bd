/// The number of a stream within its connection, odd for requests (RFC 9113, section 5.1.1).
public typealias HTTP2StreamID = Int32

/// Header fields in the order they came, pseudo-headers (`:method`, `:status` …) first; names are lower case.
public typealias HTTP2Fields = [(name: String, value: String)]

/// What the bytes handed to a session meant.
public enum HTTP2Event: Sendable {
    /// The head of a request (server) or of a final response (client).
    case head(stream: HTTP2StreamID, fields: HTTP2Fields)
    /// The head exceeds `headerByteCountMax`; its fields were let go. The stream is still open.
    case headTooLarge(stream: HTTP2StreamID)
    /// A piece of the body: a range within the segment just handed in. Must be given back by `consume`.
    case body(stream: HTTP2StreamID, range: Range<Int>)
    /// Fields after the body.
    case trailers(stream: HTTP2StreamID, fields: HTTP2Fields)
    /// The peer has sent all of its message.
    case ended(stream: HTTP2StreamID)
    /// The stream is over for both sides; its id means nothing any more.
    case closed(stream: HTTP2StreamID, code: HTTP2ErrorCode)
    /// The peer will not look at streams above `lastStream`. Those were closed before with `refusedStream`.
    case goAway(lastStream: HTTP2StreamID, code: HTTP2ErrorCode, debug: String)
    /// The peer's settings are known, or changed.
    case settings
    /// The peer answered `ping()`.
    case pong
}

/// Where body bytes belong in a session's output: before the byte at `position` of the frames.
///
/// A session knows only how long bodies are. Their bytes stay with the owner, who writes this range of that stream's body here.
public struct HTTP2BodyPiece: Equatable, Sendable {
    public var position: Int
    public var stream: HTTP2StreamID
    public var range: Range<Int>
}
