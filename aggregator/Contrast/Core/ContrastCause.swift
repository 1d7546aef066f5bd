/// One dimension with one value: the smallest thing that can tell two populations apart.
public struct ContrastLiteral: Sendable, Hashable {
    public var dimension: String
    public var value: String

    public init(dimension: String, value: String) {
        self.dimension = dimension
        self.value = value
    }
}

/// A predicate that tells the failing from the rest, with the evidence for it.
public struct ContrastCause: Sendable, Equatable {
    /// All of them must hold. In the order of the dimensions.
    public var predicate: [ContrastLiteral]
    /// The weight of failed calls for which it holds, and of all failed calls.
    public var failuresWith: Double
    public var failuresTotal: Double
    /// The weight of calls that did not fail for which it holds, and of all of them.
    public var successesWith: Double
    public var successesTotal: Double
    /// Failures it would have had on a normal day.
    public var expectedFailures: Double
    /// How many times likelier a call fails with the predicate than without it; at most `riskRatioMax`.
    public var riskRatio: Double
    /// How sure it is that this predicate, and none of those that were weighed against it, is the cause: 0...1.
    public var confidence: Double
    /// Whether it belongs to the fewest that together explain the failures.
    public var isChosen: Bool

    /// What a risk ratio ends at, where no call without the predicate failed.
    public static let riskRatioMax = 1e6

    /// The ratio of failures where the predicate holds.
    public var failureRatio: Double {
        let total = failuresWith + successesWith
        return total > 0 ? failuresWith / total : 0
    }
    /// What part of all failures it covers.
    public var coverage: Double { failuresTotal > 0 ? failuresWith / failuresTotal : 0 }
}

/// What a search found.
public struct ContrastFindings: Sendable, Equatable {
    /// Chosen ones first, best first; then rivals that nearly were chosen. Empty where nothing tells the populations apart.
    public var causes: [ContrastCause] = []
    public var failures = 0.0
    public var successes = 0.0
    /// What part of the failures above normal the chosen ones explain: 0...1. Little means: in doubt.
    public var explainedRatio = 0.0
    /// Whether a bound of `Contrast.Configuration` kept the search from looking at everything.
    public var isSampled = false

    public var chosen: [ContrastCause] { causes.filter(\.isChosen) }
}
