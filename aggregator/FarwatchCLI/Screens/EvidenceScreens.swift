import Documents

/// `/api/v1/evidence` for a terminal.
public func evidenceScreen(_ list: JSONValue, _ style: Style) -> [String] {
    var table = Table([
        Table.Column("ID", widthMin: 12), Table.Column("MADE"), Table.Column("BY", widthMin: 6, rank: 2),
        Table.Column("CALLS", right: true, rank: 1), Table.Column("TITLE", widthMin: 16),
    ])
    list.member("data")?.forEachElement { evidence in
        table.add([
            Table.Cell(evidence.member("id")?.string),
            Table.Cell(moment(evidence.member("created_at")?.string), .quiet),
            Table.Cell(evidence.member("created_by")?.string),
            Table.Cell(count(evidence.member("calls"))),
            Table.Cell(evidence.member("title")?.string),
        ])
    }
    return table.isEmpty ? ["No evidence was made yet."] : table.lines(style)
}

/// `/api/v1/shares` for a terminal.
public func sharesScreen(_ list: JSONValue, _ style: Style) -> [String] {
    var table = Table([
        Table.Column("ID", widthMin: 12), Table.Column("STATE"), Table.Column("UNTIL"),
        Table.Column("VIEWS", right: true, rank: 1), Table.Column("FOR", widthMin: 8),
        Table.Column("EVIDENCE", widthMin: 12, rank: 2),
    ])
    list.member("data")?.forEachElement { share in
        let state = share.member("state")?.string
        table.add([
            Table.Cell(share.member("id")?.string),
            Table.Cell(words(state), state == "open" ? .warning : .quiet),
            Table.Cell(moment(share.member("expires_at")?.string)),
            Table.Cell(count(share.member("views"))),
            Table.Cell(share.member("recipient")?.string),
            Table.Cell(share.member("evidence")?.string, .quiet),
        ])
    }
    return table.isEmpty ? ["No link was made yet."] : table.lines(style)
}

/// `/api/v1/evidence/{id}/preview` for a terminal.
public func previewScreen(_ preview: JSONValue, _ style: Style) -> [String] {
    let title = safeText(preview.member("title")?.string ?? absent)
    var table = Table([
        Table.Column("TIME"), Table.Column("CALL", widthMin: 24), Table.Column("ANSWER", right: true),
    ])
    preview.member("har")?.member("log")?.member("entries")?.forEachElement { entry in
        let request = entry.member("request")
        table.add([
            Table.Cell(entry.member("startedDateTime")?.string, .quiet),
            Table.Cell("\(request?.member("method")?.string ?? absent) \(request?.member("url")?.string ?? absent)"),
            Table.Cell(count(entry.member("response")?.member("status"))),
        ])
    }
    var partners: [String] = []
    preview.member("partners")?.forEachElement { if let name = $0.string { partners.append(safeText(name)) } }
    return [style.paint("A link shows this page, \(title), with requests and answers:", .heading)] + table.lines(style)
        + (partners.isEmpty ? [] : ["", "calls of: \(partners.joined(separator: ", "))"])
        + ["", "preview: \(safeText(preview.member("preview")?.string ?? absent))"]
}
