import Glibc

/// What each row says for a cause that reaches it: how much likelier its failures are under the cause than without, by how far the
/// cause raises the ratio.
///
/// A row is well, struck by a cause, or off for a reason of its own, which about one in a hundred is at any minute. Three
/// likelihoods follow (`Likelihood`), each with a variation of the row's ratio: about its normal ratio (`RowSpread`), about the rise
/// that a cause brings, which differs from row to row, and about rises of any size, small ones most. So that a row fails much says no
/// more than that it is not well: its odds that a cause did it are bounded, whatever its traffic, and a cause is found by
/// the many rows that rise alike. The other way round a cause that leaves a row as it is (`spared`) pays for it, and one whose rows
/// rise by different amounts is several.
struct RowEvidence: Sendable {
    /// What a cause adds to the ratio of failures, of the calls that would have passed. Close enough that between two of them
    /// a row's variation covers the rest.
    typealias Rises = SIMD8<Float>
    private static let rises: [Double] = [0.02, 0.04, 0.08, 0.15, 0.27, 0.45, 0.67, 0.9]
    /// A row's rise varies about that of its cause by this share of it, less where all calls fail.
    private static let riseSpread = 0.25
    /// Of rows that are off by themselves: their mean rise; most are off by little.
    private static let outlierRise = 0.15
    /// The share of a cause's rows that it spares.
    private static let spared = 0.05
    /// Rows that are off by themselves, before anything is known, in how many rows, and how many rows that belief weighs. Among few,
    /// which are whole customers or hosts and not corners of them, it is rarer.
    private static let outlierShareMax = 0.01
    private static let manyRows = 200.0
    private static let outlierPriorRows = 50.0

    /// For each row, and each rise, the logarithm of the likelihood ratio.
    private(set) var gains: [Rises] = []
    private let leaves: [Leaf]
    /// For each row the logarithm of its likelihood at each rise, and over all rises as of a row that is off by itself.
    private var risen: [Rises] = []
    private var off: [Double] = []
    private var well: [Double] = []

    init(_ leaves: [Leaf]) {
        self.leaves = leaves
        let weights = Self.rises.map { exp(-$0 / Self.outlierRise) }
        let sum = weights.reduce(0, +)
        for leaf in leaves {
            let risen = Self.risen(leaf)
            self.risen.append(risen)
            let most = Double(risen.max())
            let mixed = weights.indices.reduce(0) { $0 + weights[$1] / sum * exp(Double(risen[$1]) - most) }
            off.append(most + log(mixed))
        }
        well = Array(repeating: 0, count: leaves.count)
    }

    private static func risen(_ leaf: Leaf) -> Rises {
        guard leaf.total > 0 else { return Rises(repeating: 0) }
        let normal = min(max(leaf.expected / leaf.total, 1e-9), 1 - 1e-9)
        return Rises(
            rises.map { rise in
                let deviation = riseSpread * rise * (1 - rise / 2)
                let mean = 1 - (1 - normal) * (1 - rise)
                let variance = deviation * deviation * (1 - normal) * (1 - normal)
                return Float(
                    Likelihood.logarithm(failed: leaf.failed, total: leaf.total, mean: mean, variance: variance))
            })
    }

    /// Weighs each row anew, with what is normal variation as learnt from the rows that no cause covers.
    mutating func weigh(outside covered: [Bool]) {
        let spread = RowSpread(leaves, outside: covered)
        for place in leaves.indices {
            let leaf = leaves[place]
            guard leaf.total > 0 else { continue }
            well[place] = Likelihood.logarithm(
                failed: leaf.failed, total: leaf.total,
                mean: min(max(leaf.expected / leaf.total, 1e-9), 1 - 1e-9), variance: spread.ratioVariance(of: leaf))
        }
        let outliers = covered.contains(true) ? outlierShare(outside: covered) : outlierShare
        gains = leaves.indices.map { gain(place: $0, outliers) }
    }

    private var outlierShare: Double { Self.outlierShareMax * min(1, Double(leaves.count) / Self.manyRows) }

    /// By a few rounds of expectation and maximisation.
    private func outlierShare(outside covered: [Bool]) -> Double {
        var share = outlierShare
        for _ in 0..<6 {
            var (count, sum) = (0.0, 0.0)
            for place in leaves.indices where !covered[place] && leaves[place].total > 0 {
                count += 1
                sum += 1 / (1 + (1 - share) / share * exp(well[place] - off[place]))
            }
            share = (sum + outlierShare * Self.outlierPriorRows) / (count + Self.outlierPriorRows)
        }
        return min(share, 0.2)
    }

    private func gain(place: Int, _ outliers: Double) -> Rises {
        guard leaves[place].total > 0 else { return Rises(repeating: 0) }
        let without = Self.logarithmOfSum(log(1 - outliers) + well[place], log(outliers) + off[place])
        var gain = Rises(repeating: 0)
        for rise in gain.indices {
            let odds = exp(min(Double(risen[place][rise]) - without, 80))
            gain[rise] = Float(log((1 - Self.spared) * odds + Self.spared))
        }
        // A cause raises: a row that fails less than is normal is none of its, however badly it fits what is normal.
        if leaves[place].failed <= leaves[place].expected { gain.replace(with: 0, where: gain .> 0) }
        return gain
    }

    private static func logarithmOfSum(_ left: Double, _ right: Double) -> Double {
        let most = max(left, right)
        return most + log(exp(left - most) + exp(right - most))
    }
}
