import CallModel
import Rollups

/// What the last quarter of an hour says of every partner, in figures: calls, failures, latencies, whom they hurt, and what is
/// normal. Nothing is judged here; incidents are (`StatusBoard` puts both together).
///
/// A value without clock or I/O: blocks come in by `observe`, `learn` is told what time it is.
public struct FleetFigures: Sendable {
    public struct Configuration: Sendable {
        /// Counts of calls that started longer ago change no figure (clock skew and backlogs included).
        public var lateMax: Duration = .seconds(600)
        /// Calls enter the baseline when they are this old, so that an outage in its first seconds does not.
        public var learningDelay: Duration = .seconds(60)
        public var partnersMax = 20_000

        public init() {}
    }

    /// Of one partner, at one moment.
    public struct Partner: Sendable, Equatable {
        /// Of both directions, over five minutes.
        public var callsPerMinute = 0.0
        /// Outbound calls of the last minute on hosts that were not set aside.
        public var calls: Int64 = 0
        public var failures: Int64 = 0
        /// The same over five minutes, and over a quarter of an hour.
        public var callsOfFiveMinutes: Int64 = 0
        public var callsOfQuarter: Int64 = 0
        /// Failures of the last minute, those of hosts set aside included.
        public var callsFailed: Int64 = 0
        public var baselineFailureRatio: Double?
        public var p50Ms: Double?
        public var p95Ms: Double?
        public var baselineP95Ms: Double?
        public var hostsCalling = 0
        /// Hosts on which clearly more than usual failed in the last minute, and customers of whom a call failed.
        public var hostsFailing = 0
        public var customersFailing = 0
        /// Every host that called it in the last five minutes was set aside.
        public var isHidden = false

        public var failureRatio: Double? { calls > 0 ? Double(failures) / Double(calls) : nil }

        public init() {}
    }

    /// What a partner's outbound calls of the last minutes are told apart by.
    public enum Share: Sendable {
        case routes, hosts, customers
    }

    public let configuration: Configuration
    /// Weighted calls whose counts came too late to matter, or named a partner beyond the limit.
    public private(set) var ignoredCalls: Int64 = 0
    private var series: [NameID: PartnerSeries] = [:]

    public init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    public var partners: some Sequence<NameID> { series.keys }

    /// Takes in what one flush counted.
    public mutating func observe(_ block: RollupBlock, at now: Instant) {
        let oldest = FigureInterval.index(of: now - configuration.lateMax)
        // A host whose clock runs ahead must not fill the windows of the future.
        let newest = FigureInterval.index(of: now) + 1
        for cell in block.cells where cell.key.partner != 0 {
            let (key, count) = (cell.key, cell.count)
            guard (oldest...newest).contains(FigureInterval.index(of: key)), has(room: key.partner) else {
                ignoredCalls += count.weighted
                continue
            }
            series[key.partner, default: PartnerSeries()].add(key, count)
        }
    }

    private func has(room partner: NameID) -> Bool {
        series[partner] != nil || series.count < configuration.partnersMax
    }

    /// Takes in what was counted earlier, as after a restart: it teaches what is normal.
    public mutating func learn(partner: NameID, calls: Int64, failures: Int64, latency: LatencyHistogram) {
        guard has(room: partner) else { return }
        series[partner, default: PartnerSeries()].baseline.learn(
            Tally(calls: calls, failures: failures), latency: latency, halving: 1)
    }

    /// Moves what is old enough into the baselines, but for partners in trouble: an outage must not become normal.
    public mutating func learn(at now: Instant, without hosts: Set<NameID>, isInTrouble: (NameID) -> Bool) {
        let last = FigureInterval.index(of: now) + 1
        let until = last - Int32(configuration.learningDelay.nanoseconds / FigureInterval.width.nanoseconds)
        for partner in series.keys {
            let isTaught = !isInTrouble(partner)
            series[partner]!.learn(until: until, isTaught: isTaught, without: hosts)
            series[partner]!.forget(before: last - FigureInterval.keptCount)
        }
    }

