import Glibc

/// A value, or two together, with which calls of this route only fail at this time.
struct Combination {
    var features: [CallFeatures.Feature]
    /// In the same units as a surprise.
    var score: Double
    /// Failures with it in a row, the call itself included.
    var failures: Double
    /// Of a mere suspect: successes around the call since one had it.
    var successesWithout = 0
}

/// Finds values and pairs of values with which no call around this one succeeded, while others did.
///
/// The evidence is a *run*: between the last success with the value before the call and the first after it, how many calls
/// failed with it? If the value had nothing to do with it, each of them would have succeeded with the route's usual odds, so
/// each adds their logarithm. Looking only at the run makes it indifferent to when the trouble began and ended. From the sum
/// goes the logarithm of how many values (or pairs) were looked at, so that more features find no more by chance. Failures that
/// something else explains count less.
struct CombinationFinder {
    struct Window {
        var successesBefore = 300
        var successesAfter = 300
        var failuresBefore = 60
        var failuresAfter = 60
    }

    /// What a score comes close to, however long the run: more evidence than any oddity alone has.
    private static let scoreMax = 14.0
    /// How much one failure can add by what it shares with the others.
    private static let liftMax = 5.0
    /// The same for two values together.
    private static let pairLiftMax = 8.0
    /// Features that go into pairs.
    private static let pairedMax = 48

    private let features: [CallFeatures.Feature]
    private let root: (CallFeatures.Feature) -> Int32
    private let isCustomer: (CallFeatures.Feature) -> Bool
    private let successes: FeatureBits
    private let failures: FeatureBits
    private let position: Int
    private let perFailure: Double

    /// Of a failure that other values explain, which this call does not have.
    private static let otherCauseWeight = 0.2
    /// Of one that is explained by something odd in it, which this call has, too: whether that is the cause is the question.
    private static let sameOddityWeight = 0.5

    /// - Parameter oddities: What is odd in the call itself and yet in successful ones (`PlaceRanking.causeKey`).
    init(
        _ features: CallFeatures, _ paths: PathTable, oddities: Set<UInt64>, position: Int, successes: CallHistory,
        failures: CallHistory, window: Window
    ) {
        root = { paths.root(of: $0.path) }
        isCustomer = { paths.key(of: $0.path) == "customer" }
        self.position = position
        let around = successes.around(position, before: window.successesBefore, after: window.successesAfter)
        let passed: [CallHistory.Entry]
        (passed, self.features) = Self.comparable(successes.entries[around], features, paths)
        let places = FeaturePlaces(self.features)
        let failed = failures.around(position, before: window.failuresBefore, after: window.failuresAfter)
        self.successes = FeatureBits(passed, places) { _ in 0 }
        self.failures = FeatureBits(failures.entries[failed].filter { $0.position != position }, places) { entry in
            Self.weight(entry.account, oddities, places)
        }
        // The odds of failing by chance: what is unexplained, among all.
        let unexplained = self.failures.weights.reduce(1, +)
        let ratio = unexplained / (unexplained + Double(self.successes.count))
        perFailure = -log(min(max(ratio, 0.02), 0.6))
    }

    /// The successes of which as much is known as of this call. Where these are too few, all of them, and of this call what is
    /// known of any.
    private static func comparable(
        _ passed: ArraySlice<CallHistory.Entry>, _ features: CallFeatures, _ paths: PathTable
    ) -> (passed: [CallHistory.Entry], features: [CallFeatures.Feature]) {
        let known = passed.filter { $0.unknown.isSubset(of: features.unknown) }
        if known.count >= successesMin || known.count == passed.count { return (Array(known), features.features) }
        let unknown = passed.reduce(into: UnknownParts()) { $0.formUnion($1.unknown) }
        return (Array(passed), features.features.filter { !unknown.hides(root: paths.root(of: $0.path)) })
    }

    /// Below it nothing is said of what successes lack.
    private static let successesMin = 10

    /// How much a failure says about what this call shares with it.
    private static func weight(_ account: FailureAccount, _ oddities: Set<UInt64>, _ places: FeaturePlaces) -> Double {
        var weight = account.unexplained
        if oddities.contains(account.oddity) { weight = max(weight, sameOddityWeight) }
        if account.combination.contains(where: { places.find($0) < 0 }) { weight *= otherCauseWeight }
        return weight
    }

    func find() -> [Combination] {
        guard successes.count >= Self.successesMin else { return [] }
        var found: [Combination] = []
        let price = log(Double(max(2, features.count)))
        var singles: [(index: Int, score: Double)] = []
        for index in features.indices {
            let run = run(index, index)
            let score = (perFailure + lift(successes.count(of: index))) * (run - 1) - price
            singles.append((index, score))
            if run >= 2, score > 1 { append(&found, [index], score, run) }
        }
        pairs(singles, price, &found)
        let best = withoutEchoes(found.sorted { isBetter($0, $1) }).prefix(Self.foundMax).map { combination in
            var combination = combination
            combination.score = Self.scoreMax * (1 - exp(-combination.score / Self.scoreMax))
            return combination
        }
        return best + shared(by: best)
    }

