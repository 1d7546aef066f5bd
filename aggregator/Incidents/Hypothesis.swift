import CallModel
import Detection
import Glibc
import Rollups

/// One explanation of what is failing: a scope, and what was counted in it.
public struct Hypothesis: Sendable {
    public var scope: Scope
    public var group: SymptomGroup
    var counts = ScopeCounts()
    /// What it costs to believe it, in nats: each condition is one of many that could have been named.
    public var penalty = 0.0

    init(_ scope: Scope, _ group: SymptomGroup, penalty: Double) {
        self.scope = scope
        self.group = group
        self.penalty = penalty
    }

    public var calls: Double { counts.calls }
    public var failures: Double { counts.failures }
    /// Failures that would be usual.
    public var expected: Double { counts.expected }
    /// Failures that came by themselves: where they usually come in clumps, one is hardly more than the other.
    public var independentFailures: Double { counts.independentFailures }
    public var firstFailure: Instant { counts.firstFailure }
    public var lastFailure: Instant { counts.lastFailure }
    /// How much better one risen share explains the calls in its scope than chance does, in nats of independent failures (quasi-
    /// likelihood: R. W. M. Wedderburn, 1974).
    public var likelihood: Double {
        guard calls > 0, failures > 0, failures > expected else { return 0 }
        let risen = failures * log(share) + (share < 1 ? (calls - failures) * log(1 - share) : 0)
        return max(0, risen - counts.usualLikelihood) * independentFailures / failures
    }
    public var score: Double { likelihood - penalty }
    public var share: Double { calls > 0 ? min(1, failures / calls) : 0 }
    public var usualShare: Double { calls > 0 ? expected / calls : 0 }
    /// How long failures have been seen.
    public var span: Duration { lastFailure > firstFailure ? lastFailure - firstFailure : .zero }

    @inline(__always)
    mutating func count(_ cell: CallCell, _ usual: UsualShare) {
        counts.count(cell, usual, failed: cell.symptom.group == group)
    }
}

/// Calls and failures, with what would be usual of them.
struct ScopeCounts: Sendable {
    private(set) var calls = 0.0
    private(set) var failures = 0.0
    private(set) var expected = 0.0
    /// The logarithm of the chance of just these calls when nothing is wrong. Summed call by call, because what is usual differs
    /// between them: a mean of it would make a mixture of partners look better explained than it is.
    private(set) var usualLikelihood = 0.0
    private(set) var independentFailures = 0.0
    private(set) var firstFailure = Instant(nanosecondsSinceEpoch: .max)
    private(set) var lastFailure = Instant(nanosecondsSinceEpoch: .min)

    @inline(__always)
    mutating func count(_ cell: CallCell, _ usual: UsualShare, failed: Bool) {
        let count = Double(cell.count)
        calls += count
        expected += count * usual.share
        guard failed else { return usualLikelihood += count * usual.logMiss }
        usualLikelihood += count * usual.logHit
        failures += count
        independentFailures += count / usual.clump
        firstFailure = min(firstFailure, cell.time)
        lastFailure = max(lastFailure, cell.time)
    }

    mutating func add(_ other: ScopeCounts) {
        calls += other.calls
        failures += other.failures
        expected += other.expected
        usualLikelihood += other.usualLikelihood
        independentFailures += other.independentFailures
        firstFailure = min(firstFailure, other.firstFailure)
        lastFailure = max(lastFailure, other.lastFailure)
    }
}

/// How often a symptom is usual, with its logarithms, which are asked for once a call.
struct UsualShare {
    let share: Double
    let logHit: Double
    let logMiss: Double
    /// How many of the partner's failures usually come together.
    let clump: Double

    init(_ share: Double, clump: Double) {
        self.share = share
        self.clump = clump
        logHit = log(share)
        logMiss = log(1 - share)
    }
}
