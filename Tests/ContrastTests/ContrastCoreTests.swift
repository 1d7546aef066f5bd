import Contrast
import Testing

struct ContrastCoreTests {
    private func rows(_ cells: [(route: String, region: String, host: String, failed: Double, total: Double)])
        -> ContrastRows
    {
        var rows = ContrastRows(dimensions: ["route", "region", "host"])
        for cell in cells { rows.add([cell.route, cell.region, cell.host], failed: cell.failed, total: cell.total) }
        return rows
    }

    /// Every combination of three routes, three regions and four hosts, a hundred calls each.
    private func grid(_ fails: (String, String, String) -> Double) -> ContrastRows {
        var rows = ContrastRows(dimensions: ["route", "region", "host"])
        for route in ["pay", "refund", "list"] {
            for region in ["eu", "us", "ap"] {
                for host in ["a", "b", "c", "d"] {
                    rows.add([route, region, host], failed: fails(route, region, host), total: 100)
                }
            }
        }
        return rows
    }

    @Test func `one failing route is named by its route alone`() {
        let findings = Contrast().causes(in: grid { route, _, _ in route == "pay" ? 60 : 1 })
        #expect(findings.chosen.map(\.predicate) == [[ContrastLiteral(dimension: "route", value: "pay")]])
        #expect(findings.causes[0].failuresWith == 720)
        #expect(findings.causes[0].successesWith == 480)
        #expect(findings.causes[0].riskRatio == 60)
        #expect(findings.explainedRatio > 0.98)
        #expect(findings.causes[0].confidence > 0.9)
    }

    @Test func `a route that fails in one region is named by both`() {
        let findings = Contrast().causes(in: grid { route, region, _ in route == "pay" && region == "eu" ? 60 : 1 })
        let wanted = [
            ContrastLiteral(dimension: "route", value: "pay"), ContrastLiteral(dimension: "region", value: "eu"),
        ]
        #expect(findings.chosen.map(\.predicate) == [wanted])
    }

    @Test func `two causes at once are both found, and nothing else`() {
        let findings = Contrast().causes(
            in: grid { route, region, host in host == "b" ? 80 : route == "pay" && region == "us" ? 40 : 1 })
        let wanted: Set = [
            [ContrastLiteral(dimension: "host", value: "b")],
            [ContrastLiteral(dimension: "route", value: "pay"), ContrastLiteral(dimension: "region", value: "us")],
        ]
        #expect(Set(findings.chosen.map(\.predicate)) == wanted)
    }

    @Test func `where nothing differs nothing is named`() {
        let findings = Contrast().causes(in: grid { _, _, _ in 5 })
        #expect(findings.causes.isEmpty)
        #expect(findings.failures == 180)
    }

    @Test func `a row that always failed is not news when the baseline knows it`() {
        var rows = grid { route, _, host in
            let normal = route == "list" ? 50.0 : 1
            return host == "c" ? normal + 30 : normal
        }
        for route in ["pay", "refund", "list"] {
            for region in ["eu", "us", "ap"] {
                for host in ["a", "b", "c", "d"] {
                    rows.addBaseline([route, region, host], failed: route == "list" ? 500 : 10, total: 1_000)
                }
            }
        }
        let findings = Contrast().causes(in: rows)
        let first = findings.chosen.first?.predicate
        #expect(first == [ContrastLiteral(dimension: "host", value: "c")])
    }

    @Test func `the order of rows changes nothing`() {
        var cells: [(String, String, String, Double, Double)] = []
        for (index, route) in ["pay", "refund", "list", "void"].enumerated() {
            for host in ["a", "b", "c"] { cells.append((route, "r\(index % 2)", host, host == "a" ? 40 : 2, 80)) }
        }
        let expected = Contrast().causes(in: rows(cells))
        for seed in 1...20 {
            var random = SeededGenerator(seed: UInt64(seed))
            #expect(Contrast().causes(in: rows(cells.shuffled(using: &random))) == expected, "seed \(seed)")
        }
    }

    @Test func `weights that are no numbers do no harm`() {
        var rows = ContrastRows(dimensions: ["host"])
        rows.add(["a"], failed: .nan, total: .infinity)
        rows.add(["b"], failed: -3, total: 10)
        rows.add(["c"], failed: 30, total: 10)
        rows.add([nil], failed: 1, total: 1_000)
        let findings = Contrast().causes(in: rows)
        #expect(findings.failures == 31)
        #expect(findings.chosen.map(\.predicate) == [[ContrastLiteral(dimension: "host", value: "c")]])
    }

    @Test func `values and rows beyond the bound are counted and the rest still answers`() {
        var rows = ContrastRows(dimensions: ["host", "customer"], valuesMax: 50, rowsMax: 500)
        for index in 0..<2_000 {
            rows.add(["h\(index % 5)", "c\(index)"], failed: index % 5 == 3 ? 1 : 0, total: 1)
        }
        let findings = Contrast().causes(in: rows)
        #expect(rows.droppedValueCount > 0)
        #expect(findings.isSampled)
        #expect(findings.chosen.map(\.predicate) == [[ContrastLiteral(dimension: "host", value: "h3")]])
    }
}
