import Contrast

/// Which calls of a file are looked at when it is explained as a whole; all are counted.
///
/// One pass over the file tells route and success of every line and remembers, for each route, where some of its failures and
/// successes lie, evenly spread over the file. Then about `failuresMax` failures are chosen, as many of each route as there is
/// room for, and `successesMax` successes of the same routes to hold them against; of other routes a few stand for all.
/// What is chosen stands for what is not, so that counts stay true.
struct CallSelection {
    /// Failures that are explained one by one.
    static let failuresMax = 1_500
    /// Successes that are learnt from, over all routes; of one route between `successesPerRouteMin` and `perRouteMax`.
    static let successesMax = 12_000
    static let successesPerRouteMin = 8
    static let perRouteMax = 400
    /// Successes of other routes, which only count.
    static let countedPerRoute = 2
    /// Later routes share one place.
    static let routesMax = 20_000

    /// Where a call lies in the file.
    struct Place: Sendable {
        var position: Int
        var byteOffset: Int
        var byteCount: Int
    }

    struct Chosen {
        var place: Place
        /// How many calls of its route and outcome it stands for.
        var standsFor: Double
        /// Whether it is learnt from, and a failure explained; otherwise it is counted alone.
        var isLearnt: Bool
    }

    private struct Route {
        var failures = SpreadSample<Place>(capacity: perRouteMax)
        var successes = SpreadSample<Place>(capacity: perRouteMax)
    }

    private var routes: [Route] = []
    private var indices: [UInt64: Int] = [:]

    mutating func add(_ place: Place, route: UInt64, isSuccess: Bool) {
        let index = index(of: route)
        if isSuccess { routes[index].successes.add(place) } else { routes[index].failures.add(place) }
    }

    private mutating func index(of route: UInt64) -> Int {
        if let known = indices[route] { return known }
        guard routes.count < Self.routesMax else { return 0 }
        indices[route] = routes.count
        routes.append(Route())
        return routes.count - 1
    }

    /// Where there are more routes with failures than failures are explained, those with the most are.
    private var explained: (routes: Set<Int>, each: Int) {
        let failing = routes.indices.filter { routes[$0].failures.count > 0 }
            .sorted { routes[$0].failures.count > routes[$1].failures.count }
        return (Set(failing.prefix(Self.failuresMax)), max(1, Self.failuresMax / max(1, failing.count)))
    }

    /// In the order of the file.
    func failures() -> [Chosen] {
        let explained = explained
        return inOrder { index, route in
            let isExplained = explained.routes.contains(index)
            return Self.chosen(route.failures, atMost: isExplained ? explained.each : 1, isLearnt: isExplained)
        }
    }

    /// In the order of the file.
    func successes() -> [Chosen] {
        let explained = explained
        let each = max(Self.successesPerRouteMin, Self.successesMax / max(1, explained.routes.count))
        return inOrder { index, route in
            let isLearnt = explained.routes.contains(index)
            return Self.chosen(route.successes, atMost: isLearnt ? each : Self.countedPerRoute, isLearnt: isLearnt)
        }
    }

    private func inOrder(_ chosen: (Int, Route) -> [Chosen]) -> [Chosen] {
        routes.indices.flatMap { chosen($0, routes[$0]) }.sorted { $0.place.position < $1.place.position }
    }

    private static func chosen(_ sample: SpreadSample<Place>, atMost each: Int, isLearnt: Bool) -> [Chosen] {
        let stride = max(1, (sample.items.count + each - 1) / each)
        let places = sample.items.enumerated().filter { $0.offset % stride == 0 }.map(\.element)
        let standsFor = Double(sample.count) / Double(max(1, places.count))
        return places.map { Chosen(place: $0, standsFor: standsFor, isLearnt: isLearnt) }
    }
}
