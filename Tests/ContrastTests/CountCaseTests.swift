import Contrast
import Testing

/// Sweeps of generated cases (`CountCase`); docs/explain.md has the figures of larger ones.
struct CountCaseTests {
    private func sweep(
        _ profile: CountCase.Profile, seeds: ClosedRange<Int>, withBaseline: Bool
    ) -> (exact: Double, recall: Double, misses: [Int]) {
        var (exact, count, hit, wanted) = (0, 0, 0, 0)
        var misses: [Int] = []
        for seed in seeds {
            var random = SeededGenerator(seed: UInt64(seed))
            guard let made = CountCase(profile, &random) else { continue }
            let findings = Contrast().causes(in: made.rows(withBaseline: withBaseline))
            count += 1
            if Set(findings.chosen.map(\.predicate)) == made.expected { exact += 1 } else { misses.append(seed) }
            hit += made.expected.intersection(findings.causes.prefix(3).map(\.predicate)).count
            wanted += made.expected.count
        }
        return (Double(exact) / Double(max(1, count)), Double(hit) / Double(max(1, wanted)), misses)
    }

    @Test(arguments: [true, false])
    func `one even cause is found exactly`(withBaseline: Bool) {
        var profile = CountCase.Profile()
        profile.causes = 1...1
        profile.noisyRows = 0
        profile.rippleSpread = 0
        let result = sweep(profile, seeds: 500...506, withBaseline: withBaseline)
        #expect(result.exact >= 0.9, "missed seeds \(result.misses)")
    }

    @Test func `several uneven causes among noisy rows are found`() {
        var profile = CountCase.Profile()
        profile.noisyRows = 0.02
        profile.rippleSpread = 0.2
        let result = sweep(profile, seeds: 700...739, withBaseline: true)
        #expect(result.exact >= 0.85, "missed seeds \(result.misses)")
        #expect(result.recall >= 0.95, "missed seeds \(result.misses)")
    }

    static let rippleProfiles: [(name: String, profile: RippleCase.Profile)] = [
        ("magnitudes apart", RippleCase.Profile(minuteSpread: 0.6, unevenness: 0.05, noisyRows: 0)),
        ("dimensions that follow", RippleCase.Profile(sizes: [5, 8, 12, 20], trafficSpread: 2, follows: 0.85)),
        ("one that dominates", RippleCase.Profile(isDominated: true)),
        ("few calls a row", RippleCase.Profile(callsPerMinute: 8_000)),
        ("rows that vary", RippleCase.Profile(minuteSpread: 0.5, unevenness: 0.3, noisyRows: 0.15)),
        ("rows that are spared", RippleCase.Profile(spared: 0.2)),
    ]

    @Test(arguments: rippleProfiles.indices)
    func `causes are told apart from wider and narrower ones`(index: Int) {
        let (name, profile) = Self.rippleProfiles[index]
        var (exact, count, hit, wanted) = (0, 0, 0, 0)
        var misses: [Int] = []
        for seed in 900..<960 where count < 20 {
            var random = SeededGenerator(seed: UInt64(seed))
            guard let made = RippleCase(profile, &random) else { continue }
            let findings = Contrast().causes(in: made.rows)
            count += 1
            if Set(findings.chosen.map(\.predicate)) == made.expected { exact += 1 } else { misses.append(seed) }
            hit += made.expected.intersection(findings.causes.prefix(3).map(\.predicate)).count
            wanted += made.expected.count
        }
        #expect(count >= 10, "\(name)")
        #expect(Double(exact) >= 0.8 * Double(count), "\(name): missed seeds \(misses)")
        #expect(Double(hit) >= 0.9 * Double(wanted), "\(name): missed seeds \(misses)")
    }

    @Test func `without any cause nothing is chosen`() {
        for seed in 1...8 {
            var random = SeededGenerator(seed: UInt64(seed))
            var rows = ContrastRows(dimensions: ["a", "b", "c"])
            for a in 0..<6 {
                for b in 0..<6 {
                    for c in 0..<6 {
                        let total = 50 + random.below(400)
                        rows.add(
                            ["a\(a)", "b\(b)", "c\(c)"], failed: Double(random.binomial(total, 0.03)),
                            total: Double(total))
                    }
                }
            }
            #expect(Contrast().causes(in: rows).chosen.isEmpty, "seed \(seed)")
        }
    }
}
