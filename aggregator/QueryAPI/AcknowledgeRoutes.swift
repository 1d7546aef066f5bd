import Alerting
import CallModel
import Documents
import NIOCore
import Storage
import Transport

/// The page behind the link in a message: the incident, and one button.
func acknowledgeRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/a/{link}", summary: "For people: the page a message links to. Changes nothing.",
            access: .open, contentType: "text/html; charset=utf-8", mayBeMissing: true,
            mayBeForbidden: true
        ) { request in
            let id = try checkedID(request, sources)
            guard let detail = try await sources.incidents.read(id) else { throw APIProblem.notFound("\(id)") }
            return page(detail, button(detail.record), runbook: try await runbook(detail.record.owner, sources.owners))
        },
        APIRoute(
            pattern: "/a/{link}", method: "POST", summary: "Its button: acknowledges the incident.",
            access: .open, contentType: "text/html; charset=utf-8", mayBeMissing: true,
            mayConflict: true, mayBePending: true, mayBeForbidden: true
        ) { request in
            let id = try checkedID(request, sources)
            switch try await act(on: id, .acknowledge, nil, by: "link", sources) {
            case .done(let detail): return page(detail, said("Acknowledged. Reminders stop; a rise still speaks up."))
            case .waiting(let detail):
                return page(detail, said("Written down. It takes effect in a few seconds."), status: 202)
            case .refused(let reason): throw APIProblem(status: 409, title: "Refused", detail: reason)
            case .missing: throw APIProblem.notFound("\(id)")
            case .tooMany:
                throw APIProblem(status: 409, title: "Too many actions", detail: "too much was asked of it already")
            }
        },
    ]
}

/// The link is looked at before the incident: without it nobody learns which there are.
private func checkedID(_ request: APIRequest, _ sources: QuerySources) throws(APIProblem) -> Int64 {
    guard let id = sources.incidents.links?.incident(of: request.path["link"]!) else {
        throw APIProblem(
            status: 403, title: "Forbidden", detail: "the link is not a right one",
            hint: "open it as the message has it, to its last character")
    }
    return id
}

/// Where the owner says what to do; a message that had no room for it leads here.
private func runbook(_ name: String?, _ owners: OwnerSources) async throws -> String? {
    guard let name, let record = (owners.ofSettings() + (try await owners.list())).first(where: { $0.name == name })
    else { return nil }
    // What another release wrote and this one cannot read has no runbook here.
    let owner = try? JSONParser().parse(Array(record.document.utf8)) { try Owner($0) }
    return owner?.runbook
}

// MARK: The page

/// Nothing may run or be fetched, the form goes nowhere but here, and the address with its key is told to nobody.
private let headers: Headers = [
    "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff", "x-robots-tag": "noindex",
    "content-security-policy":
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
]

private func button(_ record: IncidentRecord) -> String {
    switch (record.state, record.acknowledgedAt) {
    case ("resolved", _): said("It is over.")
    case (_, let at?): said("\(record.acknowledgedBy ?? "Somebody") acknowledged it \(at.rfc3339).")
    default: #"<form method="post"><button>Acknowledge</button></form>"#
    }
}

private func said(_ text: String) -> String { "<p class=\"said\">\(htmlEscaped(text))</p>" }

private func page(
    _ detail: IncidentDetail, _ action: String, runbook: String? = nil, status: Int = 200
) -> Response {
    let record = detail.record
    var title = "Incident \(record.id)"
    var facts: [(String, String)] = []
    var entries = ""
    // The core's own document; were it damaged the page would still have its button.
    _ = try? JSONParser().parse((try? incidentDocument(detail)) ?? []) { incident in
        title = incident.member("title")?.string ?? title
        facts = pageFacts(record, incident)
        var lines: [String] = []
        incident.member("timeline")?.forEachElement { entry in
            let who = (entry.member("who")?.string).map { "\($0): " } ?? ""
            let time = htmlEscaped(entry.member("at")?.string ?? "")
            lines.append("<li><time>\(time)</time> \(htmlEscaped(who + (entry.member("what")?.string ?? "")))</li>")
        }
        entries = lines.suffix(timelineMax).joined()
    }
    var rows = facts.map { "<dt>\(htmlEscaped($0.0))<dd>\(htmlEscaped($0.1))" }.joined()
    // Owners may be written by anybody with the scope `operate`: what is no address of the web is no link.
    if let runbook, runbook.hasPrefix("https://") || runbook.hasPrefix("http://") {
        rows += "<dt>Runbook<dd><a href=\"\(htmlEscaped(runbook))\">\(htmlEscaped(runbook))</a>"
    }
    let html = """
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>\(htmlEscaped(title))</title><style>\(style)</style>
        <h1>\(htmlEscaped(title))</h1>\(action)<dl>\(rows)</dl><ul>\(entries)</ul></html>
        """
    return Response(status: status, headers: headers, body: ByteBuffer(string: html))
}

private let timelineMax = 30

private func pageFacts(_ record: IncidentRecord, _ incident: JSONValue) -> [(String, String)] {
    let explains = incident.member("explains")
    func count(_ name: StaticString) -> String { "\(explains?.member(name)?.int64 ?? 0)" }
    var facts = [
        ("State", record.state), ("Severity", record.severity), ("Since", record.startedAt.rfc3339),
        ("Cause", record.kind), ("Calls failed", count("calls_failed")), ("Customers", count("customers")),
        ("Hosts", count("hosts")), ("Owner", record.owner ?? "nobody"),
    ]
    if let page = incident.member("partner_page")?.string { facts.append(("Their status page", page)) }
    incident.member("cause")?.member("predicate")?.forEachElement { condition in
        facts.append((condition.member("dimension")?.string ?? "", condition.member("value")?.string ?? ""))
    }
    return facts
}

private let style =
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem;color:#1c2330}"
    + "h1{font-size:1.4rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.2rem 1rem}dt{color:#667085}dd{margin:0;"
    + "overflow-wrap:anywhere}button{font:inherit;font-weight:600;padding:.7rem 1.6rem;border:0;border-radius:10px;"
    + "background:#2f5fd0;color:#fff}.said{font-weight:600}ul{padding-left:1.1rem;overflow-wrap:anywhere}time{color:#667085}"
    + "@media(prefers-color-scheme:dark){body{background:#0f141c;color:#e6eaf2}}"
