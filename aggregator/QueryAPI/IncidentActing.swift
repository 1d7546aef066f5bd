import CallModel
import Documents
import Storage

/// What became of something a person wanted done about an incident.
enum ActionOutcome {
    case done(IncidentDetail)
    /// Written down; the decider will come to it.
    case waiting(IncidentDetail)
    case refused(String)
    case missing
    case tooMany
}

/// How long an answer waits for the decider, which looks for actions every second.
private let actionWaitMax: Duration = .seconds(3)
private let actionWaitStep: Duration = .milliseconds(100)

/// Writes down what somebody wants, who and when, and waits until it is done.
func act(
    on incident: Int64, _ what: ActionRecord.What, _ detail: String?, by who: String, _ sources: QuerySources
) async throws -> ActionOutcome {
    let incidents = sources.incidents
    guard try await incidents.read(incident) != nil else { return .missing }
    guard let id = try await incidents.append(incident, who, what, detail) else { return .tooMany }
    audit(what, incident, action: id, detail, by: who, sources)
    var action: ActionRecord?
    var waited = Duration.zero
    while true {
        action = try await incidents.action(id)
        if action?.appliedAt != nil || waited >= actionWaitMax { break }
        try await incidents.pause(actionWaitStep)
        waited += actionWaitStep
    }
    if let refused = action?.refused { return .refused(refused) }
    guard let detail = try await incidents.read(incident) else { return .missing }
    return action?.appliedAt == nil ? .waiting(detail) : .done(detail)
}

private func audit(
    _ what: ActionRecord.What, _ incident: Int64, action: Int64, _ detail: String?, by who: String,
    _ sources: QuerySources
) {
    var writer = JSONWriter()
    writer.object {
        $0.member("incident", "\(incident)")
        $0.member("action", action)
        if let detail { $0.member("detail", detail) }
    }
    let words =
        switch what {
        case .acknowledge: "acknowledged an incident"
        case .assign: "assigned an incident"
        case .note: "noted something on an incident"
        case .resolve: "resolved an incident"
        case .caseSent: "told the partner of an incident"
        case .caseAcknowledged: "noted that the partner acknowledged an incident"
        case .partnerSays: "told what a partner's page says of an incident"
        }
    sources.audit(who, words, String(decoding: writer.bytes, as: UTF8.self))
}
