import CallModel
import Documents
import NIOCore
import Storage
import Transport

/// Calls set aside to be handed over ("tell me what you sent me"): made from what is stored now, kept beyond its retention,
/// with bodies never more than redacted.
func evidenceRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/evidence", summary: "Evidence that was made, newest first.", access: .read,
            schema: "EvidenceList"
        ) { _ in .json(list(try await sources.evidenceList())) },
        APIRoute(
            pattern: "/api/v1/evidence", method: "POST",
            summary: "Makes evidence of calls: by a webhook's delivery id, a trace, or a partner and a time.",
            access: .operate, body: evidenceFields, successStatus: 201, schema: "Evidence", mayBeMissing: true,
            mayConflict: true
        ) { request in try await make(request, sources) },
        APIRoute(
            pattern: "/api/v1/evidence/{id}", summary: "Evidence: as HAR, or as a page to read.", access: .read,
            parameters: [
                APIParameter(name: "format", kind: .choice(["har", "html"]), summary: "`har` when absent.")
            ], otherContentTypes: ["text/html; charset=utf-8"], schema: "Object", mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= 64, let record = try await sources.evidence(id) else {
                throw APIProblem.notFound(id)
            }
            guard request.query["format"] == "html" else { return .json(record.har) }
            var response = Response(status: 200, body: ByteBuffer(bytes: evidencePage(record)))
            response.headers.add("content-type", "text/html; charset=utf-8")
            response.headers.add(
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
            return response
        },
        APIRoute(
            pattern: "/api/v1/evidence/{id}", method: "DELETE", summary: "Removes evidence.", access: .operate,
            successStatus: 204, mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= 64, try await sources.removeEvidence(id) else { throw APIProblem.notFound(id) }
            audit("removed evidence", id, request, sources)
            return Response(status: 204)
        },
    ]
}

private let evidenceFields = [
    APIField(name: "title", kind: .text(characterCountMax: 200), summary: "What it is about.", isRequired: true),
    APIField(
        name: "delivery_id", kind: .text(characterCountMax: 200),
        summary: "Attempts of this webhook delivery, by the partner's own id."),
    APIField(name: "trace_id", kind: .traceID, summary: "Calls of this trace."),
    APIField(
        name: "partner", kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Calls of this partner."),
    APIField(name: "since", kind: .time, summary: "From this time on; a day ago when absent."),
    APIField(name: "until", kind: .time, summary: "Before this time; now when absent."),
]

private let evidenceCallsMax = 500

private func make(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    let fields = request.fields
    guard fields["delivery_id"] != nil || fields["trace_id"] != nil || fields["partner"] != nil else {
        throw APIProblem.badBody(
            [Problem.Item(pointer: "/body", detail: "one of delivery_id, trace_id and partner is wanted")],
            hint: "evidence of everything would be evidence of nothing")
    }
    let calls = try await evidenceCalls(request, sources)
    guard !calls.isEmpty else {
        throw APIProblem(status: 404, title: "Not found", detail: "no stored call is meant by that")
    }
    let id = "ev_" + hexText(UInt64.random(in: .min ... .max)) + hexText(UInt64.random(in: .min ... .max))
    var scope = JSONWriter()
    scope.object { writer in
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) where name != "title" { writer.member(name, value) }
    }
    // Full bodies stay behind: what is handed over left the host redacted or as its shape.
    let har = harDocument(calls.map(withoutFullBodies), version: sources.version, comment: fields["title"])
    let record = EvidenceRecord(
        id: id, createdAt: request.now, createdBy: request.who, title: fields["title"]!,
        scope: String(decoding: scope.bytes, as: UTF8.self), callCount: calls.count, har: har)
    guard try await sources.storeEvidence(record) else {
        throw APIProblem(
            status: 409, title: "Too much evidence", detail: "\(EvidenceStore.countMax) are kept already",
            hint: "DELETE what is no longer needed")
    }
    audit("made evidence", id, request, sources)
    var writer = JSONWriter()
    writer.object { append(record, to: &$0) }
    var response = Response.json(writer.bytes, status: 201)
    response.headers.add("location", "/api/v1/evidence/\(id)")
    return response
}

