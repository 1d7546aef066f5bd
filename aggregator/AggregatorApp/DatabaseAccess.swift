import CallModel
import Logging
import Postgres
import Runtime
import Storage

/// The database, wherever it is: the private embedded server or an outside one, migrated, with connections for writing,
/// deciding and reading.
///
/// The writer has a connection of its own, so that no query ever waits in front of an acknowledgement; so have explanations,
/// which take seconds of work on their thread, so that no other question waits behind one.
final class DatabaseAccess: Sendable {
    let writer: PostgresPool
    let queries: PostgresPool
    let explanations: PostgresPool
    let storage: Storage
    private let embedded: EmbeddedServer?

    private init(
        writer: PostgresPool, queries: PostgresPool, explanations: PostgresPool, storage: Storage,
        embedded: EmbeddedServer?
    ) {
        self.writer = writer
        self.queries = queries
        self.explanations = explanations
        self.storage = storage
        self.embedded = embedded
    }

    static func open(_ settings: AggregatorSettings, environment: [String: String], logger: Logger) async throws
        -> DatabaseAccess
    {
        let (embedded, address) = try await connectTo(settings, environment: environment, logger: logger)
        do {
            let writer = try PostgresPool(address, .dedicated(name: "writer", waitingMax: 16), logger: logger)
            var configuration = PostgresPool.Configuration()
            configuration.connectionCount = settings.databaseConnections - 2
            configuration.name = "queries"
            let queries = try PostgresPool(address, configuration, logger: logger)
            let explanations = try PostgresPool(
                address, .dedicated(name: "explanations", waitingMax: 32), logger: logger)
            let storage = try await writer.run { connection in
                let report = try Migrator.migrate(connection)
                for step in report.steps { logger.notice("migrated the database", metadata: ["step": "\(step)"]) }
                return try Storage(connection)
            }
            return DatabaseAccess(
                writer: writer, queries: queries, explanations: explanations, storage: storage, embedded: embedded)
        } catch {
            await embedded?.stop()
            throw error
        }
    }

    /// Starts the embedded server where no address is set; says how to connect.
    static func connectTo(
        _ settings: AggregatorSettings, environment: [String: String], logger: Logger
    ) async throws -> (EmbeddedServer?, PostgresSettings) {
        if let url = settings.databaseURL {
            var address = PostgresSettings(address: url.reveal, applicationName: "farwatch-aggregator")
            address.statementTimeout = .seconds(120)
            return (nil, address)
        }
        let server = try await EmbeddedServer.start(embeddedConfiguration(settings, environment), logger: logger)
        var address = server.settings
        address.statementTimeout = .seconds(120)
        return (server, address)
    }

    static func embeddedConfiguration(
        _ settings: AggregatorSettings, _ environment: [String: String]
    ) -> EmbeddedServer.Configuration {
        var configuration = EmbeddedServer.Configuration(stateDirectory: settings.stateDirectory)
        configuration.searchPath = environment["PATH"]
        configuration.connectionsMax = settings.databaseConnections + 20
        return configuration
    }

    var isAvailable: Bool { writer.health.isAvailable }

    func close() async {
        await writer.close()
        await queries.close()
        await explanations.close()
        await embedded?.stop()
    }
}
