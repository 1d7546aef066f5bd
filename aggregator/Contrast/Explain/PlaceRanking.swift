import Glibc

/// Weighs the places of one failed request.
struct PlaceRanking {
    /// All that speaks for one place.
    struct Candidate {
        var path: Int32
        var node: Int32
        var anomaly: Anomaly?
        var population = 0.0
        var answer = 0.0
        var cluster = 0.0
        var kind = 0.0
        var combination: Combination?

        var total: Double { population + answer + cluster + kind }
        /// Whether nothing but the lack of a better one speaks for it.
        var isSuspect: Bool { answer == 0 && (combination?.failures ?? 2) < 2 }
    }

    let flat: FlatRequest
    let clues: AnswerClues
    private(set) var candidates: [Candidate] = []
    /// Keys that may be renamed ones, and were too many to be held against each other.
    private(set) var unjoinedCount = 0
    private var expectedTests: Set<ExplainTest> = []

    init(flat: FlatRequest, clues: AnswerClues) {
        self.flat = flat
        self.clues = clues
        expectedTests = Self.tests(in: clues)
    }

    mutating func rank(_ route: inout RouteState, position: Int, window: CombinationFinder.Window, _ blame: Blame) {
        route.names.update(route.profile.paths)
        let anomalies = AnomalyFinder(profile: route.profile).anomalies(in: flat, unjoined: &unjoinedCount)
        for anomaly in anomalies { add(anomaly, route) }
        let features = CallFeatures(flat, route.profile)
        let finder = CombinationFinder(
            features, route.profile.paths, oddities: Self.doubtful(anomalies), position: position,
            successes: route.successes, failures: route.failures, window: window)
        for combination in finder.find() { add(combination, route) }
        let resolver = ClueResolver(paths: route.profile.paths, flat: flat, names: route.names)
        for mention in resolver.mentions(clues) { add(mention) }
        candidates = candidates.map { judged($0, route) }
        if blame == .request, !candidates.contains(where: { $0.total >= Self.tellingMin }) {
            addSuspects(finder.suspects(), route)
        }
        candidates = candidates.sorted { isBetter($0, $1) }
    }

    /// Below it a candidate may as well be chance.
    private static let tellingMin = 5.0

    /// Where an answer refused the request, and nothing says why.
    private mutating func addSuspects(_ suspects: [Combination], _ route: RouteState) {
        for suspect in suspects where candidates.count < Self.suspectedMax {
            let (path, node) = (suspect.features[0].path, suspect.features[0].node)
            let worth = suspect.score + prior(path, route)
            guard worth > 0, !candidates.contains(where: { $0.path == path }) else { continue }
            candidates.append(
                judged(Candidate(path: path, node: node, population: worth, combination: suspect), route))
        }
    }

    private static let suspectedMax = 12

    /// Keys that are rare and yet in successful calls, too: that they broke this one is in doubt, though all failures have them.
    private static func doubtful(_ anomalies: [Anomaly]) -> Set<UInt64> {
        Set(anomalies.filter { $0.test == .present && $0.detail != .unknownKey }.map { causeKey($0.path, $0.test) })
    }

    private func isBetter(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.total != right.total { return left.total > right.total }
        return left.path == right.path ? left.node < right.node : left.path < right.path
    }

    private func root(_ path: Int32, _ route: RouteState) -> Int32 { route.profile.paths.root(of: path) }

    /// Bodies break calls more often than headers do, and headers more often than who sent them from where.
    private func prior(_ path: Int32, _ route: RouteState) -> Double {
        switch root(path, route) {
        case PathTable.body: 0
        case PathTable.query: -0.5
        case PathTable.header: -2
        default: -3.5
        }
    }

    private mutating func add(_ anomaly: Anomaly, _ route: RouteState) {
        let worth = anomaly.surprise + prior(anomaly.path, route)
        guard worth > 0 else { return }
        // The same place in several items of an array is one candidate: the worst item.
        if let known = candidates.firstIndex(where: { $0.path == anomaly.path }) {
            if worth > candidates[known].population {
                candidates[known].population = worth + 0.3
                candidates[known].anomaly = anomaly
                candidates[known].node = anomaly.node
            }
        } else {
            candidates.append(Candidate(path: anomaly.path, node: anomaly.node, anomaly: anomaly, population: worth))
        }
    }

    /// Of two values in combination the one in the body comes first.
    private mutating func add(_ combination: Combination, _ route: RouteState) {
        let ordered = combination.features.sorted {
            let (left, right) = (prior($0.path, route), prior($1.path, route))
            return left == right ? ($0.isPresence ? 1 : 0) < ($1.isPresence ? 1 : 0) : left > right
        }
        for (rank, feature) in ordered.enumerated() {
            let price = combination.features.count > 1 && rank > 0 ? 1.0 : 0
            let worth = combination.score - price + (combination.features.count == 1 ? prior(feature.path, route) : 0)
            guard worth > 0 else { continue }
            if let known = candidates.firstIndex(where: { $0.path == feature.path }) {
                if worth > candidates[known].population {
                    candidates[known].population = worth
                    candidates[known].combination = combination
                    candidates[known].node = feature.node
                    candidates[known].anomaly = nil
                }
            } else {
                candidates.append(
                    Candidate(path: feature.path, node: feature.node, population: worth, combination: combination))
            }
        }
    }

