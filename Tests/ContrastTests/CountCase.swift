import Contrast

/// A small generator of random numbers with a seed (SplitMix64), so that a failing case can be made again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0x1234_5678_9ABC_DEF1 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    mutating func between(_ low: Double, _ high: Double) -> Double { low + (high - low) * unit() }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
    mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

    /// Sum of twelve, close enough to a normal.
    mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + unit() } }

    /// How many of `trials` happen; exact while few, by the normal approximation when many.
    mutating func binomial(_ trials: Int, _ ratio: Double) -> Int {
        if trials < 60 { return (0..<trials).count { _ in unit() < ratio } }
        let mean = Double(trials) * ratio
        if mean < 20 { return min(trials, poisson(mean)) }
        let value = mean + (mean * (1 - ratio)).squareRoot() * normal()
        return min(trials, max(0, Int(value.rounded())))
    }

    mutating func poisson(_ mean: Double) -> Int {
        if mean > 200 { return max(0, Int((mean + mean.squareRoot() * normal()).rounded())) }
        var left = mean
        var count = -1
        repeat {
            left += logarithm(max(unit(), 1e-12))
            count += 1
        } while left > 0
        return count
    }
}

/// One case of counts with known causes: dimensions of very different sizes, traffic as uneven as it is in life, failures
/// that rise in every row below a cause, more or less evenly, and rows that are noisy for no reason.
struct CountCase {
    typealias Predicate = [Int: Int]

    struct Profile {
        var causes = 1...3
        var callsPerMinute = 100_000.0
        var baseRatio = 0.01
        /// Spread of the rows' own normal ratios (standard deviation of the logarithm).
        var ratioSpread = 0.3
        /// How unevenly a cause hits the rows below it: 0 is evenly.
        var rippleSpread = 0.1
        /// The share of rows that are off for no reason.
        var noisyRows = 0.01
        var baselineMinutes = 20
        var severity = 0.15...0.9
    }

    var values: [[Int]] = []
    var failed: [Int] = []
    var total: [Int] = []
    var baselineFailed: [Int] = []
    var baselineTotal: [Int] = []
    var causes: [Predicate] = []
    let dimensions = ["route", "region", "host", "customer", "version"]

    /// Nil where the drawn causes could not be told from wider or narrower ones by anybody.
    init?(_ profile: Profile, _ random: inout SeededGenerator) {
        let sizes = (0..<5).map { _ in random.pick([2, 3, 4, 6, 8, 12, 20, 30]) }
        let weights = sizes.map { size in
            let slope = random.between(0.2, 1.3)
            return (0..<size).map { power(Double($0 + 1), -slope) * random.between(0.6, 1.4) }
        }
        let kept = random.pick([0.1, 0.4, 0.9])
        let leafCount = min(6_000, sizes.reduce(1, *))
        var seen: Set<[Int]> = []
        var shares: [Double] = []
        for _ in 0..<(leafCount * 2) where values.count < leafCount {
            let row = (0..<5).map { draw(weights[$0], &random) }
            guard random.unit() < kept || sizes.reduce(1, *) < 400, seen.insert(row).inserted else { continue }
            values.append(row)
            shares.append((0..<5).reduce(1) { $0 * weights[$1][row[$1]] } * exponential(0.5 * random.normal()))
        }
        guard values.count > 20 else { return nil }
        let sum = shares.reduce(0, +)
        let means = shares.map { $0 / sum * profile.callsPerMinute }
        let wanted = profile.causes.lowerBound + random.below(profile.causes.count)
        guard drawCauses(wanted, means, profile, &random) else { return nil }
        drawCounts(means, profile, &random)
    }

    func holds(_ predicate: Predicate, _ row: Int) -> Bool { predicate.allSatisfy { values[row][$0] == $1 } }

    private func volume(_ predicate: Predicate, _ means: [Double]) -> (calls: Double, rows: Int) {
        values.indices.reduce((0, 0)) { holds(predicate, $1) ? ($0.0 + means[$1], $0.1 + 1) : $0 }
    }

    private mutating func drawCauses(
        _ wanted: Int, _ means: [Double], _ profile: Profile, _ random: inout SeededGenerator
    ) -> Bool {
        let isSameSet = random.unit() < 0.4
        var dimensionsUsed: [Int] = []
        for _ in 0..<200 where causes.count < wanted {
            let row = values[random.below(values.count)]
            let length = random.pick([1, 1, 2, 2, 2, 3])
            if dimensionsUsed.isEmpty || !isSameSet {
                dimensionsUsed = Array(Array(0..<5).shuffled(using: &random).prefix(length))
            }
            let predicate = Predicate(uniqueKeysWithValues: dimensionsUsed.map { ($0, row[$0]) })
            if isTellable(predicate, means, profile) { causes.append(predicate) }
        }
        return causes.count == wanted
    }

