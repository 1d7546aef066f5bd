import Runtime

/// What all receivers count, by receiver. Always: received calls = accepted + rejected, by reason; spans let go are
/// neither.
public struct ReceiverMetrics: Sendable {
    private let registry: MetricsRegistry
    private let receivers: [ReceiverKind: Counters]
    private let unrouted: [String: Counter]
    let waiting: Gauge

    struct Counters: Sendable {
        var receivedRequests: Counter
        var acceptedRequests: Counter
        var rejectedRequests: [Refusal.Reason: Counter]
        var receivedBytes: Counter
        var acceptedCalls: Counter
        var receivedCalls: Counter
        var letGoSpans: Counter
        var replacedHosts: Counter
        var cutValues: Counter
        var droppedBodies: Counter
        var ignoredFields: Counter
    }

    public init(registry: MetricsRegistry) {
        self.registry = registry
        var receivers: [ReceiverKind: Counters] = [:]
        for kind in ReceiverKind.allCases { receivers[kind] = Self.counters(of: kind, in: registry) }
        self.receivers = receivers
        var unrouted: [String: Counter] = [:]
        for reason in [Refusal.Reason.notFound, .wrongMethod] {
            unrouted[reason.rawValue] = Self.rejectedRequests(registry, "none", reason)
        }
        self.unrouted = unrouted
        waiting = registry.gauge(
            "farwatch_agent_receiver_waiting_requests", help: "Requests that wait for the decoding thread.")
    }

    subscript(kind: ReceiverKind) -> Counters {
        // Made for every case in `init`.
        receivers[kind]!
    }

    /// A request was refused whole. `kind` is nil where no receiver has the path.
    func requestRejected(_ kind: ReceiverKind?, _ reason: Refusal.Reason) {
        if let kind {
            self[kind].rejectedRequests[reason]?.add()
        } else {
            unrouted[reason.rawValue]?.add()
        }
    }

    /// Single calls were refused. Asks the registry each time: reasons come from each receiver, and rejections are
    /// rare.
    func callsRejected(_ kind: ReceiverKind, _ counts: [String: Int]) {
        for (reason, count) in counts where count > 0 {
            registry.counter(
                "farwatch_agent_receiver_rejected_calls_total",
                help: "Calls and HTTP spans refused one by one, by reason.",
                labels: [("receiver", kind.rawValue), ("reason", reason)]
            ).add(count)
        }
    }

    private static func rejectedRequests(
        _ registry: MetricsRegistry, _ receiver: String, _ reason: Refusal.Reason
    ) -> Counter {
        registry.counter(
            "farwatch_agent_receiver_rejected_requests_total", help: "Requests refused whole, by reason.",
            labels: [("receiver", receiver), ("reason", reason.rawValue)])
    }

    private static func counters(of kind: ReceiverKind, in registry: MetricsRegistry) -> Counters {
        func counter(_ what: String, _ help: String) -> Counter {
            registry.counter("farwatch_agent_receiver_\(what)_total", help: help, labels: [("receiver", kind.rawValue)])
        }
        var rejected: [Refusal.Reason: Counter] = [:]
        for reason in Refusal.Reason.allCases { rejected[reason] = rejectedRequests(registry, kind.rawValue, reason) }
        return Counters(
            receivedRequests: counter("received_requests", "Requests whose body arrived whole."),
            acceptedRequests: counter("accepted_requests", "Requests answered after their calls were stored."),
            rejectedRequests: rejected,
            receivedBytes: counter("received_bytes", "Bytes of bodies as received, compressed or not."),
            acceptedCalls: counter("accepted_calls", "Calls the pipeline took, kept or not."),
            receivedCalls: counter("received_calls", "Calls and HTTP spans in requests that were decoded."),
            letGoSpans: counter("let_go_spans", "Spans that are no HTTP client or server spans."),
            replacedHosts: counter("replaced_hosts", "Calls that named another host and were given this one's name."),
            cutValues: counter("cut_values", "Values cut to their bound."),
            droppedBodies: counter("dropped_bodies", "Bodies over their bound, of which only the size was kept."),
            ignoredFields: counter("ignored_fields", "Fields of calls that are not known here."))
    }
}
