import CallModel
import Dashboard
import Ingest
import Logging
import NIOCore
import NIOPosix
import PartnerCatalog
import Postgres
import QueryAPI
import Runtime
import Storage
import Transport

/// The aggregator, wired: builds every part, hands each the closures it needs, starts them in order and stops them in reverse.
public final class Aggregator: Sendable {
    public static let version = "0.1.0"

    /// Where it listens, ports chosen by the system included.
    public let ingestAddress: ListenAddress
    public let apiAddress: ListenAddress

    private let database: DatabaseAccess
    private let ingestServer: HTTPServer
    private let apiServer: HTTPServer
    private let group: MultiThreadedEventLoopGroup
    private let decisions: Task<Void, Never>
    private let housekeeping: Task<Void, Never>
    private let storageKeeping: Task<Void, Never>
    private let notifying: Task<Void, Never>
    private let watching: Task<Void, Never>
    private let decider: Decider
    private let reloading: SettingsReload
    private let logger: Logger

    /// Returns when it takes batches and answers queries.
    public static func start(
        _ settings: AggregatorSettings, environment: [String: String], logger: Logger
    ) async throws -> Aggregator {
        try Files.createDirectory(settings.stateDirectory, mode: 0o755)
        let database = try await DatabaseAccess.open(settings, environment: environment, logger: logger)
        do {
            return try await Aggregator(settings, database, logger: logger)
        } catch {
            await database.close()
            throw error
        }
    }

