import Testing

@testable import Contrast

struct RowSpreadTests {
    /// Forty rows that are expected to fail a hundred times each, off by the given factors in turn.
    private func leaves(_ factors: [Double]) -> [Leaf] {
        (0..<40).map { Leaf(failed: 100 * factors[$0 % factors.count], total: 10_000, expected: 100) }
    }

    private func spread(_ leaves: [Leaf]) -> RowSpread {
        RowSpread(leaves, outside: Array(repeating: false, count: leaves.count))
    }

    /// What part of a row's variance is that of a binomial count.
    private func chance(_ row: Leaf, _ spread: RowSpread) -> Double {
        let ratio = row.expected / row.total
        let binomial = ratio * (1 - ratio) / row.total
        return binomial / (binomial + spread.ratioVariance(of: row))
    }

    @Test func `rows as even as chance makes them vary no more`() {
        let rows = leaves([0.95, 1.05, 1, 1.02])
        #expect(chance(rows[0], spread(rows)) > 0.99)
    }

    @Test func `rows that wander by themselves vary more than by chance, large ones most`() {
        let rows = leaves([0.5, 1.5, 0.7, 1.4])
        let spread = spread(rows)
        let large = Leaf(failed: 1_000, total: 100_000, expected: 1_000)
        #expect(chance(rows[0], spread) < 0.2)
        #expect(chance(large, spread) < chance(rows[0], spread))
    }

    @Test func `the rows of a cause do not make the others look restless`() {
        let rows = leaves([0.97, 1.03, 1, 9])
        #expect(chance(rows[0], spread(rows)) > 0.5)
    }

    @Test func `what was learnt from few calls is expected less surely`() {
        var row = leaves([1])[0]
        row.doubt = 4
        #expect(abs(chance(row, spread(leaves([1, 1.02]))) - 0.2) < 0.05)
    }

    @Test func `a cause that is worse in one corner is one cause`() {
        var rows = ContrastRows(dimensions: ["route", "region", "host"])
        for route in ["pay", "refund", "list", "void"] {
            for region in ["eu", "us", "ap"] {
                for host in ["a", "b", "c", "d"] {
                    let ratio = route != "pay" ? 0.01 : region == "eu" ? 0.68 : 0.6
                    rows.add([route, region, host], failed: 1_000 * ratio, total: 1_000)
                    rows.addBaseline([route, region, host], failed: 100, total: 10_000)
                }
            }
        }
        #expect(
            Contrast().causes(in: rows).chosen.map(\.predicate) == [[ContrastLiteral(dimension: "route", value: "pay")]]
        )
    }
}
