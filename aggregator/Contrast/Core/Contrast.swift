/// Tells two weighted populations apart by the fewest predicates: which values of which dimensions do the failing calls share
/// that the others do not?
///
/// **The question.** Rows of dimension values, each with `failed` of `total` calls, and perhaps a baseline of the same rows.
/// A cause is a conjunction of one to three values (`route = a AND region = b`). It reaches every row below it: when a route
/// fails, it fails for every host, customer and version that uses it (the *ripple*). Several causes may hold at once. Wanted
/// are the fewest and shortest predicates that together account for what fails beyond normal, because people name the
/// simplest cause, and because a long conjunction that explains a little more is mostly noise.
///
/// **The measure.** Each row has an expected number of failures: from its baseline (drawn towards what its single values
/// suggest when it is small), or without one from the rows outside the cause. A predicate scores the binomial deviance of its
/// sums (`Likelihood.excess`): a wider predicate takes in rows that are well and is diluted, a narrower one leaves failures
/// out, so the score is largest at the cause itself. Rows are rarely as independent as a binomial wants; the spread of those
/// that are well is measured (`dispersion`) and divides the score.
///
/// **The price.** A set of predicates is worth the sum of their scores less a price for each predicate and each value in it:
/// partly absolute (a chance find among thousands of candidates must not pay), partly a share of the best score
/// (`Configuration.predicateShare`, `.literalShare`), so that a detail must matter whatever the traffic.
///
/// **The search.** For each set of one to three dimensions, one pass groups the rows; single values that cannot hold a cause
/// (their excess is below `causeShareMin` of all excess: a cause has at most the excess of each of its values) are left out
/// of the larger sets. The best predicate of each set of dimensions starts a beam; what a predicate covers is taken out, and the
/// search goes on with the rest until nothing pays. The set that is worth most is chosen; what scored close to it follows as
/// rivals, and how close they came is the confidence. The result depends on the rows alone, not on their order: ties go to the
/// shorter predicate, then by name.
///
/// **What it does not do.** It takes no time and no order of calls into account, and it does not know that a host is "ours":
/// `Incidents` does. Values of numbers become dimensions by `NumericSplit`.
public struct Contrast: Sendable {
    public struct Configuration: Sendable {
        /// Values in one predicate, 1...3: longer ones are never what people name, and the search grows by the power.
        public var literalsMax = 3
        /// Predicates that are chosen together, 1...16.
        public var causesMax = 6
        /// Predicates that are reported, chosen ones included.
        public var reportedMax = 10
        /// Sets of predicates that are followed at the same time; more find combinations that start badly.
        public var beamWidth = 4
        /// What one more predicate must add, as a share of the best score: 0...1.
        public var predicateShare = 0.002
        /// What one more value in a predicate must add, as a share of the best score: 0...1.
        public var literalShare = 0.003
        /// What a predicate must add beside a wider one that is chosen as well, as a share of all that both are worth: that a
        /// cause is worse in one corner is no second cause. 0...1.
        public var nestedShare = 0.1
        /// What one more predicate or value must add whatever the best score, in units of log likelihood.
        public var absolutePrice = 4.0
        /// Excess failures that a cause must hold, as a share of all excess failures: 0...1.
        public var causeShareMin = 0.01
        /// A baseline row counts as much as this many calls of what its single values suggest.
        public var baselinePriorCalls = 20.0
        /// Rows times sets of dimensions that one search may look at; beyond it the beam is narrowed to one, then predicates
        /// are shortened, and `ContrastFindings.isSampled` says so. About 5 ns each.
        public var rowVisitsMax = 40_000_000

        public init() {}
    }

    public var configuration: Configuration

    public init(_ configuration: Configuration = Configuration()) {
        precondition((1...3).contains(configuration.literalsMax) && (1...16).contains(configuration.causesMax))
        precondition(configuration.beamWidth > 0 && configuration.reportedMax > 0)
        self.configuration = configuration
    }

    /// The fewest predicates that explain why calls of `rows` fail.
    public func causes(in rows: ContrastRows) -> ContrastFindings {
        var leaves = Expectation.leaves(of: rows, priorCalls: configuration.baselinePriorCalls)
        var search = CauseSearch(rows: rows, leaves: leaves, configuration: configuration)
        search.run()
        if !rows.hasBaseline, !rows.cells.contains(where: { !$0.expected.isNaN }), let best = search.best {
            // Without a baseline the normal ratio is that outside the causes, which are known only now.
            leaves = Expectation.leaves(of: rows, outside: best.covered)
            search = CauseSearch(rows: rows, leaves: leaves, configuration: configuration)
            search.run()
        }
        return search.findings()
    }
}
