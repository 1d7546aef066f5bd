import Documents

/// `/api/v1/traces/{id}` for a terminal: a tree, each call under the one that caused it.
public func traceScreen(_ trace: JSONValue, _ style: Style) -> [String] {
    let title = "Trace \(safeText(trace.member("asked_for")?.string ?? trace.member("trace_id")?.string ?? absent))"
    var lines = [
        style.paint(title, .heading),
        style.paint(
            "from \(moment(trace.member("started_at")?.string)), \(milliseconds(trace.member("duration_ms")?.double)) in all",
            .quiet), "",
    ]
    var table = Table([
        Table.Column("AFTER", right: true),
        Table.Column("CALL", widthMin: 24),
        Table.Column("OUTCOME"),
        Table.Column("STATUS", right: true, rank: 1),
        Table.Column("TOOK", right: true),
        Table.Column("HOST", widthMin: 8, rank: 2),
        Table.Column("ID", widthMin: 8, rank: 3),
    ])
    trace.member("calls")?.forEachElement { node in
        guard let call = node.member("call") else { return }
        let depth = min(20, Int(node.member("depth")?.int64 ?? 0))
        let arrow = call.member("direction")?.string == "inbound" ? "← " : "→ "
        // A line drawn by time alone is a guess, and looks like one.
        let branch = depth == 0 ? "" : node.member("linked_by")?.string == "span" ? "└ " : "┄ "
        let name = [call.member("partner")?.string, call.member("route")?.string].compactMap { $0 }
        let outcome = call.member("outcome")?.string
        table.add([
            Table.Cell(milliseconds(node.member("offset_ms")?.double), .quiet),
            Table.Cell(
                String(repeating: "  ", count: max(0, depth - 1)) + branch + arrow + name.joined(separator: " ")),
            Table.Cell(words(call.member("error")?.string ?? outcome), Tone(outcome: outcome)),
            Table.Cell(count(call.member("response")?.member("status"))),
            Table.Cell(milliseconds(call.member("duration_ms")?.double)),
            Table.Cell(call.member("host")?.string),
            Table.Cell(call.member("id")?.string, .quiet),
        ])
    }
    lines += table.lines(style)
    var gaps: [String] = []
    trace.member("gaps")?.forEachElement { gap in
        let span = (gap.member("span_id")?.string).map { "span \($0): " } ?? ""
        var calls: [String] = []
        gap.member("calls")?.forEachElement { if calls.count < 3, let id = $0.string { calls.append(id) } }
        gaps.append(safeText("\(span)\(gap.member("detail")?.string ?? "") (\(calls.joined(separator: ", ")))"))
    }
    if trace.member("complete")?.bool == false {
        gaps.append("there are more calls around this time than were looked into: more of the story may be stored")
    }
    if !gaps.isEmpty { lines += style.section("Gaps") + gaps }
    return lines
}
