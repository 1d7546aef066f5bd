import Glibc

/// How far the gaps of a flow may reach: what is known of its long ones, in calls that should have come.
///
/// Of a Poisson process the excess of a gap over any level is exponential with a mean of 1. Where calls come in bursts the mean is
/// greater, and still the excesses over a level that few gaps reach are nearly exponential (J. Pickands, "Statistical Inference Using
/// Extreme Order Statistics", 1975): so their mean tells how long a gap is that comes once a month, from all long gaps rather than from
/// the longest alone, which chance makes half as long again or not.
struct GapTail: Sendable {
    /// Gaps above it are long: one in seven of a Poisson process.
    static let level = 2.0
    /// Long gaps that what is usual in the fleet weighs.
    private static let poolWeight = 10.0
    /// No flow counts for more in what is usual in the fleet.
    private static let poolFlowMax = 50.0
    private static let daysKept = 20.0
    /// A gap must exceed the longest known one, too: excesses that are alike make a tail look longer than it is, or shorter.
    private static let longestFactorMin = 1.15

    /// Of calls that came, long ones and what exceeded the level of them.
    private var gaps = 0.0
    private var count = 0.0
    private var excess = 0.0
    private(set) var longest: Double

    init(longest: Double = 0) { self.longest = longest }

    @inline(__always)
    mutating func saw(_ gap: Double) {
        gaps += 1
        guard gap > Self.level else { return }
        count += 1
        excess += gap - Self.level
        longest = max(longest, gap)
    }

    /// Calls that came together with one whose gap was seen.
    @inline(__always)
    mutating func sawNone(_ calls: Double) { gaps += calls }

    mutating func forget(seconds: Double) {
        let kept = 1 - seconds / (Self.daysKept * 86_400)
        gaps *= kept
        count *= kept
        excess *= kept
        longest *= kept
    }

    /// From how many missing calls on a gap is one that comes by chance once in so many, given as a logarithm.
    ///
    /// Never less than in a Poisson process. Where long gaps are all alike, as those of an hourly batch, the tail is shorter than an
    /// exponential one, and the longest of so many tells more.
    func reach(logGaps: Double, usual: Mean) -> Double {
        let share = (count + Self.poolWeight) / (gaps + Self.poolWeight * exp(Self.level))
        let mean = (excess + Self.poolWeight * usual.value) / (count + Self.poolWeight)
        let logLong = max(1, logGaps + log(share))
        let extrapolated = longest * max(1.5, logLong / log(max(3, count)))
        return max(logGaps, Self.longestFactorMin * longest, min(Self.level + mean * logLong, extrapolated))
    }

    /// Of the excesses of all flows: where nothing is known of one it is taken to be like the others, because the same programs call.
    struct Mean: Sendable {
        private var count = 5.0
        private var excess = 7.5

        var value: Double { max(1, excess / count) }

        mutating func add(_ tail: GapTail) {
            let weight = min(1, GapTail.poolFlowMax / max(1, tail.count))
            count += weight * tail.count
            excess += weight * tail.excess
        }
    }
}

extension GapTail {
    init(_ reader: inout StateReader) throws(StateError) {
        gaps = try reader.double()
        count = try reader.double()
        excess = try reader.double()
        longest = try reader.double()
    }

    func write(to writer: inout StateWriter) {
        for value in [gaps, count, excess, longest] { writer.put(value) }
    }
}
