/// How much the failures of single rows vary on a normal day, which is more than a binomial count does.
///
/// Rows have good and bad minutes of their own: the ratio of each wanders by a factor that is much the same for all of them,
/// however large they are. So the variance of a row that is expected to fail `e` times in `t` calls is `e (1 - e/t)` of the
/// binomial, the same times `t/b` because `e` itself was learnt from `b` calls, and `(e c)²` with one coefficient of variation `c`
/// for all rows. A large row is off by chance as many small ones together are not: one dispersion for all would take either too
/// many or too few predicates for causes.
struct RowSpread {
    private(set) var squaredVariation = 0.0

    /// Rows that are large enough to tell, and how many are needed.
    private static let expectedMin = 2.0
    private static let rowsMin = 8
    /// The median of a chi-squared variable with one degree of freedom.
    private static let chiSquaredMedian = 0.455
    private static let squaredVariationMax = 4.0

    /// Found by halving: with the right variation half of the rows deviate more than the median of what chance has. Rows of
    /// causes deviate too much, but while they are fewer than half the median hardly notices.
    init(_ leaves: [Leaf], outside covered: [Bool]) {
        let rows = leaves.indices.filter {
            !covered[$0] && leaves[$0].expected >= Self.expectedMin && leaves[$0].expected < leaves[$0].total
        }.map { leaves[$0] }
        guard rows.count >= Self.rowsMin else { return }
        var low = 0.0
        var high = Self.squaredVariationMax
        for _ in 0..<12 {
            squaredVariation = (low + high) / 2
            if median(of: rows) > Self.chiSquaredMedian { low = squaredVariation } else { high = squaredVariation }
        }
        squaredVariation = low
    }

    private func median(of rows: [Leaf]) -> Double {
        var squares = rows.map { row in
            let deviation = row.failed - row.expected
            return deviation * deviation / variance(of: row)
        }
        squares.sort()
        return squares[squares.count / 2]
    }

    /// How much the ratio of a row varies about what is expected of it.
    func ratioVariance(of row: Leaf) -> Double {
        let ratio = min(row.expected / max(row.total, 1e-9), 1)
        return ratio * (1 - ratio) * row.doubt / max(row.total, 1e-9) + squaredVariation * ratio * ratio
    }

    private func variance(of row: Leaf) -> Double {
        let binomial = max(row.expected * (1 - row.expected / max(row.total, 1e-9)), 1e-9)
        return binomial * (1 + row.doubt) + squaredVariation * row.expected * row.expected
    }
}