    /// Large enough to be seen, small enough not to be everything, apart from the other causes, and not nearly the same as
    /// a shorter predicate.
    private func isTellable(_ predicate: Predicate, _ means: [Double], _ profile: Profile) -> Bool {
        let (calls, rows) = volume(predicate, means)
        let all = means.reduce(0, +)
        guard calls * profile.severity.lowerBound > 30, calls < 0.6 * all, rows >= 2 else { return false }
        for other in causes {
            let both = predicate.merging(other) { mine, _ in mine }
            let overlaps = both.allSatisfy { dimension, value in (other[dimension] ?? value) == value }
            if overlaps, volume(both, means).calls > 0.2 * calls { return false }
            if predicate == other || other.allSatisfy({ predicate[$0] == $1 })
                || predicate.allSatisfy({ other[$0] == $1 })
            {
                return false
            }
        }
        for dimension in predicate.keys {
            var wider = predicate
            wider[dimension] = nil
            if !wider.isEmpty, volume(wider, means).calls * 0.85 < calls { return false }
        }
        // No value that nearly all of it has beside those of the cause.
        for dimension in 0..<5 where predicate[dimension] == nil && predicate.count < 3 {
            for value in Set(values.map { $0[dimension] }) {
                var narrower = predicate
                narrower[dimension] = value
                if volume(narrower, means).calls > 0.85 * calls { return false }
            }
        }
        return true
    }

    private mutating func drawCounts(_ means: [Double], _ profile: Profile, _ random: inout SeededGenerator) {
        let severities = causes.map { _ in random.between(profile.severity.lowerBound, profile.severity.upperBound) }
        for row in values.indices {
            let own = min(0.5, profile.baseRatio * exponential(profile.ratioSpread * random.normal()))
            let calls = random.poisson(means[row])
            var ratio = own
            for (cause, severity) in zip(causes, severities) where holds(cause, row) {
                let hit = min(1, max(0, severity * (1 + profile.rippleSpread * random.normal())))
                ratio = 1 - (1 - ratio) * (1 - hit)
            }
            if random.unit() < profile.noisyRows { ratio = min(1, ratio + random.between(0, 0.3)) }
            total.append(calls)
            failed.append(random.binomial(calls, ratio))
            let before = random.poisson(means[row] * Double(profile.baselineMinutes))
            baselineTotal.append(before)
            baselineFailed.append(random.binomial(before, own))
        }
    }

    private func draw(_ weights: [Double], _ random: inout SeededGenerator) -> Int {
        var left = random.unit() * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            left -= weight
            if left <= 0 { return index }
        }
        return weights.count - 1
    }

    func rows(withBaseline: Bool = true) -> ContrastRows {
        var rows = ContrastRows(dimensions: dimensions)
        for row in values.indices {
            let names = values[row].enumerated().map { Optional("\(dimensions[$0])\($1)") }
            rows.add(names, failed: Double(failed[row]), total: Double(total[row]))
            if withBaseline {
                rows.addBaseline(names, failed: Double(baselineFailed[row]), total: Double(baselineTotal[row]))
            }
        }
        return rows
    }

    /// The causes as the engine would name them, sorted.
    var expected: Set<[ContrastLiteral]> {
        Set(causes.map(named))
    }

    private func named(_ predicate: Predicate) -> [ContrastLiteral] {
        predicate.sorted { $0.key < $1.key }
            .map { ContrastLiteral(dimension: dimensions[$0.key], value: "\(dimensions[$0.key])\($0.value)") }
    }
}

/// e to the power, by squaring a short series: no C library in a test's values.
func exponential(_ exponent: Double) -> Double {
    var sum = 1.0
    var term = 1.0
    let small = exponent / 64
    for index in 1...12 {
        term *= small / Double(index)
        sum += term
    }
    for _ in 0..<6 { sum *= sum }
    return sum
}

/// The natural logarithm by Newton's method on `exponential`.
func logarithm(_ value: Double) -> Double {
    var guess = Double(value.exponent) * 0.6931471805599453
    for _ in 0..<6 {
        let power = exponential(guess)
        guess += 2 * (value - power) / (value + power)
    }
    return guess
}

func power(_ base: Double, _ exponent: Double) -> Double { exponential(exponent * logarithm(base)) }
