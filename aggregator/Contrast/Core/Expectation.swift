import Glibc

/// How many failures each row would have on a normal day.
enum Expectation {
    /// Failure ratios are kept off 0 and 1, where no evidence could move them.
    private static let ratioMin = 1e-4
    private static let ratioMax = 0.95

    /// From what the caller said, from the baseline, or (without either) from the ratio of all rows.
    static func leaves(of rows: ContrastRows, priorCalls: Double) -> [Leaf] {
        guard rows.hasBaseline else {
            let failed = rows.cells.reduce(0) { $0 + $1.failed }
            let total = rows.cells.reduce(0) { $0 + $1.total }
            return leaves(of: rows, ratio: bounded(total > 0 ? failed / total : 0))
        }
        let marginals = BaselineMarginals(rows)
        return rows.cells.enumerated().map { place, cell in
            guard cell.expected.isNaN else { return leaf(cell, expected: cell.expected) }
            let prior = marginals.ratio(ofRow: place, in: rows)
            let ratio = (cell.baselineFailed + priorCalls * prior) / (cell.baselineTotal + priorCalls)
            var leaf = leaf(cell, expected: bounded(ratio) * cell.total)
            leaf.doubt = cell.total / (cell.baselineTotal + priorCalls)
            return leaf
        }
    }

    /// From the ratio of the rows that no cause covers.
    static func leaves(of rows: ContrastRows, outside covered: [Bool]) -> [Leaf] {
        var failed = 0.0
        var total = 0.0
        for (place, cell) in rows.cells.enumerated() where !covered[place] {
            failed += cell.failed
            total += cell.total
        }
        return leaves(of: rows, ratio: bounded((failed + 0.5) / (total + 1)))
    }

    private static func leaves(of rows: ContrastRows, ratio: Double) -> [Leaf] {
        rows.cells.map { leaf($0, expected: $0.expected.isNaN ? ratio * $0.total : $0.expected) }
    }

    private static func leaf(_ cell: ContrastRows.Cell, expected: Double) -> Leaf {
        Leaf(failed: cell.failed, total: cell.total, expected: max(expected, cell.total * 1e-6))
    }

    private static func bounded(_ ratio: Double) -> Double { min(max(ratio, ratioMin), ratioMax) }
}

/// The baseline's failure ratios by single value, from which a row without a baseline of its own gets one: as if dimensions
/// were independent.
private struct BaselineMarginals {
    private var overall = GroupSums()
    private var byValue: [[GroupSums]]

    init(_ rows: ContrastRows) {
        byValue = rows.dimensions.indices.map { Array(repeating: GroupSums(), count: rows.valueCount(in: $0)) }
        for (place, cell) in rows.cells.enumerated() {
            let leaf = Leaf(failed: cell.baselineFailed, total: cell.baselineTotal, expected: 0)
            overall.add(leaf)
            for dimension in rows.dimensions.indices {
                let code = rows.codes[place * rows.dimensions.count + dimension]
                if code >= 0 { byValue[dimension][Int(code)].add(leaf) }
            }
        }
    }

    func ratio(ofRow place: Int, in rows: ContrastRows) -> Double {
        let base = (overall.failed + 0.5) / (overall.total + 1)
        var ratio = base
        for dimension in rows.dimensions.indices {
            let code = rows.codes[place * rows.dimensions.count + dimension]
            guard code >= 0 else { continue }
            let sums = byValue[dimension][Int(code)]
            // A value seen little is drawn to the overall ratio.
            ratio *= (sums.failed + 100 * base) / (sums.total + 100) / base
        }
        return min(max(ratio, base / 20), max(base * 20, 0.5))
    }
}
