import Documents

/// `/api/v1/status` for a terminal: the whole in one line, then every partner, then hosts of ours in trouble.
public func statusScreen(_ status: JSONValue, _ style: Style) -> [String] {
    let asOf = status.member("as_of")?.string
    let description = safeText(status.member("description")?.string ?? absent)
    var lines = [style.paint(description, Tone(indicator: status.member("indicator")?.string))]
    lines += [style.paint(fleet(status) + ", as of " + moment(asOf), .quiet), ""]
    let partners = partnerTable(status.member("partners"), asOf: asOf)
    lines += partners.isEmpty ? ["No partner was called yet."] : partners.lines(style)
    let hosts = troubledHosts(status.member("hosts_in_trouble"), asOf: asOf)
    if !hosts.isEmpty {
        lines += style.section("Hosts of ours that fail whatever partner they call")
        lines += hosts.lines(style)
    }
    return lines
}

private func fleet(_ status: JSONValue) -> String {
    let fleet = status.member("fleet")
    let silent = fleet?.member("hosts_silent")
    let reporting = counted(count(fleet?.member("hosts_reporting")), "host") + " reporting"
    let hosts = silent?.int64 == 0 ? reporting : "\(reporting), \(count(silent)) silent"
    let coverage = status.member("coverage")
    guard let ratio = coverage?.member("calls_decoded_ratio")?.double else { return hosts }
    return hosts + ", \(percent(ratio)) of connections read, \(count(coverage?.member("hosts_blind"))) blind"
}

private func troubledHosts(_ hosts: JSONValue?, asOf: String?) -> Table {
    var table = Table([
        Table.Column("HOST", widthMin: 12),
        Table.Column("SINCE", right: true, rank: 1),
        Table.Column("CALLS", right: true, rank: 2),
        Table.Column("FAILED", right: true),
        Table.Column("PARTNERS", right: true, rank: 3),
    ])
    hosts?.forEachElement { host in
        table.add([
            Table.Cell(host.member("host")?.string, .bad),
            Table.Cell(span(from: host.member("since")?.string, to: asOf)),
            Table.Cell(count(host.member("calls"))),
            Table.Cell(count(host.member("calls_failed"))),
            Table.Cell(count(host.member("partners_affected"))),
        ])
    }
    return table
}
