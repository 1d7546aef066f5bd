import CallModel
import Detection
import Glibc
import Rollups

/// Finds the fewest conditions that tell the failing calls from the others.
///
/// It is the question of `Contrast`, asked of counts over time rather than of two samples: what is usual differs by route and
/// customer and has to be subtracted, a release counts from the day it appeared, and several partners may share a network. So each
/// candidate scope is judged by the likelihood ratio of "the share rose to q inside, and nothing happened outside" against the
/// usual shares (M. Kulldorff, "A Spatial Scan Statistic", 1997), less what naming it costs: the logarithm of how many such scopes
/// there are. Too wide a scope takes in calls that succeed, too narrow a one leaves failures out, and both lower the ratio; where
/// two are as good the one with fewer conditions is cheaper.
struct Localizer {
    /// Cells looked at; of a longer time only the latest.
    static let cellsMax = 40_000

    let detector: Detector
    let now: Instant
    /// What needs no other cause.
    let explained: ExplainedCalls

    private var table = SeriesTable(countMax: 1 << 20)
    private var usuals: [UsualShare] = []
    /// What is usual for the calls of one partner and direction, by route and customer.
    private var usualOfCalls = UsualOfCalls()

    init(_ detector: Detector, at now: Instant, explained: ExplainedCalls) {
        self.detector = detector
        self.now = now
        self.explained = explained
    }

    // MARK: Within a partner

    /// The best explanations of a partner's failures since a time, best first.
    mutating func explain(
        _ group: SymptomGroup, _ partner: NameID, _ direction: Direction, since: Instant, also current: Scope? = nil
    ) -> [Hypothesis] {
        explain(
            tally(group, partner, direction, since: since), group, partner, direction, since: since, also: current)
    }

    /// A partner's calls since a time, counted.
    mutating func tally(_ group: SymptomGroup, _ partner: NameID, _ direction: Direction, since: Instant)
        -> TalliedCalls
    {
        var calls = TalliedCalls()
        for cell in recent(partner, direction, since: since) {
            calls.count(cell, failed: cell.symptom.group == group) { usual(cell, group) }
        }
        return calls
    }

    /// - Parameters:
    ///   - calls: of the partner since then.
    ///   - other: a scope that is explained, though it was counted.
    mutating func explain(
        _ calls: TalliedCalls, _ group: SymptomGroup, _ partner: NameID, _ direction: Direction, since: Instant,
        also current: Scope? = nil, without other: Scope? = nil
    ) -> [Hypothesis] {
        let networks = detector.networks
        let calls = other.map { other in calls.entries.filter { !other.holds($0.cell, networks) } } ?? calls.entries
        let values = failing(calls)
        guard values.contains(where: { !$0.isEmpty }) else { return [] }
        var candidates = candidates(values, group, partner, direction)
        if let current, current.partner == partner, !candidates.contains(where: { $0.scope == current }) {
            candidates.append(Hypothesis(current, group, penalty: 2))
        }
        var classes = ScopeClasses(values)
        for call in calls { classes.add(call.counts, of: call.cell) }
        for index in candidates.indices {
            if let counts = classes.counts(in: candidates[index].scope) {
                candidates[index].counts = counts
            } else {
                for call in calls where candidates[index].scope.holds(call.cell, networks) {
                    candidates[index].counts.add(call.counts)
                }
            }
        }
        for index in candidates.indices where candidates[index].scope.serviceVersion != 0 {
            countCallsBefore(since, of: &candidates[index])
        }
        return candidates.sorted { $0.score > $1.score }
    }

    /// A partner's calls since a time that nothing explains, latest first, at most `cellsMax`.
    func recent(_ partner: NameID, _ direction: Direction?, since: Instant) -> RecentCells {
        RecentCells(
            detector.history.line(partner).cells, direction, since: since, explained, detector.networks,
            countMax: Self.cellsMax)
    }

    /// Of each of `ScopeClasses.dimensions`, the values that failed most, most first.
    private func failing(_ calls: [TalliedCalls.Entry]) -> [[NameID]] {
        var counts = ScopeClasses.dimensions.map { _ in ValueCounts() }
        for call in calls where call.counts.failures > 0 {
            for (index, dimension) in ScopeClasses.dimensions.enumerated() where call.cell[dimension] != 0 {
                counts[index].add(call.counts.failures, of: call.cell[dimension])
            }
        }
        return counts.map { $0.largest(ScopeClasses.valuesMax) }
    }

    private func candidates(
        _ values: [[NameID]], _ group: SymptomGroup, _ partner: NameID, _ direction: Direction
    ) -> [Hypothesis] {
        let whole = Scope(partner: partner, direction: direction)
        // That requests are suddenly refused with nothing changed on our side is the less likely story.
        let unchanged = group.isRejection ? 3.0 : 0
        var candidates = [Hypothesis(whole, group, penalty: unchanged)]
        var singles: [(dimension: Dimension, value: NameID, cost: Double)] = []
        for (dimension, values) in zip(ScopeClasses.dimensions, values) {
            let count = detector.valueCount(partner, direction, dimension)
            guard count > 1 else { continue }
            for value in values {
                guard let cost = cost(dimension, value, of: count, group) else { continue }
                singles.append((dimension, value, cost))
                let base = dimension == .serviceVersion ? 0 : unchanged
                candidates.append(Hypothesis(whole.with(dimension, value), group, penalty: base + cost))
            }
        }
        for (index, first) in singles.enumerated() {
            for second in singles[(index + 1)...]
            where first.dimension != second.dimension && Self.isPair(first.dimension, second.dimension) {
                let scope = whole.with(first.dimension, first.value).with(second.dimension, second.value)
                let base = scope.serviceVersion != 0 ? 0 : unchanged
                candidates.append(Hypothesis(scope, group, penalty: base + first.cost + second.cost))
            }
        }
        return candidates
    }

