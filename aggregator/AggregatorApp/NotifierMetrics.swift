import Runtime

/// What is counted of each channel.
struct NotifierMetrics: Sendable {
    enum Event: String, CaseIterable {
        case delivered = "farwatch_notifier_delivered_messages_total"
        case failed = "farwatch_notifier_failed_attempts_total"
        case dead = "farwatch_notifier_dead_messages_total"
        case standIn = "farwatch_notifier_redirected_messages_total"
        case renewed = "farwatch_notifier_renewed_messages_total"

        var help: String {
            switch self {
            case .delivered: "Messages the channel's receiver took."
            case .failed: "Attempts that failed."
            case .dead: "Messages given up."
            case .standIn: "Messages told through another channel because this one failed."
            case .renewed: "Open incidents said again to a receiver that forgets."
            }
        }
    }

    private let registry: MetricsRegistry

    init(_ registry: MetricsRegistry) { self.registry = registry }

    func count(_ event: Event, _ channel: String) { counter(event, channel).add() }

    private func counter(_ event: Event, _ channel: String) -> Counter {
        registry.counter(event.rawValue, help: event.help, labels: [("channel", channel)])
    }

    /// What is shown of a channel, its counters from the start: the first message that is given up is a rise then.
    func show(
        _ channel: String, pending: @escaping @Sendable () -> Double, oldestAge: @escaping @Sendable () -> Double,
        isFailing: @escaping @Sendable () -> Double
    ) {
        for event in Event.allCases { _ = counter(event, channel) }
        let labels = [("channel", channel)]
        registry.gauge(
            "farwatch_notifier_pending_messages", help: "Messages that wait for delivery.", labels: labels,
            read: pending)
        registry.gauge(
            "farwatch_notifier_oldest_pending_seconds", help: "How long the oldest of them has waited.", labels: labels,
            read: oldestAge)
        registry.gauge(
            "farwatch_notifier_failing", help: "1 while the channel's last attempt failed.", labels: labels,
            read: isFailing)
    }
}
