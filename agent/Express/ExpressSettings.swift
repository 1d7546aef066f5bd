import Attribution
import CallModel
import PartnerCatalog
import Redaction

/// What decides how calls are named, attributed and redacted; the same that the general way goes by.
public struct ExpressSettings {
    /// Tells these settings from those before and after them.
    public var revision: Int
    public var catalogue: LayeredCatalogue
    public var redaction: RedactionPolicy
    public var attribution: [AttributedField: [AttributionRule]]
    /// Given to calls that name no host, or one that their sender may not speak for.
    public var hostName: String
    public var trustHost = false
    /// How far ahead of the host's clock a call may lie.
    public var futureMax: Duration = .seconds(86_400)

    public init(
        revision: Int = 0, catalogue: LayeredCatalogue, redaction: RedactionPolicy,
        attribution: [AttributedField: [AttributionRule]], hostName: String
    ) {
        self.revision = revision
        self.catalogue = catalogue
        self.redaction = redaction
        self.attribution = attribution
        self.hostName = hostName
    }
}

/// What became of one request's calls, for the agent's counters.
public struct ExpressReport: Sendable {
    public struct Partner: Sendable {
        public var id: String
        public var callCount = 0
        public var failureCount = 0
        public var lastCallAt = Instant.epoch
    }

    public var keptCount = 0
    /// Of those taken, calls that were not parsed, because one of the same structure came before.
    public var knownCount = 0
    /// Calls named and redacted, and then handed out because others told of them as well.
    public var apartCount = 0
    /// Calls left to the general way, which counts what becomes of them.
    public var leftCount = 0
    public var notOurs: [Catalogue.NotOurs: Int] = [:]
    public var attribution = Attributor.Counts()
    /// Values masked, by rule.
    public var redactions: [String: Int] = [:]
    public var partners: [Partner] = []

    public init() {}
}
