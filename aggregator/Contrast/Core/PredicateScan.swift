/// A conjunction of values, and the sums over the rows it holds for that nothing covers yet.
struct Candidate: Sendable {
    /// Ascending places of dimensions, with the code in each; 1 to 3 of them.
    var dimensions: [Int]
    var codes: [Int32]
    var sums: GroupSums
    /// What it is worth: its excess less its price.
    var score: Double

    func isSame(as other: Candidate) -> Bool { dimensions == other.dimensions && codes == other.codes }

    /// Whether it asks for all that the other asks for, and more.
    func isNarrower(than other: Candidate) -> Bool {
        dimensions.count > other.dimensions.count
            && zip(other.dimensions, other.codes).allSatisfy { dimension, code in
                zip(dimensions, codes).contains { $0 == dimension && $1 == code }
            }
    }
}

/// What a score costs.
struct Pricing: Sendable {
    var perPredicate: Double
    var perLiteral: Double

    func score(excess: Double, literals: Int) -> Double {
        excess - perPredicate - perLiteral * Double(literals)
    }
}

/// Looks at every predicate once: groups the rows by each set of dimensions and keeps the best groups of each set.
struct PredicateScan {
    /// Groups kept of one set of dimensions: the first starts a beam, the others are its rivals.
    private static let keptPerSetMax = 3
    /// Values of one dimension that go into larger sets.
    private static let promisingMax = 256
    /// Extra failures that a row must be expected to have before their absence says anything.
    private static let tellingFailuresMin = 5.0
    /// What share of them it must have to count as reached.
    private static let risenShareMin = 0.3
    /// Above this many possible groups a set of dimensions is grouped by hashing.
    private static let denseGroupsMax = 1 << 17

    let rows: ContrastRows
    private(set) var leaves: [Leaf]
    private let rowsOfValues: RowsOfValues
    let causeShareMin: Double
    let literalsMax: Int

    init(rows: ContrastRows, leaves: [Leaf], causeShareMin: Double, literalsMax: Int) {
        self.rows = rows
        self.leaves = leaves
        self.causeShareMin = causeShareMin
        self.literalsMax = literalsMax
        rowsOfValues = RowsOfValues(rows)
    }

    /// Sets what is normal variation of each row, as learnt from the rows that no cause covers.
    mutating func spread(outside covered: [Bool]) {
        let spread = RowSpread(leaves, outside: covered)
        for place in leaves.indices { leaves[place].evidence = spread.evidence(of: leaves[place]) }
    }

    /// The best of each set of dimensions that are worth something, best first.
    func candidates(covered: [Bool], pricing: Pricing) -> [Candidate] {
        var found: [Candidate] = []
        let singles = rows.dimensions.indices.map { singleSums($0, covered) }
        let total = singles.map { $0.reduce(0) { $0 + max(0, $1.failed - $1.expected) } }.max() ?? 0
        guard total > 0 else { return [] }
        var promising: [Promising] = []
        for (dimension, sums) in singles.enumerated() {
            let worth = Promising(sums, excessMin: total * causeShareMin, countMax: Self.promisingMax)
            promising.append(worth)
            keep(worth.codes.map { sums[Int($0)] }, of: [dimension], pricing, in: &found) { [worth.codes[$0]] }
        }
        let active = activeRows(promising, covered)
        let columns = rows.dimensions.indices.map { column($0, of: active, promising) }
        for set in sets(promising) {
            let groups = grouped(active, columns, by: set, promising)
            keep(groups.sums, of: set, pricing, in: &found) { Self.codes(groups.keys[$0], of: set, promising) }
        }
        for index in found.indices { found[index].score = score(of: found[index], covered, pricing) }
        return found.filter { $0.score > 0 }.sorted { isBetter($0, $1) }
    }

    /// The exact score: how much likelier the rows are when each has, besides its normal failures, the rise of the whole
    /// predicate; times the part of its calls that shows the rise. Sums alone would mix rows that always fail with rows
    /// that never do, and a cause that reaches only some of its rows is a wider one than it should be.
    func score(of candidate: Candidate, _ covered: [Bool], _ pricing: Pricing) -> Double {
        let sums = candidate.sums
        let rise = min(max((sums.failed - sums.expected) / max(sums.total - sums.expected, 1e-9), 0), 1 - 1e-9)
        var telling = 0.0
        var risen = 0.0
        var gain = 0.0
        forEachRow(of: candidate) { place in
            guard !covered[place] else { return }
            let leaf = leaves[place]
            gain += Likelihood.gain(leaf, rise: rise) * leaf.evidence
            let claimed = rise * (leaf.total - leaf.expected)
            guard claimed >= Self.tellingFailuresMin else { return }
            telling += leaf.total
            if leaf.failed - leaf.expected >= Self.risenShareMin * claimed { risen += leaf.total }
        }
        let ripple = telling > 0 ? risen / telling : 1
        return pricing.score(excess: max(gain, 0) * ripple, literals: candidate.dimensions.count)
    }

    /// The rows for which a predicate holds: those of its rarest value, less those that lack another.
    @inline(__always)
    func forEachRow(of candidate: Candidate, _ body: (Int) -> Void) {
        rowsOfValues.forEachRow(of: candidate, body)
    }

    /// Better scores first; on a tie the shorter, then by name, so that the order of rows decides nothing.
    func isBetter(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.score != right.score { return left.score > right.score }
        if left.dimensions.count != right.dimensions.count { return left.dimensions.count < right.dimensions.count }
        if left.dimensions != right.dimensions { return left.dimensions.lexicographicallyPrecedes(right.dimensions) }
        return names(left).lexicographicallyPrecedes(names(right))
    }

