/// How many of our own inbound requests failed or were slow because of a partner's call inside them: in all, by route, by
/// customer, by partner.
///
/// **Failed.** Requests with a troubled call of a partner inside are compared with requests of the same route whose call of that
/// partner went well; where there are too few, with the same route before the trouble; then with what went without the partner.
/// What failed beyond that is put down to the partner, with bounds and a confidence (`Estimate`): a request whose code
/// catches the failure does not count, and one that would have failed anyway does not either. It holds for links by timing as
/// well, where a request may be taken for one with a troubled call inside: what that adds in requests it takes away in difference.
///
/// **Slowed.** A call's excess is what it took beyond the usual of its route; the excess of calls that ran side by side is added
/// up to at most the request's own time. A request is slowed from `slowMin` on.
public struct ImpactReport: Sendable {
    public struct Configuration: Sendable {
        /// Of excess, from which a request counts as slowed, in microseconds.
        public var slowMin: Int64 = 100_000
        /// Requests that a reference must have at least to be one.
        public var referenceMin = 20.0
        /// Pairs of route and partner, and of route, partner and customer; calls of further ones are only counted.
        public var cellsMax = 50_000

        public init() {}
    }

    /// What happened to some of the requests.
    public struct Part: Sendable {
        public var requests = 0.0
        public var failed = 0.0
        /// With a troubled call of a partner inside.
        public var troubled = 0.0
        public var failedBecause = Estimate()
        public var slowed = 0.0
        /// What partners' calls took beyond the usual, in all.
        public var extraMilliseconds = 0.0
        var exposed = Tally()
        var fine = Tally()

        /// Mean time of requests with a troubled or slow call inside, and of those whose calls went well.
        public var millisecondsWith: Double? { exposed.meanMilliseconds }
        public var millisecondsWithout: Double? { fine.meanMilliseconds }
    }

    public private(set) var all = Part()
    /// By id of the name; 0 is none.
    public private(set) var routes: [Int32: Part] = [:]
    public private(set) var customers: [Int32: Part] = [:]
    public private(set) var partners: [Int32: Part] = [:]
    /// Partners' calls by how they were put to a request (`CallLinks`).
    public private(set) var tracedCalls: Int64 = 0
    public private(set) var timedCalls: Int64 = 0
    public private(set) var ambiguousCalls: Int64 = 0
    public private(set) var callsAlone: Int64 = 0
    public private(set) var isWhole = true
    /// Requests of further routes, partners and customers than `cellsMax`.
    public private(set) var uncountedRequests = 0.0

    private let configuration: Configuration
    private var cells: [CellKey: Cell] = [:]
    private var before: [CellKey: Cell] = [:]
    private var routesBefore: [Int32: Tally] = [:]

    /// - Parameters:
    ///   - windows: Of the time that is asked for.
    ///   - earlier: Of the time before, as the usual.
    public init(_ windows: [ImpactWindow], earlier: [ImpactWindow], _ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        var durations = UsualDurations()
        for window in earlier { for call in window.calls { durations.add(call) } }
        var usual = durations.medians()
        var present = UsualDurations()
        for window in windows { for call in window.calls { present.add(call) } }
        // Where nothing was before, the usual of the time itself: a trouble that slows every call is then not seen.
        usual.merge(present.medians()) { before, _ in before }
        for window in earlier { learn(window, usual) }
        for window in windows { count(window, usual) }
        infer()
    }

    // MARK: Reading

    private struct CellKey: Hashable {
        var route: Int32
        var partner: Int32
        /// Of the cells by customer; -1 of those of all.
        var customer: Int32
    }

    private struct Cell {
        /// With a troubled call inside, with a slow one, and with none of both.
        var troubled = Tally()
        var slow = Tally()
        var fine = Tally()
        var slowed = 0.0
        var extraMicroseconds = 0.0
    }

    /// What was inside a request, of one partner.
    private struct Inside {
        var isTroubled = false
        var excess = 0.0
        /// As how much of a request the slow ones count.
        var slowShare = 0.0
    }

    private func inside(
        _ window: ImpactWindow, _ links: CallLinks, _ usual: [UsualDurations.Key: Int64]
    ) -> [Int: [Int32: Inside]] {
        var requests: [Int: [Int32: Inside]] = [:]
        for link in links.links {
            let call = window.calls[link.outbound]
            let key = UsualDurations.Key(partner: call.partner, route: call.route)
            let excess = max(0, call.microseconds - (usual[key] ?? .max))
            var inside = requests[link.inbound, default: [:]][call.partner] ?? Inside()
            inside.isTroubled = inside.isTroubled || call.isTroubled
            inside.excess += Double(excess) * link.share
            if excess >= configuration.slowMin { inside.slowShare = max(inside.slowShare, link.share) }
            requests[link.inbound, default: [:]][call.partner] = inside
        }
        return requests
    }

