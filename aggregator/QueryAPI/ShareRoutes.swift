import CallModel
import Documents
import Storage
import Transport

/// Links for outsiders: whoever has one reads one piece of evidence, and nothing else, until it expires or is ended.
///
/// The key stands in the link alone. It is 256 random bits, shown once and kept as its SHA-256, so that neither the database
/// nor its backup opens anything. Every view asks the database, is counted, and is written into the audit.
func shareRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/shares", summary: "Links for outsiders, newest first, those that are over for 90 days.",
            access: .read, schema: "ShareList"
        ) { request in .json(list(try await sources.shares.list(), at: request.now)) },
        APIRoute(
            pattern: "/api/v1/shares", method: "POST",
            summary: "Makes a link by which an outsider reads one piece of evidence. Its `path` is told here only.",
            access: .operate, body: newFields, successStatus: 201, schema: "NewShare", mayBeMissing: true,
            mayConflict: true, mayBeForbidden: true
        ) { request in try await make(request, sources) },
        APIRoute(
            pattern: "/api/v1/shares/{id}", summary: "One link: for whom, until when, how often it was used.",
            access: .read, schema: "Share", mayBeMissing: true
        ) { request in
            let id = try shareID(request)
            guard let record = try await sources.shares.read(id) else { throw APIProblem.notFound(id) }
            return .json(document(record, at: request.now))
        },
        APIRoute(
            pattern: "/api/v1/shares/{id}", method: "PATCH",
            summary: "Changes for whom a link is, or how long from now it holds.", access: .operate,
            body: changedFields, schema: "Share", mayBeMissing: true, mayConflict: true, mayBeForbidden: true
        ) { request in try await change(request, sources) },
        APIRoute(
            pattern: "/api/v1/shares/{id}", method: "DELETE", summary: "Ends a link at once.", access: .operate,
            successStatus: 204, mayBeMissing: true
        ) { request in
            let id = try shareID(request)
            guard try await sources.shares.end(id, request.who) else { throw APIProblem.notFound(id) }
            audit("ended a share", id, request, sources)
            return Response(status: 204)
        },
        sharedRoute(sources),
    ]
}

private let newFields = [
    APIField(
        name: "evidence", kind: .text(characterCountMax: 64), summary: "The evidence's id.", isRequired: true),
    APIField(
        name: "recipient", kind: .text(characterCountMax: 200), summary: "Whom it is for, such as `Stripe support`.",
        isRequired: true),
    APIField(
        name: "preview", kind: .text(characterCountMax: 64),
        summary: "The mark of `/api/v1/evidence/{id}/preview`: whoever shares has seen what is shown.", isRequired: true
    ),
    APIField(
        name: "expires_in_hours", kind: .integer(1...ShareStore.hoursMax),
        summary: "How long it holds; 72, three days, when absent."),
]

private let changedFields = [
    APIField(name: "recipient", kind: .text(characterCountMax: 200), summary: "Whom it is for."),
    APIField(
        name: "expires_in_hours", kind: .integer(1...ShareStore.hoursMax),
        summary: "How long it holds, from now on; never beyond a week from its making."),
]

private func shareID(_ request: APIRequest) throws(APIProblem) -> String {
    let id = request.path["id"]!
    guard id.utf8.count <= 64 else { throw APIProblem.notFound(id) }
    return id
}

private func expiry(_ request: APIRequest) -> Instant? {
    request.fields["expires_in_hours"].flatMap { Int64($0) }.map { request.now + .seconds($0 * 3_600) }
}

private func checkAllowed(_ sources: QuerySources) throws(APIProblem) {
    guard !sources.shares.areAllowed else { return }
    throw APIProblem(
        status: 403, title: "Forbidden", detail: "links for outsiders are off",
        hint: "`api.shares: true` in the aggregator's settings allows them")
}

