import CallModel
import Documents

/// Says which place in a failed call's request made it fail.
///
/// **Evidence of two kinds.** *The population*: what successful calls of the same route do not have (`AnomalyFinder`), and
/// values or pairs of values with which calls only fail at this time (`CombinationFinder`). *The answer*: places and kinds of
/// mistake that it names (`AnswerClues`, `ClueResolver`). Both are in the same unit, the logarithm of how much likelier the
/// evidence is if this place is the reason, and add up for each place. A misleading answer loses against a clear oddity
/// elsewhere; a vague one leaves the ranking to the population; a value that nobody can know to be wrong is found by the answer.
///
/// **Two ways to use it.** Online: `explain` a failure, then `observe` it, in the order of time; each is judged by what came
/// before. In hindsight: `observe` all, then `explain` the failures, each judged by all. What `observe` keeps is bounded by
/// `Configuration`, and counted.
///
/// **Known with known.** Bodies and headers that were there and were not kept (`UnknownParts`) are neither learnt from nor held
/// against what was; the note tells how many of the successful calls had theirs.
///
/// **When to be silent.** No answer, limits, credentials and gateway errors are not the request's fault, unless the answer
/// names a place in it. Of other server errors only those are explained whose answers usually come with something wrong in the
/// request, and only where something is.
public struct CallExplainer {
    public struct Configuration: Sendable {
        /// Judge each call by those before it.
        public var isOnline = false
        /// Routes that are kept; calls of others are counted and not explained beyond their answer.
        public var routesMax = 2_000
        /// Places of one route.
        public var placesMax = 4_000
        /// Calls of one route whose values are kept for finding combinations.
        public var successesKept = 2_048
        public var failuresKept = 2_048
        /// Places ranked for a call.
        public var rankedMax = 5

        public init() {}
    }

    public let configuration: Configuration
    public private(set) var routesRefusedCount = 0
    private var routes: [String: RouteState] = [:]
    private var judge = FaultJudge()
    private let flattener = RequestFlattener()
    private let answerParser = JSONParser()

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// Places of all routes, by which to tell what it costs in memory.
    public var placeCount: Int { routes.values.reduce(0) { $0 + $1.profile.paths.count } }

    /// Learns from a call. `position` is its place in the stream, and grows.
    public mutating func observe(_ call: APICall, position: Int) {
        let key = Self.key(of: call)
        guard routes[key] != nil || routes.count < configuration.routesMax else {
            routesRefusedCount &+= 1
            return
        }
        var route =
            routes.removeValue(forKey: key)
            ?? RouteState(configuration, policy: configuration.isOnline ? .recent : .spread)
        defer { routes[key] = route }
        if Self.isSuccess(call) {
            observeSuccess(call, position, &route)
        } else {
            observeFailure(call, position, &route)
        }
    }

    private func observeSuccess(_ call: APICall, _ position: Int, _ route: inout RouteState) {
        let flat = flattener.flatten(call, into: &route.profile.paths)
        route.profile.learn(flat)
        guard route.successes.wantsNext else { return route.successes.skip() }
        let features = CallFeatures(flat, route.profile)
        route.successes.add(
            CallHistory.Entry(position: position, features: features.ids, unknown: features.unknown))
    }

    private mutating func observeFailure(_ call: APICall, _ position: Int, _ route: inout RouteState) {
        let clues = call.response.map { AnswerClues($0, parser: answerParser) } ?? AnswerClues()
        guard FaultJudge.blame(call, clues) != .elsewhere else { return }
        let flat = flattener.flatten(call, into: &route.profile.paths)
        let anomalies = AnomalyFinder(profile: route.profile).anomalies(in: flat)
        let surprise = anomalies.map(\.surprise).max() ?? 0
        judge.record(clues.signature, isSuspicious: surprise >= 5 && route.profile.calls >= 50)
        guard route.failures.wantsNext else { return route.failures.skip() }
        let features = CallFeatures(flat, route.profile)
        let known = route.explained.flatMap { $0.position == position ? $0.account : nil }
        route.failures.add(
            CallHistory.Entry(
                position: position, features: features.ids, unknown: features.unknown,
                account: known ?? FailureAccount(anomalies)))
    }

    /// In hindsight, between `observe` and `explain`: how much of a failure is unexplained by what all calls have shown since
    /// it was observed. Without it the first failures are judged by a young profile.
    public mutating func weigh(_ call: APICall, position: Int) {
        let key = Self.key(of: call)
        guard !Self.isSuccess(call), var route = routes.removeValue(forKey: key) else { return }
        defer { routes[key] = route }
        guard route.failures.has(position) else { return }
        let flat = flattener.flatten(call, into: &route.profile.paths)
        let anomalies = AnomalyFinder(profile: route.profile).anomalies(in: flat)
        var account = FailureAccount(anomalies)
        if account.unexplained >= FailureAccount.openWeight {
            let finder = CombinationFinder(
                CallFeatures(flat, route.profile), route.profile.paths, oddities: [], position: position,
                successes: route.successes, failures: route.failures, window: window)
            if let found = finder.find().first { account.take(found) }
        }
        route.failures.setAccount(account, at: position)
    }

    /// Explains a failed call; the ranking is empty where the request is not the reason.
    public mutating func explain(_ call: APICall, position: Int) -> CallExplanation {
        let id = call.id ?? ""
        let clues = call.response.map { AnswerClues($0, parser: answerParser) } ?? AnswerClues()
        let blame = FaultJudge.blame(call, clues)
        let key = Self.key(of: call)
        var route =
            routes.removeValue(forKey: key)
            ?? RouteState(configuration, policy: configuration.isOnline ? .recent : .spread)
        defer { if routes[key] != nil || routes.count < configuration.routesMax { routes[key] = route } }
        let flat = flattener.flatten(call, into: &route.profile.paths)
        var ranking = PlaceRanking(flat: flat, clues: clues)
        ranking.rank(&route, position: position, window: window, blame)
        let limits = KnowledgeLimits(flat, route.profile, unjoinedCount: ranking.unjoinedCount).sentences
        guard let reason = ranking.reasonToExplain(blame, suspicion: judge.suspicion(of: clues.signature)) else {
            return CallExplanation(
                id: id, ranked: [], note: FaultJudge.excuse(call) + limits, valuesRead: flat.valueCount,
                isCut: flat.isCut)
        }
        route.explained = (position, ranking.account)
        route.failures.setAccount(ranking.account, at: position)
        ranking.remember(in: &route)
        return CallExplanation(
            id: id, ranked: ranking.places(route, max: configuration.rankedMax), note: reason + limits,
            valuesRead: flat.valueCount, isCut: flat.isCut)
    }

    private var window: CombinationFinder.Window {
        var window = CombinationFinder.Window()
        if configuration.isOnline {
            window.successesBefore = 500
            window.successesAfter = 0
            window.failuresBefore = 120
            window.failuresAfter = 0
        }
        return window
    }

    static func key(of call: APICall) -> String {
        (call.partner ?? "") + " " + (call.direction == .inbound ? "<" : "") + (call.route ?? call.request.method)
    }

    /// Whether a call counts as a success here: an answer, and none that refuses.
    public static func isSuccess(_ call: APICall) -> Bool {
        guard call.error == nil, let status = call.response?.status else { return false }
        return status < 400 && call.outcome == .success
    }
}