private func evidenceCalls(_ request: APIRequest, _ sources: QuerySources) async throws -> [StoredCall] {
    let fields = request.fields
    func time(_ name: String) -> Instant? { fields[name].flatMap { parseTime($0, now: request.now) } }
    var filter = CallFilter(
        since: time("since") ?? request.now - .seconds(86_400), until: time("until") ?? request.now + .seconds(60))
    filter.partner = fields["partner"]
    filter.traceID = fields["trace_id"].flatMap { TraceID(hex: $0) }
    filter.payload.deliveryID = fields["delivery_id"]
    filter.limit = evidenceCallsMax
    filter.newest = request.now + .seconds(1)
    var calls: [StoredCall] = []
    // A page ends early when it has looked at much; ten pages are as far as one request goes.
    for _ in 0..<10 {
        let page = try await sources.callPage(filter)
        calls += page.calls
        guard let next = page.next, calls.count < evidenceCallsMax else { break }
        filter.cursor = next
        filter.limit = evidenceCallsMax - calls.count
    }
    return calls.reversed()
}

private func withoutFullBodies(_ stored: StoredCall) -> StoredCall {
    var stored = stored
    if stored.call.request.body?.form == .full { stored.call.request.body = nil }
    if stored.call.response?.body?.form == .full { stored.call.response?.body = nil }
    return stored
}

private func audit(_ what: String, _ id: String, _ request: APIRequest, _ sources: QuerySources) {
    var detail = JSONWriter()
    detail.object { $0.member("evidence", id) }
    sources.audit(request.who, what, String(decoding: detail.bytes, as: UTF8.self))
}

private func append(_ record: EvidenceRecord, to writer: inout JSONWriter) {
    writer.member("id", record.id)
    writer.member("created_at", record.createdAt)
    writer.member("created_by", record.createdBy)
    writer.member("title", record.title)
    writer.member("scope", json: Array(record.scope.utf8))
    writer.member("calls", record.callCount)
}

private func list(_ records: [EvidenceRecord]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records { writer.object { append(record, to: &$0) } }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}

// MARK: The page

/// `&`, `<`, `>` and quotes as HTML has them, in text and in attributes alike.
public func htmlEscaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": escaped += "&amp;"
        case "<": escaped += "&lt;"
        case ">": escaped += "&gt;"
        case "\"": escaped += "&quot;"
        case "'": escaped += "&#39;"
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped
}

private let pageStyle =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#1c2330}"
    + "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #e3e7ee;"
    + "vertical-align:top}th{font-weight:600}code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere;"
    + "white-space:pre-wrap}.muted{color:#667085}@media(prefers-color-scheme:dark){body{background:#0f141c;color:#e6eaf2}"
    + "td,th{border-color:#263041}}"

private func evidencePage(_ record: EvidenceRecord) -> [UInt8] {
    var rows = ""
    // What was stored is our own document; were it damaged, the page would show no calls, and the HAR says why.
    _ = try? JSONParser().parse(record.har) { root in
        root.member("log")?.member("entries")?.forEachElement { rows += evidenceRow($0) }
    }
    let page = """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(htmlEscaped(record.title))</title><style>\(pageStyle)</style>
        <h1>\(htmlEscaped(record.title))</h1>
        <p class="muted">\(record.callCount) calls, set aside \(record.createdAt.rfc3339) as \(record.id). Times are UTC. Secrets \
        and personal data were masked on the host before anything was stored.</p>
        <table><tr><th>Time<th>Call<th>Answer<th>Took</tr>
        \(rows)</table></html>
        """
    return Array(page.utf8)
}

private func evidenceRow(_ entry: JSONValue) -> String {
    let request = entry.member("request")
    let status = entry.member("response")?.member("status")?.int64 ?? 0
    let answer = status > 0 ? "\(status)" : entry.member("_error")?.string ?? "no answer"
    let delivery = entry.member("_webhook")?.member("delivery_id")?.string
    let attempt = entry.member("_webhook")?.member("attempt")?.int64
    let body = request?.member("postData")?.member("text")?.string
    var call =
        "<code>\(htmlEscaped(request?.member("method")?.string ?? "")) \(htmlEscaped(request?.member("url")?.string ?? ""))</code>"
    call += "<div class=\"muted\">id \(htmlEscaped(entry.member("_id")?.string ?? ""))"
    if let delivery { call += ", delivery \(htmlEscaped(delivery))" }
    if let attempt { call += ", attempt \(attempt)" }
    call += "</div>"
    if let body { call += "<pre>\(htmlEscaped(String(body.prefix(4_000))))</pre>" }
    let took = entry.member("time")?.double.map { "\(Int($0.rounded())) ms" } ?? ""
    return "<tr><td><code>\(htmlEscaped(entry.member("startedDateTime")?.string ?? ""))</code><td>\(call)"
        + "<td>\(htmlEscaped(answer))<td>\(took)</tr>\n"
}