    private init(_ settings: AggregatorSettings, _ database: DatabaseAccess, logger: Logger) async throws {
        self.database = database
        self.logger = logger
        let metrics = MetricsRegistry()
        metrics.addProcessMetrics()
        let holder = "\(ThisProcess.id)-" + hexText(UInt64.random(in: .min ... .max))
        let agents = AgentRegistry()
        let tokens = AccessTokens()
        let lane = CommitLane(database, name: holder, logger: logger)
        let names = PartnerNames(settings)
        let links = try await AcknowledgeLinks.open(database, publicURL: settings.publicURL)
        let outbox = Later<OutboxKeeper>()
        let decider = Decider(
            database, agents, DecidingSettings(settings, names, links), holder: holder, metrics, logger: logger,
            wakeOutbox: { outbox.value?.wake() })
        self.decider = decider
        let history = HistoryKeeper(database)
        let chores = Housekeeping(database, agents, tokens, history, settings.retention, metrics, logger: logger)
        let storageKeeper = StorageKeeper(database, settings.retention, holder: holder, metrics, logger: logger)
        let drift = DriftKeeper(
            database, holder: holder, DriftTelling(settings, DecidingSettings(settings, names, links)), metrics,
            logger: logger, certificates: { certificateEnds(agents.entries(at: currentInstant())) ?? [] },
            wakeOutbox: { outbox.value?.wake() })
        let impact = ImpactKeeper(database, isDeciding: { decider.isDeciding }, metrics, logger: logger)
        try await chores.prepare()

        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let whole = PublishedWhole(settings)
        let certificates = CertificateRules(settings.certificates)
        let ingest = IngestHandler(
            settings.ingest, sink: Self.sink(lane, agents, tokens, certificates),
            catalogues: IngestHandler.Catalogues(settings.catalogue, whole.document), metrics: IngestMetrics(metrics),
            logger: logger)
        reloading = SettingsReload(names, ingest, whole, metrics)
        var sources = Self.sources(database, agents, tokens, decider, metrics, logger)
        sources.add(database, history)
        sources.shares.areAllowed = settings.shares
        sources.catalogue = { whole.document }
        let known = Later<ToldBySettings>()
        known.value = ToldBySettings(settings)
        sources.addIncidents(database, links, decider, known)
        let forPeople = DashboardPages(
            history: { history.snapshot }, incidents: sources.incidents, drifts: sources.drifts, hosts: sources.hosts,
            version: Self.version
        ).pages
        let api = APIHandler(
            Self.apiConfiguration(settings), sources, pages: forPeople, metrics: metrics, logger: logger)
        Self.addGauges(ingest, database, metrics)
        ingestServer = HTTPServer(
            configuration: Self.server(settings.ingestAddress, settings.ingestTLS), handler: ingest, group: group,
            logger: logger)
        apiServer = HTTPServer(
            configuration: Self.server(settings.apiAddress, settings.tls), handler: api, group: group, logger: logger)
        addCounters(of: ingestServer, named: "ingest", to: metrics)
        addCounters(of: apiServer, named: "api", to: metrics)
        do {
            let boundAPI = try await apiServer.start()
            let boundIngest = try await ingestServer.start()
            apiAddress = ListenAddress(host: boundAPI.address, port: boundAPI.port)
            ingestAddress = ListenAddress(host: boundIngest.address, port: boundIngest.port)
        } catch {
            await apiServer.shutdown(grace: .zero)
            try? await group.shutdownGracefully()  // Nothing else can be done about a failure on the way out.
            throw error
        }
        decisions = Task { await decider.run() }
        housekeeping = Task { await chores.run() }
        storageKeeping = Task { await storageKeeper.run() }
        watching = Task {
            async let drifting: Void = drift.run()
            await impact.run()
            await drifting
        }
        let keeper = OutboxKeeper(
            database, settings.notifiers, isDeciding: { decider.isDeciding }, group: group, metrics, logger: logger)
        outbox.value = keeper
        let heartbeat = HeartbeatKeeper(
            settings.heartbeat, isDeciding: { decider.isDeciding },
            life: { decidingSince in
                let progress = keeper.progress
                return AlertingLife(
                    decidingSince: decidingSince, decidedAt: decider.status?.asOf, outboxReadAt: progress.readAt,
                    untoldSince: progress.untoldSince, oldestPendingAt: progress.oldestPendingAt)
            }, group: group, metrics, logger: logger)
        let pages = PageKeeper(
            settings.pages, wanted: { decider.pagesWanted }, tell: { decider.pageSays($1, of: $0) }, group: group,
            metrics, logger: logger)
        reloading.add { settings in
            certificates.use(settings.certificates)
            known.value = ToldBySettings(settings)
            let deciding = DecidingSettings(settings, names, links)
            decider.use(deciding)
            drift.use(DriftTelling(settings, deciding))
            keeper.use(settings.notifiers)
            heartbeat.use(settings.heartbeat)
            pages.use(settings.pages)
        }
        notifying = Task {
            async let beating: Void = heartbeat.run()
            async let reading: Void = pages.run()
            await keeper.run()
            await beating
            await reading
        }
        logger.notice(
            "ready", metadata: ["ingest": "\(ingestAddress)", "api": "\(apiAddress)", "version": "\(Self.version)"])
    }

    /// Takes what can change while it runs: the partners, for agents and for people, and what the certificates' files hold.
    public func use(_ settings: AggregatorSettings) { reloading.use(settings, [ingestServer, apiServer], logger) }

    /// New settings were not valid; those in use stay, and a metric says so until others are.
    public func settingsWereRefused() { reloading.refused() }

    /// Stops taking work, finishes what is under way, then stops the database.
    public func stop() async {
        await ingestServer.shutdown(grace: .seconds(10))
        let tasks = [decisions, housekeeping, storageKeeping, notifying, watching]
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await decider.stop()
        await apiServer.shutdown(grace: .seconds(5))
        await database.close()
        do {
            try await group.shutdownGracefully()
        } catch {
            logger.warning("the event loops did not stop cleanly", metadata: ["error": "\(error)"])
        }
        logger.notice("stopped")
    }

    // MARK: What the parts need of each other

