import Synchronization

/// What a program that reads its settings again (SIGHUP) tells of it. Thread-safe.
public final class ReloadMetrics: Sendable {
    private let done: Counter
    private let refused: Counter
    private let areRefused = Atomic(false)

    public init(_ metrics: MetricsRegistry) {
        let help = "Times the settings were read again, by how it went."
        done = metrics.counter("farwatch_settings_reloads_total", help: help, labels: [("result", "done")])
        refused = metrics.counter("farwatch_settings_reloads_total", help: help, labels: [("result", "refused")])
        metrics.gauge(
            "farwatch_settings_refused", help: "1 while the settings on disk are not valid and older ones are in use.",
            read: { [self] in areRefused.load(ordering: .relaxed) ? 1 : 0 })
    }

    /// The settings on disk are in force.
    public func wereUsed() {
        areRefused.store(false, ordering: .relaxed)
        done.add()
    }

    /// Something in them is wrong; the older ones stay.
    public func wereRefused() {
        areRefused.store(true, ordering: .relaxed)
        refused.add()
    }
}
