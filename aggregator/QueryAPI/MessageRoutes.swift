import CallModel
import Documents
import Storage
import Transport

/// Messages of all incidents: what was told, what waits, and above all what was given up.
func messageRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/notifications",
            summary: "Messages of all incidents, newest first; `state=dead` lists what no receiver took.",
            access: .read,
            parameters: [
                APIParameter(
                    name: "state", kind: .choice(["pending", "delivered", "dead", "superseded"]),
                    summary: "Those in this state; all when absent."),
                APIParameter(
                    name: "channel", kind: .text(characterCountMax: Limits.nameByteCountMax),
                    summary: "Those of this channel."),
                APIParameter(
                    name: "limit", kind: .integer(1...OutboxStore.recordsMax),
                    summary: "How many at most; 50 when absent."),
                APIParameter(name: "cursor", kind: .cursor, summary: "Where an earlier answer ended."),
            ], schema: "NotificationList"
        ) { request in
            let limit = request.query["limit"].flatMap { Int($0) } ?? 50
            let before = request.query["cursor"].flatMap { IncidentCursor(text: $0)?.id }
            let records = try await sources.incidents.messages(
                request.query["state"], request.query["channel"], before, limit)
            return .json(messageListDocument(records, limit: limit))
        },
        APIRoute(
            pattern: "/api/v1/notifications/{id}/retry", method: "POST",
            summary: "Sends a message anew that was given up, once what was wrong with its channel is mended.",
            access: .operate, successStatus: 202, schema: "ToldMessage", mayBeMissing: true, mayConflict: true
        ) { request in try await retry(request, sources) },
    ]
}

private func retry(_ request: APIRequest, _ sources: QuerySources) async throws -> Response {
    let id = try numberInPath(request)
    guard try await sources.incidents.message(id) != nil else { throw APIProblem.notFound(request.path["id"]!) }
    guard try await sources.incidents.retryMessage(id) else {
        throw APIProblem(
            status: 409, title: "Refused",
            detail: "it was not given up, its channel was told something later of the same incident, or that is over")
    }
    sources.audit("sent a message anew", "message", "\(id)", request)
    guard let record = try await sources.incidents.message(id) else { throw APIProblem.notFound("\(id)") }
    var writer = JSONWriter()
    writer.object { write(record, to: &$0) }
    return .json(writer.bytes, status: 202)
}

private func write(_ record: OutboxRecord, to writer: inout JSONWriter) {
    writer.member("id", "\(record.id)")
    writer.member("incident", "\(record.incident)")
    writer.member("at", record.at)
    writer.member("channel", record.channel)
    writer.member("kind", record.kind)
    writer.member("state", record.state)
    writer.member("attempts", record.attempts)
    writer.member("last_error", record.lastError)
}

private func messageListDocument(_ records: [OutboxRecord], limit: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records { writer.object { write(record, to: &$0) } }
        }
        let last = records.count == limit ? records.last : nil
        writer.member(
            "next_cursor",
            last.map { IncidentCursor(openedAtMicroseconds: $0.at.microsecondsSinceEpoch, id: $0.id).text })
    }
    return writer.bytes
}