    private func names(_ candidate: Candidate) -> [String] {
        zip(candidate.dimensions, candidate.codes).map { rows.name(of: $1, in: $0) }
    }

    private func singleSums(_ dimension: Int, _ covered: [Bool]) -> [GroupSums] {
        var sums = Array(repeating: GroupSums(), count: rows.valueCount(in: dimension))
        var at = dimension
        for place in leaves.indices {
            let code = rows.codes[at]
            if code >= 0, !covered[place] { sums[Int(code)].add(leaves[place]) }
            at += rows.dimensions.count
        }
        return sums
    }

    /// Rows that at least one promising value holds for: the only ones a larger predicate can hold for.
    private func activeRows(_ promising: [Promising], _ covered: [Bool]) -> [Int] {
        leaves.indices.filter { place in
            guard !covered[place] else { return false }
            var count = 0
            for dimension in rows.dimensions.indices {
                let code = rows.codes[place * rows.dimensions.count + dimension]
                if code >= 0, promising[dimension].place[Int(code)] >= 0 { count += 1 }
            }
            return count >= 2
        }
    }

    private func sets(_ promising: [Promising]) -> [[Int]] {
        let usable = rows.dimensions.indices.filter { !promising[$0].codes.isEmpty }
        var sets: [[Int]] = []
        guard literalsMax >= 2 else { return [] }
        for (at, first) in usable.enumerated() {
            for (next, second) in usable.enumerated().dropFirst(at + 1) {
                sets.append([first, second])
                guard literalsMax >= 3 else { continue }
                for third in usable.dropFirst(next + 1) { sets.append([first, second, third]) }
            }
        }
        return sets
    }

    private func keep(
        _ groups: [GroupSums], of set: [Int], _ pricing: Pricing, in found: inout [Candidate],
        codes: (Int) -> [Int32]
    ) {
        var best: [Candidate] = []
        for (index, sums) in groups.enumerated() where sums.failed > sums.expected {
            let score = pricing.score(excess: sums.excess * sums.evidence, literals: set.count)
            guard score > 0, best.count < Self.keptPerSetMax || score >= best[best.count - 1].score else { continue }
            let candidate = Candidate(dimensions: set, codes: codes(index), sums: sums, score: score)
            let place = best.firstIndex { isBetter(candidate, $0) } ?? best.count
            best.insert(candidate, at: place)
            if best.count > Self.keptPerSetMax { best.removeLast() }
        }
        found += best
    }
}

/// The values of one dimension that a cause may have.
struct Promising {
    var codes: [Int32] = []
    /// The place in `codes` of each code, or -1.
    var place: [Int32]

    init(_ sums: [GroupSums], excessMin: Double, countMax: Int) {
        place = Array(repeating: -1, count: sums.count)
        let worthy = sums.indices.filter { sums[$0].failed - sums[$0].expected >= max(excessMin, 1e-9) }
        let kept =
            worthy.count <= countMax ? worthy : Array(worthy.sorted { sums[$0].excess > sums[$1].excess }[..<countMax])
        for code in kept {
            place[code] = Int32(truncatingIfNeeded: codes.count)
            codes.append(Int32(truncatingIfNeeded: code))
        }
    }
}

extension PredicateScan {
    /// For each active row the place of its value among the promising ones of a dimension, or -1.
    private func column(_ dimension: Int, of active: [Int], _ promising: [Promising]) -> [Int32] {
        let places = promising[dimension].place
        return active.map { row in
            let code = rows.codes[row * rows.dimensions.count + dimension]
            return code >= 0 ? places[Int(code)] : -1
        }
    }

    /// The sums of each group of `active` rows that have promising values in all dimensions of `set`, two or three.
    private func grouped(
        _ active: [Int], _ columns: [[Int32]], by set: [Int], _ promising: [Promising]
    ) -> Groups {
        let counts = set.map { promising[$0].codes.count }
        let possible = counts.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        var groups = Groups(isDense: possible <= Self.denseGroupsMax, possible: possible)
        let (first, second) = (columns[set[0]], columns[set[1]])
        let third = set.count > 2 ? columns[set[2]] : []
        for (index, row) in active.enumerated() {
            guard first[index] >= 0, second[index] >= 0 else { continue }
            var key = Int(first[index]) &* counts[1] &+ Int(second[index])
            if !third.isEmpty {
                guard third[index] >= 0 else { continue }
                key = key &* counts[2] &+ Int(third[index])
            }
            groups.add(leaves[row], key: key)
        }
        return groups
    }

    /// The values behind a group's key.
    private static func codes(_ key: Int, of set: [Int], _ promising: [Promising]) -> [Int32] {
        var key = key
        var codes: [Int32] = []
        for dimension in set.reversed() {
            let count = promising[dimension].codes.count
            codes.insert(promising[dimension].codes[key % count], at: 0)
            key /= count
        }
        return codes
    }

    /// Sums by key, keys in the order of their first row.
    private struct Groups {
        private(set) var keys: [Int] = []
        private(set) var sums: [GroupSums] = []
        private var dense: [Int32]
        private var sparse: [Int: Int32] = [:]

        init(isDense: Bool, possible: Int) { dense = isDense ? Array(repeating: -1, count: possible) : [] }

        mutating func add(_ leaf: Leaf, key: Int) {
            var place = dense.isEmpty ? sparse[key] ?? -1 : dense[key]
            if place < 0 {
                place = Int32(truncatingIfNeeded: keys.count)
                if dense.isEmpty { sparse[key] = place } else { dense[key] = place }
                keys.append(key)
                sums.append(GroupSums())
            }
            sums[Int(place)].add(leaf)
        }
    }
}
