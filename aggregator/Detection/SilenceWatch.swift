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
/// so that all flows together fall silent by chance `falseAlarmsPerMonth` times. Flows are no Poisson processes: a gap must
/// also be well longer than every gap the flow was seen to have.
public struct SilenceWatch: Sendable {
    public struct Configuration: Sendable {
        /// Expected of all flows together, were they Poisson's.
        public var falseAlarmsPerMonth = 0.5
        /// A gap must exceed the longest known one so many times, in expected calls.
        public var gapFactor = 1.5
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
        /// Calls and seconds by the hour of the week.
        var weekCalls = WeekHours()
        var weekSeconds = WeekHours()
        /// The longest gap in expected calls, forgotten slowly.
        var longestGap = 0.0
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

    public let configuration: Configuration
    public private(set) var ignoredCalls: Int64 = 0
    /// By partner and direction; -1 for none.
    private var numbers: [Int32] = []
    private var keys: [Key] = []
    private var flows: [Flow] = []
    private var fleet = 0.0
    private var fleetAtLook = 0.0
    private var lookedAt: Instant?

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    public mutating func observe(_ cell: CallCell) {
        fleet += Double(cell.count)
        guard let number = number(of: Key(partner: cell.partner, direction: cell.direction), cell) else {
            return ignoredCalls += Int64(cell.count)
        }
        flows[number].fresh += Double(cell.count)
        if cell.time > flows[number].lastCall {
            flows[number].called(at: cell.time, fleet: fleet, Double(cell.count))
        }
    }

    private mutating func number(of key: Key, _ cell: CallCell) -> Int? {
        let place = Self.place(key)
        if place >= numbers.count { numbers += Array(repeating: -1, count: place + 2 - numbers.count) }
        if numbers[place] >= 0 { return Int(numbers[place]) }
        guard flows.count < configuration.flowsMax else { return nil }
        numbers[place] = Int32(flows.count)
        keys.append(key)
        flows.append(Flow(firstCall: cell.time, fleet: fleet))
        return flows.count - 1
    }

    private static func place(_ key: Key) -> Int { Int(key.partner) * 2 + Int(key.direction.rawValue) }

    /// To be called every few seconds. Returns the flows that are silent now, and those that speak again.
    public mutating func look(at now: Instant) -> (silent: [Silence], resumed: [Key]) {
        defer {
            lookedAt = now
            fleetAtLook = fleet
        }
        guard let lookedAt, now > lookedAt else { return ([], []) }
        let seconds = (now - lookedAt).inSeconds
        let kept = exp2(-seconds / configuration.paceHalfLife.inSeconds)
        var silent: [Silence] = []
        var resumed: [Key] = []
        let flowCount = Double(flows.count)
        for number in flows.indices {
            if flows[number].isSilent {
                if flows[number].hasResumed(at: now) { resumed.append(keys[number]) }
            } else if let missing = flows[number].missing(at: now, fleet: fleet, flowCount, configuration) {
                flows[number].isSilent = true
                silent.append(Silence(key: keys[number], since: flows[number].lastCall, missing: missing))
            }
            flows[number].learn(seconds: seconds, fleet: fleet - fleetAtLook, kept: kept, at: now)
        }
        return (
            silent.sorted { ($0.key.partner, $0.key.direction.rawValue) < ($1.key.partner, $1.key.direction.rawValue) },
            resumed
        )
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
        } else {
            longestGap = max(longestGap, expected(through: time, fleet: fleet))
        }
        lastCall = time
        fleetAtLastCall = fleet
    }

    /// Calls that should have come since the last, by the clock that says less.
    func expected(through time: Instant, fleet: Double) -> Double {
        guard calls > 5, seconds > 0 else { return 0 }
        let byTime = calls / seconds * (time - lastCall).inSeconds
        let expected = min(byTime, expectedByWeek(through: time) ?? byTime)
        // Where the rest of the fleet is too quiet to be a clock, only time is one.
        guard others / seconds * (time - lastCall).inSeconds >= 5 else { return expected }
        return min(expected, calls / others * (fleet - fleetAtLastCall))
    }

    private static let weekGapMax: Duration = .seconds(14 * 86_400)

    /// Calls that these hours of the week usually have; nil while one of them is not known.
    private func expectedByWeek(through time: Instant) -> Double? {
        // What is no longer than a few minutes is not worth the looking up: pace does for it.
        guard time - lastCall > .seconds(300), time - lastCall <= Self.weekGapMax else { return nil }
        var expected = 0.0
        var at = lastCall
        let now = Forgetting.epoch(of: time)
        while at < time {
            let epoch = Forgetting.epoch(of: at)
            let hours = weekSeconds.alike(WeekHours.hour(of: epoch))
            let known = hours.reduce(0) { $0 + weekSeconds.amount($1, epoch: now) }
            guard known > 0 else { return nil }
            let hourEnd = Instant(secondsSinceEpoch: (at.secondsSinceEpoch / 3_600 + 1) * 3_600)
            let end = min(time, hourEnd)
            expected += hours.reduce(0) { $0 + weekCalls.amount($1, epoch: now) } / known * (end - at).inSeconds
            at = end
        }
        return expected
    }

