import CallModel
import NIOCore
import Transport

/// The table of everything the API answers.
func apiRoutes(_ sources: QuerySources) -> [APIRoute] {
    statusRoutes(sources) + callRoutes(sources) + systemRoutes(sources)
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
        APIRoute(pattern: entry.pattern, summary: entry.summary, access: .status, schema: entry.schema) { request in
            try statusDocument(entry.pattern, request, sources)
        }
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
    var headers = Headers()
    headers.add("etag", document.entityTag)
    headers.add("cache-control", "public, max-age=1, stale-if-error=60")
    headers.add("access-control-allow-origin", "*")
    let known = request.head.headers[first: "if-none-match"]
    if let known, known == "*" || known.split(separator: ",").contains(where: { tag(in: $0) == document.entityTag }) {
        return Response(status: 304, headers: headers, body: ByteBuffer())
    }
    headers.add("content-type", "application/json")
    return Response(status: 200, headers: headers, body: ByteBuffer(bytes: document.bytes))
}

/// A tag of `If-None-Match`, compared weakly (RFC 9110, section 13.1.2).
private func tag(in entry: Substring) -> Substring {
    let trimmed = entry.drop { $0 == " " }
    let tag = trimmed.hasPrefix("W/") ? trimmed.dropFirst(2) : trimmed
    return tag.prefix { $0 != " " }
}

// MARK: The program itself

private func systemRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/hosts", summary: "Every agent: version, last seen, what it dropped and shed.",
            access: .read,
            schema: "HostList"
        ) { request in .json(hostList(sources.hosts(), at: request.now)) },
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

private func hostList(_ hosts: [HostEntry], at now: Instant) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("as_of", now)
        writer.array("data") { writer in
            for host in hosts {
                writer.object {
                    $0.member("agent", host.agentID)
                    $0.member("state", host.isReporting ? "reporting" : "silent")
                    $0.member("first_seen", host.firstSeen)
                    $0.member("last_seen", host.lastSeen)
                    $0.member("clock_offset_s", host.clockOffsetSeconds, decimals: 3)
                    $0.member("report", json: Array(host.report.utf8))
                }
            }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}
