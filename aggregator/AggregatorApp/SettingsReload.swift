import CatalogueSettings
import Ingest
import Logging
import Runtime
import Synchronization
import Transport

/// Names of partners for people, by id; they change with the settings.
final class PartnerNames: Sendable {
    private let names: Mutex<[String: String]>

    init(_ names: [String: String]) { self.names = Mutex(names) }

    subscript(partner: String) -> String? { names.withLock { $0[partner] } }

    func replace(_ names: [String: String]) { self.names.withLock { $0 = names } }
}

/// What changes while the aggregator runs when it is told to read its settings again (SIGHUP): the partners it
/// publishes to agents and names on its pages; who is told, how and when (`owners`, `routes`, `alerting`,
/// `notifiers`, `heartbeat`, `drift`, `partner_pages`); and the certificates of its servers, whose files are read again.
/// Settings come here whole and checked; what was refused changes nothing but a metric.
final class SettingsReload: Sendable {
    private let names: PartnerNames
    private let ingest: IngestHandler
    private let users = Mutex<[@Sendable (AggregatorSettings) -> Void]>([])
    private let metrics: ReloadMetrics

    init(_ names: PartnerNames, _ ingest: IngestHandler, _ metrics: MetricsRegistry) {
        self.names = names
        self.ingest = ingest
        self.metrics = ReloadMetrics(metrics)
    }

    /// Parts that are made later and change with the settings, too.
    func add(_ user: @escaping @Sendable (AggregatorSettings) -> Void) { users.withLock { $0.append(user) } }

    func use(_ settings: AggregatorSettings, _ servers: [HTTPServer], _ logger: Logger) {
        for user in users.withLock({ $0 }) { user(settings) }
        names.replace(settings.partnerNames)
        ingest.publish(IngestHandler.Document(settings.catalogue))
        for server in servers {
            do throws(TransportError) {
                try server.reloadCertificates()
            } catch {
                logger.error("the certificate cannot be read; the old one stays", metadata: ["error": "\(error)"])
            }
        }
        metrics.wereUsed()
    }

    func refused() { metrics.wereRefused() }
}

extension IngestHandler.Document {
    init(_ catalogue: PublishedCatalogue) { self.init(json: catalogue.json, entityTag: catalogue.entityTag) }
}
