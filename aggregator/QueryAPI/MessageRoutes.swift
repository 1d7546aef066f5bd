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
        }
    ]
}

private func messageListDocument(_ records: [OutboxRecord], limit: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.array("data") { writer in
            for record in records {
                writer.object {
                    $0.member("id", "\(record.id)")
                    $0.member("incident", "\(record.incident)")
                    $0.member("at", record.at)
                    $0.member("channel", record.channel)
                    $0.member("kind", record.kind)
                    $0.member("state", record.state)
                    $0.member("attempts", record.attempts)
                    $0.member("last_error", record.lastError)
                }
            }
        }
        let last = records.count == limit ? records.last : nil
        writer.member(
            "next_cursor",
            last.map { IncidentCursor(openedAtMicroseconds: $0.at.microsecondsSinceEpoch, id: $0.id).text })
    }
    return writer.bytes
}
