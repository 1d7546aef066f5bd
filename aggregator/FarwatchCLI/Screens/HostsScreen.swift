import CallModel
import Documents

/// `/api/v1/hosts` for a terminal, silent agents first. What an agent reports of itself is its own: any of it may be missing.
public func hostsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let asOf = list.member("as_of")?.string
    var table = Table([
        Table.Column("AGENT", widthMin: 12),
        Table.Column("STATE"),
        Table.Column("LAST SEEN", right: true),
        Table.Column("VERSION", widthMin: 6, rank: 1),
        Table.Column("CLOCK", right: true, rank: 4),
        Table.Column("DROPPED", right: true, rank: 2),
        Table.Column("SHED", right: true, rank: 3),
        Table.Column("FIRST SEEN", rank: 5),
    ])
    var hosts: [(isSilent: Bool, host: JSONValue)] = []
    list.member("data")?.forEachElement { hosts.append(($0.member("state")?.string == "silent", $0)) }
    for (isSilent, host) in hosts.filter(\.isSilent) + hosts.filter({ !$0.isSilent }) {
        let report = host.member("report")
        let dropped = total(report?.member("dropped"))
        let clock = host.member("clock_offset_s")?.double
        table.add([
            Table.Cell(host.member("agent")?.string),
            Table.Cell(host.member("state")?.string, isSilent ? .bad : .good),
            Table.Cell(span(from: host.member("last_seen")?.string, to: asOf) + " ago"),
            Table.Cell(report?.member("version")?.string),
            // A second of skew moves calls between intervals.
            Table.Cell(clock.map(offset), abs(clock ?? 0) >= 1 ? .warning : .plain),
            Table.Cell(dropped.map { decimals($0, 0) }, dropped ?? 0 > 0 ? .warning : .plain),
            Table.Cell(total(report?.member("shed")).map { decimals($0, 0) }),
            Table.Cell(moment(host.member("first_seen")?.string), .quiet),
        ])
    }
    return table.isEmpty ? ["No agent has reported yet."] : table.lines(style)
}

private func offset(_ seconds: Double) -> String { (seconds > 0 ? "+" : "") + decimals(seconds, 1) + "s" }

/// A count, or the sum of counts by reason.
private func total(_ value: JSONValue?) -> Double? {
    guard let value, value.kind == .object else { return value?.double }
    var sum: Double?
    value.forEachMember { _, part in
        if let part = part.double { sum = (sum ?? 0) + part }
    }
    return sum
}
