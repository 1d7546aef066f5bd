import Synchronization

/// All metrics of a program.
///
/// A component asks once for each counter it needs, keeps it, and counts without coming back here. Asking again for the
/// same name and labels gives the same counter. Names and label names are written in code: a wrong one is a mistake of
/// ours and stops the program. Label *values* may come from outside; the number of label sets of a family is bounded,
/// and what is beyond counts as `{other}`, so that sums stay right (a gauge beyond is not shown). How many were refused
/// is itself a metric.
public final class MetricsRegistry: Sendable {
    public struct Limits: Sendable {
        /// Label sets of one family. Each is a time series, which someone's Prometheus pays for.
        public var labelSetsMax = 200
        public var labelValueByteCountMax = 256

        public init() {}
    }

    private struct State {
        var families: [String: MetricFamily] = [:]
    }

    private let limits: Limits
    private let state = Mutex(State())
    private let refused = Counter()

    public init(limits: Limits = Limits()) {
        self.limits = limits
        let refused = refused
        counter(
            "farwatch_metrics_label_sets_refused_total",
            help: "Label sets beyond the bound of their metric, counted there as {other}.",
            read: { Double(refused.value) })
    }

    /// `name` ends in `_total`.
    public func counter(_ name: String, help: String, labels: [(String, String)] = []) -> Counter {
        let series = series(name, .counter, help, labels) { .counter(Counter()) }
        guard case .counter(let counter) = series else { preconditionFailure("\(name) is read by a closure") }
        return counter
    }

    /// A count kept elsewhere, asked for at each exposition. A second closure for the same labels replaces the first.
    public func counter(
        _ name: String, help: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double
    ) {
        replace(name, .counter, help, labels, with: .read(read))
    }

    public func gauge(_ name: String, help: String, labels: [(String, String)] = []) -> Gauge {
        let series = series(name, .gauge, help, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = series else { preconditionFailure("\(name) is read by a closure") }
        return gauge
    }

    /// A value kept elsewhere, asked for at each exposition, on whatever thread that runs; it must not block, and what
    /// it holds lives as long as the registry.
    public func gauge(
        _ name: String, help: String, labels: [(String, String)] = [], read: @escaping @Sendable () -> Double
    ) {
        replace(name, .gauge, help, labels, with: .read(read))
    }

    /// `buckets` are upper bounds, ascending. The first asker of a family decides them.
    public func histogram(
        _ name: String, help: String, buckets: [Double] = Histogram.secondsBuckets, labels: [(String, String)] = []
    ) -> Histogram {
        precondition(
            buckets.allSatisfy(\.isFinite) && zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 },
            "the buckets of \(name) do not ascend")
        let series = series(name, .histogram, help, labels) { .histogram(Histogram(bounds: buckets)) }
        guard case .histogram(let histogram) = series else { preconditionFailure("\(name) is no histogram") }
        return histogram
    }

    /// Takes a series out, such as that of a partner which is no longer configured. Its holders may go on counting,
    /// unseen.
    public func remove(_ name: String, labels: [(String, String)]) {
        let key = LabelSet(labels, valueByteCountMax: limits.labelValueByteCountMax)
        state.withLock { $0.families[name]?.series[key] = nil }
    }

    /// Everything in Prometheus's text format 0.0.4, families by name, label sets by value.
    public func exposition() -> [UInt8] {
        // Closures may ask the registry, so they are called after the lock is let go.
        let families = state.withLock { $0.families.values.sorted { $0.name < $1.name } }
        var text = ExpositionWriter()
        for family in families where !family.series.isEmpty { text.append(family) }
        return text.bytes
    }

    private func series(
        _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ labels: [(String, String)],
        make: () -> MetricFamily.Series
    ) -> MetricFamily.Series {
        let key = LabelSet(labels, valueByteCountMax: limits.labelValueByteCountMax)
        return withFamily(name, kind, help) { family in
            if let series = family.series[key] { return series }
            var place = key
            if family.series.count >= limits.labelSetsMax {
                refused.add()
                // Two gauges cannot be one; what is counted can.
                if kind == .gauge { return make() }
                place = key.other
                if let series = family.series[place] { return series }
            }
            let series = make()
            family.series[place] = series
            return series
        }
    }

    private func replace(
        _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ labels: [(String, String)],
        with series: MetricFamily.Series
    ) {
        let key = LabelSet(labels, valueByteCountMax: limits.labelValueByteCountMax)
        withFamily(name, kind, help) { family in
            if family.series[key] == nil && family.series.count >= limits.labelSetsMax {
                refused.add()
            } else {
                family.series[key] = series
            }
        }
    }

    private func withFamily<R>(
        _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ body: (inout MetricFamily) -> R
    ) -> R {
        precondition(isMetricName(name), "\(name) is no name for a metric")
        return state.withLock { state in
            var family = state.families[name] ?? MetricFamily(name: name, kind: kind, help: help)
            precondition(family.kind == kind, "\(name) is a \(family.kind) already")
            defer { state.families[name] = family }
            return body(&family)
        }
    }
}
