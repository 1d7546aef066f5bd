/// Which rows have a value: for each dimension the rows sorted by code, and where each code begins.
struct RowsOfValues: Sendable {
    /// For each dimension the codes of all rows.
    private var columns: [[Int32]] = []
    private var rows: [[Int32]] = []
    private var starts: [[Int]] = []

    init(_ table: ContrastRows) {
        let width = table.dimensions.count
        for dimension in 0..<width {
            let column = (0..<table.count).map { table.codes[$0 * width + dimension] }
            var starts = Array(repeating: 0, count: table.valueCount(in: dimension) + 1)
            for code in column where code >= 0 { starts[Int(code) + 1] += 1 }
            for code in 1..<starts.count { starts[code] += starts[code - 1] }
            var next = starts
            var sorted = Array(repeating: Int32(0), count: starts.last ?? 0)
            for (row, code) in column.enumerated() where code >= 0 {
                sorted[next[Int(code)]] = Int32(truncatingIfNeeded: row)
                next[Int(code)] += 1
            }
            columns.append(column)
            rows.append(sorted)
            self.starts.append(starts)
        }
    }

    private func range(_ dimension: Int, _ code: Int32) -> Range<Int> {
        starts[dimension][Int(code)]..<starts[dimension][Int(code) + 1]
    }

    @inline(__always)
    func forEachRow(of candidate: Candidate, _ body: (Int) -> Void) {
        let literals = candidate.dimensions.indices
        let rarest = literals.min {
            range(candidate.dimensions[$0], candidate.codes[$0]).count
                < range(candidate.dimensions[$1], candidate.codes[$1]).count
        }
        guard let rarest else { return }
        let others = literals.filter { $0 != rarest }
        let sorted = rows[candidate.dimensions[rarest]]
        rows: for place in range(candidate.dimensions[rarest], candidate.codes[rarest]) {
            let row = Int(sorted[place])
            for other in others where columns[candidate.dimensions[other]][row] != candidate.codes[other] {
                continue rows
            }
            body(row)
        }
    }
}
