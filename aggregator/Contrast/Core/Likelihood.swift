import Glibc

/// How likely the failures of one row are.
enum Likelihood {
    /// The logarithm of a beta-binomial probability, without the binomial coefficient, which all that are compared share: a row's own
    /// ratio varies about `mean` with `variance`, and its calls fail by that ratio. Counts need not be whole: weights are none.
    static func logarithm(failed: Double, total: Double, mean: Double, variance: Double) -> Double {
        let product = mean * (1 - mean)
        // At least half a call, at most as many as no variation can be told from.
        let size = min(max(product / max(variance, 1e-12) - 1, 0.5), 1e6)
        return logarithmRising(size * mean, failed) + logarithmRising(size * (1 - mean), total - failed)
            - logarithmRising(size, total)
    }

    /// ln Γ(x + y) - ln Γ(x), for x > 0 and y >= 0.
    private static func logarithmRising(_ x: Double, _ y: Double) -> Double {
        guard y > 0 else { return 0 }
        if y <= Self.factorsMax, y == y.rounded() {
            var product = 1.0
            for factor in 0..<Int(y) { product *= x + Double(factor) }
            return log(product)
        }
        return logarithmGamma(x + y) - logarithmGamma(x)
    }

    private static let factorsMax = 8.0

    /// Stirling's series, from where three of its terms are exact to 1e-9.
    private static func logarithmGamma(_ x: Double) -> Double {
        var shifted = x
        var product = 1.0
        while shifted < 10 {
            product *= shifted
            shifted += 1
        }
        let inverse = 1 / shifted
        let square = inverse * inverse
        let series = inverse * (1.0 / 12 - square * (1.0 / 360 - square / 1_260))
        return (shifted - 0.5) * log(shifted) - shifted + 0.918_938_533_204_672_8 + series - log(product)
    }
}

/// The sums over the rows for which a predicate holds.
struct GroupSums: Sendable, Equatable {
    var failed = 0.0
    var total = 0.0
    var expected = 0.0

    @inline(__always)
    mutating func add(_ leaf: Leaf) {
        failed += leaf.failed
        total += leaf.total
        expected += leaf.expected
    }

    static func - (left: GroupSums, right: GroupSums) -> GroupSums {
        GroupSums(
            failed: left.failed - right.failed, total: left.total - right.total,
            expected: left.expected - right.expected)
    }
}

/// One row, with the failures expected of it.
struct Leaf: Sendable {
    var failed: Double
    var total: Double
    var expected: Double
    /// How uncertain `expected` itself is: calls of the row over the calls it was learnt from.
    var doubt = 0.0
}
