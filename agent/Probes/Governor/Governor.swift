import CallModel

/// Keeps what Farwatch costs a host under two ceilings: the agent's own processor time, and the time its probes take from
/// applications.
///
/// The second cannot be measured from outside, so it is reckoned: how often probes were hit, by what a hit was measured to cost on
/// this very machine (`ProbeCost`). Over a ceiling, the governor goes one step down at a time: bodies are cut short, successful
/// calls are sampled, only heads are taken, probes are detached. Far over it (`detachFactor`), it detaches at once. When cost has
/// stayed well below for a while, it goes one step back up; each detachment doubles the time until probes are tried again.
/// Every step is counted and kept with its reason.
///
/// Pure: readings with their times in, a step out.
public struct Governor: Sendable {
    public struct Configuration: Sendable {
        /// Of one core, for the agent: 0.02 is 2 %.
        public var agentShareMax = 0.02
        /// Of what the watched applications use themselves, for the probes inside them.
        public var applicationShareMax = 0.005
        /// Applications that hardly run are not held to a share of nothing: of one core.
        public var applicationCoreShareMin = 0.001
        /// Shares are taken over this time, so that one busy moment is no reason.
        public var window: Duration = .seconds(2)
        /// How far over its ceiling a share must be to detach without the steps between.
        public var detachFactor = 8.0
        /// Below this part of both ceilings,
        public var recoverFactor = 0.5
        /// for this long, one step is taken back.
        public var recoverAfter: Duration = .seconds(60)
        /// After a detachment; doubled by each further one.
        public var reattachAfter: Duration = .seconds(300)
        public var reattachAfterMax: Duration = .seconds(4 * 3600)
        /// Steps kept with their reasons.
        public var historyMax = 32

        public init() {}
    }

    /// What is taken, from everything to nothing.
    public enum Level: Int, Sendable, Comparable, CaseIterable {
        case full, shortBodies, sampled, metadata, detached

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }

        /// Bytes taken of one call into the library.
        public var bytesPerCall: UInt32 {
            switch self {
            case .full: 64 << 10
            case .shortBodies, .sampled: 4 << 10
            case .metadata, .detached: 1 << 10
            }
        }

        /// One successful call of so many is kept, and stands for all of them.
        public var successWeight: UInt32 { self >= .sampled ? 10 : 1 }

