import BatchFormat
import CallModel

/// Batches that wait for the database, what goes into the next transaction, and what their senders are told: a value without clock,
/// socket or database.
///
/// One flush runs at a time; what arrives meanwhile waits and goes with the next, so transactions grow with the load. A sender
/// hears of success only once the flush that holds its batch was committed. What waits is bounded by the memory it takes:
/// beyond it senders are asked to come back, and keep what they have.
public struct IngestCore<Waiter: Sendable>: Sendable {
    /// What to do about a batch that arrived.
    public enum Admission: Sendable, Equatable {
        /// Nothing is under way: call `flushDue` after the linger.
        case flushAfter(Duration)
        /// A flush is under way or due: it will go with the next.
        case queued
        /// The bound is reached: answer `.busy`.
        case full
    }

    public struct Answered: Sendable {
        public var waiter: Waiter
        public var batch: ReceivedBatch
        public var answer: BatchAnswer
    }

    private struct Entry: Sendable {
        let batch: ReceivedBatch
        let waiter: Waiter
    }

    private let configuration: IngestConfiguration
    private var waiting: [Entry] = []
    private var flushing: [Entry] = []
    private var isFlushDue = false
    /// What the batches take in memory, those of the running flush included.
    public private(set) var waitingByteCount = 0

    public init(_ configuration: IngestConfiguration) { self.configuration = configuration }

    public var waitingBatchCount: Int { waiting.count + flushing.count }

    public mutating func batchArrived(_ batch: ReceivedBatch, _ waiter: Waiter) -> Admission {
        let byteCount = batch.footprint
        guard waitingByteCount == 0 || waitingByteCount + byteCount <= configuration.waitingByteCountMax else {
            return .full
        }
        waiting.append(Entry(batch: batch, waiter: waiter))
        waitingByteCount += byteCount
        guard !isFlushDue else { return .queued }
        isFlushDue = true
        return .flushAfter(configuration.flushLinger)
    }

    /// What the next transaction stores; call `flushEnded` when it has, or has not.
    public mutating func flushDue() -> [ReceivedBatch] {
        var calls = 0
        var count = 0
        for entry in waiting.prefix(configuration.flushBatchCountMax) {
            calls += entry.batch.metadata.callCount + (entry.batch.shed?.callCount ?? 0)
            guard count == 0 || calls <= configuration.flushCallCountMax else { break }
            count += 1
        }
        flushing = Array(waiting[..<count])
        waiting.removeFirst(count)
        return flushing.map(\.batch)
    }

    /// - Parameter dispositions: of the flush's batches in their order; nil when nothing was stored, or nobody knows.
    /// - Returns: what to tell whom, and whether `flushDue` is to be called again at once.
    public mutating func flushEnded(_ dispositions: [BatchDisposition]?) -> (answers: [Answered], flushNow: Bool) {
        let answers = flushing.enumerated().map { index, entry in
            // A database that answered for fewer than it was given has not answered for the others.
            let disposition = dispositions.flatMap { index < $0.count ? $0[index] : nil } ?? .failed
            return Answered(waiter: entry.waiter, batch: entry.batch, answer: BatchAnswer(disposition))
        }
        waitingByteCount -= flushing.reduce(0) { $0 + $1.batch.footprint }
        flushing = []
        isFlushDue = !waiting.isEmpty
        return (answers, isFlushDue)
    }
}

/// What the sender of a batch is told.
public enum BatchAnswer: Sendable, Equatable {
    /// 200: it is stored, now or before.
    case stored
    case seenBefore
    /// 409: the same identity was stored with other contents.
    case conflict
    /// 400: it can never be stored.
    case unstorable
    /// 503: it was not stored, come again.
    case notStored

    init(_ disposition: BatchDisposition) {
        self =
            switch disposition {
            case .stored: .stored
            case .seenBefore: .seenBefore
            case .conflict: .conflict
            case .unstorable: .unstorable
            case .failed: .notStored
            }
    }

    /// The status of the HTTP response.
    public var status: Int {
        switch self {
        case .stored, .seenBefore: 200
        case .unstorable: 400
        case .conflict: 409
        case .notStored: 503
        }
    }
}

/// What the headers of a batch's request say.
public struct BatchSender: Sendable {
    public var identity: BatchIdentity
    /// Every sequence below was acknowledged to the sender.
    public var floor: UInt64
    /// By the sender's clock.
    public var sentAt: Instant?

    public init(identity: BatchIdentity, floor: UInt64, sentAt: Instant?) {
        self.identity = identity
        self.floor = floor
        self.sentAt = sentAt
    }
}

/// Reads a batch that arrived. The bytes come from outside: what is wrong with them is thrown, nothing traps.
public func receivedBatch(
    _ bytes: [UInt8], from sender: BatchSender, at now: Instant, limits: BatchLimits
) throws(BatchError) -> ReceivedBatch {
    let reader = try BatchReader(bytes, limits: limits)
    // The payload blocks are stored as they are, and read again as zstd.
    guard reader.isSealed else { throw .malformed("not compressed") }
    // What is left of a batch is the same batch to the ledger, whichever form of it comes first.
    let checksum = reader.original ?? BatchChecksum(of: bytes)
    return ReceivedBatch(
        identity: sender.identity, checksum: checksum.bytes, floor: sender.floor, sentAt: sender.sentAt,
        receivedAt: now, metadata: try reader.metadata(), shed: try reader.shed(), payloads: reader.payloads,
        byteCount: bytes.count)
}

extension BatchError {
    /// The status by which a batch is refused: 415 is kept by its sender and tried later, the others are set aside.
    public var status: Int {
        switch self {
        case .unknownVersion: 415
        case .tooLarge: 413
        case .malformed: 400
        }
    }
}
