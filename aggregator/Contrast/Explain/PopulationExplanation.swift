/// One condition of a predicate over calls.
public struct CallCondition: Sendable, Hashable {
    /// A place in the request (`$.items[].sku`), or the name of a header, query parameter or dimension.
    public var path: String
    /// `request.body`, `request.header`, `request.query`, `dimension`; in comparisons also `response.body`,
    /// `response.header`, `response.status` and `duration`.
    public var place: String
    /// `missing`, `equals`, `type` … (`ExplainTest`).
    public var test: String
    public var value: String?

    public init(path: String, place: String, test: String, value: String?) {
        self.path = path
        self.place = place
        self.test = test
        self.value = value
    }
}

/// A cause behind many failures.
public struct PopulationCause: Sendable, Equatable {
    public var predicate: [CallCondition]
    /// As incidents name causes: `request`, `customer`, `host`, `deploy`, `credentials`, `rate_limit`, `partner`.
    public var kind: String
    public var failuresWith: Double
    public var failuresTotal: Double
    /// Successful calls for which the predicate holds.
    public var successesWith: Double
    public var riskRatio: Double
    public var confidence: Double
    public var text: String
    public var failingSamples: [String]
    public var succeedingSamples: [String]
    public var isChosen: Bool
}

/// What the failures of a population have in common, best first.
public struct PopulationExplanation: Sendable, Equatable {
    public var failures = 0.0
    public var successes = 0.0
    public var causes: [PopulationCause] = []
    /// Failures that were looked at one by one; the others are stood for by them.
    public var explainedCount = 0
    /// Failures that nothing explains.
    public var unexplained = 0.0
}
