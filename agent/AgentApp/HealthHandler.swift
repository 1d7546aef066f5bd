import NIOCore
import Runtime
import Spool
import Transport

/// Tells how the agent is: `/livez`, `/readyz`, `/metrics`, `/probes`, `/version`.
final class HealthHandler: RequestHandler {
    private let spool: Spool
    private let metrics: MetricsRegistry

    private let probes: ProbeCapture

    init(spool: Spool, metrics: MetricsRegistry, probes: ProbeCapture) {
        self.probes = probes
        self.spool = spool
        self.metrics = metrics
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
        case "/version":
            responder.respond(.json(Array(#"{"name":"farwatch-agent","version":"\#(Agent.version)"}"#.utf8)))
        default:
            responder.respond(
                .problem(
                    status: 404, title: "Not found", detail: "there are /livez, /readyz, /metrics, /probes and /version"
                ))
        }
    }

    private func text(_ text: String) -> Response {
        var headers = Headers()
        headers.add("content-type", "text/plain; charset=utf-8")
        return Response(status: 200, headers: headers, body: ByteBuffer(string: text))
    }
}
