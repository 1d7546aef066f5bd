import Alerting
import CallModel
import Documents
import Runtime
import Storage
import Transport

/// Silences or maintenance windows: times in which matching incidents are told to nobody.
func quietRoutes(_ kind: QuietRecord.Kind, _ sources: QuerySources) -> [APIRoute] {
    let (path, noun) = kind == .silence ? ("/api/v1/silences", "silence") : ("/api/v1/maintenances", "maintenance")
    let quiets = sources.quiets
    return [
        APIRoute(
            pattern: path, summary: "Every \(noun) that is not over, or those that are; the last to begin first.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "past", kind: .choice(["true", "false"]), summary: "Those that are over; `false` when absent."
                )
            ], schema: "QuietList"
        ) { request in
            let records = try await quiets.list(kind, request.query["past"] == "true", request.now)
            return .json(list(records, at: request.now))
        },
        APIRoute(
            pattern: path, method: "POST", summary: "Makes a \(noun).", access: .operate,
            body: fields(kind, isNew: true), successStatus: 201, schema: "Quiet", mayConflict: true
        ) { request in try await create(kind, path, request, sources) },
        APIRoute(
            pattern: path + "/{id}", summary: "One \(noun).", access: .read, schema: "Quiet", mayBeMissing: true
        ) { request in .json(document(try await read(kind, request, quiets), at: request.now)) },
        APIRoute(
            pattern: path + "/{id}", method: "PATCH", summary: "Changes a \(noun) that is not over.", access: .operate,
            body: fields(kind, isNew: false), schema: "Quiet", mayBeMissing: true, mayConflict: true
        ) { request in try await change(kind, request, sources) },
        APIRoute(
            pattern: path + "/{id}", method: "DELETE",
            summary: "Ends a \(noun) now. It is still listed among the past.",
            access: .operate, successStatus: 204, mayBeMissing: true, mayConflict: true
        ) { request in
            let record = try await read(kind, request, quiets)
            guard try await quiets.end(record.id, kind, request.who, request.now) != nil else { throw isOver(record) }
            sources.audit("ended a \(noun)", "id", "\(record.id)", request)
            return Response(status: 204)
        },
    ]
}

/// The longest that one lasts: what is silenced for ever should not be watched.
private let quietTimeMax: Duration = .seconds(366 * 86_400)

private func fields(_ kind: QuietRecord.Kind, isNew: Bool) -> [APIField] {
    var fields = [
        APIField(
            name: "matchers", kind: .nested(.matchers(countMin: 1)),
            summary: "Which incidents: those that pass all of them.",
            isRequired: isNew),
        APIField(name: "starts_at", kind: .timeAhead, summary: "From this time on; now when absent."),
        APIField(name: "ends_at", kind: .timeAhead, summary: "Until this time.", isRequired: isNew),
        APIField(name: "comment", kind: .text(characterCountMax: 500), summary: "Why.", isRequired: isNew),
    ]
    if kind == .maintenance {
        fields.append(
            APIField(
                name: "side", kind: .choice(["ours", "theirs"]),
                summary:
                    "Who works: during ours nobody is told; during the partner's, people are, and that it was announced.",
                isRequired: isNew))
    }
    return fields
}

private func create(
    _ kind: QuietRecord.Kind, _ path: String, _ request: APIRequest, _ sources: QuerySources
) async throws -> Response {
    let fields = request.fields
    func time(_ name: String) -> Instant? { fields[name].flatMap { parseTimeAhead($0, now: request.now) } }
    let record = QuietRecord(
        kind: kind, side: fields["side"], matchers: fields["matchers"]!, startsAt: time("starts_at") ?? request.now,
        endsAt: time("ends_at")!, comment: fields["comment"]!, createdAt: request.now, createdBy: request.who,
        updatedAt: request.now)
    try await check(record, at: request.now, sources.owners)
    guard let made = try await sources.quiets.create(record) else {
        throw APIProblem(
            status: 409, title: "Too many", detail: "\(QuietStore.currentMax) are not over yet",
            hint: "DELETE what is no longer needed")
    }
    sources.audit("made a \(kind.rawValue)", "id", "\(made.id)", request)
    var response = Response.json(document(made, at: request.now), status: 201)
    response.headers.add("location", "\(path)/\(made.id)")
    return response
}

