import CallModel

/// Both directions of one HTTP/2 connection: frames become streams, and each stream of the client's is a call.
///
/// Pairing is the protocol's own: a stream holds one request and its answer, so lost bytes harm only what they were part of,
/// and the table that header blocks refer to (`HeaderTable`). A call is told only where its method and path are known.
final class HTTP2Conversation {
    let connection: ConnectionInfo
    let context: ReaderContext
    let isFromStart: Bool
    var toServer: HTTP2Direction
    var toClient: HTTP2Direction
    var streams: [UInt32: HTTP2Stream] = [:]
    /// What of `context.heldByteCount` is this connection's, beside its calls.
    private var accountedByteCount = 0

    init(connection: ConnectionInfo, context: ReaderContext, isFromStart: Bool) {
        self.connection = connection
        self.context = context
        self.isFromStart = isFromStart
        toServer = HTTP2Direction(isFromStart: isFromStart, hasPreface: isFromStart)
        toClient = HTTP2Direction(isFromStart: isFromStart, hasPreface: false)
    }

    /// HTTP/1.1 was upgraded: the request stands already, and its answer comes on stream 1 (RFC 7540, section 3.2).
    func upgraded(_ call: ObservedCall) {
        call.version = .http2
        let stream = HTTP2Stream(call)
        stream.isRequestEnded = true
        streams[1] = stream
    }

    // MARK: Bytes

    func bytesArrived(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) {
        readBytes(bytes, direction, at: now)
        account(toServer.heldByteCount &+ toClient.heldByteCount)
    }

    /// Tells the bound on everything what both directions hold by now.
    func account(_ byteCount: Int) {
        context.heldByteCount &+= byteCount &- accountedByteCount
        accountedByteCount = byteCount
    }

    private func readBytes(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) {
        guard withDirection(direction, { $0.search == nil }) else {
            return searchFrames(Array(copying: bytes, from: 0), direction, at: now)
        }
        guard let place = readFrames(bytes, direction, at: now) else { return }
        searchFrames(Array(copying: bytes, from: place), direction, at: now)
    }

    /// Looks for frames until they are found and do not break again before the bytes end.
    private func searchFrames(_ bytes: [UInt8], _ direction: StreamDirection, at now: Instant) {
        var rest = bytes
        while var search = withDirection(direction, { $0.search.take() }) {
            guard let found = search.bytesArrived(rest.span) else {
                return withDirection(direction) { $0.search = search }
            }
            context.counters.resynchronisations &+= 1
            guard let place = readFrames(found.span, direction, at: now) else { return }
            rest = Array(found[place...])
        }
    }

    /// Returns the place behind which frames must be searched, nil where all is well.
    private func readFrames(_ bytes: Span<UInt8>, _ direction: StreamDirection, at now: Instant) -> Int? {
        var at = 0
        while true {
            switch nextEvent(bytes, &at, direction) {
            case .needsMore: return nil
            case .data(let range, let stream): dataArrived(bytes, range, stream, direction, at: now)
            case .dataEnded(let frame):
                if frame.isEndStream { streamEnded(frame.stream, direction, at: now) }
            case .frame(let frame):
                guard frameArrived(frame, direction, at: now) else {
                    lose(direction)
                    return at
                }
            case .skipped(let frame): frameWasLost(frame, direction, at: now)
            case .malformed:
                context.counters.malformedMessages &+= 1
                lose(direction)
                return at
            }
        }
    }

    private func nextEvent(
        _ bytes: Span<UInt8>, _ at: inout Int, _ direction: StreamDirection
    ) -> FrameReader.Event {
        let byteCountMax = context.configuration.headerBlockByteCountMax
        return switch direction {
        case .toServer: toServer.frames.next(bytes, at: &at, payloadByteCountMax: byteCountMax)
        case .toClient: toClient.frames.next(bytes, at: &at, payloadByteCountMax: byteCountMax)
        }
    }

    private func dataArrived(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ id: UInt32, _ direction: StreamDirection, at now: Instant
    ) {
        guard let stream = streams[id] else { return }
        switch direction {
        case .toServer:
            context.bodyArrived(bytes, in: range, of: &stream.call.request)
            stream.call.request.ended = now
        case .toClient:
            context.bodyArrived(bytes, in: range, of: &stream.call.response)
            stream.call.response.ended = now
        }
    }

