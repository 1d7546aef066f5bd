import CallModel
import Detection
import Incidents
import Rollups
import Testing

/// Every way to fail is found, and named for whose trouble it is.
struct SymptomTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var symptom: Symptom
        var kind: CauseKind
        var testDescription: String { symptom.name }
    }

    private static let cases = [
        Case(symptom: Symptom(.serverError), kind: .partner),
        Case(symptom: Symptom(.noAnswer(.responseTimeout)), kind: .partner),
        Case(symptom: Symptom(.rateLimited), kind: .rateLimit),
        Case(symptom: Symptom(.unauthorized), kind: .credentials),
        Case(symptom: Symptom(.errorInSuccess), kind: .partner),
    ]

    private static func isOut(_ cell: CallCell) -> Bool { cell.partner == 3 && cell.direction == .outbound }

    @Test(arguments: cases, [4, 5] as [UInt64]) func `three calls in ten are one incident within a minute`(
        _ wrong: Case, seed: UInt64
    ) throws {
        var fleet = Fleet(seed: seed)
        fleet.live(seconds: 3_600)
        let start = fleet.now
        var dice = Fleet(seed: seed + 100)
        fleet.live(seconds: 240) { Self.isOut($0) && dice.next(10) < 3 ? wrong.symptom : nil }
        let opened = fleet.opened()
        #expect(opened.map(\.kind) == [wrong.kind], "seed \(seed)")
        #expect(opened.map(\.partners) == [[3]], "seed \(seed)")
        #expect(try #require(opened.first).openedAt - start <= .seconds(60), "seed \(seed)")
        fleet.live(seconds: 600)
        #expect(fleet.core.open.isEmpty, "seed \(seed)")
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func `a partner that fails from its first call on is told within a minute`(
        seed: UInt64
    ) {
        var fleet = Fleet(seed: seed)
        fleet.live(seconds: 3_600, skips: { $0.partner == 3 })
        let start = fleet.now
        fleet.live(seconds: 120) { Self.isOut($0) ? Symptom(.serverError) : nil }
        #expect(fleet.opened().map(\.partners) == [[3]], "seed \(seed)")
        #expect((fleet.opened().first?.openedAt ?? start + .seconds(999)) - start <= .seconds(60), "seed \(seed)")
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func `failures that come in clumps every quarter of an hour are usual`(
        seed: UInt64
    ) {
        var fleet = Fleet(seed: seed)
        fleet.pace = 4
        var opened: [Int] = []
        for quarter in 0..<40 {
            var clump = 7
            fleet.live(seconds: 50) {
                guard Self.isOut($0), clump > 0 else { return nil }
                clump -= 1
                return Symptom(.noAnswer(.reset))
            }
            fleet.live(seconds: 850)
            if quarter >= 12 { opened.append(fleet.opened().count) }
        }
        #expect(Set(opened).count == 1, "seed \(seed): after three hours no clump is news")
    }
}
