import Documents

/// `/api/v1/silences` and `/api/v1/maintenances` for a terminal.
public func quietsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    var table = quietTable()
    list.member("data")?.forEachElement { add($0, to: &table) }
    return table.isEmpty ? ["There is none."] : table.lines(style)
}

/// One of them.
public func quietScreen(_ quiet: JSONValue, _ style: Style) -> [String] {
    var table = quietTable()
    add(quiet, to: &table)
    return table.lines(style)
}

private func quietTable() -> Table {
    Table([
        Table.Column("ID"),
        Table.Column("STATE"),
        Table.Column("FROM", widthMin: 10, rank: 2),
        Table.Column("UNTIL", widthMin: 10),
        Table.Column("MATCHERS", widthMin: 20),
        Table.Column("BY", widthMin: 6, rank: 1),
        Table.Column("COMMENT", widthMin: 10, rank: 3),
    ])
}

private func add(_ quiet: JSONValue, to table: inout Table) {
    let state = quiet.member("state")?.string
    let side = (quiet.member("side")?.string).map { " (\($0))" } ?? ""
    table.add([
        Table.Cell(quiet.member("id")?.string),
        Table.Cell((state ?? absent) + side, state == "active" ? .warning : .plain),
        Table.Cell(moment(quiet.member("starts_at")?.string)),
        Table.Cell(moment(quiet.member("ends_at")?.string)),
        Table.Cell(matchers(quiet.member("matchers"))),
        Table.Cell(quiet.member("ended_by")?.string ?? quiet.member("created_by")?.string, .quiet),
        Table.Cell(quiet.member("comment")?.string),
    ])
}

/// `/api/v1/owners` for a terminal.
public func ownersScreen(_ list: JSONValue, _ style: Style) -> [String] {
    var table = Table([
        Table.Column("OWNER", widthMin: 10),
        Table.Column("MATCHERS", widthMin: 20),
        Table.Column("CHANNELS", widthMin: 10),
        Table.Column("CONTACT", widthMin: 10, rank: 1),
        Table.Column("RUNBOOK", widthMin: 10, rank: 2),
        Table.Column("FROM", rank: 3),
    ])
    list.member("data")?.forEachElement { owner in
        table.add([
            Table.Cell(owner.member("name")?.string),
            Table.Cell(matchers(owner.member("matchers"))),
            Table.Cell(channels(owner.member("channels"))),
            Table.Cell(owner.member("contact")?.string),
            Table.Cell(owner.member("runbook")?.string),
            Table.Cell(owner.member("source")?.string, .quiet),
        ])
    }
    return table.isEmpty ? ["There are no owners yet: everybody's incident is nobody's."] : table.lines(style)
}

/// As they are typed: `partner=stripe|adyen, route=~POST /v1/*`.
private func matchers(_ list: JSONValue?) -> String {
    var texts: [String] = []
    list?.forEachElement { matcher in
        var values: [String] = []
        let value = matcher.member("value")
        if let text = value?.string {
            values = [text]
        } else {
            value?.forEachElement { values.append($0.string ?? "") }
        }
        texts.append(
            (matcher.member("dimension")?.string ?? absent) + (matcher.member("op")?.string ?? "=")
                + values.joined(separator: "|"))
    }
    return texts.isEmpty ? absent : texts.joined(separator: ", ")
}

/// `slack, then on-call after 15m`.
private func channels(_ list: JSONValue?) -> String {
    var text = ""
    list?.forEachElement { step in
        let after = (step.member("after_s")?.int64).map { $0 > 0 ? " after \(span(.seconds($0)))" : "" } ?? ""
        text += (text.isEmpty ? "" : ", then ") + (step.member("channel")?.string ?? absent) + after
    }
    return text.isEmpty ? absent : text
}
