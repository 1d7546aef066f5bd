// The bounds of a `SightingBook`, and what it counts.

extension SightingBook {
    public struct Configuration: Sendable {
        /// How long a call seen on the wire waits for a report of it. OpenTelemetry's SDKs send every five seconds.
        public var wait: Duration = .seconds(8)
        /// How long sightings are remembered: what SDKs send late is still a repeat.
        public var memory: Duration = .seconds(60)
        /// For how long a better witness of a partner's calls is taken to be there after the last one of its.
        public var habit: Duration = .seconds(600)
        /// How far apart two clocks of one host may tell the start, and where one of them tells whole seconds.
        public var tolerance: Duration = .milliseconds(100)
        public var coarseTolerance: Duration = .seconds(1)
        /// How long before the request's first byte an SDK may begin its call.
        public var leadMax: Duration = .seconds(5)
        /// Sightings remembered, of 200 bytes or so each; the oldest give way.
        public var sightingsMax = 16_384
        /// Calls held back, and the bytes of their content; the oldest are let go early.
        public var heldCallsMax = 4_096
        public var heldBytesMax = 4 << 20
        /// Partners, and services at partners, whose habits are known.
        public var habitsMax = 1_024
        /// Sightings compared for one call.
        public var comparedMax = 512

        public init() {}
    }

    public struct Counters: Sendable, Equatable {
        public var sightings = 0
        /// Joined with another: by the span, and by likeness.
        public var joinedBySpan = 0
        public var joinedByLikeness = 0
        /// Of these: the later one was let go, for the earlier had been passed on.
        public var repeats = 0
        /// Of these: the better one took along what the other had seen.
        public var completed = 0
        /// Of these: it was one of several that were alike, so only counted together and not completed.
        public var ambiguous = 0
        public var held = 0
        /// Held back in vain: no better witness told of it.
        public var unreported = 0
        /// Let go before their time to keep within bounds.
        public var heldEvictions = 0
        public var sightingEvictions = 0

        public init() {}
    }
}
