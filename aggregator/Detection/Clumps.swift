/// How many of a series' failures come together.
///
/// Real failures are no coin tosses: a connection that breaks fails all its calls, a retry fails after its call, a bad minute is bad
/// for everyone. Counted as if each came by itself they look like an outage several times a week. So what a number of failures
/// is worth is divided by the size of their clumps: the variance of the failures of five minutes over their mean, as in a Poisson
/// process whose events are clumps. Of n failures where μ were to be expected n·(n - 1) exceeds μ² by what they come together.
///
/// A partner of which little is known is taken to be like the others of the fleet: clumps are made by how programs retry and share
/// connections, and those are the same programs. So what all partners show together is where each begins (`Pool`).
struct Clumps: Sendable {
    /// Before anything is known of anybody, and how many failures that weighs: cautious, because it is soon known better.
    static let sizeGuessed = 2.5
    private static let guessedFailures = 10.0
    private static let sizeMax = 5.0
    /// One bad time must not deafen the test for days: an epoch counts as so many failures at most, or as three times the mean.
    private static let failuresMax = 6.0

    private var failures = 0.0
    private var pairs = 0.0
    private var epochs = 0.0
    private var epoch = Int32.min

    /// Takes in the failures of one epoch.
    mutating func add(_ count: Double, epoch now: Int32) {
        if epoch != .min {
            let kept = Forgetting.factor(epochs: now &- epoch)
            failures *= kept
            pairs *= kept
            epochs *= kept
        }
        epoch = now
        let counted = min(count, max(Self.failuresMax, epochs > 0 ? 3 * failures / epochs : 0))
        failures += counted
        pairs += counted * (counted - 1)
        epochs += 1
    }

    /// - Parameters:
    ///   - calls: of the series, that taught.
    ///   - squares: of the same calls.
    ///   - usual: what is usual in the fleet.
    func size(calls: Double, _ squares: EpochSquares, usual: Double = sizeGuessed, epoch now: Int32) -> Double {
        let (failures, together) = counts(calls: calls, squares, epoch: now)
        let guessed = (usual - 1) * Self.guessedFailures
        return min(Self.sizeMax, 1 + (together + guessed) / (failures + Self.guessedFailures))
    }

    private func counts(calls: Double, _ squares: EpochSquares, epoch now: Int32) -> (
        failures: Double, together: Double
    ) {
        guard epoch != .min, calls > 0 else { return (0, 0) }
        let kept = Forgetting.factor(epochs: now &- epoch)
        let share = failures * kept / calls
        return (failures * kept, max(0, pairs * kept - share * share * squares.sum(epoch: now)))
    }

    /// What all partners show together of one symptom.
    struct Pool: Sendable {
        private var failures = 0.0
        private var together = 0.0

        /// No one partner counts for more than so many failures: the pool tells what most of them are like.
        private static let failuresMax = 100.0

        mutating func add(_ clumps: Clumps, calls: Double, _ squares: EpochSquares, epoch now: Int32) {
            let counts = clumps.counts(calls: calls, squares, epoch: now)
            let weight = min(1, Self.failuresMax / max(1, counts.failures))
            failures += weight * counts.failures
            together += weight * counts.together
        }

        var size: Double {
            let guessed = (Clumps.sizeGuessed - 1) * Clumps.guessedFailures
            return min(Clumps.sizeMax, 1 + (together + guessed) / (failures + Clumps.guessedFailures))
        }
    }
}

/// The squares of a series' calls of every epoch, summed and forgotten as all that is learned.
struct EpochSquares: Sendable {
    private var calls = 0.0
    private var squares = 0.0
    private var epoch: Int32

    init(epoch: Int32) { self.epoch = epoch }

    @inline(__always)
    mutating func add(_ count: Double, epoch now: Int32) {
        if now != epoch {
            squares = (squares + calls * calls) * Forgetting.factor(epochs: now &- epoch)
            calls = 0
            epoch = now
        }
        calls += count
    }

    func sum(epoch now: Int32) -> Double { (squares + calls * calls) * Forgetting.factor(epochs: now &- epoch) }
}

extension Clumps {
    init(_ reader: inout StateReader) throws(StateError) {
        failures = try reader.double()
        pairs = try reader.double()
        epochs = try reader.double()
        epoch = try reader.next()
    }

    func write(to writer: inout StateWriter) {
        for value in [failures, pairs, epochs] { writer.put(value) }
        writer.put(epoch)
    }
}

extension EpochSquares {
    init(_ reader: inout StateReader) throws(StateError) {
        calls = try reader.double()
        squares = try reader.double()
        epoch = try reader.next()
    }

    func write(to writer: inout StateWriter) {
        writer.put(calls)
        writer.put(squares)
        writer.put(epoch)
    }
}
