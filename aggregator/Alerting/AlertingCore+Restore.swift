import CallModel
import Incidents

/// Going on where what was told is known from the outbox alone, because the saved state could not be read.
extension AlertingCore {
    /// What one channel heard of an incident, as the outbox has it.
    public struct Heard: Sendable, Equatable {
        public var channel: String
        /// Of the last message; the next one has the next, or the outbox would take it for a repetition.
        public var sequence: Int32
        public var at: Instant
        /// Whether that one said that it was over.
        public var isEnd: Bool

        public init(channel: String, sequence: Int32, at: Instant, isEnd: Bool) {
            self.channel = channel
            self.sequence = sequence
            self.at = at
            self.isEnd = isEnd
        }
    }

    public func knows(_ incident: Int64) -> Bool { threads[incident] != nil }

    /// Takes an incident for told as far as these heard of it. Nothing happens to one that is known.
    public mutating func restore(
        _ report: IncidentReport, heard: [Heard], acknowledgedBy who: String?, acknowledgedAt: Instant?, at now: Instant
    ) {
        guard !knows(report.id), threads.count < configuration.incidentsMax else { return }
        take(report, at: now)
        change(report.id) { thread, _ in
            thread.heard = heard.sorted { ($0.at, $0.channel) < ($1.at, $1.channel) }.map(\.channel)
            for one in heard { thread.sequences[one.channel] = one.sequence }
            thread.messageCount = heard.reduce(0) { $0 + Int($1.sequence) }
            thread.isToldOpen = heard.contains { !$0.isEnd }
            thread.firstSentAt = heard.map(\.at).min()
            thread.lastSentAt = heard.map(\.at).max()
            if !heard.isEmpty { thread.markTold() }
            (thread.acknowledgedBy, thread.acknowledgedAt) = (who, acknowledgedAt)
            if acknowledgedAt != nil { thread.stepSince = nil }
            return false
        }
        wakes[report.id] = Wake(at: .distantPast, severity: report.severity)
    }

    /// Nobody will hear more of an incident, because what was known of it was lost: those who heard of it are told so.
    public mutating func close(_ report: IncidentReport, why: String, at now: Instant) -> [Message] {
        guard knows(report.id) else { return [] }
        var over = report
        over.state = .resolved
        over.resolvedAt = now
        take(over, at: now)
        change(report.id) { thread, _ in
            thread.stepSince = nil
            return thread.propose(.resolved, why, dueAt: now)
        }
        return touch(report.id, at: now)
    }
}
