import Runtime

/// What ingest counts.
public struct IngestMetrics: Sendable {
    public let receivedBatches: Counter
    public let receivedBytes: Counter
    public let storedBatches: Counter
    public let storedCalls: Counter
    public let shedCalls: Counter
    public let duplicateBatches: Counter
    public let conflictingBatches: Counter
    public let flushes: Counter
    public let failedFlushes: Counter
    public let flushSeconds: Histogram
    public let heartbeats: Counter
    public let catalogueRequests: Counter
    let admittedByToken: Counter
    let admittedByCertificate: Counter
    private let refused: @Sendable (String) -> Counter

    public init(_ registry: MetricsRegistry) {
        func counter(_ name: String, _ help: String) -> Counter {
            registry.counter("farwatch_ingest_\(name)_total", help: help)
        }
        receivedBatches = counter("received_batches", "Batches that arrived whole.")
        receivedBytes = counter("received_bytes", "Bytes of those batches, compressed as sent.")
        storedBatches = counter("stored_batches", "Batches committed.")
        storedCalls = counter("stored_calls", "Calls committed.")
        shedCalls = counter("shed_calls", "Calls that hosts could not keep: counted in the rollups, not stored.")
        duplicateBatches = counter("duplicate_batches", "Batches seen before: acknowledged again, not stored again.")
        conflictingBatches = counter("conflicting_batches", "Batches with the identity of another one, refused.")
        flushes = counter("flushes", "Transactions of batches committed.")
        failedFlushes = counter(
            "failed_flushes", "Transactions of batches that failed; their senders were asked to retry.")
        catalogueRequests = counter("catalogue_requests", "Requests of agents for the catalogue.")
        heartbeats = counter("heartbeats", "Heartbeats of agents.")
        func admitted(by means: String) -> Counter {
            registry.counter(
                "farwatch_ingest_admitted_requests_total", help: "Requests of known senders, by how they are known.",
                labels: [("by", means)])
        }
        admittedByToken = admitted(by: "token")
        admittedByCertificate = admitted(by: "certificate")
        flushSeconds = registry.histogram(
            "farwatch_ingest_flush_seconds", help: "Time a transaction of batches took.",
            buckets: Histogram.secondsBuckets)
        refused = { reason in
            registry.counter(
                "farwatch_ingest_refused_requests_total", help: "Requests refused, by reason.",
                labels: [("reason", reason)])
        }
        for reason in Self.reasons { _ = refused(reason) }
    }

    /// Shown from the start, so that the first is a rise.
    private static let reasons = [
        "unknown_path", "method", "unauthorized", "forbidden", "identity", "version", "too_large", "malformed",
        "unstorable", "conflict", "busy", "database",
    ]

    func refuse(_ reason: String) { refused(reason).add() }
}
