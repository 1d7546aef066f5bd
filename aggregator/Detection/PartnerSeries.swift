import CallModel
import Glibc
import Rollups

/// Calls and failures, weighted.
struct Tally: Sendable {
    var calls: Int64 = 0
    var failures: Int64 = 0
    /// Failures in which no answer came.
    var unanswered: Int64 = 0

    var ratio: Double { calls == 0 ? 0 : Double(failures) / Double(calls) }

    mutating func add(_ other: Tally) {
        calls += other.calls
        failures += other.failures
        unanswered += other.unanswered
    }
}

/// What was seen of one partner in the last minutes, by interval, and what is normal for it.
struct PartnerSeries: Sendable {
    /// One interval's outbound calls.
    struct Bucket: Sendable {
        var hosts: [NameID: Tally] = [:]
        var routes: [NameID: Tally] = [:]
        /// Calls without a customer are left out.
        var customers: [NameID: Tally] = [:]
        var regions: [NameID: Tally] = [:]
        var total = Tally()
        var latency = LatencyHistogram()
        /// Calls of both directions.
        var volume: Int64 = 0
    }

    struct Settled: Sendable {
        static let namesMax = 50

        var last = Int32.min
        var hostsCalling = 0
        var routes: [(NameID, Tally)] = []
        var hosts: [(NameID, Tally)] = []
        var customers: [(NameID, Tally)] = []
        var regionsOfQuarter: [NameID: Int64] = [:]
    }

    private(set) var buckets: [Int32: Bucket] = [:]
    private(set) var settled = Settled()
    var baseline = Baseline()
    /// Intervals before this one are already part of the baseline, or were kept out of it.
    private var learnedUntil: Int32?

    mutating func add(_ key: CellKey, _ count: CellCount) {
        let interval = FigureInterval.index(of: key)
        var bucket = buckets.removeValue(forKey: interval) ?? Bucket()
        bucket.volume += count.weighted
        // When an inbound call fails, the failure is ours: it says nothing of the partner.
        if key.direction == .outbound {
            let outcome = Outcome(code: key.outcome) ?? .noAnswer(.other)
            var tally = Tally(calls: count.weighted)
            if outcome.isFailure {
                tally.failures = count.weighted
                if case .noAnswer = outcome { tally.unanswered = count.weighted }
            }
            bucket.total.add(tally)
            bucket.hosts[key.host, default: Tally()].add(tally)
            bucket.routes[key.route, default: Tally()].add(tally)
            if key.customer != 0 { bucket.customers[key.customer, default: Tally()].add(tally) }
            bucket.regions[key.region, default: Tally()].add(tally)
            if key.latency != CellKey.noLatency { bucket.latency.add(count.weighted, to: key.latency) }
        }
        buckets[interval] = bucket
    }

    /// Moves the intervals before `until` into the baseline, or past it where they must not teach.
    mutating func learn(until: Int32, isTaught: Bool, without hosts: Set<NameID>) {
        let first = learnedUntil ?? (buckets.keys.min() ?? until)
        guard first < until else { return }
        learnedUntil = until
        guard isTaught else { return }
        let window = window(first, through: until - 1)
        // A day's worth of intervals halves what was learned.
        baseline.learn(
            window.total(without: hosts), latency: window.latency, halving: exp2(-Double(until - first) / 8_640))
    }

    /// Calls and volume from `first` through `last`, those of some hosts left out of the calls.
    func calls(_ first: Int32, through last: Int32, without hosts: Set<NameID>) -> (
        all: Int64, rest: Int64, volume: Int64
    ) {
        var (all, rest, volume): (Int64, Int64, Int64) = (0, 0, 0)
        for interval in stride(from: first, through: last, by: 1) {
            guard let bucket = buckets[interval] else { continue }
            volume += bucket.volume
            all += bucket.total.calls
            rest += hosts.reduce(bucket.total.calls) { $0 - (bucket.hosts[$1]?.calls ?? 0) }
        }
        return (all, rest, volume)
    }

