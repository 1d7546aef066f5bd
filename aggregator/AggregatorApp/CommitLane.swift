import BatchFormat
import CallModel
import Logging
import Postgres
import Runtime
import Storage

/// Brings batches into the database, one transaction at a time, on the writer's own thread.
final class CommitLane: Sendable {
    private let database: DatabaseAccess
    private let logger: Logger
    private let committer: CommitterBox

    init(_ database: DatabaseAccess, name: String, logger: Logger) {
        self.database = database
        self.logger = logger
        committer = CommitterBox(name: name)
    }

    func commit(
        _ batches: [ReceivedBatch], _ completion: @escaping @Sendable (Result<[BatchDisposition], any Error>) -> Void
    ) {
        database.writer.submit({ connection in try self.store(batches, connection) }, completion: completion)
    }

    private func store(_ batches: [ReceivedBatch], _ connection: PostgresConnection) throws -> [BatchDisposition] {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        let store = PostgresFlushDatabase(connection, database.storage.names)
        return try committer.value.commit(batches, at: now, store) { error in
            logger.error("a flush was refused, or a batch of it", metadata: ["error": "\(error)"])
        }
    }

    /// `@unchecked Sendable`: only the writer's one thread comes here, `PostgresPool` runs a dedicated pool's work one after the
    /// other.
    private final class CommitterBox: @unchecked Sendable {
        let value: BatchCommitter
        init(name: String) { value = BatchCommitter(name: name) }
    }
}
