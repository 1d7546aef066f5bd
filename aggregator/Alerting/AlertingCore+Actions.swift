import CallModel
import Incidents

/// What people do about an incident.
extension AlertingCore {
    public enum Action: Sendable, Equatable {
        case acknowledge
        /// To an owner, or to somebody of an owner's rotation.
        case assign(to: String)
        case note(String)
        /// Declares it over. If it is not, it is told again when it gets worse or comes back.
        case resolve
        /// The partner was told, with evidence; its contact is in the settings.
        case caseSent
        case caseAcknowledged
        /// What the partner's status page says, for pages that no program can read.
        case partnerSays(String)
    }

    /// What an incident's row and document need of what people did.
    public struct State: Sendable, Equatable {
        public var acknowledgedBy: String?
        public var acknowledgedAt: Instant?
        /// Nil: unowned.
        public var owner: String?
        /// With business weights.
        public var severity: Incident.Severity
        public var resolvedBy: String?
        public var notes: [(at: Instant, who: String, text: String)]
        public var caseSentAt: Instant?
        public var caseSentBy: String?
        public var caseAcknowledgedAt: Instant?
        /// What the partner's page says, as it is told.
        public var partnerPage: String?
        /// Channels that heard of it, in order.
        public var heard: [String]

        public static func == (left: State, right: State) -> Bool {
            left.acknowledgedBy == right.acknowledgedBy && left.acknowledgedAt == right.acknowledgedAt
                && left.owner == right.owner && left.severity == right.severity && left.resolvedBy == right.resolvedBy
                && left.caseSentAt == right.caseSentAt && left.caseAcknowledgedAt == right.caseAcknowledgedAt
                && left.partnerPage == right.partnerPage && left.notes.elementsEqual(right.notes, by: ==)
                && left.heard == right.heard
        }
    }

    /// Nil once it is forgotten (`forgetAfter` its end).
    public func state(of incident: Int64) -> State? {
        threads[incident].map { thread in
            State(
                acknowledgedBy: thread.acknowledgedBy, acknowledgedAt: thread.acknowledgedAt, owner: thread.owner,
                severity: thread.report.severity, resolvedBy: thread.closedBy,
                notes: thread.notes.map { ($0.at, $0.who, $0.text) }, caseSentAt: thread.partnerCase.sentAt,
                caseSentBy: thread.partnerCase.sentBy, caseAcknowledgedAt: thread.partnerCase.acknowledgedAt,
                partnerPage: thread.report.partnerPage,
                heard: thread.heard)
        }
    }

    /// Whose an incident is; nil: nobody's.
    public func owner(of report: IncidentReport) -> String? {
        threads[report.id]?.owner ?? ownerName(of: report)
    }

    /// Why an action cannot be applied, for whoever asked for it; nil: it can.
    public func refusal(of action: Action, to incident: Int64) -> String? {
        guard let thread = threads[incident] else { return "incident \(incident) is not open" }
        switch action {
        case .acknowledge: return thread.isOver ? "incident \(incident) is over" : nil
        case .resolve: return thread.isOver ? "incident \(incident) is over already" : nil
        case .assign(let name):
            return ownersByName[name] != nil || participant(named: name) != nil ? nil : "there is no owner `\(name)`"
        case .note(let text):
            if text.utf8.count > configuration.noteByteCountMax {
                return "a note has at most \(configuration.noteByteCountMax) bytes"
            }
            return thread.notes.count < configuration.notesMax
                ? nil : "it has \(configuration.notesMax) notes already"
        case .caseSent:
            return thread.report.kind.isTheirs ? nil : "it is not a partner's fault as far as is known"
        case .caseAcknowledged: return thread.partnerCase.sentAt == nil ? "no case was sent to the partner" : nil
        case .partnerSays(let words):
            if words.unicodeScalars.count > PartnerPage.wordsMax {
                return "what their page says has at most \(PartnerPage.wordsMax) characters"
            }
            return thread.report.mayBeTheirs ? nil : "it is not a partner's fault as far as is known"
        }
    }

    /// Nothing happens where `refusal` has a reason.
    public mutating func apply(_ action: Action, by who: String, to incident: Int64, at now: Instant) -> [Message] {
        guard refusal(of: action, to: incident) == nil else {
            refusedCount += 1
            return []
        }
        switch action {
        case .acknowledge:
            change(incident) { thread, _ in
                guard thread.acknowledgedBy == nil else { return false }
                (thread.acknowledgedBy, thread.acknowledgedAt, thread.stepSince) = (who, now, nil)
                thread.isAcknowledgementDue = true
                return false
            }
        case .assign(let name):
            change(incident) { thread, _ in
                (thread.owner, thread.assignedBy, thread.step) = (name, who, 1)
                if thread.stepSince != nil { thread.stepSince = now }
                // What nobody has heard of yet goes to the new owner when it is due.
                return thread.isToldOpen && !thread.isOver
                    && thread.propose(.updated, "assigned to \(name) by \(who)", dueAt: now)
            }
        case .note(let text):
            change(incident) { thread, _ in
                thread.notes.append(AlertThread.Note(at: now, who: who, text: text))
                return false
            }
        case .resolve:
            change(incident) { thread, _ in
                thread.closedBy = who
                thread.stepSince = nil
                return thread.propose(.resolved, "declared over by \(who)", dueAt: now)
            }
        case .caseSent:
            change(incident) { thread, _ in
                thread.partnerCase = AlertThread.PartnerCase(sentAt: now, sentBy: who)
                return false
            }
        case .caseAcknowledged:
            change(incident) { thread, _ in
                thread.partnerCase.acknowledgedAt = now
                return false
            }
        case .partnerSays(let words):
            change(incident) { thread, _ in
                // Words with nothing to see in them take back what was said before.
                thread.stated = PartnerPage(words: words, hasTrouble: true, at: now, statedBy: who)
                thread.showPage()
                return false
            }
        }
        return touch(incident, at: now)
    }

    /// Ends escalation and repetition. Channels that track it are told when there is a token for each.
    mutating func tellAcknowledgement(_ thread: inout AlertThread, at now: Instant) -> [Message] {
        guard thread.isAcknowledgementDue else { return [] }
        let audience = thread.heard.filter { configuration.acknowledgedChannels.contains($0) }
            .prefix(Int(configuration.burstMax))
        guard let who = thread.acknowledgedBy, thread.isToldOpen, !thread.isOver, !audience.isEmpty else {
            thread.isAcknowledgementDue = false
            return []
        }
        guard thread.messageCount + audience.count + thread.heard.count <= configuration.messagesPerIncidentMax else {
            refusedCount += 1
            thread.isAcknowledgementDue = false
            return []
        }
        guard bucket.take(audience.count, at: now) else { return [] }
        thread.isAcknowledgementDue = false
        return audience.map { message(.acknowledged, "acknowledged by \(who)", to: $0, &thread, at: now) }
    }
}
