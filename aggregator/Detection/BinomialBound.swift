import Glibc

/// How surprising a count is, by Chernoff's bound: for a binomial X of n trials with probability p, and k/n > p,
/// P(X ≥ k) ≤ exp(-n · D(k/n ‖ p)), D being the Kullback-Leibler divergence of two coins.
///
/// It is a bound, not an approximation: it never makes chance look rarer than it is, at any n.
/// (H. Chernoff, "A Measure of Asymptotic Efficiency for Tests of a Hypothesis", 1952; W. Hoeffding 1963, theorem 1.)
enum BinomialBound {
    /// -ln of the bound on P(X ≥ successes): 0 when the count is no higher than expected.
    static func surprise(successes: Double, trials: Double, probability: Double) -> Double {
        guard trials > 0 else { return 0 }
        let observed = min(1, successes / trials)
        guard observed > probability else { return 0 }
        guard probability > 0 else { return .infinity }
        return trials * divergence(observed, from: probability)
    }

    private static func divergence(_ observed: Double, from expected: Double) -> Double {
        var sum = 0.0
        if observed > 0 { sum += observed * log(observed / expected) }
        if observed < 1 { sum += (1 - observed) * log((1 - observed) / (1 - expected)) }
        return sum
    }
}

/// 2 to the given power.
func pow2(_ exponent: Double) -> Double { exp2(exponent) }