    private static func sink(
        _ lane: CommitLane, _ agents: AgentRegistry, _ tokens: AccessTokens, _ certificates: CertificateRules
    ) -> IngestHandler.Sink {
        IngestHandler.Sink(
            authorize: { token in
                guard let record = tokens.record(of: token, at: currentInstant()) else {
                    return .unknown("the token is unknown, expired or revoked")
                }
                return record.scopes.contains(.ingest) || record.scopes.contains(.admin)
                    ? .allowed : .forbidden("the token lacks the scope `ingest`")
            },
            authorizeCertificate: certificates.judge,
            commit: { batches, completion in
                for batch in batches { agents.batchArrived(batch) }
                lane.commit(batches, completion)
            },
            heartbeat: { agentID, body, receivedAt in agents.heartbeat(agentID, body, at: receivedAt) })
    }

    private static func sources(
        _ database: DatabaseAccess, _ agents: AgentRegistry, _ tokens: AccessTokens, _ decider: Decider,
        _ metrics: MetricsRegistry, _ logger: Logger
    ) -> QuerySources {
        QuerySources(
            status: { decider.status },
            searchCalls: { filter in
                try await database.queries.run { connection in
                    try connection.withStatementTimeout(.seconds(30)) {
                        try database.storage.calls.search(filter, payloads: true, connection)
                    }
                }
            },
            call: { id in
                try await database.queries.run { connection in
                    try connection.withStatementTimeout(.seconds(30)) {
                        try database.storage.calls.call(id: id, connection)
                    }
                }
            },
            hosts: { agents.entries(at: currentInstant()) }, metrics: { metrics.exposition() },
            unreadiness: {
                if !database.isAvailable { return "the database does not answer" }
                return decider.status == nil ? "the first status is still being worked out" : nil
            },
            authorize: { token in
                tokens.record(of: token, at: currentInstant()).map { (Set($0.scopes), $0.name) }
            },
            audit: { who, what, detail in
                database.queries.submit(
                    { connection in try TokenStore.audit(who: who, what: what, detail: detail, connection) },
                    completion: { result in
                        if case .failure(let error) = result {
                            logger.error("the audit was not written", metadata: ["who": "\(who)", "error": "\(error)"])
                        }
                    })
            },
            version: version)
    }

    private static func apiConfiguration(_ settings: AggregatorSettings) -> APIHandler.Configuration {
        var configuration = APIHandler.Configuration()
        configuration.publicStatus = settings.publicStatus
        return configuration
    }

    private static func server(_ address: ListenAddress, _ tls: ServerTLS?) -> ServerConfiguration {
        var configuration = ServerConfiguration(address: address.host, port: address.port, tls: tls)
        configuration.connectionsMax = 20_000
        return configuration
    }

    private static func addGauges(_ ingest: IngestHandler, _ database: DatabaseAccess, _ metrics: MetricsRegistry) {
        metrics.gauge(
            "farwatch_ingest_waiting_bytes", help: "Bytes of batches that wait for the database.",
            read: { Double(ingest.waitingByteCount) })
        for pool in [database.writer, database.queries, database.explanations] { pool.addMetrics(to: metrics) }
        metrics.gauge(
            "farwatch_database_up", help: "Whether the writer's connection is open.",
            read: { database.isAvailable ? 1 : 0 })
        for kind in NameKind.allCases {
            metrics.gauge(
                "farwatch_names", help: "Distinct names known, by kind; at the limit further ones become {other}.",
                labels: [("kind", "\(kind)")], read: { Double(database.storage.names.count(kind)) })
        }
    }
}

/// Shows a server's counters as `farwatch_<name>_server_…`.
func addCounters(of server: HTTPServer, named name: String, to metrics: MetricsRegistry) {
    for counter in TransportCounter.allCases {
        metrics.counter(
            "farwatch_\(name)_server_\(counter.rawValue)", help: "HTTP server: \(counter).",
            read: { Double(server.counters[counter]) })
    }
}

/// Now, by the wall clock.
func currentInstant() -> Instant { Instant(nanosecondsSinceEpoch: WallClock.now()) }