    private mutating func learn(_ window: ImpactWindow, _ usual: [UsualDurations.Key: Int64]) {
        let found = inside(window, CallLinks(window.calls), usual)
        for (index, call) in window.calls.enumerated() where call.isInbound && call.start < window.countsUntil {
            let (weight, isFailure) = (Double(call.weight), call.outcome.isFailure)
            if routesBefore.count < configuration.cellsMax || routesBefore[call.route] != nil {
                routesBefore[call.route, default: Tally()].add(
                    weight: weight, isFailure: isFailure, microseconds: call.microseconds)
            }
            for (partner, inside) in found[index] ?? [:] where !inside.isTroubled {
                Self.change(
                    CellKey(route: call.route, partner: partner, customer: -1), in: &before, max: configuration.cellsMax
                ) { $0.fine.add(weight: weight, isFailure: isFailure, microseconds: call.microseconds) }
            }
        }
    }

    private mutating func count(_ window: ImpactWindow, _ usual: [UsualDurations.Key: Int64]) {
        let links = CallLinks(window.calls, countsUntil: window.countsUntil)
        tracedCalls += links.tracedCount
        timedCalls += links.timedCount
        ambiguousCalls += links.ambiguousCount
        callsAlone += links.aloneCount
        isWhole = isWhole && window.isWhole
        let found = inside(window, links, usual)
        for (index, call) in window.calls.enumerated() where call.isInbound && call.start < window.countsUntil {
            let inside = found[index] ?? [:]
            add(call, isTroubled: inside.values.contains(where: \.isTroubled))
            for (partner, inside) in inside { add(call, partner, inside) }
        }
    }

    private mutating func add(_ call: ImpactCall, isTroubled: Bool) {
        let weight = Double(call.weight)
        func add(_ part: inout Part) {
            part.requests += weight
            if call.outcome.isFailure { part.failed += weight }
            if isTroubled { part.troubled += weight }
        }
        add(&all)
        if routes[call.route] != nil || routes.count < configuration.cellsMax {
            add(&routes[call.route, default: Part()])
        }
        if customers[call.customer] != nil || customers.count < configuration.cellsMax {
            add(&customers[call.customer, default: Part()])
        }
    }

    private mutating func add(_ call: ImpactCall, _ partner: Int32, _ inside: Inside) {
        let (weight, isFailure) = (Double(call.weight), call.outcome.isFailure)
        let excess = min(inside.excess, Double(call.microseconds)) * weight
        var isCounted = true
        for customer in [-1, call.customer] {
            isCounted =
                Self.change(
                    CellKey(route: call.route, partner: partner, customer: customer), in: &cells,
                    max: configuration.cellsMax
                ) { cell in
                    let path: WritableKeyPath<Cell, Tally> =
                        inside.isTroubled ? \.troubled : inside.slowShare > 0 ? \.slow : \.fine
                    cell[keyPath: path].add(weight: weight, isFailure: isFailure, microseconds: call.microseconds)
                    cell.slowed += inside.slowShare * weight
                    cell.extraMicroseconds += excess
                } && isCounted
        }
        if !isCounted { uncountedRequests += weight }
        if partners[partner] != nil || partners.count < configuration.cellsMax {
            partners[partner, default: Part()].requests += weight
            if isFailure { partners[partner]!.failed += weight }
            if inside.isTroubled { partners[partner]!.troubled += weight }
        }
    }

    @discardableResult
    private static func change(
        _ key: CellKey, in cells: inout [CellKey: Cell], max: Int, _ body: (inout Cell) -> Void
    ) -> Bool {
        guard cells[key] != nil || cells.count < max else { return false }
        body(&cells[key, default: Cell()])
        return true
    }

    // MARK: Inferring

    private mutating func infer() {
        for (key, cell) in cells {
            let because = Estimate(exposed: cell.troubled, reference: reference(of: key))
            func add(_ part: inout Part) {
                part.failedBecause.add(because)
                part.slowed += cell.slowed
                part.extraMilliseconds += cell.extraMicroseconds / 1_000
                part.exposed = part.exposed + cell.troubled + cell.slow
                part.fine = part.fine + cell.fine
            }
            if key.customer != -1 {
                if customers[key.customer] != nil { add(&customers[key.customer]!) }
                continue
            }
            add(&all)
            if routes[key.route] != nil { add(&routes[key.route]!) }
            if partners[key.partner] != nil { add(&partners[key.partner]!) }
        }
    }

    /// Always of the route as a whole: a customer whose every request fails has nothing of its own to be compared with.
    private func reference(of key: CellKey) -> Tally {
        let whole = CellKey(route: key.route, partner: key.partner, customer: -1)
        let now = cells[whole].map { $0.fine + $0.slow } ?? Tally()
        if now.requests >= configuration.referenceMin { return now }
        if let then = before[whole]?.fine, then.requests >= configuration.referenceMin { return then }
        if let then = routesBefore[key.route], then.requests >= configuration.referenceMin { return then }
        return now
    }
}