    private static let foundMax = 4

    /// What holds for the very same calls as a value in the request is another name for it: who a call was for stands in a header and
    /// in its dimensions.
    private func withoutEchoes(_ found: [Combination]) -> [Combination] {
        found.filter { combination in
            guard combination.features.count == 1, root(combination.features[0]) == PathTable.dimension else {
                return true
            }
            let own = index(of: combination.features[0])
            return !found.contains { other in
                guard other.features.count == 1, root(other.features[0]) != PathTable.dimension else { return false }
                let index = index(of: other.features[0])
                return successes.isSame(own, index) && failures.isSame(own, index)
            }
        }
    }

    private func index(of feature: CallFeatures.Feature) -> Int { features.firstIndex { $0.id == feature.id } ?? 0 }

    private func isBetter(_ left: Combination, _ right: Combination) -> Bool {
        if left.score != right.score { return left.score > right.score }
        if left.features.count != right.features.count { return left.features.count < right.features.count }
        return left.features.lexicographicallyPrecedes(right.features) { $0.path < $1.path }
    }

    private func append(_ found: inout [Combination], _ indices: [Int], _ score: Double, _ run: Double) {
        found.append(
            Combination(features: indices.map { features[$0] }, score: score, failures: run))
    }

    /// What each failure adds because it has what few successes have: causes are what the failures share, not what happens
    /// to come with it.
    private func lift(_ count: Int) -> Double { min(Self.liftMax, -log(share(count))) }

    private func share(_ count: Int) -> Double { (Double(count) + 0.5) / (Double(successes.count) + 1) }

    /// How rare two values are together: as rare as they would be by chance, where so few successes could show it, or as seen.
    private func lift(_ first: Int, _ second: Int) -> Double {
        let shared = Double(successes.count(first, second)) / Double(successes.count)
        let byChance = share(successes.count(of: first)) * share(successes.count(of: second))
        return min(Self.pairLiftMax, -log(max(shared, byChance)))
    }

    /// Values to suspect where nothing tells more, the first failure of a cause being its only one: a value that was good once and is
    /// refused from some time on has been in no success since, so the longer successes went without it the likelier it is. Weighs no
    /// more than a small oddity.
    func suspects() -> [Combination] {
        guard successes.count >= Self.successesMin else { return [] }
        let customer = features.indices.first {
            root(features[$0]) == PathTable.dimension && isCustomer(features[$0])
        }
        return features.indices.filter { !features[$0].isPresence && successes.count(of: $0) > 0 }.map { index in
            let (from, to) = successes.nearest(index, index, to: position)
            let without = successes.count(after: from, before: to)
            // It may as well be refused to this customer alone.
            let ofCustomer = customer.map { customer in
                let (from, to) = successes.nearest(index, customer, to: position)
                return successes.count(after: from, before: to) - without
            }
            let odds = Double(without) + Self.customerShare * Double(ofCustomer ?? 0)
            return Combination(
                features: [features[index]], score: min(Self.suspicionMax, 0.5 * log(odds + 1)), failures: 1,
                successesWithout: without)
        }.filter { $0.successesWithout > 0 }.sorted { isBetter($0, $1) }
    }

    private static let suspicionMax = 2.5
    /// What a value that its customer went without weighs against one that all went without.
    private static let customerShare = 0.1

    /// Of one sender whose calls all fail it cannot be told whether the sender is the reason or a value that all of these calls have in
    /// them. Such values come behind the sender, those first that are rarest among the successes of others at this time.
    private func shared(by best: [Combination]) -> [Combination] {
        guard let alone = best.first(where: { $0.features.count == 1 && tellsSender($0.features[0]) }),
            alone.failures >= 3, !best.contains(where: { $0.features.count > 1 })
        else { return [] }
        let sender = index(of: alone.features[0])
        let (from, to) = successes.nearest(sender, sender, to: position)
        let others = Double(successes.count(after: from, before: to))
        let common = features.indices.filter { index in
            !tellsSender(features[index]) && !features[index].isPresence
                && run(sender, index) >= Self.sharedShareMin * alone.failures
        }.map { index in
            (index: index, share: (Double(successes.count(of: index, after: from, before: to)) + 0.5) / (others + 1))
        }.filter { $0.share < Self.tellingShareMax }
        return common.sorted { $0.share < $1.share }.prefix(Self.sharedMax).map { one in
            Combination(
                features: [features[sender], features[one.index]], score: alone.score - Self.behindSender,
                failures: run(sender, one.index))
        }
    }

    private static let sharedMax = 2
    /// What nearly all have tells nothing; what nearly all failures of the sender have they share, for some may have another cause.
    private static let tellingShareMax = 0.9
    private static let sharedShareMin = 0.8
    /// More than `PlaceRanking` takes from what only tells who sent a request.
    private static let behindSender = 4.0

    private func tellsSender(_ feature: CallFeatures.Feature) -> Bool {
        let root = root(feature)
        return root == PathTable.dimension || root == PathTable.header
    }

