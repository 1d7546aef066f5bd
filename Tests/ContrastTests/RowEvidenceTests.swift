import Testing

@testable import Contrast

struct RowEvidenceTests {
    /// What each row says at most for a cause, among three hundred rows that are well.
    private func gains(_ rows: [Leaf]) -> [Double] {
        let well = (0..<300).map { Leaf(failed: Double($0 % 3), total: 100, expected: 1) }
        var evidence = RowEvidence(rows + well)
        evidence.weigh(outside: rows.map { _ in true } + well.map { _ in false })
        return evidence.gains.prefix(rows.count).map { Double($0.max()) }
    }

    private func lowest(_ row: Leaf) -> Double {
        var evidence = RowEvidence([row])
        evidence.weigh(outside: [false])
        return Double(evidence.gains[0].min())
    }

    @Test func `a row that fails says more for a cause the more calls it has, up to the odds that it is off by itself`()
    {
        let gains = gains([3, 10, 100, 10_000].map { Leaf(failed: $0 * 0.4, total: $0, expected: $0 * 0.01) })
        #expect(gains == gains.sorted())
        #expect(gains[0] > 1)
        #expect(gains[3] < 20)
        #expect(gains[3] < 2 * gains[2])
    }

    @Test func `a row that is well speaks against a cause, and no more than causes spare some rows`() {
        #expect(lowest(Leaf(failed: 1, total: 100, expected: 1)) < -2.5)
        #expect(lowest(Leaf(failed: 100, total: 10_000, expected: 100)) > -3.1)
    }

    @Test func `a row of few calls that passed says little, and one without any nothing`() {
        #expect(gains([Leaf(failed: 0, total: 1, expected: 0.01)])[0] < 0.1)
        #expect(gains([Leaf(failed: 0, total: 0, expected: 0)])[0] == 0)
    }

    @Test func `a likelihood is the binomial one where nothing varies`() {
        // 3 of 10 at a ratio of a fifth, without the number of ways.
        let expected = 3 * logarithm(0.2) + 7 * logarithm(0.8)
        #expect(abs(Likelihood.logarithm(failed: 3, total: 10, mean: 0.2, variance: 0) - expected) < 1e-3)
        // Of many as of few, whichever way it is worked out.
        let many = Likelihood.logarithm(failed: 300, total: 1_000, mean: 0.2, variance: 0)
        #expect(abs(many - 100 * expected) < 0.1)
    }

    @Test func `a likelihood sums up to one over all counts`() {
        let ways = [1.0, 5, 10, 10, 5, 1]
        let sum = ways.indices.reduce(0) { sum, failed in
            sum + ways[failed]
                * exponential(Likelihood.logarithm(failed: Double(failed), total: 5, mean: 0.3, variance: 0.02))
        }
        #expect(abs(sum - 1) < 1e-6)
    }
}
