import CallModel
import Documents
import QueryAPI

/// `/incidents/{id}`: cause, who is hurt, what happened and who was told, and why it was opened. Nil when there is none.
func incidentPage(
    _ text: String, _ sources: IncidentSources, version: String, at now: Instant
) async throws -> [UInt8]? {
    guard let id = Int64(text), let detail = try await sources.read(id) else { return nil }
    return try JSONParser().parse(try incidentDocument(detail)) { incident in
        let title = incident.member("title")?.string ?? "Incident \(id)"
        var body = heading(title, incident, at: now)
        body += figures(incident) + cause(incident.member("cause"))
        body +=
            common(incident.member("explanation")) + impact(incident.member("impact"))
            + hurt(incident.member("explains"))
        body += timeline(incident.member("timeline")) + notifications(incident.member("notifications"))
        body += why(detail.record.partners, sources)
        return Array(
            framed(title: title, version: version, asOf: moment(now), isStale: false, body).utf8)
    }
}

private func heading(_ title: String, _ incident: JSONValue, at now: Instant) -> String {
    let isOver = incident.member("resolved_at")?.string != nil
    let name = isOver ? "ok" : severityClass(incident)
    let sign = isOver ? "operational" : name == "degraded" ? "degraded_performance" : "partial_outage"
    let owner = (incident.member("owner")?.string).map { "owned by \($0)" } ?? "nobody owns it"
    return """
        <p class="back"><a href="/incidents">All incidents</a></p>
        <section class="hero \(name)">\(statusSign(sign))<div><h1>\(htmlEscaped(title))</h1>
        <p><b>\(htmlEscaped(stateWords(incident)))</b>, \(lasted(incident, at: now)); \(htmlEscaped(owner))</p></div></section>
        """
}

private func figures(_ incident: JSONValue) -> String {
    let explains = incident.member("explains")
    var html = "<section class=\"panel\"><dl class=\"facts\">"
    html += fact("Severity", htmlEscaped(incident.member("severity")?.string ?? dash))
    html += fact(
        "Calls failed", amount(explains?.member("calls_failed")?.double),
        "of " + amount(explains?.member("calls")?.double))
    html += fact("Customers hit", amount(explains?.member("customers")?.double))
    html += fact("Hosts hit", amount(explains?.member("hosts")?.double))
    html += fact("Routes hit", amount(explains?.member("routes")?.double))
    html += fact("Known after", span(incident.member("detected_after_s")?.double))
    html += fact("Trend", htmlEscaped(incident.member("trend")?.string ?? dash))
    return html + "</dl></section>"
}

private func cause(_ cause: JSONValue?) -> String {
    var rows = ""
    cause?.member("predicate")?.forEachElement { condition in
        rows += "<tr><td>\(htmlEscaped(condition.member("dimension")?.string ?? ""))</td>"
        rows += "<td>\(htmlEscaped(condition.member("value")?.string ?? ""))</td></tr>"
    }
    let kind = htmlEscaped((cause?.member("kind")?.string ?? "unknown").replacing("_", with: " "))
    return """
        <section class="panel"><h3>Cause: \(kind) <small>\(percent(cause?.member("confidence")?.double)) sure</small></h3>\
        <div class="scroll"><table>\(rows)</table></div></section>
        """
}

/// What the failed calls have in common that the others have not.
private func common(_ sentences: JSONValue?) -> String {
    var items = ""
    sentences?.forEachElement { items += "<li><span class=\"name\">\(htmlEscaped($0.string ?? ""))</span></li>" }
    guard !items.isEmpty else { return "" }
    return
        "<section class=\"panel\"><h3>What failed calls have in common</h3><ul class=\"shares\">\(items)</ul></section>"
}

