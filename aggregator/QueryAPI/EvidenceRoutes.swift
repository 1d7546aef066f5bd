import CallModel
import Crypto
import Documents
import Storage
import Transport

/// Calls set aside to be handed over ("tell me what you sent me"): made from what is stored now, kept beyond its retention,
/// with bodies never more than redacted.
func evidenceRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/evidence", summary: "Evidence that was made, newest first.", access: .read,
            schema: "EvidenceList"
        ) { _ in .json(list(try await sources.evidenceList())) },
        APIRoute(
            pattern: "/api/v1/evidence", method: "POST",
            summary: "Makes evidence of calls: by a webhook's delivery id, a trace, or a partner and a time.",
            access: .operate, body: evidenceFields, successStatus: 201, schema: "Evidence", mayBeMissing: true,
            mayConflict: true
        ) { request in try await make(request, sources) },
        APIRoute(
            pattern: "/api/v1/evidence/{id}", summary: "Evidence: as HAR, or as a page to read.", access: .read,
            parameters: [
                APIParameter(name: "format", kind: .choice(["har", "html"]), summary: "`har` when absent.")
            ], otherContentTypes: ["text/html; charset=utf-8"], schema: "Object", mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= 64, let record = try await sources.evidence(id) else {
                throw APIProblem.notFound(id)
            }
            return request.query["format"] == "html" ? evidencePage(record) : .json(record.har)
        },
        APIRoute(
            pattern: "/api/v1/evidence/{id}/preview",
            summary: "What a link to this evidence would show an outsider, and the mark that making one wants.",
            access: .operate, schema: "EvidencePreview", mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= 64, let record = try await sources.evidence(id) else {
                throw APIProblem.notFound(id)
            }
            audit("previewed evidence", id, request, sources)
            return .json(preview(record))
        },
        APIRoute(
            pattern: "/api/v1/evidence/{id}", method: "DELETE", summary: "Removes evidence.", access: .operate,
            successStatus: 204, mayBeMissing: true
        ) { request in
            let id = request.path["id"]!
            guard id.utf8.count <= 64, try await sources.removeEvidence(id) else { throw APIProblem.notFound(id) }
            audit("removed evidence", id, request, sources)
            return Response(status: 204)
        },
    ]
}

private let evidenceFields = [
    APIField(name: "title", kind: .text(characterCountMax: 200), summary: "What it is about.", isRequired: true),
    APIField(
        name: "delivery_id", kind: .text(characterCountMax: 200),
        summary: "Attempts of this webhook delivery, by the partner's own id."),
    APIField(name: "trace_id", kind: .traceID, summary: "Calls of this trace."),
    APIField(
        name: "incident", kind: .integer(1...Int(Int64.max)),
        summary: "Calls that failed within this incident's cause and time."),
    APIField(
        name: "partner", kind: .text(characterCountMax: Limits.nameByteCountMax), summary: "Calls of this partner."),
    APIField(
        name: "partners", kind: .choice(["one", "all"]),
        summary: "`all`: calls of several partners may be in it, and requests of our own; `one` when absent."),
    APIField(name: "since", kind: .time, summary: "From this time on; a day ago when absent."),
    APIField(name: "until", kind: .time, summary: "Before this time; now when absent."),
]

private func make(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    let fields = request.fields
    guard ["delivery_id", "trace_id", "incident", "partner"].contains(where: { fields[$0] != nil }) else {
        throw APIProblem.badBody(
            [Problem.Item(pointer: "/body", detail: "one of delivery_id, trace_id, incident and partner is wanted")],
            hint: "evidence of everything would be evidence of nothing")
    }
    let found = try await evidenceCalls(request, sources)
    let (calls, isComplete) = (found.calls, found.isComplete)
    guard !calls.isEmpty else {
        throw APIProblem(status: 404, title: "Not found", detail: "no stored call is meant by that")
    }
    let id = "ev_" + hexText(UInt64.random(in: .min ... .max)) + hexText(UInt64.random(in: .min ... .max))
    var scope = JSONWriter()
    scope.object { writer in
        var scope = fields
        scope["title"] = nil
        scope["partner"] = found.partner
        for (name, value) in scope.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
        // Kept with what was asked for, so that the list and the page say it as well.
        if !isComplete { writer.member("complete", false) }
    }
    // Full bodies stay behind: what is handed over left the host redacted or as its shape.
    let comment = fields["title"]! + (isComplete ? "" : ". " + incompleteNote(calls.count))
    let har = harDocument(calls.map(withoutFullBodies), version: sources.version, comment: comment)
    var record = EvidenceRecord(
        id: id, createdAt: request.now, createdBy: request.who, title: fields["title"]!,
        scope: String(decoding: scope.bytes, as: UTF8.self), callCount: calls.count, har: har)
    record.sha256 = SHA256.hash(data: har).map { String(hexText(UInt64($0)).suffix(2)) }.joined()
    guard try await sources.storeEvidence(record) else {
        throw APIProblem(
            status: 409, title: "Too much evidence", detail: "\(EvidenceStore.countMax) are kept already",
            hint: "DELETE what is no longer needed")
    }
    audit("made evidence", id, request, sources)
    var writer = JSONWriter()
    writer.object { append(record, to: &$0) }
    var response = Response.json(writer.bytes, status: 201)
    response.headers.add("location", "/api/v1/evidence/\(id)")
    return response
}

/// What is said of evidence that is a part of what was asked for.
func incompleteNote(_ count: Int) -> String {
    "Not complete: these are the newest \(count) of the calls that were asked for, and there may be more."
}

extension EvidenceRecord {
    /// Whether all calls that were asked for are in it, as far as they were stored.
    var isComplete: Bool {
        // Written by us; were it damaged, nothing is promised.
        (try? JSONParser().parse(Array(scope.utf8)) { $0.member("complete")?.bool != false }) ?? false
    }
}

/// Exactly what a link shows, as HAR and as its page.
private func preview(_ record: EvidenceRecord) -> [UInt8] {
    var writer = JSONWriter()
    writer.object {
        $0.member("evidence", record.id)
        $0.member("title", record.title)
        $0.member("calls", record.callCount)
        $0.member("complete", record.isComplete)
        $0.array("partners") { for partner in record.partners.named { $0.string(partner) } }
        $0.member("preview", record.sha256)
        $0.member("har", json: record.har)
        $0.member("page", evidenceText(record, note: sharedNote))
    }
    return writer.bytes
}

private func withoutFullBodies(_ stored: StoredCall) -> StoredCall {
    var stored = stored
    if stored.call.request.body?.form == .full { stored.call.request.body = nil }
    if stored.call.response?.body?.form == .full { stored.call.response?.body = nil }
    return stored
}

private func audit(_ what: String, _ id: String, _ request: APIRequest, _ sources: QuerySources) {
    var detail = JSONWriter()
    detail.object { $0.member("evidence", id) }
    sources.audit(request.who, what, String(decoding: detail.bytes, as: UTF8.self))
}

private func append(_ record: EvidenceRecord, to writer: inout JSONWriter) {
    writer.member("id", record.id)
    writer.member("created_at", record.createdAt)
    writer.member("created_by", record.createdBy)
    writer.member("title", record.title)
    writer.member("scope", json: Array(record.scope.utf8))
    writer.member("calls", record.callCount)
    writer.member("complete", record.isComplete)
    writer.member("sha256", record.sha256)
}

private func list(_ records: [EvidenceRecord]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records { writer.object { append(record, to: &$0) } }
        }
        writer.member("next_cursor", nil as String?)
    }
    return writer.bytes
}
