import Glibc

/// How badly the failures of some calls fit what was expected of them.
enum Likelihood {
    /// Half the deviance of a binomial count: `failed` of `total` where `expected` were. Zero where no more failed than expected.
    ///
    /// It is the logarithm of how much likelier the count is under its own ratio than under the expected one; it adds up over
    /// independent groups, is largest for the group that holds all of a change and nothing else, and needs no threshold.
    @inline(__always)
    static func excess(failed: Double, total: Double, expected: Double) -> Double {
        guard failed > expected, total > 0 else { return 0 }
        let expected = max(expected, 1e-9)
        var sum = failed * log(failed / expected)
        let passed = total - failed
        if passed > 0 { sum += passed * log(passed / max(total - expected, 1e-9)) }
        return max(0, sum)
    }

    /// How much likelier the failures of one row are when a share `rise` of those that would have passed fails as well.
    static func gain(_ leaf: Leaf, rise: Double) -> Double {
        guard leaf.total > 0, rise > 0 else { return 0 }
        let normal = min(max(leaf.expected / leaf.total, 1e-9), 1 - 1e-9)
        let raised = 1 - (1 - normal) * (1 - rise)
        return leaf.failed * log(raised / normal) + (leaf.total - leaf.failed) * log1p(-rise)
    }
}

/// The sums over the rows for which a predicate holds.
struct GroupSums: Sendable, Equatable {
    var failed = 0.0
    var total = 0.0
    var expected = 0.0
    /// `failed`, each row's as far as it is evidence (`Leaf.evidence`).
    var telling = 0.0

    /// The same as a share: how much of the excess counts.
    var evidence: Double { failed > 0 ? telling / failed : 1 }

    var excess: Double { Likelihood.excess(failed: failed, total: total, expected: expected) }

    @inline(__always)
    mutating func add(_ leaf: Leaf) {
        failed += leaf.failed
        total += leaf.total
        expected += leaf.expected
        telling += leaf.failed * leaf.evidence
    }

    static func - (left: GroupSums, right: GroupSums) -> GroupSums {
        GroupSums(
            failed: left.failed - right.failed, total: left.total - right.total,
            expected: left.expected - right.expected, telling: left.telling - right.telling)
    }
}

/// One row, with the failures expected of it.
struct Leaf: Sendable {
    var failed: Double
    var total: Double
    var expected: Double
    /// What part of a binomial count's evidence it is, because it varies more on a normal day (`RowSpread`): 0...1.
    var evidence = 1.0
    /// How uncertain `expected` itself is: calls of the row over the calls it was learnt from.
    var doubt = 0.0
}
