import Documents

/// `/api/v1/partners` for a terminal.
public func partnersScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let table = partnerTable(list.member("data"), asOf: list.member("as_of")?.string, tellsFacts: true)
    return table.isEmpty ? ["No partner was called yet."] : table.lines(style)
}

/// `/api/v1/partners/{id}` for a terminal: verdict and reason, figures, then routes, hosts, customers and outages.
public func partnerScreen(_ partner: JSONValue, _ style: Style) -> [String] {
    let asOf = partner.member("as_of")?.string
    let status = partner.member("status")?.string
    let title = safeText("\(name(of: partner) ?? absent) (\(partner.member("id")?.string ?? absent))")
    let verdict = style.paint(safeText(words(status)), Tone(status: status))
    var lines = [
        "\(style.paint(title, .heading)): \(verdict) for \(span(from: partner.member("since")?.string, to: asOf))"
    ]
    if let reason = partner.member("reason")?.string, !reason.isEmpty {
        lines += wrapped(safeText(reason), to: style.width ?? .max)
    }
    lines += [style.paint("as of " + moment(asOf), .quiet), ""]
    lines += figures(partner, style)
    for (title, heading, member) in [
        ("Routes", "ROUTE", partner.member("routes")), ("Hosts", "HOST", partner.member("hosts")),
        ("Customers", "CUSTOMER", partner.member("customers")),
    ] {
        let table = shares(heading, member)
        guard !table.isEmpty else { continue }
        lines += style.section(title) + table.lines(style)
    }
    let outages = outageTable(partner.member("outages"), asOf: asOf)
    if !outages.isEmpty { lines += style.section("Outages") + outages.lines(style) }
    return lines
}

private func figures(_ partner: JSONValue, _ style: Style) -> [String] {
    func ratio(_ value: JSONValue?) -> String { percent(value?.double) }
    func time(_ value: JSONValue?) -> String { milliseconds(value?.double) }
    let coverage = partner.member("coverage")
    let rate = partner.member("calls_per_minute")?.double.map { decimals($0, 1) } ?? absent
    var figures = [
        ("calls", "\(rate) a minute"),
        (
            "failed",
            "\(ratio(partner.member("failure_ratio"))) (normal is \(ratio(partner.member("baseline_failure_ratio"))))"
        ),
        ("half within", time(partner.member("p50_ms"))),
        ("95% within", "\(time(partner.member("p95_ms"))) (normal is \(time(partner.member("baseline_p95_ms"))))"),
        ("hosts", "\(count(partner.member("hosts_affected"))) of \(count(partner.member("hosts_calling"))) affected"),
        ("customers", "\(count(partner.member("customers_affected"))) affected"),
        (
            "seen",
            coverage?.member("connections_seen")?.int64 ?? 0 == 0
                ? "what applications report"
                : "\(ratio(coverage?.member("calls_decoded_ratio"))) of \(count(coverage?.member("connections_seen"))) "
                    + "connections read, \(count(coverage?.member("hosts_blind"))) hosts blind"
        ),
    ]
    if let says = partner.member("partner_says")?.string { figures.append(("partner says", safeText(words(says)))) }
    if let incident = partner.member("incident")?.string { figures.append(("incident", safeText(incident))) }
    if let facts = partner.member("facts") { figures += factLines(facts) }
    return figures.map { label, value in
        let label = label + String(repeating: " ", count: figureColumn - label.utf8.count)
        return style.paint(label, .quiet) + cut(value, to: max(1, (style.width ?? .max) - figureColumn))
    }
}

/// How far what the catalogue tells of the partner can be trusted.
private func factLines(_ facts: JSONValue) -> [(String, String)] {
    func parts(_ name: StaticString) -> String {
        var names: [String] = []
        facts.member(name)?.forEachElement { names.append(safeText(words($0.string))) }
        return names.joined(separator: ", ")
    }
    let (state, firm, open) = (facts.member("state")?.string, parts("confirmed"), parts("unconfirmed"))
    let day = facts.member("verified")?.string.map { " " + safeText($0) } ?? ""
    let known =
        switch state {
        case "settings": "defined by your settings"
        case "derived": "not in the catalogue: named by a domain, or by the settings of hosts"
        case "unconfirmed": "nothing confirmed yet"
        default: "\(firm.isEmpty ? "in part" : firm) confirmed\(day)"
        }
    var lines = [("known", known)]
    if !open.isEmpty { lines.append(("unconfirmed", open)) }
    let unknown = parts("unknown")
    if !unknown.isEmpty { lines.append(("nothing told", "of \(unknown)")) }
    if let source = facts.member("source")?.string { lines.append(("source", safeText(source))) }
    return lines
}

private let figureColumn = 14

private func shares(_ heading: String, _ shares: JSONValue?) -> Table {
    var table = Table([
        Table.Column(heading, widthMin: 16),
        Table.Column("CALLS", right: true, rank: 1),
        Table.Column("FAILED", right: true),
        Table.Column("RATIO", right: true, rank: 2),
    ])
    shares?.forEachElement { share in
        let calls = share.member("calls")?.double
        let failed = share.member("calls_failed")?.double
        var ratio: Double?
        if let calls, let failed, calls > 0 { ratio = failed / calls }
        table.add([
            Table.Cell(share.member("name")?.string),
            Table.Cell(count(share.member("calls"))),
            Table.Cell(count(share.member("calls_failed")), failed ?? 0 > 0 ? .bad : .plain),
            Table.Cell(percent(ratio)),
        ])
    }
    return table
}

private func outageTable(_ outages: JSONValue?, asOf: String?) -> Table {
    var table = Table([
        Table.Column("STARTED", widthMin: 10),
        Table.Column("LASTED", right: true),
        Table.Column("WORST", widthMin: 14),
        Table.Column("CALLS FAILED", right: true, rank: 1),
    ])
    outages?.forEachElement { outage in
        let started = outage.member("started_at")?.string
        let ended = outage.member("ended_at")?.string
        let worst = outage.member("worst_status")?.string
        table.add(
            [
                Table.Cell(moment(started)),
                Table.Cell(span(from: started, to: ended ?? asOf) + (ended == nil ? ", goes on" : "")),
                Table.Cell(words(worst), Tone(status: worst)),
                Table.Cell(count(outage.member("calls_failed"))),
            ], note: outage.member("reason")?.string)
    }
    return table
}
