import CallModel

/// Which partner and route a call belongs to, and whether it went well by that partner's convention.
///
/// A pure function of the definitions and the call: every host with the same `version` gives the same names, with no network, no
/// state, and no order of arrival. Outbound calls go by, in this order: the partner the sender named, the headers of webhooks we
/// send, exact host and port, exact host, the longest wildcard, and for public hosts nobody defined their registrable domain. Inbound calls go by the named partner,
/// a webhook signature of one partner, the operator's path for a partner's webhooks, a signature that several senders share, and
/// the operator's listed routes. Everything else is not ours: internal traffic and end users' calls stay on the host.
///
/// Copies share one immutable store, so passing a catalogue around costs a reference count.
public struct Catalogue: Sendable {
    public enum Resolution: Sendable, Equatable {
        /// `route` is at most `Limits.nameByteCountMax` bytes, as is `id`.
        case partner(id: String, route: String, isWebhook: Bool)
        case notOurs(NotOurs)
    }

    /// Why a call is none of our business; a label of the counter of those dropped.
    public enum NotOurs: String, Sendable, CaseIterable {
        case noHost = "no_host"
        case internalHost = "internal_host"
        case bareAddress = "bare_address"
        /// A public host that nobody defined, where those are ignored, or one that is nobody's domain (`co.uk`).
        case unknownHost = "unknown_host"
        /// Inbound, and neither a webhook nor a route the operator listed.
        case unlistedRoute = "unlisted_route"
    }

    /// The partner of webhooks that we send: their recipients are our customers and are never made partners one by one.
    public static let sentWebhooksPartner = "sent-webhooks"
    static let sentWebhooksRoute = "POST {recipient}"

    /// Everything Farwatch ships, and the default policy.
    public static let builtIn = Catalogue(
        builtIn: true, partners: [], listedRoutes: [], unknownHosts: .registrableDomain)

    let store: CatalogueStore

    /// `builtIn: false` leaves the shipped partners out. Of definitions that claim the same host the later wins, and `partners`
    /// come after the shipped ones. `sentWebhooks` are asked before `SentWebhookRule.standard`.
    public init(
        builtIn: Bool, partners: [PartnerDefinition], listedRoutes: [ListedRoute], unknownHosts: UnknownHostPolicy,
        sentWebhooks: [SentWebhookRule] = [], publicSuffixes: PublicSuffixes = .builtIn
    ) {
        store = CatalogueStore(
            partners: (builtIn ? PartnerDefinition.builtIn : []) + partners, listedRoutes: listedRoutes,
            unknownHosts: unknownHosts, sentWebhooks: sentWebhooks + SentWebhookRule.standard,
            shippedCount: builtIn ? PartnerDefinition.builtIn.count : 0, publicSuffixes: publicSuffixes)
    }

    /// The same with further partners between the shipped ones and this host's own, which win.
    init(_ own: Catalogue, published: [PartnerDefinition]) {
        let (store, count) = (own.store, own.store.shippedCount)
        self.store = CatalogueStore(
            partners: store.definitions[..<count] + published + store.definitions[count...],
            listedRoutes: store.listedRoutes, unknownHosts: store.unknownHosts, sentWebhooks: store.sentWebhooks,
            shippedCount: count, publicSuffixes: store.publicSuffixes)
    }

    /// Changes with every definition, policy or rule that could change a name: 16 hex digits.
    public var version: String { store.version }

    /// The effective definitions, an operator's extensions merged in.
    public var partners: [PartnerDefinition] { store.partners }

    public func definition(of partner: String) -> PartnerDefinition? {
        store.index[partner].map { store.partners[Int($0)] }
    }

    /// The name for people; the id where no definition tells one.
    public func name(of partner: String) -> String {
        if partner == Catalogue.sentWebhooksPartner { return "Webhooks we send" }
        guard let definition = definition(of: partner), !definition.name.isEmpty else { return partner }
        return definition.name
    }
}
