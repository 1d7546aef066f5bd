import CallModel
import Glibc
import Rollups

/// Which flows of calls have fallen silent.
///
/// A flow is a partner and a direction. How many calls it should have had since its last is told by three clocks, and the one that
/// says least is believed: time at the flow's own pace, the calls of the rest of the fleet at the flow's usual share of them, and
/// time at the pace the flow has at these hours of the week, once they are known. A night, a weekend, a drained fleet or our own
/// network slow the second clock; another partner's burst hurries it, and then the first rules; a flow that rests when the fleet
/// does not is known to the third.
///
/// In a flow that goes on, a gap of Λ expected calls has the chance e^-Λ, and the flow has as many gaps as calls; the bound is set
/// so that all flows together fall silent by chance `falseAlarmsPerMonth` times. Flows are no Poisson processes: where calls come
/// in bursts gaps reach further, as far as those that were seen tell (`GapTail`). A flow that fades, as towards its first night, has
/// the pace of its latest calls.
public struct SilenceWatch: Sendable {
    public struct Configuration: Sendable {
        /// Expected of all flows together, were they Poisson's.
        public var falseAlarmsPerMonth = 0.5
        /// Calls and time that make a flow known.
        public var callsMin = 40.0
        public var ageMin: Duration = .seconds(3_600)
        public var gapMin: Duration = .seconds(45)
        /// The pace is that of the last hours.
        public var paceHalfLife: Duration = .seconds(3 * 3_600)
        /// 4 KB each.
        public var flowsMax = 20_000

        public init() {}
    }

    public struct Key: Hashable, Sendable {
        public var partner: NameID
        public var direction: Direction

        public init(partner: NameID, direction: Direction) {
            self.partner = partner
            self.direction = direction
        }
    }

    public struct Silence: Sendable {
        public var key: Key
        /// The last call before it.
        public var since: Instant
        /// Calls that should have come.
        public var missing: Double
    }

    struct Flow: Sendable {
        let firstCall: Instant
        var lastCall: Instant
        /// Counted since the last look.
        var fresh = 0.0
        /// Of the last hours, forgotten by halves: calls, seconds, and the rest of the fleet's calls.
        var calls = 0.0
        var seconds = 0.0
        var others = 0.0
        /// Never forgotten.
        var total = 0.0
        /// Of the fleet, when the last call came.
        var fleetAtLastCall = 0.0
        /// The pace of the last thirty calls or so: a flow that fades is not one that stops.
        var quickCalls = 0.0
        var quickSeconds = 0.0
        /// Since calls were learned last.
        var idleSeconds = 0.0
        var tail = GapTail()
        var isSilent = false
        /// Calls since the silence ended, and when it did.
        var resumedAt: Instant?
        var resumedCalls = 0.0

        init(firstCall: Instant, fleet: Double) {
            self.firstCall = firstCall
            lastCall = firstCall
            fleetAtLastCall = fleet
        }
    }

    /// Of the calls that must be missing, so many must be by what is usual at the hour: the latest calls tell the pace better.
    private static let weekShareMin = 0.75
    /// While that is not known, so many by the flow's pace since it is known: its nights are in that.
    private static let lifeShareMin = 0.5
    /// Half of these calls' weight is forgotten as so many more come.
    static let quickCalls = 30.0

    public let configuration: Configuration
    public private(set) var ignoredCalls: Int64 = 0
    /// By partner and direction; -1 for none.
    var numbers: [Int32] = []
    var keys: [Key] = []
    var flows: [Flow] = []
    /// By flow.
    var weeks: [FlowWeek] = []
    var fleet = 0.0
    var fleetAtLook = 0.0
    var lookedAt: Instant?

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    public mutating func observe(_ cell: CallCell) {
        fleet += Double(cell.count)
        guard let number = number(of: Key(partner: cell.partner, direction: cell.direction), cell) else {
            return ignoredCalls += Int64(cell.count)
        }
        flows[number].fresh += Double(cell.count)
        if cell.time > flows[number].lastCall { called(number, cell) }
    }

    private mutating func called(_ number: Int, _ cell: CallCell) {
        if !flows[number].isSilent {
            var gap = flows[number].expected(through: cell.time, fleet: fleet)
            // Weeks are asked only where they can tell something: it takes long.
            if gap > GapTail.level, cell.time.seconds(since: flows[number].lastCall) > FlowWeek.gapMin,
                let byWeek = weeks[number].expected(flows[number].lastCall, through: cell.time)
            {
                gap = min(gap, byWeek)
            }
            flows[number].tail.saw(gap)
            flows[number].tail.sawNone(Double(cell.count) - 1)
        }
        flows[number].called(at: cell.time, fleet: fleet, Double(cell.count))
    }

    private mutating func number(of key: Key, _ cell: CallCell) -> Int? {
        let place = Self.place(key)
        if place >= numbers.count { numbers += Array(repeating: -1, count: place + 2 - numbers.count) }
        if numbers[place] >= 0 { return Int(numbers[place]) }
        guard flows.count < configuration.flowsMax else { return nil }
        numbers[place] = Int32(flows.count)
        keys.append(key)
        flows.append(Flow(firstCall: cell.time, fleet: fleet))
        weeks.append(FlowWeek())
        return flows.count - 1
    }

    static func place(_ key: Key) -> Int { Int(key.partner) * 2 + Int(key.direction.rawValue) }

