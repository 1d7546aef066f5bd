import CNghttp2

/// One HTTP/2 connection as a machine without input and output: bytes in, events out, bytes to send.
///
/// The owner hands in what it read (`receive`), acts on the events (`takeEvents`), submits requests or responses, and writes what
/// `produce` gives it. libnghttp2 does framing, header compression, flow control and the checks of RFC 9113; its callbacks only
/// note what happened, so that nothing ever runs inside them.
///
/// Flow control is manual: what arrived is given back to the peer only by `consume`. Bodies to send are not copied: the session
/// is told their length and names the ranges to write.
///
/// Not thread-safe; belongs to one event loop or test. Dropping it frees everything, open streams included.
public final class HTTP2Session {
    public enum Role: Sendable {
        case client
        case server
    }

    /// What we keep of a stream between its first frame and `closed`.
    final class Stream {
        var fields: HTTP2Fields = []
        var fieldsByteCount = 0
        var areFieldsTooLarge = false
        var isHeadDone = false
        var hasPeerEnded = false
        var haveWeEnded = false
        var bodyByteCount = 0
        var bodyOffset = 0
        /// More body may follow (`extendBody`): an empty rest is then no end.
        var isBodyOpen = false
    }

    public let role: Role
    public let configuration: HTTP2Configuration
    /// Frames of the peer that broke a rule, of the stream or of the connection.
    public internal(set) var invalidFrameCount = 0
    /// Streams that ended in an error after the peer had started them.
    public internal(set) var abandonedStreamCount = 0
    /// Frames since `forgiveBarrenFrames` that brought nothing: pings, settings, windows, empty pieces of bodies.
    public internal(set) var barrenFrameCount = 0
    /// The library's latest remark on what the peer did wrong.
    public internal(set) var diagnostic: String?

    /// Owned: freed in `deinit`, never leaves the module.
    let pointer: OpaquePointer
    var streams: [HTTP2StreamID: Stream] = [:]
    var events: [HTTP2Event] = []
    /// Where the segment being read starts; set only within `receive`.
    var segmentStart: UnsafeRawPointer?
    /// The output being collected; set only within `produce`, the capacity is kept between calls.
    var output: [UInt8] = []
    var pieces: [HTTP2BodyPiece] = []
    var outputBodyByteCount = 0
    var outputByteCountMax = 0
    private var isInsideLibrary = false

    public init(role: Role, configuration: HTTP2Configuration = .init()) throws(HTTP2Error) {
        self.role = role
        self.configuration = configuration
        var session: OpaquePointer?
        var options: OpaquePointer?
        var callbacks: OpaquePointer?
        guard nghttp2_option_new(&options) == 0, let options else { throw .outOfMemory }
        defer { nghttp2_option_del(options) }
        guard nghttp2_session_callbacks_new(&callbacks) == 0, let callbacks else { throw .outOfMemory }
        defer { nghttp2_session_callbacks_del(callbacks) }
        Self.set(options, from: configuration)
        Self.set(callbacks)
        let result =
            switch role {
            case .client: nghttp2_session_client_new2(&session, callbacks, nil, options)
            case .server: nghttp2_session_server_new2(&session, callbacks, nil, options)
            }
        guard result == 0, let session else { throw HTTP2Error(code: Int(result)) }
        pointer = session
        // Unretained: the library's session dies in our `deinit`, so it never outlives the object it points to.
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        try submitSettings()
    }

    deinit {
        // Does not call back for streams still open; ours go with the dictionary.
        nghttp2_session_del(pointer)
    }

    /// True when nothing is left to read or to write: the connection can be closed.
    public var isFinished: Bool {
        nghttp2_session_want_read(pointer) == 0 && nghttp2_session_want_write(pointer) == 0
    }

    /// False once the session has ended for the peer: after a fatal error of his, or our `terminate`.
    public var wantsBytes: Bool {
        nghttp2_session_want_read(pointer) != 0
    }

    /// Whether a new request has a chance (client only): false once either side has said that it goes away.
    public var acceptsRequests: Bool {
        nghttp2_session_check_request_allowed(pointer) != 0
    }

    /// Requests that are under way, those of a client that still wait for the server's permission included.
    public var openStreamCount: Int {
        streams.count
    }

    /// How many requests the peer lets us have open at once; 2³² − 1 where it set no limit.
    public var peerStreamsMax: Int {
        Int(nghttp2_session_get_remote_settings(pointer, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }

    /// Reads what arrived. Events wait in `takeEvents`; ranges in them refer to these bytes.
    ///
    /// After an error the connection is over: produce what is left, then close.
    public func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        precondition(!isInsideLibrary, "a session was called from inside its own callback")
        isInsideLibrary = true
        segmentStart = start
        let read = nghttp2_session_mem_recv(pointer, start.assumingMemoryBound(to: UInt8.self), bytes.count)
        segmentStart = nil
        isInsideLibrary = false
        guard read >= 0 else { throw HTTP2Error(code: read) }
        guard nghttp2_session_get_outbound_queue_size(pointer) <= configuration.outboundFramesMax,
            barrenFrameCount <= configuration.barrenFramesMax
        else {
            throw .flooded
        }
        if role == .server, abandonedStreamCount > configuration.abandonedStreamsMax {
            terminate(.enhanceYourCalm)
        }
    }

    /// To be called now and then: who sends `barrenFramesMax` of them in between is flooding us.
    public func forgiveBarrenFrames() { barrenFrameCount = 0 }

    /// What happened since the last call, in order. Also `produce` can add events: a stream closes when its end is sent.
    public func takeEvents() -> [HTTP2Event] {
        guard !events.isEmpty else { return [] }
        let taken = events
        events = []
        return taken
    }

    /// Gives the next output to `write`: frames, and the pieces of bodies that belong between them.
    ///
    /// - Parameter byteCountMax: stops after this many bytes, bodies included; a single frame may exceed it.
    /// - Returns: whether the bound was reached, so that there may be more at once.
    public func produce(
        byteCountMax: Int = 64 << 10, _ write: (_ frames: UnsafeRawBufferPointer, _ bodies: [HTTP2BodyPiece]) -> Void
    ) throws(HTTP2Error) -> Bool {
        precondition(!isInsideLibrary, "a session was called from inside its own callback")
        if output.capacity > 128 << 10 { output = [] } else { output.removeAll(keepingCapacity: true) }
        pieces.removeAll(keepingCapacity: true)
        outputBodyByteCount = 0
        outputByteCountMax = byteCountMax
        isInsideLibrary = true
        var failure: HTTP2Error?
        while producedByteCount < byteCountMax {
            var frame: UnsafePointer<UInt8>?
            let count = nghttp2_session_mem_send(pointer, &frame)
            guard count > 0 else {
                if count < 0 { failure = HTTP2Error(code: count) }
                break
            }
            output.append(contentsOf: UnsafeBufferPointer(start: frame, count: count))
        }
        isInsideLibrary = false
        if !output.isEmpty { output.withUnsafeBytes { write($0, pieces) } }
        if let failure { throw failure }
        return producedByteCount >= byteCountMax
    }

    var producedByteCount: Int {
        output.count + outputBodyByteCount
    }
}
