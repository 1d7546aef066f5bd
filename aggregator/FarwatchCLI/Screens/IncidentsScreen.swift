import Documents

/// Incidents for a terminal, open ones first: as `/api/v2/incidents.json` lists them.
public func incidentsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let asOf = list.member("page")?.member("updated_at")?.string
    var table = Table([
        Table.Column("STARTED", widthMin: 10),
        Table.Column("LASTED", right: true),
        Table.Column("STATE"),
        Table.Column("IMPACT"),
        Table.Column("WHAT", widthMin: 20),
        Table.Column("ID", widthMin: 8, rank: 1),
    ])
    var incidents: [(isOpen: Bool, incident: JSONValue)] = []
    list.member("incidents")?.forEachElement { incidents.append(($0.member("resolved_at")?.string == nil, $0)) }
    for (isOpen, incident) in incidents.filter(\.isOpen) + incidents.filter({ !$0.isOpen }) {
        let started = incident.member("created_at")?.string
        let impact = incident.member("impact")?.string
        var note: String?
        incident.member("incident_updates")?.forEachElement { note = note ?? $0.member("body")?.string }
        table.add(
            [
                Table.Cell(moment(started)),
                Table.Cell(span(from: started, to: incident.member("resolved_at")?.string ?? asOf)),
                Table.Cell(isOpen ? "open" : "resolved", isOpen ? .bad : .good),
                Table.Cell(impact, Tone(indicator: isOpen ? impact : nil)),
                Table.Cell(incident.member("name")?.string),
                Table.Cell(incident.member("id")?.string, .quiet),
            ], note: isOpen ? note : nil)
    }
    return table.isEmpty ? ["No incident in the last ninety days."] : table.lines(style)
}
