import CallModel

/// The definitions, indexed for look-up. Built once, never changed.
final class CatalogueStore: Sendable {
    struct SignatureCandidate: Sendable {
        var partner: Int32
        var headers: [String]
        var isShared: Bool
    }

    /// As they were given, the shipped ones first.
    let definitions: [PartnerDefinition]
    let shippedCount: Int
    let publicSuffixes: PublicSuffixes
    /// Of one id merged.
    let partners: [PartnerDefinition]
    let index: [String: Int32]
    let hosts: HostTable
    /// By partner, most literal first.
    let routes: [[RoutePattern]]
    /// By partner: its own rules and those all share.
    let errors: [ErrorConvention]
    /// Of partners nobody defined: GraphQL, and the two flags that say no in a success (`ok`, `success`), because no API
    /// that is well sets them to false.
    let errorsOfOthers = ErrorConvention(
        rules: ErrorConvention.graphQLRules + ErrorConvention.okFlag.rules + ErrorConvention.successFlag.rules)
    /// By each signature's first header; those that ask for more headers come first.
    let signatures: [String: [SignatureCandidate]]
    let webhookPaths: [(partner: Int32, pattern: RoutePattern)]
    let listedRoutes: [ListedRoute]
    let unknownHosts: UnknownHostPolicy
    let sentWebhooks: [SentWebhookRule]
    let version: String

    init(
        partners definitions: [PartnerDefinition], listedRoutes: [ListedRoute], unknownHosts: UnknownHostPolicy,
        sentWebhooks: [SentWebhookRule], shippedCount: Int, publicSuffixes: PublicSuffixes
    ) {
        self.definitions = definitions
        self.shippedCount = shippedCount
        self.publicSuffixes = publicSuffixes
        (partners, index) = CatalogueStore.merged(definitions)
        self.listedRoutes = listedRoutes
        self.unknownHosts = unknownHosts
        self.sentWebhooks = sentWebhooks

        var hosts = HostTable()
        publicSuffixes.add(to: &hosts)
        // In the order written, not merged: the later definition of a host wins.
        for definition in definitions {
            guard let partner = index[definition.id] else { continue }
            for pattern in definition.hosts { hosts.addPattern(pattern, partner: partner) }
        }
        self.hosts = hosts
        routes = partners.map { CatalogueStore.mostLiteralFirst($0.routes) }
        errors = partners.map { ErrorConvention(rules: ($0.errors?.rules ?? []) + ErrorConvention.graphQLRules) }

        var signatures: [String: [SignatureCandidate]] = [:]
        var webhookPaths: [(partner: Int32, pattern: RoutePattern)] = []
        for (number, partner) in partners.enumerated() {
            for signature in partner.webhookSignatures {
                guard let first = signature.headers.first else { continue }
                signatures[first, default: []].append(
                    SignatureCandidate(partner: Int32(number), headers: signature.headers, isShared: signature.isShared)
                )
            }
            webhookPaths += partner.webhookPaths.map { (Int32(number), $0) }
        }
        self.signatures = signatures.mapValues { candidates in
            candidates.enumerated()
                .sorted { ($1.element.headers.count, $0.offset) < ($0.element.headers.count, $1.offset) }.map(\.element)
        }
        self.webhookPaths = webhookPaths
        version = CatalogueVersion.hash(
            partners: partners, listedRoutes: listedRoutes, unknownHosts: unknownHosts, sentWebhooks: sentWebhooks,
            publicSuffixes: publicSuffixes)
    }

    /// Definitions of one id become one: lists are added, a name or convention told later replaces.
    private static func merged(_ definitions: [PartnerDefinition]) -> ([PartnerDefinition], [String: Int32]) {
        var partners: [PartnerDefinition] = []
        var index: [String: Int32] = [:]
        for definition in definitions where !definition.id.isEmpty {
            guard let known = index[definition.id] else {
                index[definition.id] = Int32(partners.count)
                partners.append(definition)
                continue
            }
            let number = Int(known)
            if !definition.name.isEmpty { partners[number].name = definition.name }
            if let errors = definition.errors { partners[number].errors = errors }
            if !definition.source.isEmpty {
                partners[number].source = definition.source
                partners[number].verified = definition.verified
                partners[number].confirmedParts = definition.confirmedParts
                partners[number].unconfirmed = definition.unconfirmed
            }
            if definition.webhookHeaders != WebhookHeaders() {
                partners[number].webhookHeaders = definition.webhookHeaders
            }
            partners[number].hosts += definition.hosts
            partners[number].webhookSignatures += definition.webhookSignatures
            partners[number].webhookPaths += definition.webhookPaths
            // An operator's templates are tried before the shipped ones of the same literalness.
            partners[number].routes = definition.routes + partners[number].routes
            partners[number].rateLimitHeaders += definition.rateLimitHeaders
        }
        return (partners, index)
    }

    private static func mostLiteralFirst(_ patterns: [RoutePattern]) -> [RoutePattern] {
        patterns.enumerated()
            .sorted { ($1.element.specificity, $0.offset) < ($0.element.specificity, $1.offset) }.map(\.element)
    }
}