    /// To be called every few seconds. Returns the flows that are silent now, and those that speak again.
    public mutating func look(at now: Instant) -> (silent: [Silence], resumed: [Key]) {
        defer {
            lookedAt = now
            fleetAtLook = fleet
        }
        guard let lookedAt, now > lookedAt else { return ([], []) }
        let seconds = now.seconds(since: lookedAt)
        let kept = exp2(-seconds / configuration.paceHalfLife.inSeconds)
        var usual = GapTail.Mean()
        for flow in flows { usual.add(flow.tail) }
        var silent: [Silence] = []
        var resumed: [Key] = []
        for number in flows.indices {
            if flows[number].isSilent {
                if flows[number].hasResumed(at: now) { resumed.append(keys[number]) }
            } else if let missing = missing(number, usual: usual, at: now) {
                flows[number].isSilent = true
                silent.append(Silence(key: keys[number], since: flows[number].lastCall, missing: missing))
            }
            weeks[number].learn(flows[number].fresh, seconds: seconds, at: now)
            flows[number].learn(seconds: seconds, fleet: fleet - fleetAtLook, kept: kept)
        }
        return (
            silent.sorted { ($0.key.partner, $0.key.direction.rawValue) < ($1.key.partner, $1.key.direction.rawValue) },
            resumed
        )
    }

    private func missing(_ number: Int, usual: GapTail.Mean, at now: Instant) -> Double? {
        guard
            let least = flows[number].gapNeeded(
                at: now, flowCount: Double(flows.count), usual: usual, configuration)
        else { return nil }
        let missing = flows[number].expected(through: now, fleet: fleet)
        guard missing >= least else { return nil }
        // The end of a spike is no silence, and neither is a rest at this hour.
        guard let byWeek = weeks[number].expected(flows[number].lastCall, through: now) else {
            return flows[number].expectedOfAllLife(through: now) >= Self.lifeShareMin * least ? missing : nil
        }
        return byWeek >= Self.weekShareMin * least ? missing : nil
    }

    /// Time in which nothing was heard of anybody is no time: gaps begin as much later.
    public mutating func skip(_ duration: Duration) {
        for number in flows.indices { flows[number].lastCall = flows[number].lastCall + duration }
        if let lookedAt { self.lookedAt = lookedAt + duration }
    }

    /// A flow that is known to be silent, from elsewhere: it speaks again when calls come.
    public mutating func markSilent(_ key: Key, since: Instant) {
        let cell = CallCell(time: since, partner: key.partner, direction: key.direction)
        guard let number = number(of: key, cell) else { return }
        flows[number].isSilent = true
    }

    /// A silence that something else explains is no news, and will be looked at again.
    public mutating func dismiss(_ key: Key) {
        let place = Self.place(key)
        guard numbers.indices.contains(place), numbers[place] >= 0 else { return }
        flows[Int(numbers[place])].isSilent = false
    }
}

extension SilenceWatch.Flow {
    mutating func called(at time: Instant, fleet: Double, _ count: Double) {
        if isSilent {
            if resumedAt == nil { resumedAt = time }
            resumedCalls += count
        }
        lastCall = time
        fleetAtLastCall = fleet
    }

    /// Calls that should have come since the last, by the clock that says less.
    func expected(through time: Instant, fleet: Double) -> Double {
        guard calls > 5, seconds > 0 else { return 0 }
        let passed = time.seconds(since: lastCall)
        let quick = quickCalls > SilenceWatch.quickCalls / 2 ? quickCalls / quickSeconds : .infinity
        let byTime = min(calls / seconds, quick) * passed
        // Where the rest of the fleet is too quiet to be a clock, only time is one.
        guard others / seconds * passed >= 5 else { return byTime }
        return min(byTime, calls / others * (fleet - fleetAtLastCall))
    }

    func expectedOfAllLife(through time: Instant) -> Double {
        total / max(1, lastCall.seconds(since: firstCall)) * time.seconds(since: lastCall)
    }

    /// From how many missing calls on it is silent; nil where it is too soon to say, or too little is known.
    func gapNeeded(
        at now: Instant, flowCount: Double, usual: GapTail.Mean, _ configuration: SilenceWatch.Configuration
    ) -> Double? {
        let age = lastCall.seconds(since: firstCall)
        guard total >= configuration.callsMin, now.seconds(since: lastCall) >= configuration.gapMin.inSeconds,
            age >= configuration.ageMin.inSeconds, seconds > 0
        else { return nil }
        let gapsPerMonth = calls / seconds * 2_592_000
        return tail.reach(
            logGaps: log(max(10, gapsPerMonth * flowCount / configuration.falseAlarmsPerMonth)), usual: usual)
    }

    /// Several calls over a minute, or very many: one straggler ends no silence.
    mutating func hasResumed(at now: Instant) -> Bool {
        guard let since = resumedAt else { return false }
        let pace = seconds > 0 ? calls / seconds : 0
        let passed = now.seconds(since: since)
        guard passed >= 45, resumedCalls >= min(8, max(2, 0.4 * pace * passed)) else {
            if passed > 120, resumedCalls < 0.2 * pace * passed {
                resumedAt = nil
                resumedCalls = 0
            }
            return false
        }
        isSilent = false
        resumedAt = nil
        resumedCalls = 0
        return true
    }

    mutating func learn(seconds passed: Double, fleet: Double, kept: Double) {
        total += fresh
        if !isSilent { idleSeconds += passed }
        if fresh > 0 {
            let kept = exp2(-fresh / SilenceWatch.quickCalls)
            quickCalls = quickCalls * kept + fresh
            quickSeconds = quickSeconds * kept + idleSeconds
            idleSeconds = 0
        }
        // What a silence lacks is not the pace of the flow.
        if !isSilent {
            calls = calls * kept + fresh
            seconds = seconds * kept + passed
            others = others * kept + max(0, fleet - fresh)
            tail.forget(seconds: passed)
        }
        fresh = 0
    }
}
