import CallModel

extension AlertingCore {
    public struct Configuration: Sendable {
        /// Who hears of what; the first route that matches. Incidents of no route go to `fallback`.
        public var routes: [AlertRoute] = []
        public var fallback = ["default"]
        /// While an incident is open and nobody has acknowledged it, it is told again so often.
        public var repeatInterval: Duration = .seconds(4 * 3_600)
        /// Unacknowledged for so long, the next channel hears of it.
        public var escalateAfter: Duration = .seconds(900)
        /// Changes of one incident are gathered: one message for all within this time.
        public var updateInterval: Duration = .seconds(300)
        /// Messages of one incident, the last of which tells that it is resolved.
        public var messagesPerIncidentMax = 60
        /// All messages: so many at once, and then so many an hour. What is over waits, gathered by incident.
        public var burstMax = 40.0
        public var perHourMax = 240.0
        public var quietsMax = 10_000
        public var incidentsMax = 10_000

        public init() {}
    }
}
