import BatchFormat
import CallModel
import Logging
import Postgres
import Runtime
import Storage
import Synchronization

/// Brings batches into the database, one transaction at a time, on the writer's own thread.
final class CommitLane: Sendable {
    private let database: DatabaseAccess
    private let name: String
    private let logger: Logger
    private let writer = WriterBox()

    init(_ database: DatabaseAccess, name: String, logger: Logger) {
        self.database = database
        self.name = name
        self.logger = logger
    }

    func commit(
        _ batches: [ReceivedBatch], _ completion: @escaping @Sendable (Result<[BatchDisposition], any Error>) -> Void
    ) {
        database.writer.submit({ connection in try self.store(batches, connection) }, completion: completion)
    }

    private func store(_ batches: [ReceivedBatch], _ connection: PostgresConnection) throws -> [BatchDisposition] {
        let now = Instant(nanosecondsSinceEpoch: WallClock.now())
        let writer = try writer.open(name, database.storage.names, at: now, connection)
        do {
            return try writer.commit(batches, at: now, connection).dispositions
        } catch let error as PostgresError
            where batches.count > 1 && !error.isConnectionLost && !error.isRetryable && connection.isUsable
        {
            // The server refused something in one of them: find out which, so that its neighbours are stored.
            logger.error("a flush was refused, its batches are tried one by one", metadata: ["error": "\(error)"])
            return batches.map { batch in
                do {
                    return try writer.commit([batch], at: now, connection).dispositions[0]
                } catch {
                    logger.error(
                        "a batch cannot be stored",
                        metadata: ["agent": "\(batch.identity.agentID)", "error": "\(error)"])
                    return .failed
                }
            }
        }
    }

    /// Only the writer's one thread comes here: `PostgresPool` runs a dedicated pool's work one after the other.
    private final class WriterBox: @unchecked Sendable {
        private var writer: BatchWriter?

        func open(_ name: String, _ names: Names, at now: Instant, _ connection: PostgresConnection) throws
            -> BatchWriter
        {
            if let writer { return writer }
            let made = try BatchWriter(name: name, names: names, startedAt: now, connection)
            writer = made
            return made
        }
    }
}
