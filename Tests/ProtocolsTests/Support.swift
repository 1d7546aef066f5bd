import CallModel
import Protocols
import Testing

/// Collects calls as the noun of the system.
struct Collector: CallSink {
    var calls: [APICall] = []
    var direction = Direction.outbound

    mutating func observed(_ call: ObservedCall) { calls.append(call.makeCall(direction)) }
}

/// A timeline of what a source tells of one connection; each step is a millisecond after the one before.
struct Timeline {
    enum Step {
        case client([UInt8])
        case server([UInt8])
        case gap(StreamDirection, Int?)
        case end(StreamDirection)
        case closed(CloseReason)
        case secured(SecureSession)
        case handshakeFailed
        case wait(Duration)
    }

    /// How chunks are cut before they are handed in.
    enum Cut {
        case none
        /// Every chunk at this place, if it is that long.
        case at(Int)
        case everyByte
    }

    var isClientKnown = true
    var isReversed = false
    /// Whether the calls are told as the server's.
    var isInbound = false
    var serverPort: UInt16 = 80
    var source = CallSource.packets
    var configuration = ProtocolConfiguration()
    var steps: [Step]

    static let client = SocketEndpoint(ipv4: 0x0A00_0001, port: 40_000)
    static let start = Instant(secondsSinceEpoch: 1_790_000_000)

    init(_ steps: Step..., isClientKnown: Bool = true) {
        self.steps = steps
        self.isClientKnown = isClientKnown
    }

    func run(_ cut: Cut = .none) -> [APICall] { runReader(cut).sink.calls }

    func runReader(_ cut: Cut = .none) -> CallReader<Collector> {
        let sink = Collector(direction: isInbound ? .inbound : .outbound)
        let reader = CallReader(sink: sink, configuration: configuration)
        let id = ConnectionID(rawValue: 1)
        var now = Self.start
        let server = SocketEndpoint(ipv4: 0xC633_6407, port: serverPort)
        let origin = ConnectionOrigin(
            client: isReversed ? server : Self.client, server: isReversed ? Self.client : server,
            isClientKnown: isClientKnown, source: source)
        reader.opened(id, origin, at: now)
        var isOpen = true
        for step in steps {
            now = now + .milliseconds(1)
            switch step {
            case .client(let bytes): feed(reader, bytes, side(.toServer), cut, at: now)
            case .server(let bytes): feed(reader, bytes, side(.toClient), cut, at: now)
            case .gap(let direction, let count): reader.gap(byteCount: count, of: id, side(direction), at: now)
            case .end(let direction): reader.halfClosed(id, side(direction), at: now)
            case .closed(let reason):
                reader.closed(id, reason, at: now)
                isOpen = false
            case .secured(let session): reader.secured(id, session, at: now)
            case .handshakeFailed: reader.handshakeFailed(id, alert: 40, at: now)
            case .wait(let duration): now = now + duration
            }
        }
        if isOpen { reader.finish() } else { reader.timePassed(to: now + .seconds(10)) }
        return reader
    }

    private func side(_ direction: StreamDirection) -> StreamDirection { isReversed ? direction.opposite : direction }

    private func feed(
        _ reader: CallReader<Collector>, _ bytes: [UInt8], _ direction: StreamDirection, _ cut: Cut, at now: Instant
    ) {
        let id = ConnectionID(rawValue: 1)
        func chunk(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            reader.chunk(bytes.span.extracting(range), of: id, direction, at: now)
        }
        switch cut {
        case .none: chunk(0..<bytes.count)
        case .at(let place):
            chunk(0..<min(place, bytes.count))
            chunk(min(place, bytes.count)..<bytes.count)
        case .everyByte: for index in 0..<bytes.count { chunk(index..<(index + 1)) }
        }
    }

    /// The calls, having made sure that they do not depend on where chunks are cut.
    func calls() -> [APICall] {
        let whole = run()
        let longest = steps.map(\.byteCount).max() ?? 0
        for place in 1..<max(2, min(longest, 1_500)) {
            let cut = run(.at(place))
            #expect(cut == whole, "cut at \(place)")
        }
        #expect(run(.everyByte) == whole, "byte by byte")
        return whole
    }
}

extension Timeline.Step {
    static func client(_ text: String) -> Timeline.Step { .client(Array(text.utf8)) }
    static func server(_ text: String) -> Timeline.Step { .server(Array(text.utf8)) }

    var byteCount: Int {
        switch self {
        case .client(let bytes), .server(let bytes): bytes.count
        default: 0
        }
    }
}

extension APICall {
    /// `GET http://h/a 200`, as short as assertions want it.
    var line: String {
        var words = [request.method, request.url, response.map { "\($0.status)" } ?? "-"]
        if let error { words.append(error.name) }
        return words.joined(separator: " ")
    }

    var responseText: String? { response?.body.map { String(decoding: $0.bytes, as: UTF8.self) } }
}

let get = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
