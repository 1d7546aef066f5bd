import CallModel
import Rollups

/// The first verdict: which partner deviates from its own normal, judged from the counts of the last minutes.
///
/// For every partner, over windows of half a minute, one minute and five, the failures among its outbound calls are compared with its own
/// baseline by Chernoff's bound, and so is the share of calls slower than twice its usual 95th percentile. Evidence that comes
/// from one host alone, or from hosts whose calls fail whatever partner they go to, is set aside first: that is our own
/// trouble, and blaming a partner for it is the worst error. docs/decisions/first-verdict.md tells why and what it cannot see.
///
/// A value without clock or I/O: blocks come in by `observe`, `evaluate` is told what time it is.
public struct VerdictEngine: Sendable {
    public struct Configuration: Sendable {
        /// -ln of the chance that one window of a healthy partner looks failing: e^-14 is less than one in a million.
        public var surpriseMin = 14.0
        /// Smaller rises over the baseline are no news, however certain.
        public var riseMin = 0.02
        /// A handful of failures may be one retry loop.
        public var failuresMin: Int64 = 5
        /// A partner with fewer calls in five minutes is unknown.
        public var callsMin: Int64 = 20
        /// One host needs this many calls for its word to count against or for the others.
        public var hostCallsMin: Int64 = 5
        /// Counts of calls that started longer ago change no verdict (clock skew and backlogs included).
        public var lateMax: Duration = .seconds(600)
        /// Intervals enter the baseline when they are this old, so that an outage in its first seconds does not.
        public var learningDelay: Duration = .seconds(60)
        public var partnersMax = 20_000

        public init() {}
    }

    public let configuration: Configuration
    public private(set) var verdicts: [NameID: PartnerVerdict] = [:]
    public private(set) var troubledHosts: [NameID: HostTrouble] = [:]
    /// Weighted calls whose counts came too late to matter, or named a partner beyond the limit.
    public private(set) var ignoredCalls: Int64 = 0
    private var series: [NameID: PartnerSeries] = [:]

    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Takes in what one flush counted.
    public mutating func observe(_ block: RollupBlock, at now: Instant) {
        let oldest = RollupInterval.index(of: now - configuration.lateMax)
        // A host whose clock runs ahead must not fill the windows of the future.
        let newest = RollupInterval.index(of: now) + 1
        for (key, count) in block.cells where key.partner != 0 {
            guard (oldest...newest).contains(key.interval), has(room: key.partner) else {
                ignoredCalls += count.weighted
                continue
            }
            series[key.partner, default: PartnerSeries()].add(key, count)
        }
        for (key, count) in block.latencies where key.partner != 0 && (oldest...newest).contains(key.interval) {
            guard series[key.partner] != nil else { continue }
            series[key.partner]!.add(key, count)
        }
    }

    private func has(room partner: NameID) -> Bool {
        series[partner] != nil || series.count < configuration.partnersMax
    }

    /// Takes in what was counted earlier, as after a restart: it teaches what is normal and judges nothing.
    public mutating func learn(partner: NameID, calls: Int64, failures: Int64, latency: LatencyHistogram) {
        guard has(room: partner) else { return }
        series[partner, default: PartnerSeries()].baseline.learn(
            Tally(calls: calls, failures: failures), latency: latency, halving: 1)
    }

    /// Judges every partner; returns those whose status changed, with what it was before.
    public mutating func evaluate(at now: Instant) -> [(partner: NameID, before: PartnerStatus?)] {
        let last = RollupInterval.index(of: now) + 1
        findTroubledHosts(through: last, at: now)
        var changes: [(partner: NameID, before: PartnerStatus?)] = []
        for partner in series.keys {
            let before = verdicts[partner]
            var verdict = judge(series[partner]!, before: before, through: last)
            verdict.since = before?.status == verdict.status ? before!.since : now
            if before?.status != verdict.status { changes.append((partner, before?.status)) }
            // What made it an outage is told and over: it must not make another one.
            if before?.status.isTrouble == true, !verdict.status.isTrouble { series[partner]!.clearedAt = last - 1 }
            verdicts[partner] = verdict
            teach(partner, deviating: verdict.status.isTrouble, through: last)
        }
        return changes
    }

    /// Puts back since when a partner has been in a state, as it was known before a restart.
    public mutating func restore(partner: NameID, status: PartnerStatus, since: Instant) {
        guard verdicts[partner]?.status == status else { return }
        verdicts[partner]!.since = since
    }

