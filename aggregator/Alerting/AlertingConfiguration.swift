import CallModel
import Incidents

extension AlertingCore {
    public struct Configuration: Sendable {
        /// Those of the settings; those of the API come by `replace(owners:at:)`, and of two of one name these win.
        public var owners: [Owner] = []
        /// The first that matches counts.
        public var routes: [AlertRoute] = []
        /// Who hears of what nobody owns, in order of escalation.
        public var fallback = [Step("default")]
        /// While an incident is open and nobody has acknowledged it, it is told again so often.
        public var repeatInterval: Duration = .seconds(4 * 3_600)
        /// Unacknowledged for so long, the next step hears of it.
        public var escalateAfter: Duration = .seconds(900)
        /// Changes of one incident are gathered: one message for all within this time.
        public var updateInterval: Duration = .seconds(300)
        /// A new region, a second cause, another fault: told after so long at least, acknowledged or not. What is known of an incident
        /// settles in its first minute.
        public var newsInterval: Duration = .seconds(60)
        /// Incidents of one owner that open within so long of one that was told are told together; zero: each by itself.
        public var groupInterval: Duration = .seconds(60)
        /// Named in one message; the others in the next.
        public var groupMax = 50
        /// Channels that hear of each incident by itself: programs read them.
        public var ungroupedChannels: Set<String> = []
        /// Reminds the owner of a partner's case that the partner has not acknowledged.
        public var caseReminderInterval: Duration = .seconds(3_600)
        /// In which what is not above `quietSeverityMax` waits; what is critical never does.
        public var quietHours: Hours?
        public var quietSeverityMax = Incident.Severity.minor
        public var weights: [BusinessWeight] = []
        /// Where a partner is told of its fault, by the partner's id: an address, a portal.
        public var partnerContacts: [String: String] = [:]
        /// Channels that want to know that somebody has acknowledged.
        public var acknowledgedChannels: Set<String> = []
        /// An incident's page, and the page that acknowledges it.
        public var links: @Sendable (Int64) -> (incident: String?, acknowledge: String?) = { _ in (nil, nil) }

        /// Messages of one incident, those included which tell that it is over.
        public var messagesPerIncidentMax = 60
        /// All messages: so many at once (no fewer than an escalation has steps), and then so many an hour. What is over
        /// waits, gathered by incident.
        public var burstMax = 40.0
        public var perHourMax = 240.0
        public var quietsMax = 10_000
        public var incidentsMax = 10_000
        /// So long after its end an incident is kept, because it could be reopened: longer than `reopenWithin` of the incidents' core.
        /// Forgotten, its messages would be counted from 1 again, and taken for repetitions.
        public var forgetAfter: Duration = .seconds(3_600)
        /// Of one incident.
        public var notesMax = 100
        /// Bytes of one note.
        public var noteByteCountMax = 4_000

        public init() {}
    }
}
