import CallModel

/// Whose turn it is: participants in rotation, handed over after a fixed time, with exceptions.
///
/// The first hand-over's instant gives day and time of day; from it the turns follow each other without gap, before it, too.
/// Shifts have one length, so that weeks and month ends need no calendar. With a `zone` that length is counted by the clock on
/// the wall: who takes over at nine on Monday does so in summer and in winter.
public struct OnCallSchedule: Sendable, Equatable {
    public struct Participant: Sendable, Equatable {
        public var name: String
        public var channel: String

        public init(name: String, channel: String) {
            self.name = name
            self.channel = channel
        }
    }

    /// Somebody else, for a while.
    public struct Override: Sendable, Equatable {
        public var from: Instant
        public var until: Instant
        public var participant: Participant

        public init(from: Instant, until: Instant, participant: Participant) {
            self.from = from
            self.until = until
            self.participant = participant
        }
    }

    public static let participantsMax = 100
    public static let overridesMax = 1_000

    /// At least one.
    public var participants: [Participant]
    /// When the first of them begins.
    public var handOver: Instant
    /// An hour or more.
    public var every: Duration
    /// Nil: by UTC's clock, which no summer time changes.
    public var zone: ZoneRules?
    /// None overlaps another.
    public var overrides: [Override]

    public init(
        participants: [Participant], handOver: Instant, every: Duration, zone: ZoneRules? = nil,
        overrides: [Override] = []
    ) {
        precondition(!participants.isEmpty && every >= .seconds(3_600))
        self.participants = participants
        self.handOver = handOver
        self.every = every
        self.zone = zone
        self.overrides = overrides
    }

    public func participant(at now: Instant) -> Participant {
        if let override = overrides.first(where: { $0.from <= now && now < $0.until }) { return override.participant }
        let count = Int64(participants.count)
        let turn = self.turn(at: now) % count
        return participants[Int(turn < 0 ? turn + count : turn)]
    }

    /// When somebody else may be on call.
    public func nextHandOver(after now: Instant) -> Instant {
        let next = instant(shown(handOver) + .seconds((turn(at: now) + 1) * (every.nanoseconds / 1_000_000_000)))
        return overrides.flatMap { [$0.from, $0.until] }.filter { $0 > now }.reduce(next, min)
    }

    /// The first override that overlaps one before it, by their beginnings.
    public static func overlap(in overrides: [Override]) -> Override? {
        let sorted = overrides.sorted { $0.from < $1.from }
        return zip(sorted, sorted.dropFirst()).first { $1.from < $0.until }?.1
    }

    /// What the clock on the wall shows, as if it were UTC.
    private func shown(_ instant: Instant) -> Instant { zone.map { instant + $0.offset(at: instant) } ?? instant }
    private func instant(_ shown: Instant) -> Instant { zone?.instant(showing: shown) ?? shown }

    /// An hour that the clocks show twice begins no turn twice: the turn that has begun goes on.
    private func turn(at now: Instant) -> Int64 {
        let turn = turn(shown: shown(now))
        let next = instant(shown(handOver) + .nanoseconds((turn + 1) * every.nanoseconds))
        return next <= now ? turn + 1 : turn
    }

    private func turn(shown now: Instant) -> Int64 {
        let (since, length) = ((now - shown(handOver)).nanoseconds, every.nanoseconds)
        let quotient = since / length
        return since % length < 0 ? quotient - 1 : quotient
    }
}
