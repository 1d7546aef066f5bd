import CallModel
import Detection

extension IncidentCore {
    public struct Configuration: Sendable {
        /// Evidence less penalties, in nats, that opens an incident: the chance that noise does it is below e^-12 a look.
        public var openMin = 12.0
        /// A scope needs this many failures, a rise of this much, and slowness a greater one.
        public var failuresMin = 5.0
        /// Of those that come by themselves: a clump or two are no outage.
        public var independentMin = 3.5
        public var slowFailuresMin = 8.0
        public var riseMin = 0.015
        public var slowRiseMin = 0.2
        /// Requests refused more often, by no release and no one customer's fault, are an incident only where it is plain.
        public var refusedOpenMin = 20.0
        public var refusedRiseMin = 0.08
        /// Failures must have been seen for so long: what is over sooner is a blip, told to nobody.
        public var dwell: Duration = .seconds(25)
        /// A total failure is spoken of sooner: every one of so many calls.
        public var totalDwell: Duration = .seconds(8)
        public var totalCallsMin = 20.0
        /// The same cause within this time is the same incident again.
        public var reopenWithin: Duration = .seconds(900)
        /// Candidates are forgotten when nothing more is heard of them.
        public var candidateAgeMax: Duration = .seconds(600)
        public var candidatesMax = 10_000
        public var openMax = 1_000
        /// Resolved incidents kept to be reopened.
        public var resolvedMax = 1_000
        public var decisionsMax = 1_000
        /// How often silence is looked for.
        public var silenceStep: Duration = .seconds(10)
        /// An incident without a single call is closed, its end unknown.
        public var callsGoneMax: Duration = .seconds(6 * 3_600)
        public var detection = Detector.Configuration()
        public var silence = SilenceWatch.Configuration()

        public init() {}
    }
}
