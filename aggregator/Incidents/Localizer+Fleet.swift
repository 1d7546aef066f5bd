import CallModel
import Detection
import Glibc
import Rollups

/// What several partners' failures have in common: one of our hosts, one of our regions, a network on the far side, or us.
extension Localizer {
    /// The best explanation across partners, with what it is up against.
    struct FleetFinding {
        var hypothesis: Hypothesis
        /// What the partners' failures explain one by one, each at the price of an incident of its own.
        var separately: Double
        /// Partners whose own failures speak.
        var partners: [NameID]
    }

    /// What one more incident costs, in nats.
    static let incidentCost = 8.0
    /// Evidence from which on a partner is taken to share in something.
    private static let shareMin = 2.5

    /// The best of all, nil where nothing is failing across partners.
    mutating func explainFleet(_ group: SymptomGroup, since: Instant) -> FleetFinding? {
        // It looks at everybody's calls, so first, cheaply, at whether more than one partner fails at all.
        let affected = detector.history.partners.filter { fails($0, group, since: since) }
        guard affected.count > 1 else { return nil }
        var tallies = FleetTallies(group)
        for partner in detector.history.partners {
            let usual = self.usual(Self.whole(partner, .outbound), group)
            let usualInbound = self.usual(Self.whole(partner, .inbound), group)
            let network = detector.networks[Int(partner)]
            for cell in recent(partner, nil, since: since) {
                tallies.count(cell, cell.direction == .outbound ? usual : usualInbound, network: network)
            }
        }
        let networks = networks(tallies, affected)
        let candidates = hosts(tallies) + networks + everything(tallies, affected)
        guard let best = candidates.max(by: { $0.score < $1.score }) else { return nil }
        return FleetFinding(hypothesis: best, separately: separately(tallies, networks, than: best), partners: affected)
    }

    /// Whether a partner takes part in what fails.
    private mutating func fails(_ partner: NameID, _ group: SymptomGroup, since: Instant) -> Bool {
        let usual = usual(Self.whole(partner, .outbound), group)
        var tally = Hypothesis(Scope(partner: partner, direction: .outbound), group, penalty: 0)
        for cell in recent(partner, .outbound, since: since) { tally.count(cell, usual) }
        return tally.likelihood >= Self.shareMin
    }

    private static func whole(_ partner: NameID, _ direction: Direction) -> SeriesKey {
        SeriesKey(partner: partner, direction: direction, dimension: .partner, value: 0)
    }

    /// What the partners, or the networks that several of them share, explain each by itself.
    private func separately(_ tallies: FleetTallies, _ networks: [Hypothesis], than best: Hypothesis) -> Double {
        var sum = 0.0
        for hypothesis in tallies.partners.values {
            let network = detector.networks[Int(hypothesis.scope.partner)]
            if best.scope.network == 0, networks.contains(where: { $0.scope.network == network }) { continue }
            sum += max(0, hypothesis.likelihood - Self.incidentCost)
        }
        if best.scope.network == 0 {
            sum += networks.reduce(0) { $0 + max(0, $1.likelihood - Self.incidentCost) }
        }
        return sum
    }

    /// A host fails alone: there must be others that call.
    private func hosts(_ tallies: FleetTallies) -> [Hypothesis] {
        guard tallies.hosts.count > 1 else { return [] }
        return tallies.hosts.values.map { host in
            var host = host
            host.penalty = 1 + log(Double(tallies.hosts.count))
            return host
        }
    }

    /// A network is blamed when two of its partners fail or more.
    private func networks(_ tallies: FleetTallies, _ affected: [NameID]) -> [Hypothesis] {
        tallies.networks.values.compactMap { hypothesis in
            let network = hypothesis.scope.network
            guard affected.count(where: { detector.networks[Int($0)] == network }) >= 2 else { return nil }
            var hypothesis = hypothesis
            hypothesis.penalty = 3
            return hypothesis
        }
    }

    /// Our own network, or that of one of our regions, when partners of several networks fail from several hosts.
    ///
    /// That two of many partners fail in one hour happens; that they do so out of one of our regions alone, or that it is all there
    /// are, is ours.
    private func everything(_ tallies: FleetTallies, _ affected: [NameID]) -> [Hypothesis] {
        guard Set(affected.map { detector.networks[Int($0)] == 0 ? -$0 : detector.networks[Int($0)] }).count >= 2
        else { return [] }
        var all = tallies.all
        all.penalty = 5
        let isEveryone = affected.count >= 3 || affected.count == tallies.partners.count
        let regions = tallies.regions.count > 1 ? tallies.regions.values : []
        return (isEveryone ? [all] : [])
            + regions.map { region in
                var region = region
                region.penalty = 5 + log(Double(tallies.regions.count))
                return region
            }
    }
}

/// Counts of one group's failures by what crosses partners.
private struct FleetTallies {
    let group: SymptomGroup
    var partners = ScopeTallies()
    var hosts = ScopeTallies()
    var regions = ScopeTallies()
    var networks = ScopeTallies()
    var all: Hypothesis

    init(_ group: SymptomGroup) {
        self.group = group
        all = Hypothesis(Scope(direction: .outbound), group, penalty: 0)
    }

    /// - Parameter network: the partner's. Its calls on us come over it too, though they do not tell.
    mutating func count(_ cell: CallCell, _ usual: UsualShare, network: NameID) {
        let far = cell.network != 0 ? cell.network : network
        if far != 0 { networks.count(cell, usual, group, .network, far, nil) }
        guard cell.direction == .outbound else { return }
        all.count(cell, usual)
        partners.count(cell, usual, group, .partner, cell.partner, .outbound)
        if cell.host != 0 { hosts.count(cell, usual, group, .host, cell.host, nil) }
        if cell.region != 0 { regions.count(cell, usual, group, .region, cell.region, .outbound) }
    }
}

/// One hypothesis for each value of a dimension, in the order they were met.
private struct ScopeTallies {
    private(set) var values: [Hypothesis] = []
    private var table = SeriesTable(countMax: 1 << 20)

    var count: Int { values.count }

    @inline(__always)
    mutating func count(
        _ cell: CallCell, _ usual: UsualShare, _ group: SymptomGroup, _ dimension: Dimension, _ value: NameID,
        _ direction: Direction?
    ) {
        let key = SeriesKey(partner: 0, direction: .outbound, dimension: dimension, value: value)
        guard let number = table.number(of: key) else { return }
        if number == values.count {
            values.append(Hypothesis(Scope(direction: direction).with(dimension, value), group, penalty: 0))
        }
        values[number].count(cell, usual)
    }
}
