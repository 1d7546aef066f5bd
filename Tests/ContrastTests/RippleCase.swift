import Contrast

/// A case of counts after what is published of labelled sets (generalized ripple effect, relative risk): causes of one to three values
/// in one set of dimensions or in several, each with a magnitude of its own that its rows share more or less; very uneven traffic; rows
/// whose ratio differs from minute to minute; dimensions that follow from each other as hosts do from regions.
struct RippleCase {
    struct Profile {
        var sizes = [4, 6, 8, 12, 20]
        var callsPerMinute = 60_000.0
        /// Standard deviations of logarithms: of rows' traffic, of their normal ratios, and of a row's ratio from minute to minute.
        var trafficSpread = 1.5
        var ratioSpread = 0.5
        var minuteSpread = 0.3
        var baseRatio = 0.01
        var severity = 0.15...0.9
        /// Standard deviation of a row's magnitude about its cause's, as a share of it.
        var unevenness = 0.1
        /// The share of a cause's rows that it spares.
        var spared = 0.0
        /// The share of rows that are off for no reason.
        var noisyRows = 0.01
        /// How often the second dimension follows from the first, and the fourth from the third.
        var follows = 0.0
        /// Whether the first cause has many calls, and the others few.
        var isDominated = false
        var baselineMinutes = 10
    }

    let dimensions = ["a", "b", "c", "d", "e"]
    private var values: [[Int]] = []
    private(set) var causes: [[Int: Int]] = []
    private var magnitudes: [Double] = []
    private var means: [Double] = []
    private(set) var rows: ContrastRows

    /// Nil where no causes were found that anybody could tell from wider and narrower ones.
    init?(_ profile: Profile, _ random: inout SeededGenerator) {
        rows = ContrastRows(dimensions: dimensions)
        drawRows(profile, &random)
        let wanted = profile.isDominated ? 2 + random.below(2) : 1 + random.below(3)
        for _ in 0..<200 where causes.count < wanted { drawCause(profile, &random) }
        guard causes.count == wanted else { return nil }
        drawCounts(profile, &random)
    }

    var expected: Set<[ContrastLiteral]> {
        Set(
            causes.map { cause in
                cause.sorted { $0.key < $1.key }.map { ContrastLiteral(dimension: dimensions[$0], value: name($1, $0)) }
            })
    }

    private func name(_ value: Int, _ dimension: Int) -> String { "\(dimensions[dimension])\(value)" }

    private mutating func drawRows(_ profile: Profile, _ random: inout SeededGenerator) {
        let sizes = (0..<5).map { _ in random.pick(profile.sizes) }
        let wanted = min(2_500, max(60, Int(Double(sizes.reduce(1, *)) * random.between(0.1, 0.8))))
        var seen: Set<[Int]> = []
        for _ in 0..<wanted * 3 where values.count < wanted {
            // Low numbers more often.
            var row = sizes.map { Int(Double($0) * power(random.unit(), 1.4)) }
            if random.unit() < profile.follows { row[1] = (row[0] * 7 + 3) % sizes[1] }
            if random.unit() < profile.follows { row[3] = (row[2] * 5 + 1) % sizes[3] }
            if seen.insert(row).inserted { values.append(row) }
        }
        let shares = values.map { _ in exponential(profile.trafficSpread * random.normal()) }
        let sum = shares.reduce(0, +)
        means = shares.map { $0 / sum * profile.callsPerMinute }
    }

    private func holds(_ cause: [Int: Int], _ row: Int) -> Bool { cause.allSatisfy { values[row][$0] == $1 } }

    private func calls(_ rows: some Sequence<Int>) -> Double { rows.reduce(0) { $0 + means[$1] } }

    private mutating func drawCause(_ profile: Profile, _ random: inout SeededGenerator) {
        let row = values[random.below(values.count)]
        let chosen = Array(0..<5).shuffled(using: &random).prefix(random.pick([1, 1, 2, 2, 2, 3]))
        let cause = Dictionary(uniqueKeysWithValues: chosen.map { ($0, row[$0]) })
        let magnitude = random.between(profile.severity.lowerBound, profile.severity.upperBound)
        let share = calls(values.indices.filter { holds(cause, $0) }) / profile.callsPerMinute
        if profile.isDominated, causes.isEmpty ? share < 0.15 : share > 0.02 { return }
        guard share < 0.7, isTellable(cause, magnitude) else { return }
        causes.append(cause)
        magnitudes.append(magnitude)
    }

    /// Enough fails in rows that no other cause has, and whoever left out one of its values or added another would be wrong by
    /// several rows that show it.
    private func isTellable(_ cause: [Int: Int], _ magnitude: Double) -> Bool {
        let free = values.indices.filter { row in !causes.contains { holds($0, row) } }
        let own = free.filter { holds(cause, $0) }
        let all = calls(values.indices.filter { holds(cause, $0) })
        guard own.count >= 3, calls(own) * magnitude >= 30, calls(own) > 0.6 * all else { return false }
        func isShown(by rows: [Int]) -> Bool { rows.count >= 2 && calls(rows) * magnitude >= 15 }
        let isNarrowEnough =
            cause.count == 1
            || cause.keys.allSatisfy { dimension in
                var wider = cause
                wider[dimension] = nil
                return isShown(by: free.filter { holds(wider, $0) && values[$0][dimension] != cause[dimension] })
            }
        return isNarrowEnough
            && (0..<5).filter { cause[$0] == nil }.allSatisfy { dimension in
                Set(own.map { values[$0][dimension] }).allSatisfy { value in
                    isShown(by: own.filter { values[$0][dimension] != value })
                }
            }
    }

    private mutating func drawCounts(_ profile: Profile, _ random: inout SeededGenerator) {
        for row in values.indices {
            let own = min(0.5, profile.baseRatio * exponential(profile.ratioSpread * random.normal()))
            func atAMinute() -> Double { min(0.8, own * exponential(profile.minuteSpread * random.normal())) }
            var ratio = atAMinute()
            for (cause, magnitude) in zip(causes, magnitudes) where holds(cause, row) && random.unit() >= profile.spared
            {
                let rise = min(1, max(0, magnitude * (1 + profile.unevenness * random.normal())))
                ratio = 1 - (1 - ratio) * (1 - rise)
            }
            if random.unit() < profile.noisyRows { ratio = min(1, ratio + random.between(0, 0.3)) }
            let names = values[row].enumerated().map { Optional(name($1, $0)) }
            let total = random.poisson(means[row])
            rows.add(names, failed: Double(random.binomial(total, ratio)), total: Double(total))
            for _ in 0..<profile.baselineMinutes {
                let before = random.poisson(means[row])
                rows.addBaseline(names, failed: Double(random.binomial(before, atAMinute())), total: Double(before))
            }
        }
    }
}
