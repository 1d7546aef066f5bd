import CallModel
import Documents
import Storage

/// An incident as it is served: what the core knows of it, and what people did.
///
/// The stored document gives the core's members as they are. State, owner and who acknowledged come from the row, because people
/// change them; people's actions stand in the timeline between the core's own entries, in the order of time.
func append(_ detail: IncidentDetail, _ parser: JSONParser, to writer: inout JSONWriter) throws {
    let record = detail.record
    try parser.parse(record.document) { document in
        guard document.kind == .object else { throw StorageError.damaged("the document of incident \(record.id)") }
        writer.object { writer in
            var entries: [TimelineEntry] = []
            document.forEachMember { key, value in
                switch String(decoding: key, as: UTF8.self) {
                case "state": writer.member("state", record.state)
                case "timeline": value.forEachElement { entries.append(TimelineEntry($0)) }
                case let name:
                    var bytes: [UInt8] = []
                    value.serialize(into: &bytes)
                    writer.member(name, json: bytes)
                }
            }
            writer.member("owner", record.owner)
            append(acknowledgedAt: record.acknowledgedAt, by: record.acknowledgedBy, &writer)
            entries += detail.actions.map(TimelineEntry.init)
            append(entries, &writer)
            append(detail.notifications, &writer)
            if let impact = detail.impact { writer.member("impact", json: impact) }
        }
    }
}

/// One incident, for whoever shows it.
public func incidentDocument(_ detail: IncidentDetail) throws -> [UInt8] {
    var writer = JSONWriter()
    try append(detail, JSONParser(), to: &writer)
    return writer.bytes
}

/// A page of incidents, as the API lists them.
public func incidentListDocument(_ details: [IncidentDetail], limit: Int) throws -> [UInt8] {
    let parser = JSONParser()
    var writer = JSONWriter()
    try writer.object { writer in
        try writer.array("data") { writer in
            for detail in details { try append(detail, parser, to: &writer) }
        }
        let last = details.count == limit ? details.last?.record : nil
        writer.member(
            "next_cursor",
            last.map { IncidentCursor(openedAtMicroseconds: $0.openedAt.microsecondsSinceEpoch, id: $0.id).text })
    }
    return writer.bytes
}

private func append(acknowledgedAt at: Instant?, by who: String?, _ writer: inout JSONWriter) {
    guard let at else { return writer.member("acknowledged", json: Array("null".utf8)) }
    writer.object("acknowledged") {
        $0.member("at", at)
        $0.member("by", who)
    }
}

private func append(_ entries: [TimelineEntry], _ writer: inout JSONWriter) {
    // A sort that keeps the order of equals: the core's before people's.
    let sorted = entries.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    writer.array("timeline") { writer in
        for (_, entry) in sorted {
            writer.object {
                $0.member("at", entry.at)
                $0.member("what", entry.what)
                if let who = entry.who { $0.member("who", who) }
            }
        }
    }
}

private func append(_ notifications: [NotificationRecord], _ writer: inout JSONWriter) {
    writer.array("notifications") { writer in
        for sent in notifications {
            writer.object {
                $0.member("at", sent.at)
                $0.member("channel", sent.channel)
                $0.member("kind", sent.kind)
                $0.member("state", sent.state)
                $0.member("attempts", sent.attempts)
                $0.member("last_error", sent.lastError)
            }
        }
    }
}

private struct TimelineEntry {
    var at: Instant
    var what: String
    /// Nil: the core.
    var who: String?

    init(_ entry: JSONValue) {
        at = (entry.member("at")?.string).flatMap { Instant(rfc3339: $0) } ?? .epoch
        what = entry.member("what")?.string ?? ""
        who = entry.member("who")?.string
    }

    init(_ action: ActionRecord) {
        at = action.at
        who = action.who
        let wish =
            switch action.what {
            case .acknowledge: "acknowledged"
            case .assign: "assigned"
            case .note: "noted"
            case .resolve: "resolved by hand"
            case .caseSent: "the partner was told"
            case .caseAcknowledged: "the partner has acknowledged it"
            case .partnerSays: "told what the partner's page says"
            }
        let detail = action.detail.map { action.what == .assign ? " to \($0)" : ": \($0)" } ?? ""
        if let refused = action.refused {
            what = "not \(wish)\(detail) (\(refused))"
        } else {
            what = wish + detail + (action.appliedAt == nil ? " (waits to be done)" : "")
        }
    }
}

extension IncidentCursor {
    /// Opaque to clients, in the form of every cursor here.
    var text: String { CallCursor(timeMicroseconds: openedAtMicroseconds, block: id, row: 0).text }

    init?(text: String) {
        guard let cursor = CallCursor(text: text) else { return nil }
        self.init(openedAtMicroseconds: cursor.timeMicroseconds, id: cursor.block)
    }
}
