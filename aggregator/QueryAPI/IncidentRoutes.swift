import Alerting
import CallModel
import Documents
import Runtime
import Storage
import Transport

/// Incidents, and what people do about them.
func incidentRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/incidents", summary: "Incidents with cause, extent, timeline and messages, newest first.",
            access: .read, parameters: listParameters, schema: "IncidentList"
        ) { request in
            let filter = filter(request)
            return .json(try incidentListDocument(try await sources.incidents.list(filter), limit: filter.limit))
        },
        APIRoute(
            pattern: "/api/v1/incidents/{id}", summary: "One incident.", access: .read, schema: "Incident",
            mayBeMissing: true
        ) { request in .json(try incidentDocument(try await incident(request, sources))) },
        APIRoute(
            pattern: "/api/v1/incidents/{id}/why",
            summary:
                "Why it was opened, what was kept out of it, and what else was decided about its partners meanwhile, five minutes "
                + "before and after included.",
            access: .read, schema: "Why", mayBeMissing: true
        ) { request in
            let record = try await incident(request, sources).record
            let partners = record.partners.isEmpty ? [nil] : record.partners.map(Optional.some)
            let margin: Duration = .seconds(300)
            let from = record.startedAt - margin
            // Clocks of two aggregators may differ.
            let window = from...max(from, (record.resolvedAt ?? request.now) + margin)
            return .json(whyDocument(record.id, partners.map { sources.incidents.decisions($0) }, in: window))
        },
        APIRoute(
            pattern: "/api/v1/why", summary: "Why incidents were opened, not opened, merged: what was decided lately.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "partner", kind: .text(characterCountMax: Limits.nameByteCountMax),
                    summary: "About this partner; about all when absent.")
            ], schema: "Why"
        ) { request in .json(whyDocument(nil, [sources.incidents.decisions(request.query["partner"])], in: nil)) },
        action(.acknowledge, "Somebody looks after it: no more reminders. A rise still speaks up.", [note], sources),
        action(
            .assign, "Makes somebody else its owner.",
            [
                APIField(
                    name: "to", kind: .text(characterCountMax: 100),
                    summary: "An owner's name, or that of somebody in an owner's rotation.",
                    isRequired: true)
            ], sources),
        action(
            .note, "Adds to its timeline.",
            [
                APIField(
                    name: "text", kind: .text(characterCountMax: 2_000), summary: "What to remember.", isRequired: true)
            ], sources),
        action(.resolve, "Closes it by hand. Where calls still fail by it, it opens anew.", [note], sources),
        action(
            .caseSent, "The partner was told, with evidence. The owner is reminded until it has acknowledged.", [note],
            sources),
        action(.caseAcknowledged, "The partner has acknowledged it: no more reminders of that.", [note], sources),
        action(
            .partnerSays, "What the partner's own status page says, where no program can read it.",
            [
                APIField(
                    name: "words", kind: .text(characterCountMax: PartnerPage.wordsMax),
                    summary: "In the partner's words; they stand before what is read from the page.", isRequired: true)
            ], sources),
    ]
}

private let note = APIField(name: "note", kind: .text(characterCountMax: 2_000), summary: "A remark for its timeline.")

private let limitUsual = 50

private let listParameters = [
    APIParameter(
        name: "state", kind: .choice(["open", "acknowledged", "resolved", "unresolved"]),
        summary: "`unresolved` is open or acknowledged; all when absent."),
    APIParameter(
        name: "partner", kind: .text(characterCountMax: Limits.nameByteCountMax),
        summary: "Those that concern this partner."),
    APIParameter(name: "since", kind: .time, summary: "Those that were not over before this time."),
    APIParameter(
        name: "limit", kind: .integer(1...IncidentStore.pageMax), summary: "How many at most; 50 when absent."),
    APIParameter(name: "cursor", kind: .cursor, summary: "Where an earlier answer ended."),
]

private func filter(_ request: APIRequest) -> IncidentFilter {
    var filter = IncidentFilter()
    if let state = request.query["state"] {
        filter.states = state == "unresolved" ? ["open", "acknowledged"] : [state]
    }
    filter.partner = request.query["partner"]
    filter.since = request.query["since"].flatMap { parseTime($0, now: request.now) }
    filter.limit = request.query["limit"].flatMap { Int($0) } ?? limitUsual
    filter.cursor = request.query["cursor"].flatMap { IncidentCursor(text: $0) }
    return filter
}

private func incident(_ request: APIRequest, _ sources: QuerySources) async throws -> IncidentDetail {
    let id = try numberInPath(request)
    guard let detail = try await sources.incidents.read(id) else { throw APIProblem.notFound(request.path["id"]!) }
    return detail
}

/// The path's id where rows are numbered.
func numberInPath(_ request: APIRequest) throws(APIProblem) -> Int64 {
    let text = request.path["id"]!
    guard let id = Int64(text), id > 0 else { throw .notFound(text) }
    return id
}

// MARK: Acting

private func action(
    _ what: ActionRecord.What, _ summary: String, _ fields: [APIField], _ sources: QuerySources
) -> APIRoute {
    APIRoute(
        pattern: "/api/v1/incidents/{id}/\(what.rawValue)", method: "POST", summary: summary, access: .operate,
        body: fields, schema: "Incident", mayBeMissing: true, mayConflict: true, mayBePending: true
    ) { request in
        let id = try numberInPath(request)
        if what == .assign { try await checkOwner(request.fields["to"]!, sources.owners) }
        let detail = fields.first.flatMap { request.fields[$0.name] }
        return try answer(try await act(on: id, what, detail, by: request.who, sources), request)
    }
}

private func checkOwner(_ name: String, _ owners: OwnerSources) async throws {
    let names = try await owners.assignees()
    guard !names.contains(name) else { return }
    let known = names.isEmpty ? "there are no owners yet" : "there is no owner of that name"
    throw APIProblem.badBody(
        [Problem.Item(pointer: "/body/to", detail: known)],
        hint: Spelling.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
            ?? "GET /api/v1/owners lists them, POST makes one")
}

private func answer(_ outcome: ActionOutcome, _ request: APIRequest) throws -> Response {
    switch outcome {
    case .done(let detail): return .json(try incidentDocument(detail))
    case .waiting(let detail): return .json(try incidentDocument(detail), status: 202)
    case .refused(let reason): throw APIProblem(status: 409, title: "Refused", detail: reason)
    case .missing: throw APIProblem.notFound(request.path["id"]!)
    case .tooMany:
        throw APIProblem(
            status: 409, title: "Too many actions",
            detail: "an incident has \(ActionStore.perIncidentMax) at most, and \(ActionStore.pendingMax) can wait")
    }
}

// MARK: Why

/// - Parameter window: of the decisions; nil: whenever they were.
private func whyDocument(_ incident: Int64?, _ decisions: [[UInt8]], in window: ClosedRange<Instant>?) -> [UInt8] {
    func isWanted(_ decision: JSONValue) -> Bool {
        guard let window, let at = decision.member("at")?.string.flatMap({ Instant(rfc3339: $0) }) else { return true }
        return window.contains(at)
    }

    var writer = JSONWriter()
    writer.object { writer in
        writer.member("incident", incident.map { "\($0)" })
        let parser = JSONParser()
        writer.array("decisions") { writer in
            for list in decisions {
                // Our own document; were it damaged there would be no decisions.
                _ = try? parser.parse(list) { list in
                    list.forEachElement { decision in
                        guard isWanted(decision) else { return }
                        var bytes: [UInt8] = []
                        decision.serialize(into: &bytes)
                        writer.raw(bytes)
                    }
                }
            }
        }
    }
    return writer.bytes
}
