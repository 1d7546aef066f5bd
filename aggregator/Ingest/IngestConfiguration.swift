import BatchFormat

/// The knobs of ingest.
public struct IngestConfiguration: Sendable {
    /// Bytes of one batch as sent.
    public var batchByteCountMax = 32 << 20
    /// Bytes of one heartbeat.
    public var heartbeatByteCountMax = 64 << 10
    /// Memory of batches that wait for the database (`ReceivedBatch.footprint`). Beyond it senders are asked to come back, and keep
    /// what they have.
    public var waitingByteCountMax = 128 << 20
    /// Calls that go into one transaction, unless a single batch holds more.
    public var flushCallCountMax = 50_000
    public var flushBatchCountMax = 2_000
    /// How long the first batch of a flush waits for company: a transaction costs about 1.5 ms of CPU whatever it holds.
    public var flushLinger: Duration = .milliseconds(20)
    /// What a sender that was pushed back is asked to wait, in whole seconds.
    public var retryAfterSeconds = 1
    public var batchLimits = BatchLimits()

    public init() {}
}
