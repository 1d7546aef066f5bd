import BatchFormat
import CallModel

/// Commits flushes with one writer after another, and sees to it that no failure of one batch is a failure of its neighbours.
///
/// Why a new writer after a lost connection: the transaction that was under way may have been committed, or may yet be. The old
/// writer's next flush would take the same number and the same block ids; and whoever follows the flushes of that writer by
/// their numbers would take one for the other and leave it uncounted. A new writer's numbers cannot be mistaken, and the old
/// one's last flush is counted whenever it appears. (Found by the simulation.)
public final class BatchCommitter {
    private let name: String
    private var writer: BatchWriter?

    /// - Parameter name: of the aggregator, for people who read the table of writers.
    public init(name: String) { self.name = name }

    /// Stores the batches that are new, in one transaction. When the database refuses what one of them holds, they are stored
    /// one by one, and that one is `unstorable`. Throws when nothing was stored, or nobody knows.
    ///
    /// - Parameter report: told of each error that is answered with a disposition instead of being thrown.
    public func commit(
        _ batches: [ReceivedBatch], at now: Instant, _ database: some FlushDatabase, report: (any Error) -> Void
    ) throws -> [BatchDisposition] {
        do {
            return try attempt(batches, at: now, database)
        } catch let failure as any FlushFailure where failure.isAboutContents {
            report(failure)
            guard batches.count > 1 else { return [.unstorable] }
        }
        return batches.map { batch in
            do {
                return try attempt([batch], at: now, database)[0]
            } catch {
                report(error)
                return (error as? any FlushFailure)?.isAboutContents == true ? .unstorable : .failed
            }
        }
    }

    private func attempt(
        _ batches: [ReceivedBatch], at now: Instant, _ database: some FlushDatabase
    ) throws -> [BatchDisposition] {
        do {
            let writer = try self.writer ?? BatchWriter(name: name, startedAt: now, database)
            self.writer = writer
            return try writer.commit(batches, at: now, database).dispositions
        } catch let failure as any FlushFailure where failure.isOutcomeUnknown {
            writer = nil
            throw failure
        }
    }
}
