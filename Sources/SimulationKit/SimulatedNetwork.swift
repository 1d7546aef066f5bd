/// Decides what becomes of each message: how often it arrives, and when.
///
/// Messages overtake each other because each has a delay of its own. A cut takes effect on what is sent after it; what is under way
/// still arrives.
public struct SimulatedNetwork {
    public struct Conditions: Sendable {
        /// Of a thousand messages.
        public var lostPerMille = 0
        public var doubledPerMille = 0
        /// Delayed by up to `lateMax` instead of `delayMax`.
        public var latePerMille = 0
        public var delayMax: Duration = .milliseconds(20)
        public var lateMax: Duration = .seconds(90)

        public init() {}
    }

    /// Two ends, in the order in which they were given to `cut`.
    private struct Way: Hashable {
        let from: Int
        let to: Int
    }

    public var conditions: Conditions
    private var cuts: Set<Way> = []
    private var random: SeededGenerator
    public private(set) var lostCount = 0
    public private(set) var doubledCount = 0

    public init(_ conditions: Conditions = Conditions(), seed: UInt64) {
        self.conditions = conditions
        random = SeededGenerator(seed: seed)
    }

    /// Nothing passes this way any more; the other way may still be open.
    public mutating func cut(from: Int, to: Int) { cuts.insert(Way(from: from, to: to)) }
    public mutating func heal() { cuts = [] }

    /// The delays after which copies of a message arrive; none when it is lost.
    public mutating func deliveries(from: Int, to: Int) -> [Duration] {
        if cuts.contains(Way(from: from, to: to)) || happens(conditions.lostPerMille) {
            lostCount += 1
            return []
        }
        guard happens(conditions.doubledPerMille) else { return [delay()] }
        doubledCount += 1
        return [delay(), delay()]
    }

    private mutating func delay() -> Duration {
        (happens(conditions.latePerMille) ? conditions.lateMax : conditions.delayMax) * random.unit()
    }

    private mutating func happens(_ perMille: Int) -> Bool { Int.random(in: 0..<1_000, using: &random) < perMille }
}
