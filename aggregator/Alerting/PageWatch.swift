import CallModel

/// Decides whose status page is asked when: of partners with an incident, each every so often, and the more seldom
/// the longer one does not answer.
public struct PageWatch: Sendable {
    public struct Configuration: Sendable, Equatable {
        /// Between two looks at one page.
        public var interval: Duration = .seconds(60)
        /// Doubled with every look that fails, up to this.
        public var intervalMax: Duration = .seconds(900)
        /// Partners that are looked at, the first of those wanted; in an outage of everything the others are let go.
        public var partnersMax = 20

        public init() {}
    }

    private struct Look: Sendable {
        var dueAt: Instant
        var failureCount = 0
        var isUnderWay = false
    }

    public let configuration: Configuration
    private var looks: [String: Look] = [:]
    /// Partners left out because of `partnersMax`, each time they were wanted.
    public private(set) var leftOutCount = 0

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Whom to ask now; each is under way from now on. Partners that are not wanted any more are forgotten.
    public mutating func begin(_ wanted: [String], at now: Instant) -> [String] {
        let kept = wanted.prefix(configuration.partnersMax)
        leftOutCount += wanted.count - kept.count
        looks = looks.filter { kept.contains($0.key) || $0.value.isUnderWay }
        return kept.filter { partner in
            let look = looks[partner] ?? Look(dueAt: now)
            guard !look.isUnderWay, look.dueAt <= now else { return false }
            looks[partner] = Look(dueAt: now, failureCount: look.failureCount, isUnderWay: true)
            return true
        }
    }

    public mutating func ended(_ partner: String, succeeded: Bool, at now: Instant) {
        guard let look = looks[partner] else { return }
        let failureCount = succeeded ? 0 : min(look.failureCount + 1, 16)
        let wait = min(configuration.interval * (1 << failureCount), configuration.intervalMax)
        looks[partner] = Look(dueAt: now + (succeeded ? configuration.interval : wait), failureCount: failureCount)
    }
}