    /// What takes going through every name of five minutes is worked out once an interval.
    mutating func settle(at last: Int32) {
        guard settled.last != last else { return }
        settled = Settled(
            last: last, hostsCalling: tallies(\.hosts, last - 30, through: last).count,
            routes: ranked(\.routes, last), hosts: ranked(\.hosts, last), customers: ranked(\.customers, last),
            regionsOfQuarter: tallies(\.regions, last - 90, through: last).mapValues(\.calls))
    }

    private func ranked(_ dimension: KeyPath<Bucket, [NameID: Tally]>, _ last: Int32) -> [(NameID, Tally)] {
        Array(tallies(dimension, last - 30, through: last).ranked.prefix(Settled.namesMax))
    }

    mutating func forget(before interval: Int32) {
        for key in buckets.keys where key < interval { buckets[key] = nil }
    }

    /// One dimension's calls from `first` through `last`, by its names.
    func tallies(
        _ dimension: KeyPath<Bucket, [NameID: Tally]>, _ first: Int32, through last: Int32
    ) -> [NameID: Tally] {
        var sums: [NameID: Tally] = [:]
        for interval in stride(from: first, through: last, by: 1) {
            guard let bucket = buckets[interval] else { continue }
            for (name, tally) in bucket[keyPath: dimension] { sums[name, default: Tally()].add(tally) }
        }
        return sums
    }

    /// The intervals from `first` through `last`, added up.
    func window(_ first: Int32, through last: Int32) -> Window {
        var window = Window()
        for interval in stride(from: first, through: last, by: 1) {
            guard let bucket = buckets[interval] else { continue }
            for (host, tally) in bucket.hosts { window.hosts[host, default: Tally()].add(tally) }
            window.latency.merge(bucket.latency)
            window.volume += bucket.volume
        }
        return window
    }
}

/// Several intervals of one partner together.
struct Window: Sendable {
    var hosts: [NameID: Tally] = [:]
    var latency = LatencyHistogram()
    var volume: Int64 = 0

    var total: Tally { hosts.values.reduce(into: Tally()) { $0.add($1) } }

    func total(without excluded: Set<NameID>) -> Tally {
        hosts.reduce(into: Tally()) { if !excluded.contains($1.key) { $0.add($1.value) } }
    }
}

/// What is normal for a partner: its own past, forgotten by halves, upon a cautious guess for one that is new.
struct Baseline: Sendable {
    private(set) var calls = 0.0
    private(set) var failures = 0.0
    private(set) var latency = LatencyHistogram()

    /// Before anything is known a partner is taken to fail in one call of a hundred, with the weight of two hundred calls.
    private static let priorCalls = 200.0
    private static let priorFailures = 2.0
    /// Nothing is so good that fewer failures than this would be expected of it.
    private static let ratioMin = 0.002

    var ratio: Double { max(Self.ratioMin, (failures + Self.priorFailures) / (calls + Self.priorCalls)) }

    /// Learned from enough calls to be shown as the partner's own.
    var isKnown: Bool { calls >= 50 }

    mutating func learn(_ tally: Tally, latency histogram: LatencyHistogram, halving: Double) {
        calls = calls * halving + Double(tally.calls)
        failures = failures * halving + Double(tally.failures)
        latency.merge(histogram)
        if latency.total > Self.latencyCallsMax { latency = latency.halved() }
    }

    /// Beyond this the histogram's counts are halved, so that it follows the partner.
    private static let latencyCallsMax: Int64 = 2_000_000
}

extension LatencyHistogram {
    func halved() -> LatencyHistogram {
        var half = LatencyHistogram()
        for (bucket, count) in counts where count > 1 { half.add(count / 2, to: bucket) }
        return half
    }
}

extension [NameID: Tally] {
    /// Most failures first, then most calls.
    var ranked: [(NameID, Tally)] {
        sorted { ($0.value.failures, $0.value.calls, $1.key) > ($1.value.failures, $1.value.calls, $0.key) }
            .map { ($0.key, $0.value) }
    }
}