/// What it did to our own requests.
private func impact(_ impact: JSONValue?) -> String {
    guard let impact, impact.member("known")?.bool == true else { return "" }
    var tables = ""
    for (title, name) in [("Route", "routes"), ("Customer", "customers")] as [(String, StaticString)] {
        var rows = ""
        impact.member(name)?.forEachElement { part in
            let (because, slowed) = (part.member("failed_because"), part.member("slowed"))
            rows += "<tr><td>\(htmlEscaped(part.member("name")?.string ?? "not known"))</td>"
            rows += "<td class=\"num\">\(percent(because?.member("ratio")?.double))</td>"
            rows += "<td class=\"num\">\(percent(slowed?.member("ratio")?.double))</td>"
            rows += "<td class=\"num\">\(milliseconds(slowed?.member("extra_ms")?.double))</td></tr>"
        }
        guard !rows.isEmpty else { continue }
        tables += "<div class=\"scroll\"><table><tr><th>\(title)</th><th class=\"num\">Failed by it</th>"
        tables += "<th class=\"num\">Slowed by it</th><th class=\"num\">By</th></tr>\(rows)</table></div>"
    }
    return
        "<section class=\"panel\"><h3>Our own requests</h3><p>\(htmlEscaped(impact.member("text")?.string ?? ""))</p>"
        + tables + "</section>"
}

private func hurt(_ explains: JSONValue?) -> String {
    var html = ""
    for (title, names) in [
        ("Customers", explains?.member("customer_names")), ("Routes", explains?.member("route_names")),
        ("Hosts", explains?.member("host_names")),
    ] {
        var items = ""
        names?.forEachElement { items += "<li><span class=\"name\">\(htmlEscaped($0.string ?? ""))</span></li>" }
        guard !items.isEmpty else { continue }
        html += "<section class=\"panel\"><h3>\(title)</h3><ul class=\"shares\">\(items)</ul></section>"
    }
    return html.isEmpty ? "" : "<div class=\"columns\">\(html)</div>"
}

private func timeline(_ entries: JSONValue?) -> String {
    panel("What happened", entries) { entry in
        let who = (entry.member("who")?.string).map { "<b>\(htmlEscaped($0))</b> " } ?? ""
        return who + htmlEscaped(entry.member("what")?.string ?? "")
    }
}

private func notifications(_ entries: JSONValue?) -> String {
    panel("Who was told", entries) { sent in
        let error = (sent.member("last_error")?.string).map { ": \($0)" } ?? ""
        return htmlEscaped(
            "\(sent.member("kind")?.string ?? "") through \(sent.member("channel")?.string ?? ""), "
                + "\(sent.member("state")?.string ?? "")\(error)")
    }
}

private func panel(_ title: String, _ entries: JSONValue?, _ text: (JSONValue) -> String) -> String {
    var items = ""
    entries?.forEachElement { entry in
        items += "<li><time>\(seconds(entry.member("at")?.string))</time> \(text(entry))</li>"
    }
    guard !items.isEmpty else { return "" }
    return "<section class=\"panel\"><h3>\(title)</h3><ul class=\"entries\">\(items)</ul></section>"
}

/// `19:34:00`, with the day before it: the order within a minute matters here.
private func seconds(_ time: String?) -> String {
    guard let text = time.flatMap({ Instant(rfc3339: $0) })?.text(fractionDigits: 0) else { return dash }
    return String(text.prefix(10) + " " + text.dropFirst(11).prefix(8))
}

private let decisionsMax = 30

private func why(_ partners: [String], _ sources: IncidentSources) -> String {
    var items: [String] = []
    for partner in partners.isEmpty ? [nil] : partners.map(Optional.some) {
        // Our own document; were it damaged there would be no decisions.
        _ = try? JSONParser().parse(sources.decisions(partner)) { list in
            list.forEachElement { decision in
                let reason = htmlEscaped(decision.member("reason")?.string ?? "")
                items.append("<li><time>\(seconds(decision.member("at")?.string))</time> \(reason)</li>")
            }
        }
    }
    guard !items.isEmpty else { return "" }
    let shown = items.suffix(decisionsMax).joined()
    return "<section class=\"panel\"><h3>Why</h3><ul class=\"entries\">\(shown)</ul></section>"
}
