import Documents
import NIOCore
import Storage
import Transport

// Evidence as a page: one table, no script, nothing loaded from anywhere.

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

/// - Parameter note: A sentence below the calls; plain text.
func evidencePage(_ record: EvidenceRecord, note: String? = nil) -> Response {
    var response = Response(status: 200, body: ByteBuffer(bytes: Array(evidenceText(record, note: note).utf8)))
    response.headers.add("content-type", "text/html; charset=utf-8")
    response.headers.add(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    response.headers.add("x-content-type-options", "nosniff")
    response.headers.add("referrer-policy", "no-referrer")
    return response
}

/// What is said below the calls to whoever came by a link.
let sharedNote = "The same as HAR: add ?format=har to this address. Every view is written down."

func evidenceText(_ record: EvidenceRecord, note: String?) -> String {
    var rows = ""
    // What was stored is our own document; were it damaged, the page would show no calls, and the HAR says why.
    _ = try? JSONParser().parse(record.har) { root in
        root.member("log")?.member("entries")?.forEachElement { rows += evidenceRow($0) }
    }
    return """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(htmlEscaped(record.title))</title><style>\(pageStyle)</style>
        <h1>\(htmlEscaped(record.title))</h1>
        <p class="muted">\(record.callCount) calls, set aside \(record.createdAt.rfc3339) as \(record.id). Times are UTC. Secrets \
        and personal data were masked on the host before anything was stored. SHA-256 of the HAR: <code>\(record.sha256)</code></p>
        \(record.isComplete ? "" : "<p><strong>\(incompleteNote(record.callCount))</strong></p>")
        <table><tr><th>Time<th>Call<th>Answer<th>Took</tr>
        \(rows)</table>\(note.map { "<p class=\"muted\">\(htmlEscaped($0))</p>" } ?? "")</html>
        """
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
    if let trace = entry.member("_trace_id")?.string { call += ", trace \(htmlEscaped(trace))" }
    if let hash = entry.member("_sha256")?.string { call += "<br>SHA-256 \(htmlEscaped(hash))" }
    call += "</div>"
    if let body { call += "<pre>\(htmlEscaped(String(body.prefix(4_000))))</pre>" }
    let took = entry.member("time")?.double.map { "\(Int($0.rounded())) ms" } ?? ""
    return "<tr><td><code>\(htmlEscaped(entry.member("startedDateTime")?.string ?? ""))</code><td>\(call)"
        + "<td>\(htmlEscaped(answer))<td>\(took)</tr>\n"
}
