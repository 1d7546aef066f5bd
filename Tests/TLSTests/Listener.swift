import CallModel
import Protocols

/// Consumes what comes out of a `TLSReader`, as text.
struct Listener: StreamConsumer {
    var origin: ConnectionOrigin?
    var sessions: [SecureSession] = []
    var toServer = ""
    var toClient = ""
    /// What happened, apart from bytes, in order.
    var events: [String] = []
    var complaints: [String] = []
    private(set) var chunkTimes: [Instant] = []
    private(set) var closedAt: Instant?
    private var isClosed = false

    mutating func opened(_ connection: ConnectionID, _ origin: ConnectionOrigin, at now: Instant) {
        if self.origin != nil { complaints.append("opened twice") }
        self.origin = origin
    }

    private mutating func check(_ event: String) {
        if origin == nil { complaints.append("\(event) before opened") }
        if isClosed { complaints.append("\(event) after the end") }
    }

    mutating func chunk(
        _ bytes: Span<UInt8>, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant
    ) {
        check("chunk")
        chunkTimes.append(now)
        if bytes.isEmpty { complaints.append("an empty chunk") }
        let text = String(decoding: bytes.withUnsafeBufferPointer { Array($0) }, as: UTF8.self)
        if direction == .toServer { toServer += text } else { toClient += text }
    }

    mutating func gap(byteCount: Int?, of connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        check("gap")
        let text = "[\(byteCount.map(String.init) ?? "?")]"
        if direction == .toServer { toServer += text } else { toClient += text }
    }

    mutating func halfClosed(_ connection: ConnectionID, _ direction: StreamDirection, at now: Instant) {
        check("half close")
        events.append(direction == .toServer ? "client ended" : "server ended")
    }

    mutating func closed(_ connection: ConnectionID, _ reason: CloseReason, at now: Instant) {
        check("close")
        isClosed = true
        closedAt = now
        events.append("closed \(reason)")
    }

    mutating func datagram(_ bytes: Span<UInt8>, from: SocketEndpoint, to: SocketEndpoint, at now: Instant) {
        events.append("datagram of \(bytes.count)")
    }

    mutating func secured(_ connection: ConnectionID, _ session: SecureSession, at now: Instant) {
        check("secured")
        sessions.append(session)
    }

    mutating func handshakeFailed(_ connection: ConnectionID, alert: UInt8?, at now: Instant) {
        check("failure")
        events.append("failed \(alert.map(String.init) ?? "without alert")")
    }

    mutating func leftUnanswered(
        _ connection: ConnectionID, _ failure: FailureKind, since: Instant, at now: Instant
    ) {
        check("unanswered")
        events.append("\(failure.name) after \((now - since).nanoseconds / 1_000_000) ms")
    }
}

/// One connection through a reader.
struct Wire {
    static let id = ConnectionID(rawValue: 77)
    static let client = SocketEndpoint(ipv4: 1, port: 50_000)
    static let server = SocketEndpoint(ipv4: 2, port: 443)
    static let now = Instant(secondsSinceEpoch: 1_700_000_000)

    var reader: TLSReader<Listener>
    /// The time of what is seen next.
    var time = Self.now

    init(_ keyLog: String = "", _ configuration: TLSConfiguration = TLSConfiguration(), isClientKnown: Bool = true) {
        reader = TLSReader(consumer: Listener(), configuration: configuration)
        append(keyLog: keyLog)
        let origin = ConnectionOrigin(
            client: Self.client, server: Self.server, isClientKnown: isClientKnown, source: .packets)
        reader.opened(Self.id, origin, at: Self.now)
    }

    var heard: Listener { reader.consumer }

    mutating func wait(_ duration: Duration) { time = time + duration }

    mutating func append(keyLog: String) { reader.keyLog(Array(keyLog.utf8).span) }

    mutating func see(_ fromClient: Bool, _ bytes: [UInt8]) {
        reader.chunk(bytes.span, of: Self.id, fromClient ? .toServer : .toClient, at: time)
    }

    /// - Parameter pieceByteCount: how long the chunks are at most.
    mutating func see(_ steps: [(fromClient: Bool, bytes: [UInt8])], pieceByteCount: Int = .max) {
        for step in steps {
            var rest = step.bytes[...]
            while !rest.isEmpty {
                see(step.fromClient, Array(rest.prefix(pieceByteCount)))
                rest = rest.dropFirst(pieceByteCount)
            }
        }
    }

    mutating func lose(_ byteCount: Int?, fromClient: Bool) {
        reader.gap(byteCount: byteCount, of: Self.id, fromClient ? .toServer : .toClient, at: time)
    }

    mutating func end(fromClient: Bool) {
        reader.halfClosed(Self.id, fromClient ? .toServer : .toClient, at: time)
    }

    mutating func close(_ reason: CloseReason = .finished) { reader.closed(Self.id, reason, at: time) }
}
