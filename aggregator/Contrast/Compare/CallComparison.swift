import CallModel
import Glibc

/// Compares any two populations of calls: before and after, failed and successful, two customers, two hosts.
///
/// Route by route, so that a change of the mix of routes is one change and not a hundred: what keys and headers of requests and
/// answers appeared, vanished or changed their type, which values and sizes are distributed differently, how status and latency
/// moved; and over all calls, how the shares of routes, hosts, customers and versions moved. Each change is a difference of
/// two shares that chance does not explain (`deviationMin` standard errors), ranked by how many calls it moves.
///
/// Known is compared with known: a body or headers that were not kept (`UnknownParts`) count on neither side.
///
/// One pass, counters only: memory depends on routes and places, not on calls.
public struct CallComparison {
    public enum Side: Sendable { case a, b }

    public struct Configuration: Sendable {
        public var routesMax = 400
        public var placesMax = 2_000
        /// Values of dimensions (hosts, customers …) whose shares are compared.
        public var sharesMax = 20_000
        public var changesMax = 50
        public var samplesMax = 5
        /// Standard errors that a difference must have: with thousands of places looked at, chance reaches four.
        public var deviationMin = 5.0
        /// Differences of shares that are too small to matter.
        public var differenceMin = 0.02
        /// Factor by which a latency must move.
        public var latencyFactorMin = 1.25

        public init() {}
    }

    struct Route {
        var name: String
        var requests: PathTable
        var responses: PathTable
        var requestA = ComparedSide()
        var requestB = ComparedSide()
        var responseA = ComparedSide()
        var responseB = ComparedSide()
    }

    let configuration: Configuration
    var routes: [String: Route] = [:]
    var totalA = 0.0
    var totalB = 0.0
    var routesLeftOut = 0
    /// By dimension and value, weights of both sides.
    private var shares: [CallCondition: Share] = [:]
    private var early = (a: EarlyCalls(), b: EarlyCalls())
    private var callCount: (a: Int32, b: Int32) = (0, 0)

    private struct Share {
        var (a, b) = (0.0, 0.0)
        var (aMarks, bMarks) = (Marks(), Marks())
    }
    private var valuesLeftOut = 0
    private let flattener = RequestFlattener()

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    public mutating func add(_ call: APICall, to side: Side) {
        let weight = Double(max(1, call.weight))
        if side == .a { totalA += weight } else { totalB += weight }
        addShares(call, side, weight)
        let key = CallExplainer.key(of: call)
        guard routes[key] != nil || routes.count < configuration.routesMax else {
            routesLeftOut += 1
            return
        }
        var route =
            routes.removeValue(forKey: key)
            ?? Route(
                name: call.route ?? call.request.method, requests: PathTable(placesMax: configuration.placesMax),
                responses: PathTable(placesMax: configuration.placesMax))
        add(call, to: side, of: &route)
        routes[key] = route
    }

    private func add(_ call: APICall, to side: Side, of route: inout Route) {
        let request = flattener.flatten(call, into: &route.requests)
        if side == .a {
            route.requestA.add(request, call, placeCount: route.requests.count)
        } else {
            route.requestB.add(request, call, placeCount: route.requests.count)
        }
        // Answers that refuse look different and are counted by their status; drift is what successful ones show.
        guard let response = call.response, response.status < 400 else { return }
        let answer = flattener.flatten(response, into: &route.responses)
        if side == .a {
            route.responseA.add(answer, call, placeCount: route.responses.count)
        } else {
            route.responseB.add(answer, call, placeCount: route.responses.count)
        }
    }

    private mutating func addShares(_ call: APICall, _ side: Side, _ weight: Double) {
        for (name, value) in [
            ("route", call.route), ("partner", call.partner), ("host", call.host), ("customer", call.customer),
            ("region", call.region), ("service", call.service), ("service_version", call.serviceVersion),
            ("outcome", call.error?.name ?? call.outcome.name),
        ] {
            guard let value else { continue }
            let condition = CallCondition(path: name, place: "dimension", test: "equals", value: value)
            guard shares[condition] != nil || shares.count < configuration.sharesMax else {
                valuesLeftOut += 1
                continue
            }
            if side == .a {
                shares[condition, default: Share()].a += weight
                shares[condition, default: Share()].aMarks.mark(callCount.a, call.id)
            } else {
                shares[condition, default: Share()].b += weight
                shares[condition, default: Share()].bMarks.mark(callCount.b, call.id)
            }
        }
        if side == .a {
            early.a.add(call.id)
            callCount.a &+= 1
        } else {
            early.b.add(call.id)
            callCount.b &+= 1
        }
    }

    public func finish() -> Comparison {
        var comparison = Comparison()
        comparison.a = totalA
        comparison.b = totalB
        comparison.routesLeftOut = routesLeftOut
        comparison.valuesLeftOut = valuesLeftOut
        var changes = shareChanges()
        for (_, route) in routes.sorted(by: { $0.key < $1.key }) { changes += RouteComparison(self, route).changes() }
        changes.sort { $0.weight == $1.weight ? $0.text < $1.text : $0.weight > $1.weight }
        comparison.changes = Array(changes.prefix(configuration.changesMax))
        comparison.changesLeftOut = changes.count - comparison.changes.count
        return comparison
    }

    private func shareChanges() -> [Change] {
        shares.compactMap { condition, sums -> Change? in
            let test = ShareTest(a: sums.a, b: sums.b, aTotal: totalA, bTotal: totalB)
            guard matters(test) else { return nil }
            let kind: Change.Kind = sums.a == 0 ? .appeared : sums.b == 0 ? .vanished : .volume
            let isMore = test.difference > 0
            return Change(
                predicate: [condition], kind: kind, aWith: sums.a, aTotal: totalA, bWith: sums.b, bTotal: totalB,
                confidence: Self.confidence(test),
                text: "\(condition.path) `\(condition.value ?? "")`: \(Self.moved(test)) of all calls.",
                aSamples: samples(early.a, sums.aMarks, with: !isMore),
                bSamples: samples(early.b, sums.bMarks, with: isMore), weight: abs(test.difference) * 0.8)
        }
    }

    /// Of the side that has more of it, calls that show it; of the other, calls that do not.
    func samples(_ early: EarlyCalls, _ marks: Marks?, with: Bool) -> [String] {
        with
            ? early.samples(with: marks, configuration.samplesMax)
            : early.samples(without: marks, configuration.samplesMax)
    }

    func matters(_ test: ShareTest) -> Bool {
        abs(test.difference) >= configuration.differenceMin && abs(test.deviation) >= configuration.deviationMin
    }

    /// From the deviation: even odds at the threshold for one look, nearly sure at twice that.
    static func confidence(_ test: ShareTest) -> Double {
        let deviation = abs(test.deviation)
        return 1 - exp(-deviation * deviation / 12)
    }

    static func moved(_ test: ShareTest) -> String { "\(percent(test.shareA)) → \(percent(test.shareB))" }

    static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1_000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }
}
