import CatalogueSettings
import Ingest
import Logging
import NIOCore
import PartnerCatalog
import QueryAPI
import Runtime
import Synchronization
import Transport

/// Names of partners for people, by id, and what is known of them; both change with the settings.
final class PartnerNames: Sendable {
    private let known: Mutex<(names: [String: String], facts: [String: PartnerFacts])>

    init(_ settings: AggregatorSettings) { known = Mutex((settings.partnerNames, settings.wholeCatalogue.facts)) }

    subscript(partner: String) -> String? { known.withLock { $0.names[partner] } }

    func facts(of partner: String) -> PartnerFacts { known.withLock { $0.facts[partner] } ?? .derived }

    func use(_ settings: AggregatorSettings) {
        known.withLock { $0 = (settings.partnerNames, settings.wholeCatalogue.facts) }
    }
}

/// The whole catalogue as both servers answer it.
final class PublishedWhole: Sendable {
    private let current: Mutex<PublishedStatus.Document>

    init(_ settings: AggregatorSettings) { current = Mutex(PublishedStatus.Document(settings.wholeCatalogue.json)) }

    var document: PublishedStatus.Document { current.withLock { $0 } }

    func use(_ settings: AggregatorSettings) {
        let document = PublishedStatus.Document(settings.wholeCatalogue.json)
        current.withLock { $0 = document }
    }
}

/// What changes while the aggregator runs when it is told to read its settings again (SIGHUP): the partners it
/// publishes to agents and names on its pages; who is told, how and when (`owners`, `routes`, `alerting`,
/// `notifiers`, `heartbeat`, `drift`, `partner_pages`); and the certificates of its servers, whose files are read again.
/// Settings come here whole and checked; what was refused changes nothing but a metric.
final class SettingsReload: Sendable {
    private let names: PartnerNames
    private let ingest: IngestHandler
    private let whole: PublishedWhole
    private let users = Mutex<[@Sendable (AggregatorSettings) -> Void]>([])
    private let metrics: ReloadMetrics

    init(_ names: PartnerNames, _ ingest: IngestHandler, _ whole: PublishedWhole, _ metrics: MetricsRegistry) {
        self.names = names
        self.ingest = ingest
        self.whole = whole
        self.metrics = ReloadMetrics(metrics)
    }

    /// Parts that are made later and change with the settings, too.
    func add(_ user: @escaping @Sendable (AggregatorSettings) -> Void) { users.withLock { $0.append(user) } }

    func use(_ settings: AggregatorSettings, _ servers: [HTTPServer], _ logger: Logger) {
        for user in users.withLock({ $0 }) { user(settings) }
        names.use(settings)
        whole.use(settings)
        ingest.publish(IngestHandler.Catalogues(settings.catalogue, whole.document))
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

extension IngestHandler.Catalogues {
    init(_ catalogue: PublishedCatalogue, _ whole: PublishedStatus.Document) {
        typealias Representation = IngestHandler.Document.Representation
        self.init(
            forAgents: IngestHandler.Document(
                Representation(ByteBuffer(bytes: catalogue.json), entityTag: catalogue.entityTag)),
            whole: IngestHandler.Document(
                Representation(whole.body, entityTag: whole.entityTag),
                gzip: whole.gzip.map { Representation($0, entityTag: whole.gzipEntityTag) }))
    }
}