    /// What a partner's outbound calls of the last five minutes were, by route, host or customer.
    public enum Share: Sendable {
        case routes, hosts, customers
    }

    /// Names with their calls and failures, most failures first, then most calls; at most `countMax`.
    public func shares(
        _ share: Share, of partner: NameID, at now: Instant, countMax: Int = 50
    ) -> [(name: NameID, calls: Int64, failures: Int64)] {
        guard let series = series[partner] else { return [] }
        let last = RollupInterval.index(of: now) + 1
        let tallies =
            switch share {
            case .routes: series.tallies(\.routes, last - 30, through: last)
            case .hosts: series.tallies(\.hosts, last - 30, through: last)
            case .customers: series.tallies(\.customers, last - 30, through: last)
            }
        let ranked = tallies.sorted {
            ($0.value.failures, $0.value.calls, $1.key) > ($1.value.failures, $1.value.calls, $0.key)
        }
        return ranked.prefix(countMax).map { ($0.key, $0.value.calls, $0.value.failures) }
    }

    // MARK: Our own hosts

    /// A host is in trouble when most of its calls to two or more partners, or to all of several, find no answer, while those
    /// partners answer other hosts.
    private mutating func findTroubledHosts(through last: Int32, at now: Instant) {
        var byHost: [NameID: [(partner: NameID, tally: Tally)]] = [:]
        var byPartner: [NameID: Tally] = [:]
        for (partner, series) in series {
            let window = series.window(last - 6, through: last)
            for (host, tally) in window.hosts { byHost[host, default: []].append((partner, tally)) }
            byPartner[partner] = window.total
        }
        var troubled: [NameID: HostTrouble] = [:]
        for (host, entries) in byHost {
            let judged = entries.filter { $0.tally.calls >= configuration.hostCallsMin }
            let failing = judged.filter { $0.tally.unanswered * 2 >= $0.tally.calls }
            guard failing.count >= 2, failing.count * 2 > judged.count else { continue }
            let calls = failing.reduce(0) { $0 + $1.tally.calls }
            let failures = failing.reduce(0) { $0 + $1.tally.failures }
            troubled[host] = HostTrouble(
                host: host, since: troubledHosts[host]?.since ?? now, callsFailed: failures, calls: calls,
                partnersAffected: failing.count)
        }
        troubledHosts = troubled
    }

    // MARK: One partner

    private func judge(_ series: PartnerSeries, before: PartnerVerdict?, through last: Int32) -> PartnerVerdict {
        let recent = series.window(last - 6, through: last)
        let long = series.window(last - 30, through: last)
        let sick = Set(troubledHosts.keys)
        var verdict = PartnerVerdict(
            status: .operational, since: .epoch, callsPerMinute: Double(long.volume) / 5, hostsAffected: 0,
            hostsCalling: long.hosts.count, customersAffected: 0, callsFailed: recent.total.failures, reason: "")
        let judged = recent.total(without: sick)
        verdict.failureRatio = judged.calls > 0 ? judged.ratio : nil
        verdict.baselineFailureRatio = series.baseline.isKnown ? series.baseline.ratio : nil
        verdict.p50Ms = recent.latency.quantile(0.5)
        verdict.p95Ms = recent.latency.quantile(0.95)
        verdict.baselineP95Ms = series.baseline.latency.quantile(0.95)
        let finding = finding(series, sick: sick, deviating: before?.status.isTrouble ?? false, through: last)
        verdict.status = finding.status
        verdict.reason = finding.reason
        if verdict.status.isTrouble {
            let floor = max(2 * series.baseline.ratio, 0.05)
            verdict.hostsAffected = recent.hosts.count {
                !sick.contains($0.key) && $0.value.failures > 0 && $0.value.ratio >= floor
            }
            verdict.customersAffected = series.tallies(\.customers, last - 6, through: last).count {
                $0.value.failures > 0
            }
        }
        return verdict
    }

