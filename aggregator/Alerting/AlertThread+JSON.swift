import CallModel
import Documents
import Incidents

/// A thread's form in the encoded state.
extension AlertThread {
    /// The members alone, into an object that is open.
    func write(to writer: inout JSONWriter) {
        writer.member("report", json: report.document())
        writer.member("partner_names", texts: report.partnerNames)
        writer.member("rank", rank)
        writer.member("owner", owner)
        writer.member("assigned_by", assignedBy)
        writer.member("step", step)
        writer.member("step_since", stepSince)
        writer.member("on_call", onCall)
        writer.member("held_by", heldBy)
        if let pending {
            writer.object("pending") { writer in
                writer.member("kind", pending.kind.rawValue)
                writer.member("reason", pending.reason)
                writer.member("due_at", pending.dueAt)
            }
        }
        if let gathered {
            writer.object("gathered") { writer in
                writer.member("channels", texts: gathered.channels)
                writer.member("reason", gathered.reason)
            }
        }
        writer.member("heard", texts: heard)
        writer.object("sequences") { writer in
            for channel in sequences.keys.sorted() { writer.member(channel, Int64(sequences[channel] ?? 0)) }
        }
        writer.member("messages", messageCount)
        writer.member("told_open", isToldOpen)
        writer.member("first_sent_at", firstSentAt)
        writer.member("last_sent_at", lastSentAt)
        if let told {
            writer.object("told") { writer in
                writer.member("severity", told.severity.name)
                writer.member("kind", told.kind.rawValue)
                writer.member("regions", texts: told.regions.sorted())
                writer.member("troubles", texts: told.troubles.sorted())
                writer.member("page_trouble", told.pageHasTrouble)
            }
        }
        writePeople(to: &writer)
    }

    private func writePeople(to writer: inout JSONWriter) {
        writer.member("acknowledged_by", acknowledgedBy)
        writer.member("acknowledged_at", acknowledgedAt)
        if isAcknowledgementDue { writer.member("acknowledgement_due", true) }
        writer.member("closed_by", closedBy)
        writer.array("notes") { writer in
            for note in notes {
                writer.object { writer in
                    writer.member("at", note.at)
                    writer.member("who", note.who)
                    writer.member("text", note.text)
                }
            }
        }
        writer.object("pages") { writer in
            for partner in pages.keys.sorted() { writer.object(partner) { pages[partner]?.write(to: &$0) } }
        }
        if let stated { writer.object("stated") { stated.write(to: &$0) } }
        writer.object("case") { writer in
            writer.member("sent_at", partnerCase.sentAt)
            writer.member("sent_by", partnerCase.sentBy)
            writer.member("acknowledged_at", partnerCase.acknowledgedAt)
            writer.member("reminded_at", partnerCase.remindedAt)
        }
    }

    /// Nil where something is missing that every thread has.
    init?(_ json: JSONValue) {
        guard var report = json.member("report").flatMap({ IncidentReport(document: $0) }),
            let step = json.integer("step"), let messageCount = json.integer("messages"),
            let isToldOpen = json.member("told_open")?.bool
        else { return nil }
        report.partnerNames = json.texts("partner_names")
        self.init(report: report)
        (self.step, self.messageCount, self.isToldOpen) = (step, messageCount, isToldOpen)
        rank = json.member("rank")?.string
        owner = json.member("owner")?.string
        assignedBy = json.member("assigned_by")?.string
        stepSince = json.instant("step_since")
        onCall = json.member("on_call")?.string
        heldBy = json.member("held_by")?.int64
        heard = json.texts("heard")
        json.member("sequences")?.forEachMember { name, count in
            sequences[String(decoding: name, as: UTF8.self)] = Int32(clamping: count.int64 ?? 0)
        }
        firstSentAt = json.instant("first_sent_at")
        lastSentAt = json.instant("last_sent_at")
        if let value = json.member("gathered") {
            gathered = Gathered(channels: value.texts("channels"), reason: value.member("reason")?.string ?? "")
        }
        if let value = json.member("pending") {
            guard let pending = Pending(value) else { return nil }
            self.pending = pending
        }
        if let value = json.member("told") {
            guard let told = Told(value) else { return nil }
            self.told = told
        }
        readPeople(json)
    }

    private mutating func readPeople(_ json: JSONValue) {
        acknowledgedBy = json.member("acknowledged_by")?.string
        acknowledgedAt = json.instant("acknowledged_at")
        isAcknowledgementDue = json.member("acknowledgement_due")?.bool ?? false
        closedBy = json.member("closed_by")?.string
        json.member("notes")?.forEachElement { note in
            guard let at = note.instant("at"), let who = note.member("who")?.string,
                let text = note.member("text")?.string
            else { return }
            notes.append(Note(at: at, who: who, text: text))
        }
        json.member("pages")?.forEachMember { partner, page in
            pages[String(decoding: partner, as: UTF8.self)] = PartnerPage(page)
        }
        stated = json.member("stated").flatMap { PartnerPage($0) }
        guard let value = json.member("case") else { return }
        partnerCase = PartnerCase(
            sentAt: value.instant("sent_at"), sentBy: value.member("sent_by")?.string,
            acknowledgedAt: value.instant("acknowledged_at"), remindedAt: value.instant("reminded_at"))
    }
}

extension AlertThread.Pending {
    fileprivate init?(_ json: JSONValue) {
        guard let kind = json.member("kind")?.string.flatMap({ Message.Kind(rawValue: $0) }),
            let reason = json.member("reason")?.string, let dueAt = json.instant("due_at")
        else { return nil }
        self.init(kind: kind, reason: reason, dueAt: dueAt)
    }
}

extension AlertThread.Told {
    fileprivate init?(_ json: JSONValue) {
        guard let severity = json.member("severity")?.string.flatMap({ Incident.Severity(name: $0) }),
            let kind = json.member("kind")?.string.flatMap({ CauseKind(rawValue: $0) })
        else { return nil }
        self.init(
            severity: severity, kind: kind, regions: Set(json.texts("regions")), troubles: Set(json.texts("troubles")),
            pageHasTrouble: json.member("page_trouble")?.bool ?? false)
    }
}