    // MARK: Losses

    func bytesLost(_ byteCount: Int?, _ direction: StreamDirection, at now: Instant) {
        var skipped: (header: FrameHeader, dataByteCount: Int)?
        if let byteCount {
            switch direction {
            case .toServer: skipped = toServer.frames.skip(byteCount)
            case .toClient: skipped = toClient.frames.skip(byteCount)
            }
        }
        guard let skipped else { return lose(direction) }
        guard skipped.header.kind == FrameHeader.Kind.data, let stream = streams[skipped.header.stream] else { return }
        switch direction {
        case .toServer: stream.call.request.contentWasLost(skipped.dataByteCount)
        case .toClient: stream.call.response.contentWasLost(skipped.dataByteCount)
        }
        // A frame that ends with the lost bytes ends with the next event.
        _ = readFrames(Span(), direction, at: now)
    }

    /// A frame that cannot be read; where it held fields, the table is unknown from here on.
    private func frameWasLost(_ frame: FrameHeader, _ direction: StreamDirection, at now: Instant) {
        switch frame.kind {
        case FrameHeader.Kind.headers, FrameHeader.Kind.pushPromise, FrameHeader.Kind.continuation:
            context.counters.oversizedHeaderBlocks &+= 1
            withDirection(direction) {
                $0.table.forget()
                $0.block = nil
            }
            if frame.isEndStream, frame.kind == FrameHeader.Kind.headers {
                streamEnded(frame.stream, direction, at: now)
            }
        default: break
        }
    }

    /// It is unknown where the next frame begins, and what the bodies have missed.
    private func lose(_ direction: StreamDirection) {
        context.counters.lostDirections &+= 1
        withDirection(direction) {
            $0.table.forget()
            $0.block = nil
            $0.frames = FrameReader(hasPreface: false)
            $0.frames.lengthMax = 1 << 20
            $0.search = FrameSearch()
            $0.wasLost = true
        }
        for stream in streams.values {
            switch direction {
            case .toServer: if !stream.isRequestEnded { stream.call.request.isBodySizeKnown = false }
            case .toClient: if stream.call.hasResponse { stream.call.response.isBodySizeKnown = false }
            }
        }
    }

    func withDirection<R>(_ direction: StreamDirection, _ body: (inout HTTP2Direction) -> R) -> R {
        switch direction {
        case .toServer: body(&toServer)
        case .toClient: body(&toClient)
        }
    }
}

/// Where the reading of one direction of an HTTP/2 connection stands.
struct HTTP2Direction {
    var frames: FrameReader
    var table: HeaderTable
    /// A header block that goes on in CONTINUATION frames.
    var block: HeaderBlock?
    /// Set while it is unknown where frames begin.
    var search: FrameSearch?
    var wasLost = false
    var hasEnded: Instant?

    var heldByteCount: Int {
        frames.heldByteCount &+ (block?.fragment.count ?? 0) &+ (search?.heldByteCount ?? 0) &+ table.heldByteCount
    }

    init(isFromStart: Bool, hasPreface: Bool) {
        frames = FrameReader(hasPreface: hasPreface)
        table = HeaderTable(isFromStart: isFromStart)
        if !isFromStart { frames.lengthMax = 1 << 20 }
    }

    struct HeaderBlock {
        var stream: UInt32
        var fragment: [UInt8]
        var isEndStream: Bool
        var isPromise: Bool
        var began: Instant
    }
}

/// One stream: a request and its answer.
final class HTTP2Stream {
    let call: ObservedCall
    var isRequestEnded = false
    var isResponseEnded = false
    /// Opened by the server, and so nobody's call.
    var isPush = false
    /// The request's head was seen and is not fully known: the call cannot be told.
    var isRequestUnknown = false

    init(_ call: ObservedCall) {
        self.call = call
    }
}

extension Message {
    fileprivate mutating func contentWasLost(_ byteCount: Int) {
        bodyByteCount &+= byteCount
        if byteCount > 0 { isBodyWhole = false }
    }
}
