import CallModel

/// Whose turn it is: participants in rotation, handed over after a fixed time, with exceptions.
///
/// The first hand-over's instant gives day, time of day and offset at once; from it the turns follow each other without
/// gap, before it, too. Shifts have one length in hours, so that weeks and month ends need no calendar.
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
    /// None overlaps another.
    public var overrides: [Override]

    public init(participants: [Participant], handOver: Instant, every: Duration, overrides: [Override] = []) {
        precondition(!participants.isEmpty && every >= .seconds(3_600))
        self.participants = participants
        self.handOver = handOver
        self.every = every
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
        let next = handOver + .seconds((turn(at: now) + 1) * (every.nanoseconds / 1_000_000_000))
        return overrides.flatMap { [$0.from, $0.until] }.filter { $0 > now }.reduce(next, min)
    }

    /// The first override that overlaps one before it, by their beginnings.
    public static func overlap(in overrides: [Override]) -> Override? {
        let sorted = overrides.sorted { $0.from < $1.from }
        return zip(sorted, sorted.dropFirst()).first { $1.from < $0.until }?.1
    }

    private func turn(at now: Instant) -> Int64 {
        let (since, length) = ((now - handOver).nanoseconds, every.nanoseconds)
        let quotient = since / length
        return since % length < 0 ? quotient - 1 : quotient
    }
}
