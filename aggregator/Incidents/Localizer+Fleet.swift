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
        var tallies = FleetTallies(group)
        for partner in detector.history.partners {
            for cell in recent(partner, nil, since: since) {
                let key = SeriesKey(partner: partner, direction: cell.direction, dimension: .partner, value: 0)
                tallies.count(cell, usual(key, group), network: detector.networks[Int(partner)])
            }
        }
        let affected = tallies.partners.filter { $0.value.likelihood >= Self.shareMin }.keys.sorted()
        guard !affected.isEmpty else { return nil }
        let networks = networks(tallies, affected)
        let candidates = hosts(tallies) + networks + everything(tallies, affected)
        guard let best = candidates.max(by: { $0.score < $1.score }) else { return nil }
        return FleetFinding(hypothesis: best, separately: separately(tallies, networks, than: best), partners: affected)
    }

    /// What the partners, or the networks that several of them share, explain each by itself.
    private func separately(_ tallies: FleetTallies, _ networks: [Hypothesis], than best: Hypothesis) -> Double {
        var sum = 0.0
        for (partner, hypothesis) in tallies.partners {
            let network = detector.networks[Int(partner)]
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
        tallies.networks.compactMap { network, hypothesis in
            guard affected.count(where: { detector.networks[Int($0)] == network }) >= 2 else { return nil }
            var hypothesis = hypothesis
            hypothesis.penalty = 3
            return hypothesis
        }
    }

    /// Our own network, or that of one of our regions, when partners of several networks fail from several hosts.
    private func everything(_ tallies: FleetTallies, _ affected: [NameID]) -> [Hypothesis] {
        guard affected.count >= 3,
            Set(affected.map { detector.networks[Int($0)] == 0 ? -$0 : detector.networks[Int($0)] }).count >= 2
        else { return [] }
        var all = tallies.all
        all.penalty = 5
        let regions = tallies.regions.count > 1 ? Array(tallies.regions.values) : []
        return [all]
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
    var partners: [NameID: Hypothesis] = [:]
    var hosts: [NameID: Hypothesis] = [:]
    var regions: [NameID: Hypothesis] = [:]
    var networks: [NameID: Hypothesis] = [:]
    var all: Hypothesis

    init(_ group: SymptomGroup) {
        self.group = group
        all = Hypothesis(Scope(direction: .outbound), group, penalty: 0)
    }

    /// - Parameter network: the partner's. Its calls on us come over it too, though they do not tell.
    mutating func count(_ cell: CallCell, _ usual: UsualShare, network: NameID) {
        let far = cell.network != 0 ? cell.network : network
        if far != 0 {
            networks[far, default: Hypothesis(Scope().with(.network, far), group, penalty: 0)].count(cell, usual)
        }
        guard cell.direction == .outbound else { return }
        partners[
            cell.partner, default: Hypothesis(Scope(partner: cell.partner, direction: .outbound), group, penalty: 0)
        ]
        .count(cell, usual)
        all.count(cell, usual)
        if cell.host != 0 {
            hosts[cell.host, default: Hypothesis(Scope().with(.host, cell.host), group, penalty: 0)]
                .count(cell, usual)
        }
        if cell.region != 0 {
            regions[
                cell.region,
                default: Hypothesis(Scope(direction: .outbound).with(.region, cell.region), group, penalty: 0)
            ]
            .count(cell, usual)
        }
    }
}
