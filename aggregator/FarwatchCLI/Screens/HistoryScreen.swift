import Documents

/// `/api/v1/partners/{id}/history` for a terminal: a day in one line, then the figures of longer periods.
public func historyScreen(_ history: JSONValue, _ style: Style) -> [String] {
    var bar = ""
    history.member("quarter_hours")?.forEachElement { step in
        let status = step.member("worst_status")?.string
        let calls = step.member("calls")?.double ?? 0
        let failed = step.member("calls_failed")?.double ?? 0
        guard status != nil else { return bar += style.paint("·", .quiet) }
        bar += style.paint(level(calls > 0 ? failed / calls : 0, status), Tone(status: status))
    }
    var table = Table([
        Table.Column("PERIOD"),
        Table.Column("UPTIME", right: true),
        Table.Column("OUTAGES", right: true),
        Table.Column("KNOWN AFTER", right: true, rank: 1),
        Table.Column("BACK AFTER", right: true),
        Table.Column("AT WORST", right: true, rank: 1),
        Table.Column("CALLS", right: true, rank: 2),
        Table.Column("FAILED", right: true, rank: 3),
    ])
    history.member("periods")?.forEachElement { period in
        let uptime = period.member("uptime_ratio")?.double
        table.add([
            Table.Cell(period.member("period")?.string),
            Table.Cell(uptime.map { decimals($0 * 100, 3) + "%" }, uptime ?? 1 < 0.999 ? .warning : .plain),
            Table.Cell(count(period.member("outages"))),
            Table.Cell(duration(period.member("time_to_detect_mean_s"))),
            Table.Cell(duration(period.member("time_to_recover_mean_s"))),
            Table.Cell(duration(period.member("time_to_recover_longest_s"))),
            Table.Cell(count(period.member("calls"))),
            Table.Cell(count(period.member("calls_failed"))),
        ])
    }
    // A line that does not fit is worth nothing.
    let fits = style.width.map { $0 >= 96 } ?? false
    let title =
        "\(safeText(history.member("partner")?.string ?? absent)), as of \(moment(history.member("as_of")?.string))"
    return [style.paint(title, .heading), ""]
        + (fits ? [bar, style.paint("the last 24 hours, by quarters of an hour", .quiet), ""] : []) + table.lines(style)
}

/// Eight heights for how much failed; the least where all is well.
private func level(_ ratio: Double, _ status: String?) -> String {
    let levels = Array("▁▂▃▄▅▆▇█")
    guard status != "operational" || ratio > 0.02 else { return "▁" }
    return String(levels[min(7, max(1, Int(ratio * 8)))])
}

private func duration(_ seconds: JSONValue?) -> String? { seconds?.double.map { span(.seconds($0)) } }
