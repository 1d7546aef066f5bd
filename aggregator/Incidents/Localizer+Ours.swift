import CallModel
import Detection
import Glibc
import Rollups

/// Whether what looks like a partner's trouble befalls only some of ours: three customers of twelve, or the hosts of one rack.
///
/// What a partner breaks it breaks for all of our hosts and customers in the same measure, or for those of one region. What befalls
/// only some of ours may be a configuration that not all have, a credential that several share, a proxy in front of a few hosts; or
/// the part of the partner's that serves them. No scope names several hosts or customers, and it cannot be told whose fault it is: so it is
/// no cause, only a doubt.
extension Localizer {
    private static let oursDimensions: [Dimension] = [.host, .customer]

    /// How much better the best of these explains the calls than the hypothesis does, in nats; nil where there are none.
    ///
    /// - Parameter since: from when on the hypothesis's calls were counted.
    mutating func concentration(of best: Hypothesis, since: Instant) -> Double? {
        var tallies = Self.oursDimensions.map { _ in ValueTallies() }
        for partner in best.scope.partner != 0 ? [best.scope.partner] : detector.history.partners {
            var retries = Retries()
            // In the order of time.
            for cell in Array(recent(partner, best.scope.direction, since: since)).reversed()
            where best.scope.holds(cell, detector.networks) {
                // What is tried again after a failure says nothing new of whom it befalls.
                if retries.isOne(cell, failed: cell.symptom.group == best.group) { continue }
                let (usual, failed) = (usual(cell, best.group), cell.symptom.group == best.group)
                for (index, dimension) in Self.oursDimensions.enumerated() {
                    tallies[index].count(cell, cell[dimension], usual, failed: failed)
                }
            }
        }
        return tallies.compactMap { Self.concentration($0.worstFirst, best) }.max()
    }

    /// Of values from the worst on, so many at a time: one share risen in all of them, and nothing elsewhere. What is chosen by
    /// looking is paid for: there are so many ways to choose as many.
    private static func concentration(_ tallies: [ScopeCounts], _ best: Hypothesis) -> Double? {
        var set = Hypothesis(best.scope, best.group, penalty: conditionCost)
        var highest: Double?
        for (index, counts) in tallies.dropLast().enumerated() {
            set.counts.add(counts)
            set.penalty += log(Double(tallies.count - index) / Double(index + 1))
            // One alone is among the scopes.
            if index > 0 { highest = max(highest ?? set.score, set.score) }
        }
        guard let highest, let last = tallies.last else { return nil }
        set.counts.add(last)
        return highest - set.likelihood
    }
}

extension Localizer {
    /// Evidence, in nats, that makes another partner a witness.
    private static let witnessMin = 8.0

    /// Whether another partner, behind another network, fails out of the same region of ours alone: what two have in common is then the
    /// region. Asked without regard to what is explained: the other may have its incident already.
    mutating func otherFails(out region: NameID, but partner: NameID, _ group: SymptomGroup, since: Instant) -> Bool {
        let networks = detector.networks
        return detector.history.partners.contains { other in
            guard other != partner, networks[Int(other)] == 0 || networks[Int(other)] != networks[Int(partner)] else {
                return false
            }
            let whole = Scope(partner: other, direction: .outbound)
            let part = whole.with(.region, region)
            guard weigh(part, group, since: since).likelihood >= Self.witnessMin else { return false }
            return weigh(whole, group, since: since, without: [part]).likelihood < Self.witnessMin
        }
    }
}

/// Which calls are tries again: of the same host and customer on the same route, soon after one that failed.
private struct Retries {
    private static let within: Duration = .seconds(60)

    private var table = NumberTable(countMax: 1 << 16)
    private var last: [(failed: Bool, at: Instant)] = []

    mutating func isOne(_ cell: CallCell, failed: Bool) -> Bool {
        var key: UInt64 = 0
        for value in [cell.host, cell.customer, cell.route] {
            key = (key ^ UInt64(UInt32(bitPattern: value))) &* 0x9E37_79B9_7F4A_7C15
            key ^= key >> 32
        }
        guard let number = table.number(of: key >> 1) else { return false }
        guard number < last.count else {
            last.append((failed, cell.time))
            return false
        }
        defer { last[number] = (failed, cell.time) }
        return last[number].failed && cell.time - last[number].at <= Self.within
    }
}

/// What was counted for each value of a dimension.
private struct ValueTallies {
    private var table = NumberTable(countMax: 1 << 16)
    private var values: [(value: NameID, counts: ScopeCounts)] = []

    @inline(__always)
    mutating func count(_ cell: CallCell, _ value: NameID, _ usual: UsualShare, failed: Bool) {
        guard let number = table.number(of: UInt64(UInt32(bitPattern: value))) else { return }
        if number == values.count { values.append((value, ScopeCounts())) }
        values[number].counts.count(cell, usual, failed: failed)
    }

    /// By the share that fails; one failure is worth more beside fewer calls.
    var worstFirst: [ScopeCounts] {
        func share(_ counts: ScopeCounts) -> Double { counts.failures / (counts.calls + 1) }
        return values.sorted { (share($0.counts), $1.value) > (share($1.counts), $0.value) }.map(\.counts)
    }
}
