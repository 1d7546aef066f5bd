import HTTP2
import Testing

/// One side of a conversation in memory: a session, the bodies it sends, and what it has understood so far.
final class Side {
    let session: HTTP2Session
    var bodiesSent: [HTTP2StreamID: [UInt8]] = [:]
    var log: [String] = []
    var bodies: [HTTP2StreamID: [UInt8]] = [:]
    var heads: [HTTP2StreamID: HTTP2Fields] = [:]
    var ended: Set<HTTP2StreamID> = []
    var closed: [HTTP2StreamID: HTTP2ErrorCode] = [:]
    var openMax = 0
    /// Gives back what arrived as soon as it did.
    var consumes = true
    var onEnded: (Side, HTTP2StreamID) -> Void = { _, _ in }

    init(_ role: HTTP2Session.Role, _ configure: (inout HTTP2Configuration) -> Void = { _ in }) throws {
        var configuration = HTTP2Configuration()
        configure(&configuration)
        session = try HTTP2Session(role: role, configuration: configuration)
    }

    func request(_ path: String, headers: HTTP2Fields = [], body: [UInt8] = []) throws -> HTTP2StreamID {
        let fields: HTTP2Fields = [
            (":method", body.isEmpty ? "GET" : "POST"), (":scheme", "http"), (":authority", "far"), (":path", path),
        ]
        let id = try session.submitRequest(fields + headers, bodyByteCount: body.count)
        bodiesSent[id] = body
        return id
    }

    func respond(_ id: HTTP2StreamID, status: Int = 200, body: [UInt8] = []) throws {
        bodiesSent[id] = body
        try session.submitResponse([(":status", "\(status)")], bodyByteCount: body.count, on: id)
    }

    /// Everything there is to send, bodies in place.
    func output(byteCountMax: Int = 64 << 10) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var isMore = true
        while isMore {
            isMore = try session.produce(byteCountMax: byteCountMax) { frames, pieces in
                var start = 0
                for piece in pieces {
                    bytes += frames[start..<piece.position]
                    bytes += bodiesSent[piece.stream]![piece.range]
                    start = piece.position
                }
                bytes += frames[start...]
            }
        }
        note([])
        return bytes
    }

    func receive(_ bytes: some Collection<UInt8>) throws {
        let segment = Array(bytes)
        defer { note(segment) }
        try segment.withUnsafeBytes { try session.receive($0) }
    }

    private func note(_ segment: [UInt8]) {
        for event in session.takeEvents() {
            switch event {
            case .head(let id, let fields):
                heads[id] = fields
                openMax = max(openMax, heads.count - closed.count)
                log.append("head \(id) " + fields.map { "\($0.name)=\($0.value)" }.joined(separator: ","))
            case .headTooLarge(let id): log.append("too large \(id)")
            case .body(let id, let range):
                bodies[id, default: []] += segment[range]
                if consumes { session.consume(range.count, on: id) }
            case .trailers(let id, let fields): log.append("trailers \(id) \(fields.count)")
            case .ended(let id):
                log.append("ended \(id) after \(bodies[id]?.count ?? 0)")
                ended.insert(id)
                onEnded(self, id)
            case .closed(let id, let code):
                log.append("closed \(id) \(code)")
                closed[id] = code
            case .goAway(let last, let code, _): log.append("go away \(last) \(code)")
            case .settings: log.append("settings")
            case .pong: log.append("pong")
            }
        }
    }
}

/// Carries bytes both ways until neither side has anything to say.
func converse(_ client: Side, _ server: Side) throws {
    while true {
        let there = try client.output()
        try server.receive(there)
        let back = try server.output()
        try client.receive(back)
        if there.isEmpty, back.isEmpty { return }
    }
}

func frame(type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    let count = UInt32(payload.count)
    let head = [24, 16, 8].map { UInt8(truncatingIfNeeded: count >> ($0 - 8)) } + [type, flags]
    return head + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stream >> $0) } + payload
}

/// The client's first bytes: preface and empty SETTINGS.
let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(type: 4)
