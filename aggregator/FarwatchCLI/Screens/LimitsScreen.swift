import Documents

/// `/api/v1/partners/{id}/rate-limits` for a terminal.
public func limitsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let asOf = list.member("as_of")?.string
    var table = Table([
        Table.Column("LIMIT", widthMin: 12),
        Table.Column("USED", right: true),
        Table.Column("LEFT", right: true),
        Table.Column("OF", right: true),
        Table.Column("WINDOW", right: true, rank: 2),
        Table.Column("RESET", rank: 3),
        Table.Column("SEEN", right: true, rank: 1),
        Table.Column("HOST", widthMin: 6, rank: 4),
    ])
    list.member("data")?.forEachElement { figure in
        let used = figure.member("used_ratio")?.double
        let name = figure.member("policy")?.string ?? figure.member("source_header")?.string
        table.add([
            Table.Cell(name),
            Table.Cell(used.map { decimals($0 * 100, 1) + "%" }, used ?? 0 >= 0.8 ? .warning : .plain),
            Table.Cell(figure.member("remaining")?.double.map { decimals($0, 0) }),
            Table.Cell(figure.member("limit")?.double.map { decimals($0, 0) }),
            Table.Cell(figure.member("window_s")?.double.map { span(.seconds($0)) }),
            Table.Cell(moment(figure.member("reset_at")?.string), .quiet),
            Table.Cell(span(from: figure.member("observed_at")?.string, to: asOf) + " ago"),
            Table.Cell(figure.member("host")?.string),
        ])
    }
    let partner = safeText(list.member("partner")?.string ?? absent)
    guard !table.isEmpty else { return ["The answers of \(partner) in the last hour tell of no rate limit."] }
    return table.lines(style)
}