    /// - Parameter hosts: set aside, because their own network is what fails.
    public func figures(of partner: NameID, at now: Instant, without hosts: Set<NameID>) -> Partner {
        guard let series = series[partner] else { return Partner() }
        let last = FigureInterval.index(of: now) + 1
        let minute = series.window(last - 6, through: last)
        let long = series.calls(last - 30, through: last, without: hosts)
        let judged = minute.total(without: hosts)
        var figures = Partner()
        figures.callsPerMinute = Double(long.volume) / 5
        (figures.calls, figures.failures) = (judged.calls, judged.failures)
        figures.callsOfFiveMinutes = long.rest
        figures.callsOfQuarter = series.calls(last - 90, through: last, without: hosts).rest
        figures.callsFailed = minute.total.failures
        figures.isHidden = long.all > 0 && long.rest == 0
        figures.baselineFailureRatio = series.baseline.isKnown ? series.baseline.ratio : nil
        figures.p50Ms = minute.latency.quantile(0.5)
        figures.p95Ms = minute.latency.quantile(0.95)
        figures.baselineP95Ms = series.baseline.latency.quantile(0.95)
        figures.hostsCalling = series.settled.hostsCalling
        let floor = max(2 * series.baseline.ratio, 0.05)
        figures.hostsFailing = minute.hosts.count {
            !hosts.contains($0.key) && $0.value.failures > 0 && $0.value.ratio >= floor
        }
        figures.customersFailing = series.tallies(\.customers, last - 6, through: last).count { $0.value.failures > 0 }
        return figures
    }

    /// Names of the last five minutes with their calls and failures, most failures first, then most calls; at most fifty. As of
    /// the last `settle`.
    public func shares(_ share: Share, of partner: NameID) -> [(name: NameID, calls: Int64, failures: Int64)] {
        guard let settled = series[partner]?.settled else { return [] }
        let ranked =
            switch share {
            case .routes: settled.routes
            case .hosts: settled.hosts
            case .customers: settled.customers
            }
        return ranked.map { ($0.0, $0.1.calls, $0.1.failures) }
    }

    /// Calls from one of our regions.
    public struct Region: Sendable {
        public var name: NameID
        /// Of the last minute.
        public var calls: Int64
        public var failures: Int64
        /// As of the last `settle`.
        public var callsOfQuarter: Int64
    }

    /// Our regions that called it in the last quarter of an hour, as of the last `settle`: at most fifty, of the last minute's most
    /// failures first, then most calls.
    public func regions(of partner: NameID, at now: Instant) -> [Region] {
        guard let series = series[partner] else { return [] }
        let last = FigureInterval.index(of: now) + 1
        var minute = series.tallies(\.regions, last - 6, through: last)
        for region in series.settled.regionsOfQuarter.keys { minute[region, default: Tally()].add(Tally()) }
        return minute.ranked.prefix(PartnerSeries.Settled.namesMax).map { name, tally in
            let quarter = max(tally.calls, series.settled.regionsOfQuarter[name] ?? 0)
            return Region(name: name, calls: tally.calls, failures: tally.failures, callsOfQuarter: quarter)
        }
    }

    /// Works out, once in ten seconds, what takes going through every name: to be called before figures are read.
    public mutating func settle(at now: Instant) {
        let last = FigureInterval.index(of: now) + 1
        for partner in series.keys { series[partner]!.settle(at: last) }
    }
}

/// The steps in which figures are kept: ten seconds, of the last quarter of an hour.
enum FigureInterval {
    static let width: Duration = .seconds(10)
    static let keptCount: Int32 = 91
    private static let perRollup = Int32(width.nanoseconds / RollupInterval.width.nanoseconds)

    static func index(of time: Instant) -> Int32 { RollupInterval.index(of: time) / perRollup }
    static func index(of key: CellKey) -> Int32 { key.interval / perRollup }
}
