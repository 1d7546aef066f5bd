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
/// suggest when it is small), or without one from the rows outside the cause. Rows vary more than a binomial wants, large ones most;
/// how much is measured on those that are well (`RowSpread`), and some are off for reasons of their own. A row tells how much
/// likelier its failures are if a cause reaches it than if not (`RowEvidence`), which is little for a row of few calls and no more than the
/// odds that it is not off by itself for one of many. A predicate scores the sum over its rows, with the rise that fits them
/// best: a wider one takes in rows that are well, which cost, a narrower one leaves out rows that gain. So the many rows that
/// rise alike find a cause, and neither one large row nor a dominant cause hides a small one.
///
/// **The price.** A set of predicates is worth the sum of their scores less a price for each: the logarithm of how many such
/// predicates there are, so that a chance find among thousands of candidates does not pay, and `predicatePrice`, which is the odds
/// against one more cause (`Pricing`). It is a description length: what a predicate costs to write down, what it saves in the rows.
///
/// **The search.** For each set of one to three dimensions, one pass groups the rows; single values that cannot hold a cause
/// (a cause gains at most what the rows of each of its values gain where they gain at all) are left out of the larger sets. The best predicate of each set of dimensions starts a beam; what a predicate covers is taken out, and the
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
        /// What a predicate must add beside a wider one that is chosen as well, as a share of all that both are worth: that a
        /// cause is worse in one corner is no second cause. 0...1.
        public var nestedShare = 0.1
        /// What a predicate costs besides the logarithm of how many there are, in units of log likelihood: the odds against one more
        /// cause, 150 to one. 0...
        public var predicatePrice = 5.0
        /// What one more value costs at least, where a dimension has few: 0...
        public var literalPriceMin = 2.0
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
