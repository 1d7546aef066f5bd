import Documents

/// `/api/v1/impact` for a terminal: one sentence, then who was hit hardest.
public func impactScreen(_ impact: JSONValue, _ style: Style) -> [String] {
    let inbound = impact.member("inbound")
    let since = moment(impact.member("since")?.string)
    let partner = safeText(impact.member("partner")?.string ?? "All partners")
    var lines = [style.paint("\(partner), since \(since)", .heading)]
    lines += wrapped(safeText(inbound?.member("text")?.string ?? absent), to: style.width ?? .max)
    lines.append(
        "Calls to it: \(count(impact.member("calls_failed"))) of \(count(impact.member("calls"))) failed, "
            + "\(count(impact.member("customers_affected"))) customers hit.")
    let linked = inbound?.member("linked")
    if inbound?.member("known")?.bool == true {
        let traced = count(linked?.member("by_trace"))
        let timed =
            "\(count(linked?.member("by_timing"))) by timing, \(count(linked?.member("ambiguous"))) of them to several"
        lines.append(style.paint("Calls were put to requests \(traced) by trace, \(timed).", .quiet))
    }
    let lists: [(String, JSONValue?)] = [
        ("ROUTE", inbound?.member("routes")), ("CUSTOMER", inbound?.member("customers")),
        ("PARTNER", inbound?.member("partners")),
    ]
    for (heading, parts) in lists {
        let table = partTable(heading, parts)
        if !table.isEmpty { lines += [""] + table.lines(style) }
    }
    return lines
}

private func partTable(_ heading: String, _ parts: JSONValue?) -> Table {
    var table = Table([
        Table.Column(heading, widthMin: 16),
        Table.Column("REQUESTS", right: true, rank: 2),
        Table.Column("FAILED BY IT", right: true),
        Table.Column("SURE", right: true, rank: 1),
        Table.Column("SLOWED BY IT", right: true),
        Table.Column("EXTRA", right: true),
    ])
    parts?.forEachElement { part in
        let (because, slowed) = (part.member("failed_because"), part.member("slowed"))
        let failed = because?.member("ratio")?.double
        table.add([
            Table.Cell(part.member("name")?.string),
            Table.Cell(count(part.member("requests"))),
            Table.Cell(percent(failed), failed ?? 0 > 0.01 ? .bad : .plain),
            Table.Cell(percent(because?.member("confidence")?.double), .quiet),
            Table.Cell(percent(slowed?.member("ratio")?.double)),
            Table.Cell(milliseconds(slowed?.member("extra_ms")?.double)),
        ])
    }
    return table
}

/// `/api/v1/drift` for a terminal.
public func driftScreen(_ list: JSONValue, _ style: Style) -> [String] {
    var table = Table([
        Table.Column("SINCE"),
        Table.Column("PARTNER", widthMin: 8),
        Table.Column("ROUTE", widthMin: 12, rank: 2),
        Table.Column("CHANGE", widthMin: 24),
        Table.Column("HOSTS", right: true, rank: 1),
    ])
    list.member("data")?.forEachElement { finding in
        let isEnd = ["sunset", "deprecation", "certificate_end"].contains(finding.member("kind")?.string)
        table.add([
            Table.Cell(moment(finding.member("first_seen")?.string), .quiet),
            Table.Cell(finding.member("partner")?.string),
            Table.Cell(finding.member("route")?.string),
            Table.Cell(finding.member("text")?.string, isEnd ? .warning : .plain),
            Table.Cell("\(count(finding.member("hosts_seeing"))) of \(count(finding.member("hosts_calling")))"),
        ])
    }
    var lines = table.isEmpty ? ["No partner changed anything."] : table.lines(style)
    let certificates = list.member("certificates")
    guard certificates?.member("known")?.bool == true else {
        return lines + ["", style.paint("When certificates end is not known: no agent sees them.", .quiet)]
    }
    var ends = Table([
        Table.Column("CERTIFICATE", widthMin: 16), Table.Column("ENDS"), Table.Column("HOSTS", right: true, rank: 1),
    ])
    certificates?.member("data")?.forEachElement { certificate in
        ends.add([
            Table.Cell(certificate.member("name")?.string), Table.Cell(moment(certificate.member("not_after")?.string)),
            Table.Cell("\(count(certificate.member("agents"))) of \(count(certificate.member("agents_calling")))"),
        ])
    }
    lines += style.section("Certificates") + ends.lines(style)
    return lines
}
