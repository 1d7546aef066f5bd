import CallModel
import Documents
import QueryAPI
import Storage

private let resolvedMax = 50

/// `/incidents`: those that are not over, then the latest that are.
func incidentsPage(_ sources: IncidentSources, version: String, at now: Instant) async throws -> [UInt8] {
    var filter = IncidentFilter()
    filter.states = ["open", "acknowledged"]
    let open = try incidentListDocument(try await sources.list(filter), limit: filter.limit)
    filter.states = ["resolved"]
    filter.limit = resolvedMax
    let over = try incidentListDocument(try await sources.list(filter), limit: filter.limit)
    let (openItems, overItems) = (try items(open, at: now), try items(over, at: now))
    var body = hero(openCount: openItems.count)
    for (title, items) in [("Open", openItems), ("Over", overItems)] where !items.isEmpty {
        body += "<section class=\"panel\"><h3>\(title)</h3><ul class=\"outages\">\(items.joined())</ul></section>"
    }
    let page = framed(title: "Farwatch: incidents", version: version, asOf: moment(now), isStale: false, body)
    return Array(page.utf8)
}

private func hero(openCount: Int) -> String {
    let (name, sign, words) =
        switch openCount {
        case 0: ("ok", "operational", "No incident is open")
        case 1: ("partial", "partial_outage", "One incident is open")
        default: ("partial", "partial_outage", "\(openCount) incidents are open")
        }
    return "<section class=\"hero \(name)\">\(statusSign(sign))<div><h1>\(words)</h1></div></section>"
}

private func items(_ list: [UInt8], at now: Instant) throws -> [String] {
    try JSONParser().parse(list) { list in
        var items: [String] = []
        list.member("data")?.forEachElement { items.append(item($0, at: now)) }
        return items
    }
}

private func item(_ incident: JSONValue, at now: Instant) -> String {
    let id = incident.member("id")?.string ?? ""
    let title = htmlEscaped(incident.member("title")?.string ?? id)
    var html =
        "<li class=\"\(severityClass(incident))\"><div class=\"row\"><b><a href=\"/incidents/\(pathEncoded(id))\">"
    html += "\(title)</a></b><span>\(lasted(incident, at: now))</span></div>"
    html += "<small>\(htmlEscaped(stateWords(incident))), \(htmlEscaped(incident.member("severity")?.string ?? "")), "
    html += "\(moment(incident.member("started_at")?.string)), "
    html += "\(amount(incident.member("explains")?.member("calls_failed")?.double)) calls failed</small></li>"
    return html
}

func severityClass(_ incident: JSONValue) -> String {
    switch incident.member("severity")?.string {
    case "minor": "degraded"
    case "major": "partial"
    case "critical": "major"
    default: "unknown"
    }
}

func lasted(_ incident: JSONValue, at now: Instant) -> String {
    let started = incident.member("started_at")?.string
    guard let end = (incident.member("resolved_at")?.string).flatMap({ Instant(rfc3339: $0) }) else {
        return "goes on, so far \(span(from: started, to: now))"
    }
    return "lasted \(span(from: started, to: end))"
}

func stateWords(_ incident: JSONValue) -> String {
    let state = incident.member("state")?.string ?? ""
    let by = incident.member("acknowledged")?.member("by")?.string
    return state == "acknowledged" ? "acknowledged" + (by.map { " by \($0)" } ?? "") : state
}
