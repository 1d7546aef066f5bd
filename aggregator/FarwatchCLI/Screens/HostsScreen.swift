import CallModel
import Documents

/// `/api/v1/hosts` for a terminal, silent agents first. What an agent reports of itself is its own: any of it may be missing.
public func hostsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let asOf = list.member("as_of")?.string
    var table = Table([
        Table.Column("AGENT", widthMin: 12),
        Table.Column("STATE"),
        Table.Column("LAST SEEN", right: true),
        Table.Column("HOST", widthMin: 6, rank: 4),
        Table.Column("VERSION", widthMin: 6, rank: 2),
        Table.Column("WAITING", right: true, rank: 1),
        Table.Column("LOST", right: true, rank: 1),
        Table.Column("SEES", widthMin: 6, rank: 3),
        Table.Column("CLOCK", right: true, rank: 5),
        Table.Column("FIRST SEEN", rank: 6),
    ])
    var hosts: [(isSilent: Bool, host: JSONValue)] = []
    list.member("data")?.forEachElement { hosts.append(($0.member("state")?.string == "silent", $0)) }
    for (isSilent, host) in hosts.filter(\.isSilent) + hosts.filter({ !$0.isSilent }) {
        let lost = total(host.member("lost"))
        let clock = host.member("clock_offset_s")?.double
        table.add([
            Table.Cell(host.member("agent")?.string),
            Table.Cell(host.member("state")?.string, isSilent ? .bad : .good),
            Table.Cell(span(from: host.member("last_seen")?.string, to: asOf) + " ago"),
            Table.Cell(host.member("host")?.string),
            Table.Cell(host.member("version")?.string),
            Table.Cell(host.member("lag")?.member("calls_waiting")?.double.map { decimals($0, 0) }),
            Table.Cell(lost.map { decimals($0, 0) }, lost ?? 0 > 0 ? .warning : .plain),
            Table.Cell(sight(host.member("coverage"))),
            // A second of skew moves calls between intervals.
            Table.Cell(clock.map(offset), abs(clock ?? 0) >= 1 ? .warning : .plain),
            Table.Cell(moment(host.member("first_seen")?.string), .quiet),
        ])
    }
    guard !table.isEmpty else { return ["No agent has reported yet."] }
    let isCut = list.member("next_cursor")?.string != nil
    return table.lines(style) + (isCut ? ["There are more; the API gives them a page at a time."] : [])
}

private func offset(_ seconds: Double) -> String { (seconds > 0 ? "+" : "") + decimals(seconds, 1) + "s" }

/// What an agent looks at beside its receivers, and how many processes it cannot read.
private func sight(_ coverage: JSONValue?) -> String {
    var parts = ["receivers"]
    for name: StaticString in ["probes", "packets"] {
        guard let state = coverage?.member(name)?.string, state != "off" else { continue }
        parts.append(state == "on" ? "\(name)" : "\(name) \(state)")
    }
    if let seen = coverage?.member("connections_seen")?.int64, seen > 0 {
        parts.append("\(coverage?.member("connections_read")?.int64 ?? 0)/\(seen) read")
    }
    if let blind = coverage?.member("blind_processes")?.int64, blind > 0 { parts.append("\(blind) blind") }
    return parts.joined(separator: ", ")
}

/// The sum of counts by reason.
private func total(_ value: JSONValue?) -> Double? {
    var sum: Double?
    value?.forEachMember { _, part in
        if let part = part.double { sum = (sum ?? 0) + part }
    }
    return sum
}
