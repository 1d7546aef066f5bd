import CallModel
import Detection
import Glibc
import Rollups

/// One explanation of what is failing: a scope, and what was counted in it.
public struct Hypothesis: Sendable {
    public var scope: Scope
    public var group: SymptomGroup
    public var calls = 0.0
    public var failures = 0.0
    /// Failures that would be usual.
    public var expected = 0.0
    /// The logarithm of the chance of just these calls when nothing is wrong. Summed call by call, because what is usual differs
    /// between them: a mean of it would make a mixture of partners look better explained than it is.
    private var usualLikelihood = 0.0
    /// Failures that came by themselves: where they usually come in clumps, one is hardly more than the other.
    public private(set) var independentFailures = 0.0
    /// What it costs to believe it, in nats: each condition is one of many that could have been named.
    public var penalty = 0.0
    public var firstFailure = Instant(nanosecondsSinceEpoch: .max)
    public var lastFailure = Instant(nanosecondsSinceEpoch: .min)

    init(_ scope: Scope, _ group: SymptomGroup, penalty: Double) {
        self.scope = scope
        self.group = group
        self.penalty = penalty
    }

    /// How much better one risen share explains the calls in its scope than chance does, in nats of independent failures (quasi-
    /// likelihood: R. W. M. Wedderburn, 1974).
    public var likelihood: Double {
        guard calls > 0, failures > 0, failures > expected else { return 0 }
        let risen = failures * log(share) + (share < 1 ? (calls - failures) * log(1 - share) : 0)
        return max(0, risen - usualLikelihood) * independentFailures / failures
    }
    public var score: Double { likelihood - penalty }
    public var share: Double { calls > 0 ? min(1, failures / calls) : 0 }
    public var usualShare: Double { calls > 0 ? expected / calls : 0 }
    /// How long failures have been seen.
    public var span: Duration { lastFailure > firstFailure ? lastFailure - firstFailure : .zero }

    mutating func count(_ cell: CallCell, _ usual: UsualShare) {
        let count = Double(cell.count)
        calls += count
        expected += count * usual.share
        guard cell.symptom.group == group else { return usualLikelihood += count * usual.logMiss }
        usualLikelihood += count * usual.logHit
        failures += count
        independentFailures += count / usual.clump
        if cell.time < firstFailure { firstFailure = cell.time }
        if cell.time > lastFailure { lastFailure = cell.time }
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
