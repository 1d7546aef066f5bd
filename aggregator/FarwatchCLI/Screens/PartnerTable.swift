import Documents

/// The partners of `/api/v1/status` or `/api/v1/partners` as a table, those in trouble first, each with its reason below;
/// the latter also says how far what is known of a partner is confirmed.
func partnerTable(_ partners: JSONValue?, asOf: String?, tellsFacts: Bool = false) -> Table {
    var table = Table(
        [
            Table.Column("PARTNER", widthMin: 12),
            Table.Column("STATUS", widthMin: 14),
            Table.Column("SINCE", right: true, rank: 1),
            Table.Column("CALLS/MIN", right: true, rank: 2),
            Table.Column("FAILED", right: true),
            Table.Column("NORMAL", right: true, rank: 3),
            Table.Column("P95", right: true, rank: 4),
            Table.Column("NORMAL", right: true, rank: 5),
            Table.Column("HOSTS", right: true, rank: 6),
            Table.Column("CUSTOMERS", right: true, rank: 7),
            Table.Column("ID", widthMin: 8, rank: 8),
        ] + (tellsFacts ? [Table.Column("FACTS", rank: 9)] : []))
    var sorted: [(order: Int, partner: JSONValue)] = []
    partners?.forEachElement { sorted.append((order(of: $0.member("status")?.string), $0)) }
    // The server's order (by id) stays among equals: `sort` keeps it.
    sorted.sort { $0.order < $1.order }
    for (order, partner) in sorted {
        let status = partner.member("status")?.string
        let tone = Tone(status: status)
        table.add(
            [
                Table.Cell(name(of: partner)),
                Table.Cell(words(status), tone),
                Table.Cell(span(from: partner.member("since")?.string, to: asOf)),
                Table.Cell(partner.member("calls_per_minute")?.double.map { decimals($0, 1) }),
                Table.Cell(percent(partner.member("failure_ratio")?.double), order < untroubled ? tone : .plain),
                Table.Cell(percent(partner.member("baseline_failure_ratio")?.double), .quiet),
                Table.Cell(milliseconds(partner.member("p95_ms")?.double)),
                Table.Cell(milliseconds(partner.member("baseline_p95_ms")?.double), .quiet),
                Table.Cell(hosts(of: partner)),
                Table.Cell(count(partner.member("customers_affected"))),
                Table.Cell(partner.member("id")?.string, .quiet),
            ] + (tellsFacts ? [Table.Cell(words(partner.member("facts")?.string), .quiet)] : []),
            note: order < untroubled ? partner.member("reason")?.string : nil)
    }
    return table
}

func name(of partner: JSONValue) -> String? { partner.member("name")?.string ?? partner.member("id")?.string }

/// Affected of those that call it.
private func hosts(of partner: JSONValue) -> String {
    "\(count(partner.member("hosts_affected")))/\(count(partner.member("hosts_calling")))"
}

/// Where operational partners begin.
private let untroubled = 3

/// Worst first. A status this program does not know yet is shown among the troubled: better looked at once too often.
private func order(of status: String?) -> Int {
    switch status {
    case "major_outage": 0
    case "partial_outage": 1
    case "under_maintenance": 3
    case "unknown", nil: 4
    case "operational": 5
    default: 2
    }
}

extension Style {
    /// A heading for what follows, after an empty line.
    func section(_ title: String) -> [String] { ["", paint(title, .heading)] }
}