    /// A host lies in one region and runs one release: naming both says nothing.
    private static func isPair(_ first: Dimension, _ second: Dimension) -> Bool {
        first == .route || second == .route || (first == .region && second == .customer)
    }

    /// What any condition costs, beside how many values could have been named.
    static let conditionCost = 1.5

    /// What naming a value costs. A release is named only when it is new, and then it costs less than nothing: most outages
    /// follow a change, and that one was made just now is no coincidence to pay for.
    private func cost(_ dimension: Dimension, _ value: NameID, of count: Int, _ group: SymptomGroup) -> Double? {
        // Bad requests are mostly one customer's bad data.
        if dimension == .customer, group.isRejection { return 1 }
        guard dimension == .serviceVersion else { return Self.conditionCost + log(Double(count)) }
        guard let seen = firstSeen(value), now - seen < .seconds(6 * 3_600),
            // In the first hours every release looks new.
            detector.releases.contains(where: { $0.version != value && $0.firstSeen < seen - .seconds(1_800) })
        else { return nil }
        return -3
    }

    private func firstSeen(_ version: NameID) -> Instant? {
        detector.releases.last { $0.version == version }?.firstSeen
    }

    /// A release is guilty from when it appeared, so its calls that did well before the failures began speak for it.
    private mutating func countCallsBefore(_ since: Instant, of hypothesis: inout Hypothesis) {
        guard let seen = firstSeen(hypothesis.scope.serviceVersion), seen < since else { return }
        let networks = detector.networks
        for cell in recent(
            hypothesis.scope.partner, hypothesis.scope.direction, since: max(seen, since - .seconds(3_600)))
        where cell.time < since && hypothesis.scope.holds(cell, networks) {
            hypothesis.count(cell, usual(cell, hypothesis.group))
        }
    }

    /// What a scope's calls since a time say by themselves, without those of some other scopes.
    mutating func weigh(_ scope: Scope, _ group: SymptomGroup, since: Instant, without others: [Scope] = [])
        -> Hypothesis
    {
        var hypothesis = Hypothesis(scope, group, penalty: 0)
        let networks = detector.networks
        for partner in scope.partner != 0 ? [scope.partner] : detector.history.partners {
            for cell in recent(partner, scope.direction, since: since) where scope.holds(cell, networks) {
                if others.contains(where: { $0.holds(cell, networks) }) { continue }
                hypothesis.count(cell, usual(cell, group))
            }
        }
        return hypothesis
    }

    // MARK: What is usual

    /// For a call: its route's share, raised by as much as its customer is usually worse than the partner.
    @inline(__always)
    mutating func usual(_ cell: CallCell, _ group: SymptomGroup) -> UsualShare {
        usualOfCalls.turn(to: cell, group)
        if let known = usualOfCalls[cell] { return known }
        let usual = usualOfRoute(cell, group)
        usualOfCalls.append(usual)
        return usual
    }

    private mutating func usualOfRoute(_ cell: CallCell, _ group: SymptomGroup) -> UsualShare {
        let route = usual(
            SeriesKey(partner: cell.partner, direction: cell.direction, dimension: .route, value: cell.route), group)
        guard cell.customer != 0 else { return route }
        let whole = usual(
            SeriesKey(partner: cell.partner, direction: cell.direction, dimension: .partner, value: 0), group)
        let customer = usual(
            SeriesKey(partner: cell.partner, direction: cell.direction, dimension: .customer, value: cell.customer),
            group)
        let ratio = customer.share / whole.share
        return ratio > 2 ? UsualShare(min(0.5, route.share * ratio), clump: route.clump) : route
    }

    mutating func usual(_ key: SeriesKey, _ group: SymptomGroup) -> UsualShare {
        guard let number = table.number(of: key) else { return learned(key, group) }
        if number == usuals.count { usuals.append(learned(key, group)) }
        return usuals[number]
    }

    private func learned(_ key: SeriesKey, _ group: SymptomGroup) -> UsualShare {
        UsualShare(
            detector.usual(key, group, at: now),
            clump: detector.clumpSize(key.partner, key.direction, group, at: now))
    }
}

/// What is usual for the calls of one partner and direction, as it was worked out for each route with each customer.
private struct UsualOfCalls {
    private var whole: SeriesKey?
    private var group = SymptomGroup.none
    private var numbers = NumberTable(countMax: 1 << 20)
    private var shares: [UsualShare] = []

    /// Forgets what is known of others.
    @inline(__always)
    mutating func turn(to cell: CallCell, _ group: SymptomGroup) {
        let whole = SeriesKey(partner: cell.partner, direction: cell.direction, dimension: .partner, value: 0)
        guard whole != self.whole || group != self.group else { return }
        self = UsualOfCalls()
        (self.whole, self.group) = (whole, group)
    }

    /// Nil: `append` it next.
    subscript(cell: CallCell) -> UsualShare? {
        mutating get {
            let pair = UInt64(UInt32(bitPattern: cell.route)) << 32 | UInt64(UInt32(bitPattern: cell.customer))
            guard let number = numbers.number(of: pair), number < shares.count else { return nil }
            return shares[number]
        }
    }

    mutating func append(_ usual: UsualShare) {
        if shares.count < numbers.count { shares.append(usual) }
    }
}