    func missing(
        at now: Instant, fleet: Double, _ flowCount: Double, _ configuration: SilenceWatch.Configuration
    ) -> Double? {
        guard total >= configuration.callsMin, lastCall - firstCall >= configuration.ageMin,
            now - lastCall >= configuration.gapMin
        else { return nil }
        let missing = expected(through: now, fleet: fleet)
        let gapsPerMonth = calls / seconds * 2_592_000
        let bound = log(max(10, gapsPerMonth * flowCount / configuration.falseAlarmsPerMonth))
        return missing >= max(bound, configuration.gapFactor * longestGap) ? missing : nil
    }

    /// Several calls over a minute, or very many: one straggler ends no silence.
    mutating func hasResumed(at now: Instant) -> Bool {
        guard let since = resumedAt else { return false }
        let pace = seconds > 0 ? calls / seconds : 0
        let passed = (now - since).inSeconds
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

    mutating func learn(seconds passed: Double, fleet: Double, kept: Double, at now: Instant) {
        total += fresh
        // A silence that comes back every week is a rhythm.
        let epoch = Forgetting.epoch(of: now)
        weekSeconds.add(passed, epoch: epoch)
        if fresh > 0 { weekCalls.add(fresh, epoch: epoch) }
        // What a silence lacks is not the pace of the flow.
        if !isSilent {
            calls = calls * kept + fresh
            seconds = seconds * kept + passed
            others = others * kept + max(0, fleet - fresh)
            longestGap *= 1 - passed / (20 * 86_400)
        }
        fresh = 0
    }
}

extension SilenceWatch {
    public func write(to writer: inout StateWriter) {
        writer.put(keys.indices) { writer, number in
            writer.put(keys[number].partner)
            writer.put(keys[number].direction.rawValue)
            flows[number].write(to: &writer)
        }
        writer.put(fleet)
        writer.put(fleetAtLook)
        writer.put(lookedAt) { $0.put($1.nanosecondsSinceEpoch) }
    }

    public init(_ reader: inout StateReader, configuration: Configuration) throws(StateError) {
        self.init(configuration: configuration)
        let known = try reader.array { (reader) throws(StateError) -> (Key, Flow) in
            let partner: NameID = try reader.next()
            guard let direction = Direction(rawValue: try reader.next()), (0..<SeriesKey.partnerMax).contains(partner)
            else { throw .malformed("a flow") }
            return (Key(partner: partner, direction: direction), try Flow(&reader))
        }
        for (key, flow) in known {
            let place = Self.place(key)
            if place >= numbers.count { numbers += Array(repeating: -1, count: place + 2 - numbers.count) }
            numbers[place] = Int32(flows.count)
            keys.append(key)
            flows.append(flow)
        }
        fleet = try reader.double()
        fleetAtLook = try reader.double()
        lookedAt = try reader.optional { (reader) throws(StateError) in
            Instant(nanosecondsSinceEpoch: try reader.next())
        }
    }
}

extension SilenceWatch.Flow {
    fileprivate func write(to writer: inout StateWriter) {
        writer.put(firstCall.nanosecondsSinceEpoch)
        writer.put(lastCall.nanosecondsSinceEpoch)
        for value in [fresh, calls, seconds, others, total, fleetAtLastCall, longestGap, resumedCalls] {
            writer.put(value)
        }
        weekCalls.write(to: &writer)
        weekSeconds.write(to: &writer)
        writer.put(isSilent)
        writer.put(resumedAt) { $0.put($1.nanosecondsSinceEpoch) }
    }

    fileprivate init(_ reader: inout StateReader) throws(StateError) {
        self.init(firstCall: Instant(nanosecondsSinceEpoch: try reader.next()), fleet: 0)
        lastCall = Instant(nanosecondsSinceEpoch: try reader.next())
        fresh = try reader.double()
        calls = try reader.double()
        seconds = try reader.double()
        others = try reader.double()
        total = try reader.double()
        fleetAtLastCall = try reader.double()
        longestGap = try reader.double()
        resumedCalls = try reader.double()
        weekCalls = try WeekHours(&reader)
        weekSeconds = try WeekHours(&reader)
        isSilent = try reader.bool()
        resumedAt = try reader.optional { (reader) throws(StateError) in
            Instant(nanosecondsSinceEpoch: try reader.next())
        }
    }
}
