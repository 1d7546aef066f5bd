/// A conjunction of values, and what the rows say for it that it holds for and nothing covers yet.
struct Candidate: Sendable {
    /// Ascending places of dimensions, with the code in each; 1 to 3 of them.
    var dimensions: [Int]
    var codes: [Int32]
    var gains: RowEvidence.Rises
    /// What it is worth: its rows' gain, with the rise that fits them best, less its price.
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

/// Looks at every predicate once: groups the rows by each set of dimensions and keeps the best groups of each set.
struct PredicateScan {
    /// Groups kept of one set of dimensions: the first starts a beam, the others are its rivals.
    private static let keptPerSetMax = 3
    /// Above this many possible groups a set of dimensions is grouped by hashing.
    private static let denseGroupsMax = 1 << 17

    let rows: ContrastRows
    let pricing: Pricing
    let literalsMax: Int
    private let rowsOfValues: RowsOfValues
    /// What each row says, for each rise.
    var gains: [RowEvidence.Rises] = []

    init(rows: ContrastRows, pricing: Pricing, literalsMax: Int) {
        self.rows = rows
        self.pricing = pricing
        self.literalsMax = literalsMax
        rowsOfValues = RowsOfValues(rows)
    }

    /// The best of each set of dimensions that are worth something, best first.
    func candidates(covered: [Bool]) -> [Candidate] {
        var found: [Candidate] = []
        let singles = rows.dimensions.indices.map { ValueSums(of: $0, rows, gains, covered) }
        var promising: [Promising] = []
        for (dimension, sums) in singles.enumerated() {
            keep(sums.gains, of: [dimension], in: &found) { [Int32(truncatingIfNeeded: $0)] }
            // A cause gains at most what the rows of each of its values gain where they do.
            promising.append(Promising(sums.gainsMax, worthMin: pricing.pairPriceMin(with: dimension)))
        }
        let active = activeRows(promising, covered)
        let columns = rows.dimensions.indices.map { column($0, of: active, promising) }
        for set in sets(promising) {
            let groups = grouped(active, columns, by: set, promising)
            keep(groups.sums, of: set, in: &found) { Self.codes(groups.keys[$0], of: set, promising) }
        }
        return found.sorted { isBetter($0, $1) }
    }

    /// The same predicate where other rows are covered.
    func rescored(_ candidate: Candidate, covered: [Bool]) -> Candidate {
        var candidate = candidate
        candidate.gains = RowEvidence.Rises(repeating: 0)
        forEachRow(of: candidate) { if !covered[$0] { candidate.gains += gains[$0] } }
        candidate.score = Double(candidate.gains.max()) - pricing.price(of: candidate.dimensions)
        return candidate
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

    /// Rows that at least one promising value holds for: the only ones a larger predicate can hold for.
    private func activeRows(_ promising: [Promising], _ covered: [Bool]) -> [Int] {
        gains.indices.filter { place in
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
        _ groups: [RowEvidence.Rises], of set: [Int], in found: inout [Candidate], codes: (Int) -> [Int32]
    ) {
        var best: [Candidate] = []
        let price = pricing.price(of: set)
        for (index, gains) in groups.enumerated() {
            let score = Double(gains.max()) - price
            guard score > 0, best.count < Self.keptPerSetMax || score >= best[best.count - 1].score else { continue }
            let candidate = Candidate(dimensions: set, codes: codes(index), gains: gains, score: score)
            let place = best.firstIndex { isBetter(candidate, $0) } ?? best.count
            best.insert(candidate, at: place)
            if best.count > Self.keptPerSetMax { best.removeLast() }
        }
        found += best
    }
}

/// What the rows of each value of one dimension say.
private struct ValueSums {
    var gains: [RowEvidence.Rises]
    /// The sum of what each row says at most, where it says anything for a cause.
    var gainsMax: [Float]

    init(of dimension: Int, _ rows: ContrastRows, _ rowGains: [RowEvidence.Rises], _ covered: [Bool]) {
        gains = Array(repeating: RowEvidence.Rises(repeating: 0), count: rows.valueCount(in: dimension))
        gainsMax = Array(repeating: 0, count: gains.count)
        var at = dimension
        for place in rowGains.indices {
            let code = Int(rows.codes[at])
            at += rows.dimensions.count
            guard code >= 0, !covered[place] else { continue }
            gains[code] += rowGains[place]
            gainsMax[code] += max(0, rowGains[place].max())
        }
    }
}

/// The values of one dimension that a cause may have.
struct Promising {
    var codes: [Int32] = []
    /// The place in `codes` of each code, or -1.
    var place: [Int32]

    init(_ worth: [Float], worthMin: Double) {
        place = Array(repeating: -1, count: worth.count)
        let worthy = worth.indices.filter { Double(worth[$0]) > worthMin }
        let kept =
            worthy.count <= Self.countMax ? worthy : Array(worthy.sorted { worth[$0] > worth[$1] }[..<Self.countMax])
        for code in kept {
            place[code] = Int32(truncatingIfNeeded: codes.count)
            codes.append(Int32(truncatingIfNeeded: code))
        }
    }

    private static let countMax = 256
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
            groups.add(gains[row], key: key)
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
        private(set) var sums: [RowEvidence.Rises] = []
        private var dense: [Int32]
        private var sparse: [Int: Int32] = [:]

        init(isDense: Bool, possible: Int) { dense = isDense ? Array(repeating: -1, count: possible) : [] }

        mutating func add(_ gains: RowEvidence.Rises, key: Int) {
            var place = dense.isEmpty ? sparse[key] ?? -1 : dense[key]
            if place < 0 {
                place = Int32(truncatingIfNeeded: keys.count)
                if dense.isEmpty { sparse[key] = place } else { dense[key] = place }
                keys.append(key)
                sums.append(RowEvidence.Rises(repeating: 0))
            }
            sums[Int(place)] += gains
        }
    }
}
