import Glibc

/// What a predicate costs: the logarithm of how many there are of its kind, so that a chance find among thousands does not pay, and a
/// part that is the same for all.
struct Pricing: Sendable {
    private let perPredicate: Double
    private let perLiteral: [Double]

    init(rows: ContrastRows, configuration: Contrast.Configuration) {
        let counts = rows.dimensions.indices.map { rows.valueCount(in: $0) }
        let telling = Double(counts.count { $0 > 1 })
        var sets = telling
        if configuration.literalsMax >= 2 { sets += telling * (telling - 1) / 2 }
        if configuration.literalsMax >= 3 { sets += telling * (telling - 1) * (telling - 2) / 6 }
        perPredicate = configuration.predicatePrice + log(max(sets, 1))
        let hasNorm = rows.hasBaseline || rows.cells.contains { !$0.expected.isNaN }
        perLiteral = rows.dimensions.indices.map { dimension in
            // What all rows have tells nothing where only the others say what is normal.
            if !hasNorm, counts[dimension] <= 1, rows.isComplete(dimension) { return .infinity }
            return max(configuration.literalPriceMin, log(Double(max(counts[dimension], 1))))
        }
    }

    func price(of dimensions: [Int]) -> Double { dimensions.reduce(perPredicate) { $0 + perLiteral[$1] } }

    /// The least that a predicate of two values costs of which one is in this dimension.
    func pairPriceMin(with dimension: Int) -> Double {
        let others = perLiteral.indices.filter { $0 != dimension }.map { perLiteral[$0] }
        return perPredicate + perLiteral[dimension] + (others.min() ?? 0)
    }
}
