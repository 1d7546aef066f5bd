import Glibc

/// A number of requests that is inferred, not counted: what is likeliest, between which bounds it lies (95 %), and how sure it is
/// that it is more than none.
public struct Estimate: Sendable, Equatable {
    public private(set) var count = 0.0
    /// Like `count`, drawn towards not knowing where little was seen: the middle of the bounds.
    private var center = 0.0
    private var variance = 0.0

    public init() {}

    public var low: Double { max(0, min(count, center - 1.96 * variance.squareRoot())) }
    public var high: Double { max(count, center + 1.96 * variance.squareRoot()) }

    /// 0...1; 0 where there is nothing to be sure of.
    public var confidence: Double {
        guard count > 0, variance > 0 else { return 0 }
        return normalDistribution(center / variance.squareRoot())
    }

    /// Adds one that does not depend on the others.
    mutating func add(_ other: Estimate) {
        count += other.count
        center += other.center
        variance += other.variance
    }

    /// How many of `exposed` failed beyond what the reference lets expect.
    ///
    /// The difference of two proportions, its variance with one success and one failure added to each (Agresti and Caffo, 2000): an
    /// interval that holds for few and for extreme counts as well.
    init(exposed: Tally, reference: Tally) {
        guard exposed.requests > 0 else { return }
        let expected = reference.requests > 0 ? reference.failed / reference.requests : 0
        count = max(0, exposed.failed - exposed.requests * expected)
        func ratio(_ tally: Tally) -> Double { (tally.failed + 1) / (tally.requests + 2) }
        func term(_ tally: Tally) -> Double { ratio(tally) * (1 - ratio(tally)) / (tally.independent + 2) }
        center = exposed.requests * (ratio(exposed) - ratio(reference))
        variance = exposed.requests * exposed.requests * (term(exposed) + term(reference))
    }
}

/// Requests and how many of them failed, weighted, and as how many independent ones they count.
struct Tally: Sendable, Equatable {
    var requests = 0.0
    var failed = 0.0
    private var squares = 0.0
    private var microseconds = 0.0

    mutating func add(weight: Double, isFailure: Bool, microseconds: Int64) {
        requests += weight
        squares += weight * weight
        if isFailure { failed += weight }
        self.microseconds += Double(microseconds) * weight
    }

    /// Kish's effective size: a call that stands for a hundred is one observation.
    var independent: Double { squares > 0 ? requests * requests / squares : 0 }
    var meanMilliseconds: Double? { requests > 0 ? microseconds / requests / 1_000 : nil }

    static func + (left: Tally, right: Tally) -> Tally {
        var sum = left
        sum.requests += right.requests
        sum.failed += right.failed
        sum.squares += right.squares
        sum.microseconds += right.microseconds
        return sum
    }
}

/// Abramowitz and Stegun, 26.2.17; its error is below 1e-7.
private func normalDistribution(_ z: Double) -> Double {
    guard abs(z) < 8 else { return z > 0 ? 1 : 0 }
    let t = 1 / (1 + 0.2316419 * abs(z))
    let polynomial =
        t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    let tail = exp(-z * z / 2) * 0.3989422804014327 * polynomial
    return z > 0 ? 1 - tail : tail
}
