import BatchFormat
import CallModel
import SimulationKit
import Testing

/// A journal's record and the open batch are of the same calls, which are encoded once and then taken over.
struct BatchTakingTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `calls that were taken from another builder give the bytes of appending each`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let calls = (0..<1_000).map { _ in randomCall(&random) }
        var taking = BatchBuilder(catalogueVersion: "c1")
        var other = BatchBuilder(catalogueVersion: "c1")
        for (index, call) in calls.enumerated() {
            other.append(call)
            // Records of very different sizes, of one call too.
            if [0, 1, 40, 41, 600, 998].contains(index) { taking.take(&other) }
        }
        taking.take(&other)
        #expect(taking.callCount == calls.count)
        #expect(taking.journalRecord() == batch(calls, sealed: false), "seed \(seed)")
        #expect(taking.sealed() == batch(calls), "seed \(seed)")
    }

    @Test func `payloads of others that do not fit close the open one, and every call reads back`() throws {
        var random = SeededGenerator(seed: 5)
        let calls = (0..<4_321).map { _ in randomCall(&random) }
        var taking = BatchBuilder(catalogueVersion: "c1")
        var other = BatchBuilder(catalogueVersion: "c1")
        for (index, call) in calls.enumerated() {
            other.append(call)
            if [0, 400, 1_200, 3_900].contains(index) { taking.take(&other) }
        }
        taking.take(&other)
        let reader = try BatchReader(taking.sealed())
        #expect(try reader.calls() == calls)
        #expect(reader.payloads.allSatisfy { $0.callCount <= BatchLimits.payloadCallCountMax })
    }

    @Test func `the builder that gave its calls away is empty and builds on`() throws {
        var random = SeededGenerator(seed: 6)
        let (first, second) = (randomCall(&random), randomCall(&random))
        var taking = BatchBuilder(catalogueVersion: "c1")
        var other = BatchBuilder(catalogueVersion: "c1")
        other.append(first)
        taking.take(&other)
        #expect(other.callCount == 0)
        #expect(other.byteCountEstimate == 0)
        other.append(second)
        #expect(try BatchReader(other.journalRecord()).calls() == [second])
        other.removeAll()
        taking.take(&other)
        #expect(try BatchReader(taking.sealed()).calls() == [first])
    }
}
