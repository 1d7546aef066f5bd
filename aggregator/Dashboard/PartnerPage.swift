import CallModel
import Documents
import QueryAPI

/// `/partners/{id}`: verdict and reason, figures, a day, ninety days, and who is hit.
func partnerPage(_ id: String, _ input: PageInput) -> String? {
    guard let document = input.status.document("/api/v1/partners/" + id, at: input.now) else { return nil }
    return try? JSONParser().parse(document.bytes) { partner in
        let name = partner.member("name")?.string ?? id
        let status = partner.member("status")?.string
        let history = input.history?.partners[id]
        var body = heading(name, status, partner, input)
        body += figures(partner)
        if let history { body += day(history) + quarter(history) }
        body += "<div class=\"columns\">"
        let lists = [
            ("Routes", partner.member("routes")), ("Hosts", partner.member("hosts")),
            ("Customers", partner.member("customers")),
        ]
        for (title, list) in lists {
            body += shares(title, list)
        }
        body += "</div>" + outages(partner.member("outages"), input) + known(partner.member("facts"))
        return framed(
            title: "\(name): \(statusWords(status))", version: input.version,
            asOf: moment(partner.member("as_of")?.string), isStale: partner.member("stale")?.bool ?? false, body)
    }
}

private func heading(_ name: String, _ status: String?, _ partner: JSONValue, _ input: PageInput) -> String {
    let reason = partner.member("reason")?.string ?? ""
    return """
        <p class="back"><a href="/">All partners</a></p>
        <section class="hero \(statusClass(status))">\(statusSign(status))<div><h1>\(htmlEscaped(name))</h1>
        <p><b>\(statusWords(status))</b> for \(span(from: partner.member("since")?.string, to: input.now))\(
            reason.isEmpty ? "" : ". " + htmlEscaped(reason))</p></div></section>
        """
}

private func figures(_ partner: JSONValue) -> String {
    func number(_ name: StaticString) -> Double? { partner.member(name)?.double }
    var html = "<section class=\"panel\"><dl class=\"facts\">"
    html += fact("Calls a minute", amount(number("calls_per_minute")))
    html += fact("Failed", percent(number("failure_ratio")), "usually " + percent(number("baseline_failure_ratio")))
    html += fact("Half within", milliseconds(number("p50_ms")))
    html += fact("95% within", milliseconds(number("p95_ms")), "usually " + milliseconds(number("baseline_p95_ms")))
    html += fact("Hosts hit", amount(number("hosts_affected")), "of " + amount(number("hosts_calling")))
    html += fact("Customers hit", amount(number("customers_affected")))
    html += coverageFact(partner.member("coverage"))
    return html + "</dl></section>"
}

/// Nothing where no agent looks at connections by itself.
private func coverageFact(_ coverage: JSONValue?) -> String {
    guard let seen = coverage?.member("connections_seen")?.double, seen > 0 else { return "" }
    let blind = coverage?.member("hosts_blind")?.double ?? 0
    let note = "of \(amount(seen)) connections" + (blind > 0 ? ", \(amount(blind)) hosts blind" : "")
    return fact("Read", percent(coverage?.member("calls_decoded_ratio")?.double), note)
}

private func day(_ history: PartnerHistory) -> String {
    let most = history.quarters.map(\.calls).max() ?? 0
    return """
        <section class="panel"><div class="row"><h3>The last 24 hours</h3><span class="legend"><i class="calls"></i>calls\
        <i class="failed"></i>failed</span></div>\(volumeChart(history.quarters))
        <div class="row scale"><span>24 h ago</span><span>at most \(amount(Double(most))) in 15 minutes</span><span>now</span></div>
        </section>
        """
}

