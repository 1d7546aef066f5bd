import CallModel
import Detection
import Rollups
import Testing

@testable import Incidents

/// Names in bounded memory, and how many there were.
struct DistinctNamesTests {
    private func names(_ count: Int, from first: Int = 1) -> DistinctNames {
        var names = DistinctNames()
        for name in 0..<count { names.insert(NameID(first + name)) }
        return names
    }

    @Test(arguments: [0, 1, 50, 999]) func `few are counted exactly`(count: Int) {
        #expect(names(count).count == count && names(count).names.count == count)
        var twice = names(count)
        for name in 0..<count { twice.insert(NameID(1 + name)) }
        #expect(twice == names(count))
    }

    /// Four standard errors and the rounding to two digits: one of 16,000 would lie outside by chance, and the hashes are fixed.
    @Test(arguments: [1_500, 4_000, 20_000, 200_000], [1, 70_000, 9_000_000])
    func `many are told within an eighth, in a thousand names`(count: Int, first: Int) {
        let many = names(count, from: first)
        #expect(many.names.count == DistinctNames.keptMax)
        #expect(abs(Double(many.count) / Double(count) - 1) < 0.13, "\(many.count) for \(count)")
        #expect(many.count % 100 == 0)
    }

    @Test func `those kept are no matter of the order, and a fair part of all`() {
        var backwards = DistinctNames()
        for name in (1...5_000).reversed() { backwards.insert(NameID(name)) }
        #expect(backwards == names(5_000))
        let early = backwards.names.count { $0 <= 2_500 }
        #expect((400...600).contains(early), "\(early) of the first half")
    }

    @Test func `what was kept goes on after a restart`() {
        let many = names(5_000)
        var restored = DistinctNames(many.names)
        #expect(restored == many && restored.count == many.count)
        restored.insert(2)
        #expect(restored == many)
    }

    @Test func `an incident tells how many customers it hurts beyond a thousand`() {
        var extent = Incident.Extent()
        let start = Instant(secondsSinceEpoch: 1_795_000_000)
        for customer in 1...4_000 {
            var cell = CallCell(time: start, partner: 1, route: 1, region: 1)
            cell.customer = NameID(customer)
            extent.count(cell, failed: true)
        }
        #expect((3_500...4_500).contains(extent.customers.count))
    }
}
