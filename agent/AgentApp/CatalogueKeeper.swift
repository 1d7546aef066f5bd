import CatalogueSettings
import Logging
import NIOCore
import Runtime
import Transport

/// The published catalogue as it was last taken, on disk: an agent that starts while its aggregator is away names calls as before.
enum KeptCatalogue {
    static func path(_ settings: AgentSettings) -> String { settings.stateDirectory + "/published-catalogue.json" }

    /// Nil where nothing was kept, or nothing that can be used; blocks on the disk.
    static func load(_ settings: AgentSettings, _ logger: Logger) -> PublishedCatalogue? {
        let path = path(settings)
        guard settings.published.isWanted, Files.exists(path) else { return nil }
        do {
            return try PublishedCatalogue(json: Files.read(path, byteCountMax: PublishedCatalogue.byteCountMax))
        } catch {
            logger.warning("the kept catalogue is not used; it will be fetched", metadata: ["reason": "\(error)"])
            return nil
        }
    }
}

/// Fetches the aggregator's catalogue every few minutes, and uses what is new and whole. Whatever goes wrong, the one in use stays.
actor CatalogueKeeper {
    struct Configuration: Sendable, Equatable {
        /// False: names are by this host's own settings alone.
        var isWanted = true
        /// Between two fetches, each by up to a fifth more or less, so that a fleet does not come as one.
        var interval: Duration = .seconds(300)
    }

    /// How a fetch went; a label of its counter.
    enum Outcome: String, CaseIterable {
        case new, unchanged
        /// An aggregator that publishes none.
        case absent
        /// No answer, or one that says no.
        case failed
        /// A document that was not used because something in it is wrong.
        case refused
    }

    private let configuration: Configuration
    private let path: String
    private let logger: Logger
    private let counters: [Outcome: Counter]
    private let fetch: @Sendable (_ entityTag: String?) async throws -> ClientResponse
    private let use: @Sendable (PublishedCatalogue) async -> Void
    private var current: PublishedCatalogue?
    private var trouble: String?

    init(
        _ settings: AgentSettings, _ current: PublishedCatalogue?, metrics: MetricsRegistry, logger: Logger,
        fetch: @escaping @Sendable (String?) async throws -> ClientResponse,
        use: @escaping @Sendable (PublishedCatalogue) async -> Void
    ) {
        configuration = settings.published
        path = KeptCatalogue.path(settings)
        self.current = current
        self.logger = logger
        self.fetch = fetch
        self.use = use
        counters = Dictionary(
            uniqueKeysWithValues: Outcome.allCases.map { outcome in
                (
                    outcome,
                    metrics.counter(
                        "farwatch_agent_catalogue_fetches_total",
                        help: "Fetches of the aggregator's catalogue, by how they went.",
                        labels: [("result", outcome.rawValue)])
                )
            })
    }

    /// Until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            await turn()
            do {
                try await Task.sleep(for: configuration.interval * Double.random(in: 0.8...1.2))
            } catch {
                return  // Cancelled.
            }
        }
    }

    /// One fetch.
    @discardableResult
    func turn() async -> Outcome {
        let outcome: Outcome
        do {
            outcome = await take(try await fetch(current?.entityTag))
        } catch {
            outcome = note("no answer: \(error)", .failed)
        }
        counters[outcome]?.add()
        return outcome
    }

    private func take(_ response: ClientResponse) async -> Outcome {
        switch response.status {
        case 200: break
        case 304: return note(nil, .unchanged)
        case 404: return note(nil, .absent)
        default: return note("it answers \(response.status)", .failed)
        }
        let document: PublishedCatalogue
        do throws(PublishedCatalogue.Flaw) {
            guard response.body.readableBytes <= PublishedCatalogue.byteCountMax else {
                return note("the document is larger than \(PublishedCatalogue.byteCountMax) bytes", .refused)
            }
            document = try PublishedCatalogue(json: Array(buffer: response.body))
        } catch {
            return note("the document \(error)", .refused)
        }
        guard document.json != current?.json else { return note(nil, .unchanged) }
        await keep(document)
        current = document
        await use(document)
        return note(nil, .new)
    }

    /// What cannot be kept is used all the same, and fetched again after the next start.
    private func keep(_ document: PublishedCatalogue) async {
        let path = self.path
        do {
            let disk = try WorkerThread(name: "fw-catalogue", queueMax: 1)
            defer { disk.stop() }
            try await disk.run { try Files.writeAtomically(document.json, to: path) }
        } catch {
            logger.warning("the catalogue could not be kept", metadata: ["error": "\(error)"])
        }
    }

    /// One line when it goes wrong, one when it is well again.
    private func note(_ trouble: String?, _ outcome: Outcome) -> Outcome {
        if let trouble, self.trouble == nil {
            logger.warning(
                "the aggregator's catalogue cannot be used; the one in use stays", metadata: ["reason": "\(trouble)"])
        } else if trouble == nil, self.trouble != nil {
            logger.notice("the aggregator's catalogue can be used again")
        }
        self.trouble = trouble
        return outcome
    }
}
