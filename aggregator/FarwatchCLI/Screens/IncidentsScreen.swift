import CallModel
import Documents
import Runtime

/// `/api/v1/incidents` for a terminal, open ones first.
public func incidentsScreen(_ list: JSONValue, _ style: Style) -> [String] {
    let now = Instant(nanosecondsSinceEpoch: WallClock.now()).rfc3339
    var table = Table([
        Table.Column("ID", rank: 0),
        Table.Column("STARTED", widthMin: 10, rank: 2),
        Table.Column("LASTED", right: true),
        Table.Column("STATE"),
        Table.Column("SEVERITY"),
        Table.Column("WHAT", widthMin: 20),
        Table.Column("FAILED", right: true, rank: 1),
        Table.Column("OWNER", widthMin: 6, rank: 3),
    ])
    var incidents: [(isOpen: Bool, incident: JSONValue)] = []
    list.member("data")?.forEachElement { incidents.append(($0.member("state")?.string != "resolved", $0)) }
    for (isOpen, incident) in incidents.filter(\.isOpen) + incidents.filter({ !$0.isOpen }) {
        let started = incident.member("started_at")?.string
        let (state, severity) = (incident.member("state")?.string, incident.member("severity")?.string)
        table.add([
            Table.Cell(incident.member("id")?.string),
            Table.Cell(moment(started)),
            Table.Cell(span(from: started, to: incident.member("resolved_at")?.string ?? now)),
            Table.Cell(state, Tone(incidentState: state)),
            Table.Cell(severity, Tone(indicator: isOpen ? severity : nil)),
            Table.Cell(incident.member("title")?.string),
            Table.Cell(count(incident.member("explains")?.member("calls_failed"))),
            Table.Cell(incident.member("owner")?.string, .quiet),
        ])
    }
    return table.isEmpty ? ["No such incident."] : table.lines(style)
}

extension Tone {
    /// The tone of an incident's state.
    init(incidentState: String?) {
        switch incidentState {
        case "open": self = .bad
        case "acknowledged": self = .warning
        case "resolved": self = .good
        default: self = .plain
        }
    }
}
