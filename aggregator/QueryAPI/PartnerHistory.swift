import CallModel
import Detection
import Documents
import Storage
import Transport

/// What became of one partner over the last ninety days: pure arithmetic over its outages and counts.
///
/// *Up* is every moment outside a partial or major outage: a degraded partner answers, and is counted apart. Nothing is said
/// about the time before its first call.
public struct PartnerHistory: Sendable, Equatable {
    public struct Outage: Sendable, Equatable {
        public var startedAt: Instant
        public var endedAt: Instant?
        public var worst: String

        public init(startedAt: Instant, endedAt: Instant?, worst: String) {
            self.startedAt = startedAt
            self.endedAt = endedAt
            self.worst = worst
        }

        var isDown: Bool {
            worst == PartnerStatus.partialOutage.rawValue || worst == PartnerStatus.majorOutage.rawValue
        }
    }

    public struct Period: Sendable, Equatable {
        public var name: String
        /// Its beginning, or the partner's first call.
        public var since: Instant
        /// 0...1; nil while nothing was seen.
        public var uptimeRatio: Double?
        /// Partial and major ones that began in it.
        public var outages: Int
        /// Times that began in it in which the partner was degraded, and never worse.
        public var degradations: Int
        public var downSeconds: Double
        public var degradedSeconds: Double
        /// From the first call that failed until an incident was opened, of incidents in which the partner failed.
        public var meanDetectionSeconds: Double?
        public var longestDetectionSeconds: Double?
        /// Of outages that began in the period and are over.
        public var meanRecoverySeconds: Double?
        public var longestRecoverySeconds: Double?
        public var calls: Int64
        public var failures: Int64
    }

    /// How long it took to know of an incident whose cause is the partner's.
    public struct Detection: Sendable, Equatable {
        public var startedAt: Instant
        public var openedAt: Instant

        public init(startedAt: Instant, openedAt: Instant) {
            self.startedAt = startedAt
            self.openedAt = openedAt
        }
    }

    /// A step of a drawing: calls, failures, and the worst that was so.
    public struct Step: Sendable, Equatable {
        public var start: Instant
        public var calls: Int64
        public var failures: Int64
        /// A status in the words of the API; nil where nothing was seen and nothing was wrong.
        public var worst: String?
    }

    public static let periods: [(name: String, duration: Duration)] = [
        ("24h", .seconds(86_400)), ("7d", .seconds(7 * 86_400)), ("30d", .seconds(30 * 86_400)),
        ("90d", .seconds(90 * 86_400)),
    ]

    public var firstSeen: Instant?
    public var periods: [Period]
    /// The last ninety days, oldest first, in UTC.
    public var days: [Step]
    /// The last day by quarters of an hour, oldest first.
    public var quarters: [Step]
    /// Newest first.
    public var outages: [Outage]

    /// When the outage that is not over began.
    public var openSince: Instant? { outages.first { $0.endedAt == nil }?.startedAt }

    public init(_ record: HistoryRecord, outages: [Outage], detections: [Detection] = [], at now: Instant) {
        firstSeen = record.firstSeen
        self.outages = outages
        periods = Self.periods.map { Self.period($0.name, now - $0.duration, record, outages, detections, now) }
        days = Self.steps(record.days, outages, count: 90, seconds: 86_400, now)
        quarters = Self.steps(record.quarters, outages, count: 96, seconds: 900, now)
    }