    /// Only of features that some successes around have and others have not: what all have adds nothing, what none has is
    /// judged alone, unless it only says who sent the request.
    private func pairs(_ singles: [(index: Int, score: Double)], _ price: Double, _ found: inout [Combination]) {
        let telling = singles.filter { single in
            let shared = successes.count(of: single.index)
            return (shared > 0 || tellsSender(features[single.index]))
                && Double(shared) < Self.tellingShareMax * Double(successes.count)
                && failures.count(of: single.index) > 0
        }.sorted { $0.score > $1.score }.prefix(Self.pairedMax)
        let scores = singles.map(\.score)
        for (place, first) in telling.enumerated() {
            for second in telling.dropFirst(place + 1) where features[first.index].path != features[second.index].path {
                guard failures.weight(first.index, second.index) >= 2 else { continue }
                let run = run(first.index, second.index)
                guard run >= 3 else { continue }
                let score = (perFailure + lift(first.index, second.index)) * (run - 1) - 2 * price - 1
                let alone = max(scores[first.index], scores[second.index])
                if score > max(alone + 2, 1) { append(&found, [first.index, second.index], score, run) }
            }
        }
    }

    /// The weight of the failures with both features between the nearest successes with both before and after, this call
    /// included. One feature is a pair with itself.
    private func run(_ first: Int, _ second: Int) -> Double {
        let (from, to) = successes.nearest(first, second, to: position)
        return 1 + failures.weight(first, second, after: from, before: to)
    }
}

/// For each feature of a call, which of the calls around have it: a bit each.
private struct FeatureBits {
    private(set) var positions: [Int] = []
    private(set) var weights: [Double] = []
    private var words: [UInt64]
    private let wordCount: Int

    var count: Int { positions.count }

    init(
        _ entries: some Collection<CallHistory.Entry>, _ places: FeaturePlaces,
        weight: (CallHistory.Entry) -> Double
    ) {
        wordCount = (entries.count + 63) / 64
        words = Array(repeating: 0, count: wordCount * places.count)
        for (index, entry) in entries.enumerated() {
            positions.append(entry.position)
            weights.append(weight(entry))
            for feature in entry.features {
                let place = places.find(feature)
                if place >= 0 { words[place * wordCount + index / 64] |= 1 << UInt64(index % 64) }
            }
        }
    }

    @inline(__always)
    private func word(_ first: Int, _ second: Int, _ at: Int) -> UInt64 {
        words[first * wordCount + at] & words[second * wordCount + at]
    }

    func count(of feature: Int) -> Int { count(feature, feature) }

    /// Whether the same calls have both.
    func isSame(_ first: Int, _ second: Int) -> Bool {
        (0..<wordCount).allSatisfy { words[first * wordCount + $0] == words[second * wordCount + $0] }
    }

    func count(_ first: Int, _ second: Int) -> Int {
        var count = 0
        for at in 0..<wordCount { count += word(first, second, at).nonzeroBitCount }
        return count
    }

    /// The positions of the nearest calls with both features before and after a position.
    func nearest(_ first: Int, _ second: Int, to position: Int) -> (before: Int, after: Int) {
        var before = Int.min
        for at in 0..<wordCount {
            var bits = word(first, second, at)
            while bits != 0 {
                let place = positions[at * 64 + bits.trailingZeroBitCount]
                if place > position { return (before, place) }
                before = place
                bits &= bits &- 1
            }
        }
        return (before, Int.max)
    }

    func count(after from: Int, before to: Int) -> Int {
        positions.count { $0 > from && $0 < to }
    }

    func count(of feature: Int, after from: Int, before to: Int) -> Int {
        positions.indices.count { index in
            positions[index] > from && positions[index] < to
                && words[feature * wordCount + index / 64] >> UInt64(index % 64) & 1 == 1
        }
    }

    func weight(_ first: Int, _ second: Int, after from: Int = Int.min, before to: Int = Int.max) -> Double {
        var sum = 0.0
        for at in 0..<wordCount {
            var bits = word(first, second, at)
            while bits != 0 {
                let index = at * 64 + bits.trailingZeroBitCount
                if positions[index] > from, positions[index] < to { sum += weights[index] }
                bits &= bits &- 1
            }
        }
        return sum
    }
}

/// From a feature's id to its place in the list.
private struct FeaturePlaces {
    private var keys: [UInt32]
    private var places: [Int16]
    let count: Int

    init(_ features: [CallFeatures.Feature]) {
        count = features.count
        keys = Array(repeating: 0, count: 512)
        places = Array(repeating: -1, count: 512)
        for (index, feature) in features.enumerated() {
            var slot = Int(feature.id & 511)
            while places[slot] >= 0 { slot = (slot + 1) & 511 }
            keys[slot] = feature.id
            places[slot] = Int16(truncatingIfNeeded: index)
        }
    }

    @inline(__always)
    func find(_ id: UInt32) -> Int {
        var slot = Int(id & 511)
        while places[slot] >= 0 {
            if keys[slot] == id { return Int(places[slot]) }
            slot = (slot + 1) & 511
        }
        return -1
    }
}
