import CallModel
import Documents
import Runtime

/// `/api/v1/incidents/{id}` for a terminal: what it is, whom it hurts, what happened, who was told.
public func incidentScreen(_ incident: JSONValue, _ style: Style) -> [String] {
    let state = incident.member("state")?.string
    let title = safeText(incident.member("title")?.string ?? absent)
    let severity = incident.member("severity")?.string
    var lines = [
        style.paint(title, .heading),
        "\(style.paint(safeText(words(state)), Tone(incidentState: state))), "
            + "\(style.paint(safeText(words(severity)), Tone(indicator: severity))), incident "
            + safeText(incident.member("id")?.string ?? absent), "",
    ]
    lines += style.figures(figures(incident))
    let timeline = entryTable("WHAT", incident.member("timeline")) { entry in
        let who = (entry.member("who")?.string).map { "\($0): " } ?? ""
        return who + (entry.member("what")?.string ?? absent)
    }
    if !timeline.isEmpty { lines += style.section("What happened") + timeline.lines(style) }
    let sent = notificationTable(incident.member("notifications"))
    if !sent.isEmpty { lines += style.section("Who was told") + sent.lines(style) }
    return lines
}

/// `/api/v1/incidents/{id}/why` for a terminal.
public func whyScreen(_ why: JSONValue, _ style: Style) -> [String] {
    let table = entryTable("DECISION", why.member("decisions")) { $0.member("reason")?.string ?? absent }
    return table.isEmpty
        ? ["Nothing is remembered of it: the last thousand decisions are kept."]
        : table.lines(style)
}

private func figures(_ incident: JSONValue) -> [(String, String)] {
    let now = Instant(nanosecondsSinceEpoch: WallClock.now()).rfc3339
    let (cause, explains) = (incident.member("cause"), incident.member("explains"))
    let started = incident.member("started_at")?.string
    let resolved = incident.member("resolved_at")?.string
    var figures = [
        (
            "since",
            "\(moment(started)), \(resolved == nil ? "so far" : "lasted") \(span(from: started, to: resolved ?? now))"
        ),
        ("cause", "\(words(cause?.member("kind")?.string)), \(percent(cause?.member("confidence")?.double)) sure"),
    ]
    cause?.member("predicate")?.forEachElement { condition in
        figures.append((words(condition.member("dimension")?.string), condition.member("value")?.string ?? absent))
    }
    let failed = "\(count(explains?.member("calls_failed"))) of \(count(explains?.member("calls")))"
    figures += [
        ("calls failed", failed + ((incident.member("trend")?.string).map { ", \($0)" } ?? "")),
        ("customers", hurt(explains?.member("customers"), explains?.member("customer_names"))),
        ("hosts", hurt(explains?.member("hosts"), explains?.member("host_names"))),
        ("routes", hurt(explains?.member("routes"), explains?.member("route_names"))),
        ("owner", incident.member("owner")?.string ?? "nobody"),
    ]
    incident.member("explanation")?.forEachElement { figures.append(("in common", $0.string ?? absent)) }
    if let text = incident.member("impact")?.member("text")?.string { figures.append(("our requests", text)) }
    if let page = incident.member("partner_page")?.string { figures.append(("their page", page)) }
    if let acknowledged = incident.member("acknowledged"), !acknowledged.isNull {
        let by = acknowledged.member("by")?.string ?? "somebody"
        figures.append(("acknowledged", "by \(by), \(moment(acknowledged.member("at")?.string))"))
    }
    return figures
}

private let namesMax = 5

/// `7: acme, globex …`.
private func hurt(_ number: JSONValue?, _ names: JSONValue?) -> String {
    var shown: [String] = []
    names?.forEachElement { if shown.count < namesMax, let name = $0.string { shown.append(name) } }
    guard !shown.isEmpty else { return count(number) }
    return "\(count(number)): " + shown.joined(separator: ", ") + (number?.int64 ?? 0 > shown.count ? " …" : "")
}

private func entryTable(_ heading: String, _ entries: JSONValue?, _ text: (JSONValue) -> String) -> Table {
    var table = Table([Table.Column("AT"), Table.Column(heading, widthMin: 20)])
    entries?.forEachElement { entry in
        table.add([Table.Cell(moment(entry.member("at")?.string), .quiet), Table.Cell(text(entry))])
    }
    return table
}

/// `/api/v1/notifications` for a terminal.
public func notificationsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let table = notificationTable(list.member("data"), ofAll: true)
    return table.isEmpty ? ["There is no such message."] : table.lines(style)
}

/// `/api/v1/notifications/{id}/retry` for a terminal.
public func retriedScreen(_ message: JSONValue, _ style: Style) -> [String] {
    let (id, channel) = (message.member("id")?.string ?? absent, message.member("channel")?.string ?? absent)
    return [safeText("Message \(id) is told to \(channel) anew.")]
}

/// - Parameter ofAll: of more than one incident, so that each line names its own, and itself.
private func notificationTable(_ notifications: JSONValue?, ofAll: Bool = false) -> Table {
    let incident = ofAll ? [Table.Column("ID", right: true), Table.Column("INCIDENT", right: true)] : []
    var table = Table(
        incident + [
            Table.Column("AT"), Table.Column("CHANNEL", widthMin: 8), Table.Column("KIND"), Table.Column("STATE"),
            Table.Column("ATTEMPTS", right: true, rank: 1), Table.Column("LAST ERROR", widthMin: 10, rank: 2),
        ])
    notifications?.forEachElement { sent in
        let state = sent.member("state")?.string
        let incident =
            ofAll ? [Table.Cell(sent.member("id")?.string), Table.Cell(sent.member("incident")?.string)] : []
        table.add(
            incident + [
                Table.Cell(moment(sent.member("at")?.string), .quiet),
                Table.Cell(sent.member("channel")?.string),
                Table.Cell(sent.member("kind")?.string),
                Table.Cell(state, state == "delivered" ? .good : state == "dead" ? .bad : .plain),
                Table.Cell(count(sent.member("attempts"))),
                Table.Cell(sent.member("last_error")?.string),
            ])
    }
    return table
}

extension Style {
    /// Names and values below each other.
    func figures(_ figures: [(String, String)]) -> [String] {
        let column = 2 + figures.reduce(0) { max($0, columnCount(of: safeText($1.0))) }
        return figures.map { label, value in
            let label = safeText(label)
            let padded = label + String(repeating: " ", count: column - columnCount(of: label))
            return paint(padded, .quiet) + cut(safeText(value), to: max(1, (width ?? .max) - column))
        }
    }
}