    private static func period(
        _ name: String, _ start: Instant, _ record: HistoryRecord, _ outages: [Outage], _ detections: [Detection],
        _ now: Instant
    ) -> Period {
        let since = max(start, record.firstSeen ?? now)
        let seen = (now - since).inSeconds
        func seconds(_ isWanted: (Outage) -> Bool) -> Double {
            covered(outages.filter(isWanted).map { (max($0.startedAt, since), min($0.endedAt ?? now, now)) })
        }
        let down = seconds(\.isDown)
        let begun = outages.filter { $0.startedAt >= since && $0.startedAt <= now }
        let begunDown = begun.filter(\.isDown)
        let recoveries = begunDown.compactMap { outage in outage.endedAt.map { ($0 - outage.startedAt).inSeconds } }
        let detected = detections.filter { $0.startedAt >= since && $0.startedAt <= now }
            .map { max(0, ($0.openedAt - $0.startedAt).inSeconds) }
        // The last day is counted to the quarter of an hour, longer ones by whole days.
        let counts = name == "24h" ? record.quarters : record.days.filter { $0.start + .seconds(86_400) > start }
        return Period(
            name: name, since: since, uptimeRatio: seen > 0 ? max(0, 1 - down / seen) : nil, outages: begunDown.count,
            degradations: begun.count - begunDown.count, downSeconds: down, degradedSeconds: seconds { !$0.isDown },
            meanDetectionSeconds: mean(detected), longestDetectionSeconds: detected.max(),
            meanRecoverySeconds: mean(recoveries),
            longestRecoverySeconds: recoveries.max(), calls: counts.reduce(0) { $0 + $1.calls },
            failures: counts.reduce(0) { $0 + $1.failures })
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Seconds that at least one of the stretches covers.
    private static func covered(_ stretches: [(from: Instant, to: Instant)]) -> Double {
        var sum = 0.0
        var end = Instant.epoch
        for stretch in stretches.sorted(by: { $0.from < $1.from }) where stretch.to > max(stretch.from, end) {
            sum += (stretch.to - max(stretch.from, end)).inSeconds
            end = stretch.to
        }
        return sum
    }

    private static func steps(
        _ counts: [HistoryCount], _ outages: [Outage], count: Int, seconds: Int64, _ now: Instant
    ) -> [Step] {
        let byStart = Dictionary(
            counts.map { ($0.start.secondsSinceEpoch, $0) }, uniquingKeysWith: { first, _ in first })
        let last = now.secondsSinceEpoch - now.secondsSinceEpoch % seconds
        return (0..<count).map { index in
            let second = last - Int64(count - 1 - index) * seconds
            let (start, end) = (Instant(secondsSinceEpoch: second), Instant(secondsSinceEpoch: second + seconds))
            let found = byStart[second]
            let inside = outages.filter { $0.startedAt < end && ($0.endedAt.map { $0 > start } ?? true) }
            let worst = inside.map(\.worst).max { order($0) < order($1) }
            return Step(
                start: start, calls: found?.calls ?? 0, failures: found?.failures ?? 0,
                worst: worst ?? (found == nil ? nil : PartnerStatus.operational.rawValue))
        }
    }

    private static func order(_ status: String) -> Int {
        switch PartnerStatus(rawValue: status) {
        case .majorOutage: 4
        case .partialOutage: 3
        case .degradedPerformance: 2
        case .underMaintenance: 1
        case .operational, .unknown, nil: 0
        }
    }

    // MARK: The document

    public func document(partner: String, asOf: Instant, isStale: Bool) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("as_of", asOf)
            writer.member("stale", isStale)
            writer.member("partner", partner)
            writer.member("first_seen", firstSeen)
            writer.array("periods") { writer in
                for period in periods {
                    writer.object {
                        $0.member("period", period.name)
                        $0.member("since", period.since)
                        $0.member("uptime_ratio", period.uptimeRatio)
                        $0.member("outages", period.outages)
                        $0.member("degradations", period.degradations)
                        $0.member("down_s", period.downSeconds, decimals: 1)
                        $0.member("degraded_s", period.degradedSeconds, decimals: 1)
                        $0.member("time_to_detect_mean_s", period.meanDetectionSeconds, decimals: 1)
                        $0.member("time_to_detect_longest_s", period.longestDetectionSeconds, decimals: 1)
                        $0.member("time_to_recover_mean_s", period.meanRecoverySeconds, decimals: 1)
                        $0.member("time_to_recover_longest_s", period.longestRecoverySeconds, decimals: 1)
                        $0.member("calls", period.calls)
                        $0.member("calls_failed", period.failures)
                    }
                }
            }
            for (name, steps) in [("days", days), ("quarter_hours", quarters)] {
                writer.array(name) { writer in
                    for step in steps {
                        writer.object {
                            $0.member("start", step.start)
                            $0.member("calls", step.calls)
                            $0.member("calls_failed", step.failures)
                            $0.member("worst_status", step.worst)
                        }
                    }
                }
            }
        }
        return writer.bytes
    }
}

/// The history of every partner at one moment.
public struct HistorySnapshot: Sendable {
    public var asOf: Instant
    public var partners: [String: PartnerHistory]

    public init(asOf: Instant, partners: [String: PartnerHistory]) {
        self.asOf = asOf
        self.partners = partners
    }

    /// Made once a minute; after five it is served as stale.
    public static let freshness: Duration = .seconds(300)
}

func historyRoutes(_ sources: QuerySources) -> [APIRoute] {
    [
        APIRoute(
            pattern: "/api/v1/partners/{id}/history",
            summary:
                "A partner's uptime, outages (partial and major), times it was degraded and never worse (`degradations`), time to detect, and to recover from an outage, over 24 hours, 7, 30 and 90 days.",
            access: .status,
            schema: "History", mayBeMissing: true
        ) { request in
            guard let snapshot = sources.history() else {
                throw APIProblem(
                    status: 503, title: "Not yet known", detail: "the history is still being read",
                    headers: [("retry-after", "2")])
            }
            let id = request.path["id"]!
            guard let history = snapshot.partners[id] else { throw APIProblem.notFound(id) }
            let isStale = request.now - snapshot.asOf > HistorySnapshot.freshness
            var response = Response.json(history.document(partner: id, asOf: snapshot.asOf, isStale: isStale))
            response.headers.add("cache-control", "public, max-age=30, stale-if-error=300")
            response.headers.add("access-control-allow-origin", "*")
            return response
        }
    ]
}