private func change(_ kind: QuietRecord.Kind, _ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    let fields = request.fields
    var record = try await read(kind, request, sources.quiets)
    record.matchers = fields["matchers"] ?? record.matchers
    record.startsAt = fields["starts_at"].flatMap { parseTimeAhead($0, now: request.now) } ?? record.startsAt
    record.endsAt = fields["ends_at"].flatMap { parseTimeAhead($0, now: request.now) } ?? record.endsAt
    record.comment = fields["comment"] ?? record.comment
    record.side = fields["side"] ?? record.side
    try await check(record, at: request.now, sources.owners)
    guard let changed = try await sources.quiets.change(record, request.now) else { throw isOver(record) }
    sources.audit("changed a \(kind.rawValue)", "id", "\(record.id)", request)
    return .json(document(changed, at: request.now))
}

private func read(_ kind: QuietRecord.Kind, _ request: APIRequest, _ quiets: QuietSources) async throws -> QuietRecord {
    let id = try numberInPath(request)
    guard let record = try await quiets.read(id, kind) else { throw APIProblem.notFound(request.path["id"]!) }
    return record
}

/// What no field alone can say.
private func check(_ record: QuietRecord, at now: Instant, _ owners: OwnerSources) async throws {
    var faults: [Problem.Item] = []
    if record.endsAt <= record.startsAt {
        faults.append(Problem.Item(pointer: "/body/ends_at", detail: "it would end before it begins"))
    } else if record.endsAt <= now {
        faults.append(Problem.Item(pointer: "/body/ends_at", detail: "it would be over already"))
    } else if record.endsAt - record.startsAt > quietTimeMax {
        faults.append(Problem.Item(pointer: "/body/ends_at", detail: "it would last longer than 366 days"))
    }
    let (unknown, hint) = unknownOwners(record.matchers, try await owners.names())
    guard (faults + unknown).isEmpty else { throw APIProblem.badBody(faults + unknown, hint: hint) }
}

/// A silence for an owner whose name is misspelt would silence nothing.
private func unknownOwners(_ json: String, _ names: [String]) -> (faults: [Problem.Item], hint: String?) {
    // They were checked.
    let matchers = (try? JSONParser().parse(Array(json.utf8)) { try [Matcher]($0) }) ?? []
    let known = names + [Owner.nobody]
    var faults: [Problem.Item] = []
    var hint: String?
    for (index, matcher) in matchers.enumerated() where matcher.dimension == .owner && matcher.test != .like {
        for name in matcher.values where !known.contains(name) {
            faults.append(
                Problem.Item(pointer: "/body/matchers/\(index)/value", detail: "there is no owner `\(name.prefix(80))`")
            )
            hint = hint ?? Spelling.nearest(to: name, among: known).map { "did you mean `\($0)`?" }
        }
    }
    return (faults, hint)
}

private func isOver(_ record: QuietRecord) -> APIProblem {
    APIProblem(
        status: 409, title: "It is over", detail: "it ended \(record.endsAt.rfc3339), and stays as it was",
        hint: "POST makes a new one")
}

// MARK: JSON

private func list(_ records: [QuietRecord], at now: Instant) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records { writer.raw(document(record, at: now)) }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}

private func document(_ record: QuietRecord, at now: Instant) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.member("id", "\(record.id)")
        writer.member("kind", record.kind.rawValue)
        writer.member("side", record.side)
        writer.member("state", record.isPast(at: now) ? "ended" : record.startsAt > now ? "pending" : "active")
        writer.member("matchers", json: Array(record.matchers.utf8))
        writer.member("starts_at", record.startsAt)
        writer.member("ends_at", record.endsAt)
        writer.member("comment", record.comment)
        writer.member("created_at", record.createdAt)
        writer.member("created_by", record.createdBy)
        writer.member("updated_at", record.updatedAt)
        writer.member("ended_by", record.endedBy)
    }
    return writer.bytes
}
