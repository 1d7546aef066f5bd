import CallModel
import Documents

/// A host's own catalogue, and the names that its aggregator published upon it.
///
/// Two questions are kept apart. Which calls are kept at all, as whose they are redacted and which of their headers are read is
/// answered by the host's own catalogue alone; a published partner changes only what a call that is kept anyway is *called*, and
/// by which convention its answer is judged. So nothing an aggregator publishes can make a host keep more
/// (docs/decisions/published-catalogue.md). What the host's operator defined wins whole.
public struct LayeredCatalogue: Sendable {
    public enum Resolution: Sendable, Equatable {
        case partner(Naming)
        case notOurs(Catalogue.NotOurs)
    }

    public struct Naming: Sendable, Equatable {
        /// The partner by the host's own catalogue: for redaction, attribution and the details of webhooks.
        public var own: String
        public var isWebhook: Bool
        /// What the call is called from here on.
        public var partner: String
        public var route: String
    }

    public let own: Catalogue
    /// Changes with whatever could change a name: 16 hex digits, and `own.version` where nothing was published.
    public let version: String
    let merged: Catalogue?
    let ownPartners: Set<String>

    public init(_ own: Catalogue, published: [PartnerDefinition] = []) {
        self.own = own
        let store = own.store
        ownPartners = Set(
            store.definitions[store.shippedCount...].map(\.id) + store.listedRoutes.map(\.partner)
                + [Catalogue.sentWebhooksPartner])
        guard !published.isEmpty else {
            merged = nil
            version = own.version
            return
        }
        let merged = Catalogue(own, published: published)
        self.merged = merged
        var hash = ContentHash()
        hash.add(own.version)
        hash.add(merged.version)
        version = hash.hex
    }

    public func resolve(_ call: APICall) -> Resolution {
        switch own.resolve(call) {
        case .notOurs(let reason): return .notOurs(reason)
        case .partner(let id, let route, let isWebhook):
            var naming = Naming(own: id, isWebhook: isWebhook, partner: id, route: route)
            if let merged, !ownPartners.contains(id), case .partner(let name, let template, _) = merged.resolve(call) {
                (naming.partner, naming.route) = (name, template)
            }
            return .partner(naming)
        }
    }

    /// How a call ended, by the convention of the partner it is called by.
    public func outcome(of call: APICall, _ naming: Naming, parser: JSONParser) -> Outcome {
        let catalogue = ownPartners.contains(naming.own) ? own : merged ?? own
        return catalogue.outcome(of: call, partner: naming.partner, parser: parser)
    }

    /// The name for people; the id where no definition tells one.
    public func name(of partner: String) -> String { (merged ?? own).name(of: partner) }
}
