import CatalogueSettings
import Ingest
import Runtime
import Synchronization

/// Names of partners for people, by id; they change with the settings.
final class PartnerNames: Sendable {
    private let names: Mutex<[String: String]>

    init(_ names: [String: String]) { self.names = Mutex(names) }

    subscript(partner: String) -> String? { names.withLock { $0[partner] } }

    func replace(_ names: [String: String]) { self.names.withLock { $0 = names } }
}

/// What changes while the aggregator runs when it is told to read its settings again (SIGHUP): the partners it
/// publishes to agents and names on its pages; who is told, how and when (`owners`, `routes`, `alerting`,
/// `notifiers`, `heartbeat`, `partner_pages`). Settings come here whole and checked; what was refused changes nothing
/// but a metric.
final class SettingsReload: Sendable {
    private let names: PartnerNames
    private let ingest: IngestHandler
    private let users = Mutex<[@Sendable (AggregatorSettings) -> Void]>([])
    private let done: Counter
    private let failed: Counter
    private let hasFailed = Atomic(false)

    init(_ names: PartnerNames, _ ingest: IngestHandler, _ metrics: MetricsRegistry) {
        self.names = names
        self.ingest = ingest
        let help = "Times the settings were read again, by how it went."
        done = metrics.counter("farwatch_settings_reloads_total", help: help, labels: [("result", "done")])
        failed = metrics.counter("farwatch_settings_reloads_total", help: help, labels: [("result", "refused")])
    }

    func addGauge(_ metrics: MetricsRegistry) {
        metrics.gauge(
            "farwatch_settings_refused", help: "1 while the settings on disk are not valid and older ones are in use.",
            read: { self.hasFailed.load(ordering: .relaxed) ? 1 : 0 })
    }

    /// Parts that are made later and change with the settings, too.
    func add(_ user: @escaping @Sendable (AggregatorSettings) -> Void) { users.withLock { $0.append(user) } }

    func use(_ settings: AggregatorSettings) {
        for user in users.withLock({ $0 }) { user(settings) }
        names.replace(settings.partnerNames)
        ingest.publish(IngestHandler.Document(settings.catalogue))
        hasFailed.store(false, ordering: .relaxed)
        done.add()
    }

    func refused() {
        hasFailed.store(true, ordering: .relaxed)
        failed.add()
    }
}

extension IngestHandler.Document {
    init(_ catalogue: PublishedCatalogue) { self.init(json: catalogue.json, entityTag: catalogue.entityTag) }
}
