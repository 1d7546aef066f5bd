import CallModel
import Contrast
import Runtime
import Storage
import Synchronization

/// What was learnt of routes to explain single calls, kept so that the next call of a route is explained without reading its neighbours
/// again.
///
/// **The same answer, whether anything is kept or not.** Which calls are learnt from is asked of the database each time; a route is taken
/// as it was learnt only where these are the same calls with the same payloads, and each call is explained on a copy. When calls came
/// in or went, those that are still there are not opened again, and the route is learnt anew from all of them.
///
/// **Bounded.** At most `routesMax` routes and `byteCountMax` bytes, those used last; what was not used for `keptTime` goes as well.
final class RouteMemory: Sendable {
    static let routesMax = 32
    /// Of all that is kept, as estimated.
    static let byteCountMax = 64 << 20
    /// Bodies of the calls of one route that are learnt from; what lies beyond is left out.
    static let routeByteCountMax = 24 << 20
    static let keptTime: Duration = .seconds(600)
    private static let openedAtOnce = 250
    /// What a call costs beside its bodies, and a place of its route: measured roughly.
    private static let callByteCount = 1_500
    private static let placeByteCount = 8_000

    /// Whose neighbours, and as whom they are seen.
    struct Key: Hashable {
        var partner: String?
        var route: String
        var direction: Direction
        var since: Instant
        var until: Instant
        var readsContent: Bool
    }

    /// A call as this reader may see it.
    struct Seen {
        var call: APICall
        var hasContent: Bool

        fileprivate var byteCount: Int {
            (call.request.body?.bytes.count ?? 0) + (call.response?.body?.bytes.count ?? 0) + callByteCount
        }
    }

    /// What an explanation rests on.
    struct Result {
        var explanation: CallExplanation
        var failureCount = 0
        var successCount = 0
        var contentCount = 0
    }

    private struct Neighbour {
        var key: FoundCall.Key
        var seen: Seen
    }

    private struct Learnt {
        var found: [FoundCall.Key]
        /// In the order of time.
        var neighbours: [Neighbour]
        var explainer: CallExplainer
        var byteCount: Int
        var usedAt: Int64
    }

    private struct State {
        var routes: [Key: Learnt] = [:]
        var byteCount: Int { routes.values.reduce(0) { $0 + $1.byteCount } }
    }

    private let state = Mutex(State())
    /// Beside it, so that nobody who asks for figures waits for an explanation.
    private let figures = Mutex((routes: 0, bytes: 0))
    private let now: @Sendable () -> Int64
    private let reused: Counter
    private let learnt: Counter
    private let openedCalls: Counter
    private let forgotten: Counter

    /// - Parameter now: nanoseconds of a clock that never goes back.
    init(_ metrics: MetricsRegistry, now: @escaping @Sendable () -> Int64 = { MonotonicClock.now() }) {
        self.now = now
        reused = metrics.counter(
            "farwatch_explain_routes_reused_total", help: "Calls explained by a route that was known already.")
        learnt = metrics.counter(
            "farwatch_explain_routes_learnt_total", help: "Times a route was learnt, or learnt anew, to explain a call."
        )
        openedCalls = metrics.counter(
            "farwatch_explain_calls_opened_total", help: "Calls that were opened to learn routes from them.")
        forgotten = metrics.counter(
            "farwatch_explain_routes_forgotten_total", help: "Known routes that went: for room, or unused for long.")
        metrics.gauge(
            "farwatch_explain_routes", help: "Routes that are known for explaining calls.",
            read: { [weak self] in Double(self?.currentFigures.routes ?? 0) })
        metrics.gauge(
            "farwatch_explain_routes_bytes", help: "Memory of the routes known for explaining calls, estimated.",
            read: { [weak self] in Double(self?.currentFigures.bytes ?? 0) })
    }

    /// Explains a failed call against `found`, its neighbours.
    ///
    /// - Parameters:
    ///   - call: As its reader sees it.
    ///   - cursor: Where it lies, should it be among the neighbours.
    ///   - open: Hands back what it is handed, in that order.
    func explain(
        _ call: APICall, at cursor: CallCursor, among found: [FoundCall], of key: Key,
        open: ([FoundCall]) throws -> [Seen]
    ) throws -> Result {
        let neighbours = try neighbours(found, of: key, open)
        return state.withLock { state in
            var route = Self.taken(found, &state.routes, key, reused) ?? learn(found, neighbours)
            route.usedAt = now()
            let result = Self.explain(call, at: cursor, by: route)
            if route.byteCount <= Self.byteCountMax { state.routes[key] = route }
            makeRoom(&state)
            return result
        }
    }