    private func finding(
        _ series: PartnerSeries, sick: Set<NameID>, deviating: Bool, through last: Int32
    ) -> (status: PartnerStatus, reason: String) {
        let long = series.window(last - 30, through: last)
        let total = long.total(without: sick)
        if long.total.calls > 0, total.calls == 0 {
            return (.unknown, "every host that calls it has trouble with its own network")
        }
        // While it deviates a smaller surprise keeps it so, else a partial outage would flicker.
        let surpriseMin = deviating ? configuration.surpriseMin / 3 : configuration.surpriseMin
        for length in deviating ? [3] : [3, 6, 30] as [Int32] {
            let window = series.window(max(last - length, series.clearedAt), through: last)
            if let found = failures(window, series.baseline, sick, surpriseMin, deviating: deviating) { return found }
            if let found = slowness(window, series.baseline, surpriseMin) { return found }
        }
        guard total.calls >= configuration.callsMin else {
            return (.unknown, "\(total.calls) calls in five minutes are too few to judge by")
        }
        return (
            .operational,
            "\(percent(total.ratio)) of \(total.calls) calls failed, \(percent(series.baseline.ratio)) is normal"
        )
    }

    private func failures(
        _ window: Window, _ baseline: Baseline, _ sick: Set<NameID>, _ surpriseMin: Double, deviating: Bool
    ) -> (status: PartnerStatus, reason: String)? {
        let tally = window.total(without: sick)
        guard deviates(tally, baseline, surpriseMin), deviating || window.intervalsWithFailures > 1 else { return nil }
        // Without any one host the others must still deviate, where there are others to ask. Once they did, a few seconds in
        // which chance spared them take nothing back.
        if !deviating,
            let worst = window.hosts.filter({ !sick.contains($0.key) }).max(by: {
                $0.value.failures < $1.value.failures
            }
            )
        {
            let others = window.total(without: sick.union([worst.key]))
            if others.calls >= configuration.hostCallsMin, !deviates(others, baseline, surpriseMin / 3) {
                return (
                    .operational,
                    "the failures are those of one host of ours; \(others.calls) calls of the others are normal"
                )
            }
        }
        let status: PartnerStatus =
            tally.ratio >= 0.75 ? .majorOutage : tally.ratio >= 0.2 ? .partialOutage : .degradedPerformance
        return (
            status,
            "\(tally.failures) of \(tally.calls) calls failed (\(percent(tally.ratio))), \(percent(baseline.ratio)) is normal"
        )
    }

    private func deviates(_ tally: Tally, _ baseline: Baseline, _ surpriseMin: Double) -> Bool {
        tally.failures >= configuration.failuresMin && tally.ratio - baseline.ratio >= configuration.riseMin
            && BinomialBound.surprise(
                successes: Double(tally.failures), trials: Double(tally.calls), probability: baseline.ratio)
                >= surpriseMin
    }

    /// Slow: many more calls than one in twenty took over twice the usual 95th percentile.
    private func slowness(
        _ window: Window, _ baseline: Baseline, _ surpriseMin: Double
    ) -> (status: PartnerStatus, reason: String)? {
        guard baseline.latency.total >= 200, let usual = baseline.latency.bucket(at: 0.95) else { return nil }
        let slow = window.latency.count(above: usual + 8)  // Eight buckets double a duration.
        let share = window.latency.total == 0 ? 0 : Double(slow) / Double(window.latency.total)
        guard slow >= configuration.failuresMin, share >= 0.15,
            BinomialBound.surprise(successes: Double(slow), trials: Double(window.latency.total), probability: 0.05)
                >= surpriseMin
        else { return nil }
        return (.degradedPerformance, "\(percent(share)) of the calls take more than twice the usual 95th percentile")
    }

    // MARK: Learning

    /// Moves intervals that are old enough into the baseline, unless the partner was in trouble: an outage must not become normal.
    private mutating func teach(_ partner: NameID, deviating: Bool, through last: Int32) {
        let until = last - Int32(configuration.learningDelay.nanoseconds / RollupInterval.width.nanoseconds)
        var series = self.series[partner]!
        let first = series.learnedUntil ?? (series.buckets.keys.min() ?? until)
        if first < until {
            if !deviating {
                let window = series.window(first, through: until - 1)
                // A day's worth of intervals halves what was learned.
                let tally = window.total(without: Set(troubledHosts.keys))
                series.baseline.learn(tally, latency: window.latency, halving: pow2(-Double(until - first) / 8_640))
            }
            series.learnedUntil = until
        }
        series.forget(before: last - 91)
        self.series[partner] = series
    }
}

extension PartnerStatus {
    /// Whether something is wrong with the partner.
    public var isTrouble: Bool {
        switch self {
        case .degradedPerformance, .partialOutage, .majorOutage: true
        case .operational, .underMaintenance, .unknown: false
        }
    }
}

private func percent(_ ratio: Double) -> String {
    let tenths = (ratio * 1_000).rounded()
    return "\(tenths / 10) %"
}
