import BatchFormat

/// Batches that wait for the database, and the decision what goes into the next transaction.
///
/// One flush runs at a time; what arrives meanwhile waits and goes with the next, so transactions grow with the load.
struct FlushQueue<Waiter: Sendable>: Sendable {
    struct Entry: Sendable {
        let batch: ReceivedBatch
        let waiter: Waiter
    }

    enum Admission: Equatable {
        /// Nothing is under way: start a flush after the linger.
        case scheduleFlush
        /// A flush is under way or due.
        case queued
        /// The bound is reached.
        case full
    }

    private let configuration: IngestConfiguration
    private var entries: [Entry] = []
    private var isFlushDue = false
    private(set) var byteCount = 0

    init(_ configuration: IngestConfiguration) { self.configuration = configuration }

    mutating func batchArrived(_ entry: Entry) -> Admission {
        guard byteCount == 0 || byteCount + entry.batch.byteCount <= configuration.waitingByteCountMax else {
            return .full
        }
        entries.append(entry)
        byteCount += entry.batch.byteCount
        guard !isFlushDue else { return .queued }
        isFlushDue = true
        return .scheduleFlush
    }

    /// What the next transaction stores. Its bytes still count as waiting, until `flushEnded`.
    mutating func flushBegan() -> [Entry] {
        var calls = 0
        var count = 0
        for entry in entries.prefix(configuration.flushBatchCountMax) {
            calls += entry.batch.metadata.callCount
            guard count == 0 || calls <= configuration.flushCallCountMax else { break }
            count += 1
        }
        let taken = Array(entries[..<count])
        entries.removeFirst(count)
        return taken
    }

    /// Returns whether more waits, so that the next flush must begin at once.
    mutating func flushEnded(_ taken: [Entry]) -> Bool {
        byteCount -= taken.reduce(0) { $0 + $1.batch.byteCount }
        isFlushDue = !entries.isEmpty
        return isFlushDue
    }
}
