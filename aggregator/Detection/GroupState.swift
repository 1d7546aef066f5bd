import CallModel
import Glibc

/// How many calls a series has seen.
struct SeriesCounter: Sendable {
    /// All that were ever counted: the clock of the sequential tests.
    var calls = 0.0
    /// Those that taught what is normal, forgotten by halves.
    var learned = 0.0
    /// Of the last call.
    var epoch: Int32
    private let firstEpoch: Int32

    init(epoch: Int32) {
        self.epoch = epoch
        firstEpoch = epoch
    }

    /// So new that what it shows is taken for its nature: nothing older is there to compare with. What goes wrong with it
    /// shows in its other, older series.
    func isYoung(epoch now: Int32) -> Bool { now &- firstEpoch < 4 }

    @inline(__always)
    mutating func add(_ count: Double, epoch now: Int32, teaches: Bool) {
        if epoch != now {
            learned *= Forgetting.factor(epochs: now &- epoch)
            epoch = now
        }
        calls += count
        if teaches { learned += count }
    }
}

/// Time in the steps in which normal is learned, and how fast it is forgotten.
enum Forgetting {
    /// Five minutes, as a number: it is asked for with every call, and a `Duration` counts in 128 bits.
    private static let epochNanoseconds: Int64 = 300_000_000_000
    /// Half of what was learned is forgotten in four days: weeks of evidence count, an API that changed is relearned.
    static let halfLifeEpochs = 1_152.0

    static func epoch(of time: Instant) -> Int32 {
        Int32(clamping: time.nanosecondsSinceEpoch / epochNanoseconds)
    }

    static func factor(epochs: Int32) -> Double { epochs <= 0 ? 1 : exp2(-Double(epochs) / halfLifeEpochs) }
}

/// One symptom group of one series: the running test, and how often the symptom is normal.
///
/// What happens is learned fifteen to twenty minutes later, and not at all where an incident explained it meanwhile, so that an
/// outage does not become normal while it is being noticed. What was merely suspected is learned: leaving it out would make
/// normal look better than it is, and cause more suspicions.
struct GroupState: Sendable {
    var test = SequentialTest()
    private var learned = 0.0
    private var pending = SIMD4<Float>(repeating: 0)
    /// Symptoms and calls before the present evidence began.
    private var before = (symptoms: 0.0, calls: 0.0)
    /// The newest of the four pending epochs.
    private var epoch: Int32
    /// What was learned, by the hour of the week; of a partner's own series alone.
    private(set) var season: WeekHours?
    /// How they come together.
    private(set) var clumps = Clumps()

    init(epoch: Int32, isSeasonal: Bool) {
        self.epoch = epoch
        season = isSeasonal ? WeekHours() : nil
    }

    mutating func occurred(_ count: Double, epoch now: Int32) {
        roll(to: now)
        pending[Int(now & 3)] += Float(count)
    }

    /// What is pending belongs to an incident: it is never learned.
    mutating func discardPending() { pending = SIMD4(repeating: 0) }

    /// Evidence begins anew with the symptoms that occur now.
    mutating func beganAnew(_ count: Double, calls: Double) {
        before = (learned + Double(pending.sum()) - count, calls - count)
    }

    /// How many were learned, as of now.
    mutating func learned(epoch now: Int32, isYoung: Bool) -> Double {
        roll(to: now)
        return isYoung ? shown(learned) : learned
    }

    /// The same without settling what is pending.
    func known(epoch now: Int32, isYoung: Bool) -> Double {
        let kept = learned * Forgetting.factor(epochs: now &- epoch)
        return isYoung ? shown(kept) : kept
    }

    /// Calls that went well enough before, from which on what begins is a change and not a new series' nature.
    private static let changeCallsMin = 60.0

    /// What a young series has shown; without what is being suspected, where it had shown something else before.
    private func shown(_ kept: Double) -> Double {
        let all = kept + Double(pending.sum())
        guard test.evidence > 0, before.calls >= Self.changeCallsMin else { return all }
        return min(all, max(0, before.symptoms))
    }

    private mutating func roll(to now: Int32) {
        guard now > epoch else { return }
        let steps = min(4, now &- epoch)
        learned *= Forgetting.factor(epochs: now &- epoch)
        for step in 1...steps {
            // The slot that the new epoch takes held the one four before.
            let place = Int((epoch &+ step) & 3)
            learned += Double(pending[place])
            if pending[place] > 0 {
                season?.add(Double(pending[place]), epoch: epoch &+ step &- 4)
                clumps.add(Double(pending[place]), epoch: now)
            }
            pending[place] = 0
        }
        epoch = now
    }
}

extension SeriesCounter {
    init(_ reader: inout StateReader) throws(StateError) {
        calls = try reader.double()
        learned = try reader.double()
        epoch = try reader.next()
        firstEpoch = try reader.next()
    }

    func write(to writer: inout StateWriter) {
        writer.put(calls)
        writer.put(learned)
        writer.put(epoch)
        writer.put(firstEpoch)
    }
}

extension GroupState {
    init(_ reader: inout StateReader) throws(StateError) {
        test = try SequentialTest(&reader)
        learned = try reader.double()
        for index in 0..<4 { pending[index] = try reader.float() }
        epoch = try reader.next()
        before = (try reader.double(), try reader.double())
        season = try reader.optional { (reader) throws(StateError) in try WeekHours(&reader) }
        clumps = try Clumps(&reader)
    }

    func write(to writer: inout StateWriter) {
        test.write(to: &writer)
        writer.put(learned)
        for index in 0..<4 { writer.put(pending[index]) }
        writer.put(epoch)
        writer.put(before.symptoms)
        writer.put(before.calls)
        writer.put(season) { $1.write(to: &$0) }
        clumps.write(to: &writer)
    }
}
