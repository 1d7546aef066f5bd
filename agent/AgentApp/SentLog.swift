import CallModel
import Logging
import Runtime
import Synchronization

/// Copies of the batches that the aggregator acknowledged, for `sent`: what exactly left this host.
///
/// One file a batch, the very bytes that were sent, under the time and the sequence: `1795495542914-00000000000000000007.sent`.
/// The oldest go when `byteCountMax` or `ageMax` is passed. It is a record for people, not part of the promise: when its disk
/// refuses, it says so once and forwarding goes on.
final class SentLog: Sendable {
    struct Configuration: Sendable, Equatable {
        /// 0 keeps none.
        var byteCountMax = 64 << 20
        var ageMax: Duration = .seconds(24 * 3_600)
    }

    struct Entry: Equatable {
        var sentAt: Instant
        var sequence: UInt64
        var name: String
    }

    private static let waitingMax = 64

    /// What lies in the directory, the oldest first, in blocks as the file system counts them.
    private struct Kept {
        var files: [(entry: Entry, byteCount: Int)] = []
        var byteCount = 0
    }

    private let directory: String
    private let kept = Mutex(Kept())
    private let configuration: Configuration
    private let worker: WorkerThread?
    private let logger: Logger
    private let dropped: Counter
    private let failed: Counter

    init(directory: String, _ configuration: Configuration, metrics: MetricsRegistry, logger: Logger) throws {
        self.directory = directory
        self.configuration = configuration
        self.logger = logger
        dropped = metrics.counter(
            "farwatch_agent_sent_log_dropped_batches_total", help: "Sent batches of which no copy was kept.")
        failed = metrics.counter("farwatch_agent_sent_log_failures_total", help: "Writes that the disk refused.")
        worker = configuration.byteCountMax > 0 ? try WorkerThread(name: "fw-sent", queueMax: Self.waitingMax) : nil
        guard worker != nil else { return }
        do throws(FileError) {
            try look()
        } catch {
            note(error)
        }
    }

    private func look() throws(FileError) {
        try Files.createDirectory(directory, mode: 0o700)
        for entry in try Self.entries(in: directory) {
            let size = try Files.byteCount(of: directory + "/" + entry.name)
            kept.withLock { Self.keep(entry, size, in: &$0) }
        }
    }

    private func note(_ error: FileError) {
        if failed.value == 0 {
            logger.warning("no record of what is sent can be kept", metadata: ["reason": "\(error)"])
        }
        failed.add()
    }

    /// Returns at once.
    func record(_ sequence: UInt64, _ bytes: [UInt8], at now: Instant) {
        guard let worker else { return }
        do {
            try worker.submit { self.write(sequence, bytes, at: now) }
        } catch {
            dropped.add()
        }
    }

    func close() async { await worker?.stopAndWait() }

    private func write(_ sequence: UInt64, _ bytes: [UInt8], at now: Instant) {
        do throws(FileError) {
            let name = Self.name(now, sequence)
            // It could not be made at the start, where the disk refused.
            if !Files.isDirectory(directory) { try Files.createDirectory(directory, mode: 0o700) }
            // A record of every second: syncing each cost a twentieth of what a quiet agent uses, and a loss of power may take the last.
            try Files.writeAtomically(bytes, to: directory + "/" + name, isSynced: false)
            kept.withLock { Self.keep(Entry(sentAt: now, sequence: sequence, name: name), bytes.count, in: &$0) }
            try prune(at: now)
        } catch {
            note(error)
        }
    }

    private static func keep(_ entry: Entry, _ byteCount: Int, in kept: inout Kept) {
        let blocks = (byteCount + 4_095) & ~4_095
        kept.files.append((entry, blocks))
        kept.byteCount += blocks
    }

    private func prune(at now: Instant) throws(FileError) {
        while let name = kept.withLock({ overdue(&$0, at: now) }) { try Files.remove(directory + "/" + name) }
    }

    /// Takes the oldest file out of the list when it has to go.
    private func overdue(_ kept: inout Kept, at now: Instant) -> String? {
        guard let (oldest, byteCount) = kept.files.first,
            kept.byteCount > configuration.byteCountMax || now - oldest.sentAt > configuration.ageMax
        else { return nil }
        kept.files.removeFirst()
        kept.byteCount -= byteCount
        return oldest.name
    }

    /// In the order of sending. Names that are none of ours are passed over.
    static func entries(in directory: String) throws(FileError) -> [Entry] {
        guard Files.isDirectory(directory) else { return [] }
        return try Files.names(in: directory).compactMap { name in
            guard name.hasSuffix(".sent") else { return nil }
            let parts = name.dropLast(5).split(separator: "-")
            guard parts.count == 2, let time = Int64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
            return Entry(sentAt: Instant(millisecondsSinceEpoch: time), sequence: sequence, name: name)
        }.sorted { ($0.sentAt, $0.sequence) < ($1.sentAt, $1.sequence) }
    }

    private static func name(_ time: Instant, _ sequence: UInt64) -> String {
        let digits = String(sequence)
        return "\(time.millisecondsSinceEpoch)-" + String(repeating: "0", count: max(0, 20 - digits.count)) + digits
            + ".sent"
    }
}