    /// The route out of those that are known, if it was learnt from the same calls.
    private static func taken(
        _ found: [FoundCall], _ routes: inout [Key: Learnt], _ key: Key, _ reused: Counter
    ) -> Learnt? {
        guard let known = routes.removeValue(forKey: key), known.found == found.map(\.key) else { return nil }
        reused.add()
        return known
    }

    private func learn(_ found: [FoundCall], _ neighbours: [Neighbour]) -> Learnt {
        learnt.add()
        var explainer = CallExplainer()
        for (index, neighbour) in neighbours.enumerated() {
            explainer.observe(neighbour.seen.call, position: Self.position(index))
        }
        for (index, neighbour) in neighbours.enumerated() where !CallExplainer.isSuccess(neighbour.seen.call) {
            explainer.weigh(neighbour.seen.call, position: Self.position(index))
        }
        let byteCount = neighbours.reduce(explainer.placeCount * Self.placeByteCount) { $0 + $1.seen.byteCount }
        return Learnt(
            found: found.map(\.key), neighbours: neighbours, explainer: explainer, byteCount: byteCount, usedAt: 0)
    }

    /// In the order of time; those that are kept, and the others opened.
    private func neighbours(
        _ found: [FoundCall], of key: Key, _ open: ([FoundCall]) throws -> [Seen]
    ) throws -> [Neighbour] {
        let known = state.withLock { state in
            Self.sweep(&state, at: now(), forgotten)
            return state.routes[key].map { (found: $0.found, neighbours: $0.neighbours) }
        }
        if let known, known.found == found.map(\.key) { return known.neighbours }
        let kept = Dictionary(
            (known?.neighbours ?? []).map { ($0.key, $0.seen) }, uniquingKeysWith: { first, _ in first })
        var neighbours = try opened(found, kept, open)
        neighbours.sort {
            ($0.seen.call.time, $0.key.block, $0.key.row) < ($1.seen.call.time, $1.key.block, $1.key.row)
        }
        return neighbours
    }

    /// Opens those that are not kept. What is left out for its size depends on `found` alone.
    private func opened(
        _ found: [FoundCall], _ kept: [FoundCall.Key: Seen], _ open: ([FoundCall]) throws -> [Seen]
    ) throws -> [Neighbour] {
        var neighbours: [Neighbour] = []
        var byteCount = 0
        for start in stride(from: 0, to: found.count, by: Self.openedAtOnce) {
            let some = found[start..<min(found.count, start + Self.openedAtOnce)]
            let missing = some.filter { kept[$0.key] == nil }
            var fresh = try open(missing)[...]
            openedCalls.add(missing.count)
            for call in some {
                guard var seen = kept[call.key] ?? fresh.popFirst() else { return neighbours }
                // Of a success the answer is not looked at.
                if CallExplainer.isSuccess(seen.call) { seen.call.response?.body = nil }
                byteCount += seen.byteCount
                guard byteCount <= Self.routeByteCountMax else { return neighbours }
                neighbours.append(Neighbour(key: call.key, seen: seen))
            }
        }
        return neighbours
    }

    /// Neighbours have the odd positions, so that there is one for a call between any two.
    private static func position(_ index: Int) -> Int { 2 * index + 1 }

    private static func explain(_ call: APICall, at cursor: CallCursor, by route: Learnt) -> Result {
        let own = route.neighbours.firstIndex { ($0.key.block, $0.key.row) == (cursor.block, cursor.row) }
        let later = route.neighbours.firstIndex { $0.seen.call.time > call.time } ?? route.neighbours.count
        var explainer = route.explainer
        var result = Result(explanation: explainer.explain(call, position: own.map(position) ?? 2 * later))
        for neighbour in route.neighbours {
            if CallExplainer.isSuccess(neighbour.seen.call) {
                result.successCount += 1
            } else {
                result.failureCount += 1
            }
            if neighbour.seen.hasContent { result.contentCount += 1 }
        }
        return result
    }

    // MARK: Room

    /// Of now; of the last time somebody asked while a call is being explained.
    private var currentFigures: (routes: Int, bytes: Int) {
        let current = state.withLockIfAvailable { state in
            Self.sweep(&state, at: now(), forgotten)
            return (state.routes.count, state.byteCount)
        }
        return figures.withLock { figures in
            if let current { figures = current }
            return figures
        }
    }

    private static func sweep(_ state: inout State, at now: Int64, _ forgotten: Counter) {
        let old = state.routes.filter { now > $0.value.usedAt + keptTime.nanoseconds }
        for key in old.keys { state.routes[key] = nil }
        if !old.isEmpty { forgotten.add(old.count) }
    }

    /// The least recently used go.
    private func makeRoom(_ state: inout State) {
        while state.routes.count > Self.routesMax || state.byteCount > Self.byteCountMax,
            let oldest = state.routes.min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            state.routes[oldest.key] = nil
            forgotten.add()
        }
    }
}
