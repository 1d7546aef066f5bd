import CallModel
import Incidents

/// Who answers for a partner, a route, a host …: what is theirs, and how they are reached.
public struct Owner: Sendable, Equatable {
    public static let nameByteCountMax = 100
    public static let countMax = 10_000

    public var name: String
    /// What is theirs: incidents that pass all of them. None: only what is assigned or routed to them. Of several owners the
    /// one with the most matchers has it: that of a route before that of its partner.
    public var matchers: [Matcher]
    /// Who is told, and when the next. Empty: the fallback channels.
    public var steps: [Step]
    public var schedule: OnCallSchedule?
    /// For people: a team's page, a telephone number.
    public var contact: String
    public var runbook: String?
    /// In which what is minor waits, instead of those of the configuration.
    public var quietHours: Hours?

    public init(
        name: String, matchers: [Matcher] = [], steps: [Step] = [], schedule: OnCallSchedule? = nil,
        contact: String = "", runbook: String? = nil, quietHours: Hours? = nil
    ) {
        self.name = name
        self.matchers = matchers
        self.steps = steps
        self.schedule = schedule
        self.contact = contact
        self.runbook = runbook
        self.quietHours = quietHours
    }

    /// The channels of the first steps, whoever is on call standing for `Step.onCall`.
    func channels(_ count: Int, at now: Instant) -> [String] {
        steps.channels(count) { schedule?.participant(at: now).channel }
    }
}

/// One step of an escalation.
public struct Step: Sendable, Equatable {
    /// Stands for the channel of whoever is on call.
    public static let onCall = "on-call"
    /// Of one owner or route.
    public static let countMax = 16

    public var channel: String
    /// After the step before, if nobody has acknowledged by then; nil: `Configuration.escalateAfter`. The first one's is from
    /// the beginning, and nil is at once.
    public var after: Duration?

    public init(_ channel: String, after: Duration? = nil) {
        self.channel = channel
        self.after = after
    }
}

extension [Step] {
    /// Each channel once.
    func channels(_ count: Int, onCall: () -> String?) -> [String] {
        var channels: [String] = []
        for step in prefix(count) {
            guard let channel = step.channel == Step.onCall ? onCall() : step.channel else { continue }
            if !channels.contains(channel) { channels.append(channel) }
        }
        return channels
    }
}

/// Where incidents go that need another way than their owner's.
public struct AlertRoute: Sendable, Equatable {
    public var matchers: [Matcher]
    /// Whose they are; nil: whoever owns them by their own matchers.
    public var owner: String?
    /// Instead of the owner's.
    public var steps: [Step]

    public init(_ matchers: [Matcher], owner: String? = nil, steps: [Step] = []) {
        self.matchers = matchers
        self.owner = owner
        self.steps = steps
    }
}

/// How much a route or a customer is worth.
public struct BusinessWeight: Sendable, Equatable {
    /// `route` and `customer` ask for those affected.
    public var matchers: [Matcher]
    /// Above 1: an incident that hurts it is one severer. 0: one that hurts nothing else is minor. 1: as usual.
    public var weight: Double

    public init(_ matchers: [Matcher], weight: Double) {
        self.matchers = matchers
        self.weight = weight
    }
}
