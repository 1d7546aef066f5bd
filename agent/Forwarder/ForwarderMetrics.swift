import Runtime

/// What the forwarder counts.
public struct ForwarderMetrics: Sendable {
    let retries: Counter
    let lostHeartbeats: Counter
    private let batches: Counter
    private let calls: Counter
    private let bytes: Counter
    private let refusals: @Sendable (Int) -> Counter

    public init(registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("farwatch_forwarder_\(name)_total", help: help)
        }
        batches = counter("sent_batches", "Batches acknowledged by an aggregator.")
        calls = counter("sent_calls", "Calls in those batches.")
        bytes = counter("sent_bytes", "Bytes of those batches, as sent.")
        retries = counter("retries", "Batches that were kept to be sent again.")
        lostHeartbeats = counter("lost_heartbeats", "Heartbeats that found no aggregator.")
        refusals = { status in
            registry.counter(
                "farwatch_forwarder_refused_batches_total", help: "Batches refused for good, by status.",
                labels: [("status", String(status))])
        }
        // From the start, so that the first is a rise.
        for status in ForwarderCore.refusals { _ = refusals(status) }
    }

    func forwarded(calls count: Int, bytes byteCount: Int) {
        batches.add()
        calls.add(count)
        bytes.add(byteCount)
    }

    func refused(_ status: Int) { refusals(status).add() }
}
