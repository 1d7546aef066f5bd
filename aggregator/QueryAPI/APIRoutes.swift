import CallModel
import Documents
import NIOCore
import Storage
import Transport

/// The table of everything the API answers.
func apiRoutes(_ sources: QuerySources, _ tail: CallTail, _ memory: RouteMemory) -> [APIRoute] {
    var routes = statusRoutes(sources)
    routes += historyRoutes(sources)
    routes += volumeRoutes(sources)
    routes += impactRoutes(sources)
    routes += driftRoutes(sources)
    routes += rateLimitRoutes(sources)
    routes.append(streamRoute(sources, tail))
    routes += incidentRoutes(sources)
    routes += messageRoutes(sources)
    routes += acknowledgeRoutes(sources)
    routes += quietRoutes(.silence, sources)
    routes += quietRoutes(.maintenance, sources)
    routes += ownerRoutes(sources)
    routes += callRoutes(sources)
    routes += explainRoutes(sources, memory)
    routes += traceRoutes(sources)
    routes += evidenceRoutes(sources)
    routes += shareRoutes(sources)
    routes += hostRoutes(sources)
    routes.append(catalogueRoute(sources))
    routes += systemRoutes(sources)
    return routes
}

// MARK: Status

private func statusRoutes(_ sources: QuerySources) -> [APIRoute] {
    let fixed: [(pattern: String, summary: String, schema: String)] = [
        ("/api/v1/status", "The global outage status: every partner, and since when.", "Status"),
        ("/api/v1/partners", "Every partner with its figures.", "PartnerList"),
        ("/api/v2/summary.json", "Statuspage: components, open incidents and the overall status.", "StatuspageSummary"),
        ("/api/v2/status.json", "Statuspage: the overall status.", "StatuspageStatus"),
        ("/api/v2/components.json", "Statuspage: partners as components.", "StatuspageComponents"),
        ("/api/v2/incidents.json", "Statuspage: the last fifty incidents.", "StatuspageIncidents"),
        ("/api/v2/incidents/unresolved.json", "Statuspage: open incidents.", "StatuspageIncidents"),
    ]
    var routes = fixed.map { entry in
        var route = APIRoute(
            pattern: entry.pattern, summary: entry.summary, access: .status, schema: entry.schema
        ) { request in try statusDocument(entry.pattern, request, sources) }
        route.handleAtOnce = { request throws(APIProblem) in try statusDocument(entry.pattern, request, sources) }
        return route
    }
    routes.append(
        APIRoute(
            pattern: "/api/v1/partners/{id}", summary: "One partner: figures, routes, hosts, customers, outages.",
            access: .status, schema: "PartnerDetail", mayBeMissing: true
        ) { request in try statusDocument("/api/v1/partners/" + request.path["id"]!, request, sources) })
    return routes
}

/// Serves bytes made once a second: nothing is computed for a request but whether the client has them already.
private func statusDocument(
    _ path: String, _ request: APIRequest, _ sources: QuerySources
) throws(APIProblem) -> Response {
    guard let status = sources.status() else {
        throw APIProblem(
            status: 503, title: "Not yet known", detail: "the first status is still being worked out",
            headers: [("retry-after", "1")])
    }
    guard let document = status.document(path, at: request.now) else { throw .notFound(request.path["id"] ?? path) }
    return document.response(
        to: request.head,
        ["cache-control": "public, max-age=1, stale-if-error=60", "access-control-allow-origin": "*"])
}

// MARK: The program itself

private func systemRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/audit", summary: "Who did what, newest first.", access: .admin,
            parameters: [
                APIParameter(name: "limit", kind: .integer(1...1_000), summary: "How many at most; 100 when absent."),
                APIParameter(
                    name: "before", kind: .integer(1...Int(Int64.max)),
                    summary: "Entries older than the one of this id."),
            ], schema: "AuditList"
        ) { request in
            let limit = request.query["limit"].flatMap { Int($0) } ?? 100
            return .json(
                auditList(try await sources.auditEntries(request.query["before"].flatMap { Int64($0) }, limit), limit))
        },
        APIRoute(
            pattern: "/metrics", summary: "Figures of this aggregator for Prometheus.", access: .read,
            contentType: "text/plain; version=0.0.4; charset=utf-8"
        ) { _ in
            plain(sources.metrics(), "text/plain; version=0.0.4; charset=utf-8")
        },
        APIRoute(
            pattern: "/livez", summary: "Whether the process works.", access: .open,
            contentType: "text/plain; charset=utf-8"
        ) { _ in
            plain(Array("ok\n".utf8), "text/plain; charset=utf-8")
        },
        APIRoute(
            pattern: "/readyz", summary: "Whether it is ready to serve.", access: .open,
            contentType: "text/plain; charset=utf-8"
        ) { _ in
            if let why = sources.unreadiness() {
                throw APIProblem(status: 503, title: "Not ready", detail: why, headers: [("retry-after", "1")])
            }
            return plain(Array("ready\n".utf8), "text/plain; charset=utf-8")
        },
        APIRoute(pattern: "/version", summary: "Which program this is.", access: .open, schema: "Version") { _ in
            var writer = JSONWriter()
            writer.object {
                $0.member("name", "farwatch-aggregator")
                $0.member("version", sources.version)
            }
            return .json(writer.bytes)
        },
    ]
}

func plain(_ bytes: [UInt8], _ contentType: String) -> Response {
    var headers = Headers()
    headers.add("content-type", contentType)
    headers.add("cache-control", "no-store")
    return Response(status: 200, headers: headers, body: ByteBuffer(bytes: bytes))
}

private func auditList(_ entries: [AuditEntry], _ limit: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for entry in entries {
                writer.object {
                    $0.member("id", entry.id)
                    $0.member("at", entry.at)
                    $0.member("who", entry.who)
                    $0.member("what", entry.what)
                    $0.member("detail", json: Array(entry.detail.utf8))
                }
            }
        }
        writer.member("next_before", entries.count == limit ? entries.last?.id : nil)
    }
    return writer.bytes
}
