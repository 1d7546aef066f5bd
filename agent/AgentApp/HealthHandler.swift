import CallModel
import NIOCore
import Receivers
import Runtime
import Spool
import Transport

/// Tells how the agent is: `/livez`, `/readyz`, `/metrics`, `/probes`, `/packets`, `/version`, `/status`; and, to who can read the agent's own
/// files, what passes through it: `/tap`.
final class HealthHandler: RequestHandler {
    private let spool: Spool
    private let metrics: MetricsRegistry
    private let tap: TapBuffer
    private let tapToken: AcceptedTokens
    private let status: @Sendable () -> [UInt8]

    private let probes: ProbeCapture
    private let packets: PacketCapture

    init(
        spool: Spool, metrics: MetricsRegistry, probes: ProbeCapture, packets: PacketCapture,
        tap: TapBuffer, tapToken: String, status: @escaping @Sendable () -> [UInt8]
    ) {
        self.probes = probes
        self.packets = packets
        self.spool = spool
        self.metrics = metrics
        self.tap = tap
        self.tapToken = AcceptedTokens([tapToken])
        self.status = status
    }

    func admit(_ head: RequestHead) -> Admission {
        guard head.method == "GET" || head.method == "HEAD" else {
            var response = Response.problem(status: 405, title: "Method not allowed", detail: "use GET")
            response.headers.add("allow", "GET, HEAD")
            return .refuse(response)
        }
        return .collect(byteCountMax: 0)
    }

    func handle(_ request: Request, _ responder: Responder) {
        switch request.head.path {
        case "/livez", "/healthz": responder.respond(text("ok\n"))
        case "/readyz":
            if let failure = spool.level.failure {
                responder.respond(.problem(status: 503, title: "Not ready", detail: "the spool: \(failure)"))
            } else {
                responder.respond(text("ready\n"))
            }
        case "/metrics":
            var headers = Headers()
            headers.add("content-type", "text/plain; version=0.0.4; charset=utf-8")
            responder.respond(Response(status: 200, headers: headers, body: ByteBuffer(bytes: metrics.exposition())))
        case "/probes": responder.respond(.json(probes.state.json))
        case "/packets": responder.respond(.json(packets.state.json))
        case "/version":
            responder.respond(.json(Array(#"{"name":"farwatch-agent","version":"\#(Agent.version)"}"#.utf8)))
        case "/status": responder.respond(.json(status()))
        case "/tap": responder.respond(tapped(request.head))
        default:
            responder.respond(
                .problem(
                    status: 404, title: "Not found",
                    detail: "there are /livez, /readyz, /metrics, /probes, /packets, /version, /status and /tap"))
        }
    }

    /// Calls after the number in `?after=`, one a line; the number to ask with next is in a header.
    private func tapped(_ head: RequestHead) -> Response {
        guard tapToken.accept(head.headers) else {
            var response = Response.problem(
                status: 401, title: "Unauthorized", detail: "the token in the agent's state directory is wanted")
            response.headers.add("www-authenticate", "Bearer")
            return response
        }
        let after = head.query.flatMap { $0.hasPrefix("after=") ? UInt64($0.dropFirst(6)) : nil } ?? 0
        let read = tap.read(after: after, at: Instant(nanosecondsSinceEpoch: WallClock.now()))
        var body = ByteBuffer()
        for line in read.lines {
            body.writeBytes(line)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        var headers = Headers()
        headers.add("content-type", "application/x-ndjson")
        headers.add("farwatch-next", String(read.next))
        headers.add("farwatch-passed", String(read.passedCount))
        return Response(status: 200, headers: headers, body: body)
    }

    private func text(_ text: String) -> Response {
        var headers = Headers()
        headers.add("content-type", "text/plain; charset=utf-8")
        return Response(status: 200, headers: headers, body: ByteBuffer(string: text))
    }
}
