import CallModel
import Documents
import QueryAPI

/// `/`: the whole in one sentence, then every partner, those in trouble first.
func statusPage(_ input: PageInput) -> String? {
    guard let document = input.status.document("/api/v1/status", at: input.now) else { return nil }
    // Our own document; were it damaged there would be no page, and the API would say the same.
    return try? JSONParser().parse(document.bytes) { status in
        let asOf = moment(status.member("as_of")?.string)
        var body = hero(status)
        body += partners(status.member("partners"), input)
        body += troubledHosts(status.member("hosts_in_trouble"), input)
        return framed(
            title: "Farwatch: \(status.member("description")?.string ?? "status")", version: input.version, asOf: asOf,
            isStale: status.member("stale")?.bool ?? false, body)
    }
}

private func hero(_ status: JSONValue) -> String {
    let indicator = status.member("indicator")?.string
    let (name, sign) =
        switch indicator {
        case "none": ("ok", "operational")
        case "minor": ("degraded", "degraded_performance")
        case "major": ("partial", "partial_outage")
        case "critical": ("major", "major_outage")
        default: ("unknown", "unknown")
        }
    let fleet = status.member("fleet")
    let reporting = fleet?.member("hosts_reporting")?.int64 ?? 0
    let silent = fleet?.member("hosts_silent")?.int64 ?? 0
    var hosts = "\(reporting) host\(reporting == 1 ? "" : "s") reporting"
    if silent > 0 { hosts += ", \(silent) silent" }
    let coverage = status.member("coverage")
    if let ratio = coverage?.member("calls_decoded_ratio")?.double {
        hosts += ", \(percent(ratio)) of connections read"
    }
    if let blind = coverage?.member("hosts_blind")?.int64, blind > 0 { hosts += ", \(blind) blind" }
    return """
        <section class="hero \(name)">\(statusSign(sign))<div><h1>\(htmlEscaped(
            status.member("description")?.string ?? "Status"))</h1><p>\(hosts)</p></div></section>
        """
}

private func partners(_ list: JSONValue?, _ input: PageInput) -> String {
    var cards: [(order: Int, html: String)] = []
    list?.forEachElement { cards.append((order(of: $0.member("status")?.string), card($0, input))) }
    guard !cards.isEmpty else {
        return """
            <section class="empty"><h2>No partner was called yet</h2><p>Start <code>farwatch-agent</code> on a host and point an \
            OpenTelemetry exporter at it: the first partner shows within a minute.</p></section>
            """
    }
    // A sort that keeps the order by id among equals.
    let sorted = cards.enumerated().sorted { ($0.element.order, $0.offset) < ($1.element.order, $1.offset) }
    return "<section class=\"partners\">" + sorted.map(\.element.html).joined() + "</section>"
}

private func order(of status: String?) -> Int {
    switch status {
    case "major_outage": 0
    case "partial_outage": 1
    case "degraded_performance": 2
    case "under_maintenance": 3
    case "operational": 4
    default: 5
    }
}

private func card(_ partner: JSONValue, _ input: PageInput) -> String {
    let id = partner.member("id")?.string ?? ""
    let status = partner.member("status")?.string
    let name = htmlEscaped(partner.member("name")?.string ?? id)
    let isTroubled = order(of: status) < 3
    let history = input.history?.partners[id]
    var html = "<a class=\"card \(statusClass(status))\" href=\"/partners/\(pathEncoded(id))\">"
    html += "<div class=\"row\"><h2>\(statusSign(status))\(name)</h2><span class=\"state \(statusClass(status))\">"
    html +=
        statusWords(status) + (isTroubled ? " for " + span(from: partner.member("since")?.string, to: input.now) : "")
    html += "</span></div>"
    if isTroubled, let reason = partner.member("reason")?.string {
        html += "<p class=\"reason\">\(htmlEscaped(reason))</p>"
    }
    if let history {
        html += strip(
            history.quarters, label: "\(partner.member("name")?.string ?? id), the last 24 hours", unit: "quarter")
        html +=
            "<div class=\"row scale\"><span>24 h ago</span><span>uptime \(uptime(history.periods[0].uptimeRatio))</span>"
        html += "<span>now</span></div>"
    }
    html += "<dl class=\"facts\">"
    html += fact("Calls a minute", amount(partner.member("calls_per_minute")?.double))
    html += fact(
        "Failed", percent(partner.member("failure_ratio")?.double),
        "usually " + percent(partner.member("baseline_failure_ratio")?.double))
    html += fact(
        "95% within", milliseconds(partner.member("p95_ms")?.double),
        "usually " + milliseconds(partner.member("baseline_p95_ms")?.double))
    html += fact("Customers hit", amount(partner.member("customers_affected")?.double))
    return html + "</dl></a>"
}

/// A figure with its name. A note about what is not known is left out.
func fact(_ name: String, _ value: String, _ note: String? = nil) -> String {
    let note = note.flatMap { $0.hasSuffix(dash) ? nil : "<small>\($0)</small>" } ?? ""
    return "<div><dt>\(name)</dt><dd>\(value)\(note)</dd></div>"
}

private func troubledHosts(_ hosts: JSONValue?, _ input: PageInput) -> String {
    var rows = ""
    hosts?.forEachElement { host in
        rows += "<tr><td>\(htmlEscaped(host.member("host")?.string ?? ""))</td>"
        rows += "<td class=\"num\">\(span(from: host.member("since")?.string, to: input.now))</td>"
        rows +=
            "<td class=\"num\">\(amount(host.member("calls_failed")?.double)) of \(amount(host.member("calls")?.double))</td></tr>"
    }
    guard !rows.isEmpty else { return "" }
    return """
        <section class="panel"><h3>Hosts of ours that fail whatever partner they call</h3>
        <table><tr><th>Host</th><th class="num">Since</th><th class="num">Failed</th></tr>\(rows)</table></section>
        """
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%41`.
func pathEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default: encoded += "%" + hexText(UInt64(byte)).suffix(2).uppercased()
        }
    }
    return encoded
}