        public var name: String {
            switch self {
            case .full: "full"
            case .shortBodies: "short_bodies"
            case .sampled: "sampled"
            case .metadata: "metadata"
            case .detached: "detached"
            }
        }
    }

    /// Sums since any fixed moment, all growing.
    public struct Reading: Sendable {
        public var agentCPU: Duration
        /// Of the applications that probes are attached to, probes included.
        public var applicationCPU: Duration
        public var probeCost: Duration

        public init(agentCPU: Duration, applicationCPU: Duration, probeCost: Duration) {
            self.agentCPU = agentCPU
            self.applicationCPU = applicationCPU
            self.probeCost = probeCost
        }
    }

    private struct Mark: Sendable {
        var at: Instant
        var reading: Reading

        init(_ at: Instant, _ reading: Reading) {
            self.at = at
            self.reading = reading
        }

        /// False where a clock was set back, or sums began anew.
        func isBefore(_ later: Reading, _ now: Instant) -> Bool {
            now >= at && later.agentCPU >= reading.agentCPU && later.probeCost >= reading.probeCost
        }
    }

    public struct Step: Sendable, Equatable {
        public var at: Instant
        public var from: Level
        public var to: Level
        public var reason: String
    }

    public private(set) var level = Level.full
    public private(set) var history: [Step] = []
    /// How often each level was gone to.
    public private(set) var stepCounts = [Int](repeating: 0, count: Level.allCases.count)
    /// Of one core, and of the applications' own time, over the last window.
    public private(set) var agentShare = 0.0
    public private(set) var applicationShare = 0.0
    private let configuration: Configuration
    private var windowStart: Mark?
    /// Of the shorter window, in which only what is far too much is looked for.
    private var momentStart: Mark?
    private var calmSince: Instant?
    private var detachedAt: Instant?
    private var detachments = 0

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Takes a reading, four times a second or so.
    /// - Returns: the step to be taken now; nil where all stays as it is.
    public mutating func measured(_ reading: Reading, at now: Instant) -> Step? {
        guard let start = windowStart, let moment = momentStart, start.isBefore(reading, now) else {
            (windowStart, momentStart) = (Mark(now, reading), Mark(now, reading))
            return nil
        }
        if level == .detached { return reattach(at: now) }
        if now - moment.at >= configuration.window / 4 {
            // Far too much is seen before the window is full.
            momentStart = Mark(now, reading)
            let (agent, application) = shares(since: moment, reading, now)
            if excess(agent, application) >= configuration.detachFactor {
                return go(to: .detached, reason(agent, application), at: now)
            }
        }
        guard now - start.at >= configuration.window else { return nil }
        windowStart = Mark(now, reading)
        (agentShare, applicationShare) = shares(since: start, reading, now)
        let excess = excess(agentShare, applicationShare)
        guard excess > 1 else { return recover(excess, at: now) }
        let next = Level(rawValue: level.rawValue + 1) ?? .detached
        return go(to: next, reason(agentShare, applicationShare), at: now)
    }

    /// Something other than cost demands that probes go, such as the watchdog.
    public mutating func detach(because reason: String, at now: Instant) -> Step? {
        level == .detached ? nil : go(to: .detached, reason, at: now)
    }

    /// Of one core, and of the applications' own time.
    private func shares(since start: Mark, _ reading: Reading, _ now: Instant) -> (agent: Double, application: Double) {
        let seconds = max((now - start.at).inSeconds, 1e-6)
        let agent = (reading.agentCPU - start.reading.agentCPU).inSeconds / seconds
        let cost = (reading.probeCost - start.reading.probeCost).inSeconds / seconds
        let used = max(0, (reading.applicationCPU - start.reading.applicationCPU).inSeconds) / seconds
        let own = max(used - cost, configuration.applicationCoreShareMin / configuration.applicationShareMax)
        return (agent, cost / own)
    }

    /// The worse of both shares, in ceilings.
    private func excess(_ agent: Double, _ application: Double) -> Double {
        max(agent / configuration.agentShareMax, application / configuration.applicationShareMax)
    }

    private mutating func recover(_ worst: Double, at now: Instant) -> Step? {
        guard level > .full, worst < configuration.recoverFactor else {
            calmSince = nil
            return nil
        }
        guard let since = calmSince else {
            calmSince = now
            return nil
        }
        guard now - since >= configuration.recoverAfter else { return nil }
        return go(to: Level(rawValue: level.rawValue - 1) ?? .full, "cost has stayed low", at: now)
    }

    private mutating func reattach(at now: Instant) -> Step? {
        let factor = 1 << min(20, max(0, detachments - 1))
        let wait = min(configuration.reattachAfter * factor, configuration.reattachAfterMax)
        guard let detachedAt, now - detachedAt >= wait else { return nil }
        return go(to: .metadata, "tried again after \(Int(wait.inSeconds)) s", at: now)
    }

    private mutating func go(to next: Level, _ reason: String, at now: Instant) -> Step {
        let step = Step(at: now, from: level, to: next, reason: reason)
        level = next
        calmSince = nil
        (windowStart, momentStart) = (nil, nil)
        stepCounts[next.rawValue] += 1
        if next == .detached {
            detachedAt = now
            detachments += 1
        }
        if history.count >= configuration.historyMax { history.removeFirst() }
        history.append(step)
        return step
    }

    private func reason(_ agent: Double, _ application: Double) -> String {
        agent / configuration.agentShareMax >= application / configuration.applicationShareMax
            ? "the agent used \(percent(agent)) of a core, its ceiling is \(percent(configuration.agentShareMax))"
            : "probes cost applications \(percent(application)) of their time, the ceiling is \(percent(configuration.applicationShareMax))"
    }

    private func percent(_ share: Double) -> String {
        let hundredths = Int((share * 10_000).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) %"
    }
}

/// What probes cost applications, as measured on this machine at start (`Calibration`), until then as on a virtual machine.
public struct ProbeCost: Sendable, Equatable {
    /// A probed call, entry and return, at a cheap place and at a dear one.
    public var cheapCall: Duration = .nanoseconds(2_900)
    public var dearCall: Duration = .nanoseconds(14_600)
    /// One probe without a return.
    public var otherHit: Duration = .nanoseconds(2_000)
    public var socketHit: Duration = .nanoseconds(450)
    /// Copying, for a kilobyte.
    public var kilobyte: Duration = .nanoseconds(120)

    public init() {}

    public func total(_ counters: ProbeCounters) -> Duration {
        let seconds =
            Double(counters.calls) * cheapCall.inSeconds + Double(counters.dearCalls) * dearCall.inSeconds
            + Double(counters.otherHits) * otherHit.inSeconds + Double(counters.socketHits) * socketHit.inSeconds
            + Double(counters.copiedBytes) / 1_024 * kilobyte.inSeconds
        return .nanoseconds(Int64(seconds * 1e9))
    }
}