private func make(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    try checkAllowed(sources)
    let key = ShareKey.random()
    let evidence = request.fields["evidence"]!
    guard evidence.utf8.count <= 64, let shown = try await sources.evidence(evidence) else {
        throw APIProblem.notFound(evidence)
    }
    guard request.fields["preview"] == shown.sha256 else {
        throw APIProblem(
            status: 409, title: "Not previewed", detail: "the mark is not that of what this link would show",
            errors: [
                Problem.Item(pointer: "/body/preview", detail: "the `preview` of the evidence's preview is wanted")
            ],
            hint: "look at /api/v1/evidence/\(evidence)/preview and give its `preview`")
    }
    guard shown.mayBeShared else {
        throw APIProblem(
            status: 409, title: "Several partners",
            detail: "the evidence holds calls of \(shown.partners.named.joined(separator: ", ")) and of whoever else",
            hint: "make evidence of one `partner`, or of `partners`: `all` where a link is to show them all")
    }
    let record = ShareRecord(
        id: "sh_" + hexText(.random(in: .min ... .max)) + hexText(.random(in: .min ... .max)), evidence: evidence,
        recipient: request.fields["recipient"]!, createdAt: request.now, createdBy: request.who,
        expiresAt: expiry(request) ?? request.now + .seconds(72 * 3_600))
    switch try await sources.shares.create(record, key.hash) {
    case .created: break
    case .noEvidence: throw APIProblem.notFound(evidence)
    case .evidenceTooLarge:
        throw APIProblem(
            status: 409, title: "Too large",
            detail: "evidence of more than \(ShareStore.byteCountMax) bytes is not shared",
            hint: "make evidence of fewer calls: a shorter time, or one trace")
    case .tooMany:
        throw APIProblem(
            status: 409, title: "Too many shares", detail: "\(ShareStore.openCountMax) are open already",
            hint: "DELETE those that are not needed any more")
    }
    audit("shared evidence", record.id, request, sources)
    var writer = JSONWriter()
    writer.object { writer in
        append(record, at: request.now, to: &writer)
        writer.member("path", "/shared/" + key.text)
    }
    var response = Response.json(writer.bytes, status: 201)
    response.headers.add("location", "/api/v1/shares/\(record.id)")
    response.headers.add("cache-control", "no-store")
    return response
}

private func change(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    try checkAllowed(sources)
    let id = try shareID(request)
    switch try await sources.shares.change(id, request.fields["recipient"], expiry(request)) {
    case .changed(let record):
        audit("changed a share", id, request, sources)
        return .json(document(record, at: request.now))
    case .unknown: throw APIProblem.notFound(id)
    case .over:
        throw APIProblem(
            status: 409, title: "Over", detail: "the link has expired, was ended, or was used up",
            hint: "make a new one")
    }
}

private func audit(_ what: String, _ id: String, _ request: APIRequest, _ sources: QuerySources) {
    var detail = JSONWriter()
    detail.object { $0.member("share", id) }
    sources.audit(request.who, what, String(decoding: detail.bytes, as: UTF8.self))
}

private func list(_ records: [ShareRecord], at now: Instant) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records { writer.object { append(record, at: now, to: &$0) } }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}

private func document(_ record: ShareRecord, at now: Instant) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { append(record, at: now, to: &$0) }
    return writer.bytes
}

private func append(_ record: ShareRecord, at now: Instant, to writer: inout JSONWriter) {
    writer.member("id", record.id)
    writer.member("state", record.state(at: now))
    writer.member("evidence", record.evidence)
    writer.member("recipient", record.recipient)
    writer.member("created_at", record.createdAt)
    writer.member("created_by", record.createdBy)
    writer.member("expires_at", record.expiresAt)
    writer.member("ended_at", record.endedAt)
    writer.member("ended_by", record.endedBy)
    writer.member("views", record.viewCount)
    writer.member("last_viewed_at", record.viewedAt)
}

extension ShareRecord {
    func state(at now: Instant) -> String {
        if endedAt != nil { return "ended" }
        if expiresAt <= now { return "expired" }
        return viewCount >= ShareStore.viewCountMax ? "used_up" : "open"
    }
}
