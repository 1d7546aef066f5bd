import CallModel

/// Finds what partners change without telling: keys, types, headers and versions of their answers, notices of an end, and how long
/// answers take.
///
/// It sees a sample of the answers, in the order of their arrival, and keeps counters only (`FeatureFamily`, `LatencyStep`), all
/// of them bounded; it is the same after a restart (`encoded`). A finding is followed for a day, to say how much of the fleet sees
/// it: a partner that rolls out slowly, or to one region, shows in that share.
public struct DriftCore: Sendable {
    public struct Configuration: Sendable, Equatable {
        /// Routes; beyond it the one that was silent longest is forgotten.
        public var routesMax = 5_000
        /// Features of all routes; beyond it new routes are not looked at.
        public var featuresMax = 200_000
        public var followTime: Duration = .seconds(86_400)
        /// Findings that are followed at a time, the newest.
        public var followedMax = 1_000

        public init() {}
    }

    struct RouteKey: Hashable, Sendable {
        var partner: String
        var route: String
    }

    struct Followed: Sendable, Equatable {
        var finding: DriftFinding
        var what: Watched
        var hosts: Set<String>
        var hasChanged: Bool
    }

    private static let hostsMax = 2_000

    let configuration: Configuration
    var routes: [RouteKey: RouteDrift] = [:]
    var followed: [RouteKey: [Followed]] = [:]
    public internal(set) var refusedRoutes: Int64 = 0
    public internal(set) var answers: Int64 = 0
    /// Changes that were found since it began.
    public private(set) var findingCounts: [DriftFinding.Kind: Int64] = [:]
    private(set) var featureCount = 0

    public init(_ configuration: Configuration = Configuration()) { self.configuration = configuration }

    public var routeCount: Int { routes.count }

    /// Learns from an answer. What it finds is given by `takeChanged`.
    public mutating func observe(_ answer: ObservedAnswer, at now: Instant) {
        let key = RouteKey(partner: answer.partner, route: answer.route)
        guard routes[key] != nil || makePlace() else {
            refusedRoutes += 1
            return
        }
        answers += 1
        var route = routes.removeValue(forKey: key) ?? RouteDrift(at: now)
        let before = route.featureCount
        let found = route.observe(answer, at: now)
        featureCount += route.featureCount - before
        follow(answer, key, at: now)
        for (finding, what) in found {
            findingCounts[finding.kind, default: 0] += 1
            followed[key, default: []].append(
                Followed(finding: finding, what: what, hosts: [answer.host], hasChanged: true))
        }
        routes[key] = route
    }

    /// Findings that are new or have changed since they were last taken.
    public mutating func takeChanged(at now: Instant) -> [DriftFinding] {
        var changed: [DriftFinding] = []
        for key in followed.keys {
            for index in followed[key]!.indices where followed[key]![index].hasChanged {
                followed[key]![index].hasChanged = false
                let seen = followed[key]![index].hosts.count
                var finding = followed[key]![index].finding
                finding.hostsSeeing = max(finding.hostsSeeing, seen)
                finding.hostsCalling = max(
                    finding.hostsSeeing, routes[key]?.hostsCalling(since: finding.firstSeen) ?? 0)
                followed[key]![index].finding = finding
                changed.append(finding)
            }
            followed[key]!.removeAll { now - $0.finding.firstSeen > configuration.followTime }
            if followed[key]!.isEmpty { followed.removeValue(forKey: key) }
        }
        forgetOldest()
        return changed.sorted { ($0.firstSeen, $0.id) < ($1.firstSeen, $1.id) }
    }

    private mutating func follow(_ answer: ObservedAnswer, _ key: RouteKey, at now: Instant) {
        guard let findings = followed[key] else { return }
        for index in findings.indices where findings[index].what.isShown(by: answer) {
            followed[key]![index].finding.lastSeen = now
            followed[key]![index].finding.answers += 1
            followed[key]![index].hasChanged = true
            if findings[index].hosts.count < Self.hostsMax { followed[key]![index].hosts.insert(answer.host) }
        }
    }

    private mutating func makePlace() -> Bool {
        if routes.count >= configuration.routesMax,
            let oldest = routes.min(by: { $0.value.lastSeen < $1.value.lastSeen })
        {
            featureCount -= oldest.value.featureCount
            routes.removeValue(forKey: oldest.key)
        }
        return featureCount < configuration.featuresMax
    }

    private mutating func forgetOldest() {
        var excess = followed.values.reduce(0) { $0 + $1.count } - configuration.followedMax
        while excess > 0,
            let key = followed.min(by: { $0.value[0].finding.firstSeen < $1.value[0].finding.firstSeen })?.key
        {
            followed[key]!.removeFirst()
            if followed[key]!.isEmpty { followed.removeValue(forKey: key) }
            excess -= 1
        }
    }

    mutating func recount() { featureCount = routes.values.reduce(0) { $0 + $1.featureCount } }
}