    private mutating func add(_ mention: Mention) {
        if let known = candidates.firstIndex(where: { $0.path == mention.path || $0.anomaly?.otherPath == mention.path }
        ) {
            candidates[known].answer = max(candidates[known].answer, mention.weight)
            if candidates[known].anomaly == nil, mention.node >= 0 { candidates[known].node = mention.node }
        } else {
            candidates.append(Candidate(path: mention.path, node: mention.node, answer: mention.weight))
        }
    }

    /// The answer's words, and what went with its code before, for or against a kind of mistake; and causes of late.
    private func judged(_ candidate: Candidate, _ route: RouteState) -> Candidate {
        var candidate = candidate
        let test = candidate.anomaly?.test ?? (candidate.combination == nil ? nil : .equals)
        guard let test else { return candidate }
        if expectedTests.contains(test) { candidate.kind += 2 }
        if let seen = route.testsOfSignature[clues.signature] {
            let all = seen.values.reduce(0, +)
            let ratio = ((seen[test] ?? 0) + 0.5) / (all + 4)
            candidate.kind += min(2, max(-1, log(ratio * 8))) * min(1, all / 5)
        }
        if let count = route.causes[Self.causeKey(candidate.path, test)] {
            candidate.cluster = min(2.5, log(1 + count))
        }
        return candidate
    }

    static func causeKey(_ path: Int32, _ test: ExplainTest) -> UInt64 {
        UInt64(UInt32(bitPattern: path)) << 8 | UInt64(ExplainTest.allCases.firstIndex(of: test) ?? 0)
    }

    private static func tests(in clues: AnswerClues) -> Set<ExplainTest> {
        var tests: Set<ExplainTest> = []
        for text in clues.sentences.prefix(8) + clues.codes.prefix(8) {
            tests.formUnion(AnswerPhrases.tests(in: text))
        }
        return tests
    }
}

extension PlaceRanking {
    /// Why this failure is put down to the request; nil where it is not.
    func reasonToExplain(_ blame: Blame, suspicion: Double) -> String? {
        let best = candidates.first
        let isNamed = candidates.contains { $0.answer >= 5 }
        switch blame {
        case .request: return "The answer refused the request."
        case .elsewhere:
            return isNamed && (best?.population ?? 0) >= 4 ? "The answer names a place in the request." : nil
        case .open:
            guard let best, best.total >= 5, isNamed || suspicion >= 0.25 || odds(best, suspicion) >= Self.oddsMin
            else { return nil }
            return "A server error that comes with something unusual in the request."
        }
    }

    /// How much likelier it is that the request is to blame than that something so odd stands in it by chance, which could have been
    /// at any of its places; but for what broke other calls of the route lately, there is but one.
    private func odds(_ best: Candidate, _ suspicion: Double) -> Double {
        let places = best.cluster >= Self.knownClusterMin ? 1 : flat.nodes.count
        return suspicion / (1 - suspicion) / min(1, Double(places) * exp(-best.total))
    }

    /// Of a cause that two other calls had.
    private static let knownClusterMin = log(3.0)

    private static let oddsMin = 10.0

    /// What explains this failure when others look for a combination.
    var account: FailureAccount {
        var account = FailureAccount()
        if let best = candidates.first(where: { $0.combination == nil }) {
            account.unexplained = Self.unexplained(best.population + best.cluster)
            account.oddity = best.anomaly.map { Self.causeKey($0.path, $0.test) } ?? 0
        }
        if let found = candidates.first?.combination { account.take(found) }
        return account
    }

    /// What part of a failure an oddity of this surprise leaves open.
    static func unexplained(_ surprise: Double) -> Double { min(1, exp((2 - surprise) / 2)) }

    /// Keeps what was found, so that the next call of the same cause is recognised.
    func remember(in route: inout RouteState) {
        guard let best = candidates.first, best.total >= 5 else { return }
        guard let test = best.anomaly?.test ?? (best.combination == nil ? nil : .equals) else { return }
        if route.causes.count < 512 || route.causes[Self.causeKey(best.path, test)] != nil {
            route.causes[Self.causeKey(best.path, test), default: 0] += 1
        }
        if route.testsOfSignature.count < 256 || route.testsOfSignature[clues.signature] != nil {
            route.testsOfSignature[clues.signature, default: [:]][test, default: 0] += 1
        }
    }

    func places(_ route: RouteState, max count: Int) -> [RankedPlace] {
        let text = PathText(paths: route.profile.paths)
        // That it is none of them, which is likely where there are but suspects.
        var sum = exp(candidates.first?.isSuspect == true ? 4.0 : 2.0)
        for candidate in candidates { sum += exp(min(candidate.total, 30)) }
        return candidates.prefix(count).map { candidate in
            let writer = PlaceWriter(route: route, flat: flat, text: text)
            return writer.place(candidate, confidence: exp(min(candidate.total, 30)) / sum)
        }
    }
}