private func quarter(_ history: PartnerHistory) -> String {
    var rows = ""
    for period in history.periods {
        rows += "<tr><td>\(periodWords(period.name))</td><td class=\"num\">\(uptime(period.uptimeRatio))</td>"
        rows += "<td class=\"num\">\(period.outages)</td><td class=\"num\">\(span(period.meanRecoverySeconds))</td>"
        rows += "<td class=\"num\">\(span(period.longestRecoverySeconds))</td>"
        let ratio = period.calls > 0 ? Double(period.failures) / Double(period.calls) : nil
        rows += "<td class=\"num\">\(amount(Double(period.calls)))</td><td class=\"num\">\(percent(ratio))</td></tr>"
    }
    return """
        <section class="panel"><h3>The last 90 days</h3>\(strip(history.days, label: "The last 90 days", unit: "day"))
        <div class="row scale"><span>90 days ago</span><span>today</span></div>
        <div class="scroll"><table><tr><th></th><th class="num">Uptime</th><th class="num">Outages</th>\
        <th class="num">Back after</th><th class="num">At worst</th><th class="num">Calls</th><th class="num">Failed</th></tr>
        \(rows)</table></div></section>
        """
}

private func periodWords(_ name: String) -> String {
    switch name {
    case "24h": "24 hours"
    default: "\(name.dropLast()) days"
    }
}

private func shares(_ title: String, _ list: JSONValue?) -> String {
    var rows = ""
    list?.forEachElement { share in
        let calls = share.member("calls")?.double ?? 0
        let failed = share.member("calls_failed")?.double ?? 0
        let ratio = calls > 0 ? failed / calls : 0
        rows += "<li><span class=\"name\">\(htmlEscaped(share.member("name")?.string ?? ""))</span>"
        rows += "<span class=\"num\">\(percent(calls > 0 ? ratio : nil)) of \(amount(calls))</span>"
        rows += "<svg class=\"meter\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
        rows += "<rect class=\"track\" width=\"100\" height=\"4\"/>"
        rows += "<rect class=\"failed\" width=\"\(fixed(min(1, ratio) * 100, 1))\" height=\"4\"/></svg></li>"
    }
    guard !rows.isEmpty else { return "" }
    return
        "<section class=\"panel\"><h3>\(title) <small>failed, last minutes</small></h3><ul class=\"shares\">\(rows)</ul></section>"
}

/// How far what the catalogue tells of the partner can be trusted.
private func known(_ facts: JSONValue?) -> String {
    func parts(_ name: StaticString) -> String {
        var words: [String] = []
        facts?.member(name)?.forEachElement { words.append($0.string ?? "") }
        return htmlEscaped(words.joined(separator: ", ").replacing("_", with: " "))
    }
    let state = facts?.member("state")?.string
    let verdict: String
    switch state {
    case "confirmed", "in_part":
        let firm = parts("confirmed")
        verdict =
            "\(firm.isEmpty ? "In part" : firm): confirmed \(htmlEscaped(facts?.member("verified")?.string ?? ""))"
    case "settings": verdict = "Defined by your settings"
    case "derived": verdict = "Not in the catalogue: named by a domain, or by the settings of hosts"
    default: verdict = "Nothing confirmed yet"
    }
    var notes = ""
    let open = parts("unconfirmed")
    if !open.isEmpty { notes += "<p><b>Unconfirmed:</b> \(open)</p>" }
    let unknown = parts("unknown")
    if !unknown.isEmpty { notes += "<p><b>Nothing told of:</b> \(unknown)</p>" }
    if let source = facts?.member("source")?.string { notes += "<p><small>Source: \(htmlEscaped(source))</small></p>" }
    return "<section class=\"panel\"><h3>What is known of it</h3><p>\(verdict)</p>\(notes)</section>"
}

private func outages(_ list: JSONValue?, _ input: PageInput) -> String {
    var items = ""
    list?.forEachElement { outage in
        let worst = outage.member("worst_status")?.string
        let ended = outage.member("ended_at")?.string
        let end = ended.flatMap { Instant(rfc3339: $0) } ?? input.now
        let length = span(from: outage.member("started_at")?.string, to: end)
        items += "<li class=\"\(statusClass(worst))\"><div class=\"row\"><b>\(statusWords(worst))</b>"
        items += "<span>\(ended == nil ? "goes on, so far" : "lasted") \(length)</span></div>"
        items +=
            "<p>\(htmlEscaped(outage.member("reason")?.string ?? ""))</p><small>\(moment(outage.member("started_at")?.string))"
        items += ", \(amount(outage.member("calls_failed")?.double)) calls failed</small></li>"
    }
    guard !items.isEmpty else { return "" }
    return "<section class=\"panel\"><h3>Outages</h3><ul class=\"outages\">\(items)</ul></section>"
}
