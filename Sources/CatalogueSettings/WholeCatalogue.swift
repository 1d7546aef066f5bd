import Documents
import PartnerCatalog

/// Everything an aggregator knows of partners, as one JSON document with a version: what Farwatch ships and what its settings
/// add, merged, with the routes, the public suffixes, and how far each fact can be trusted.
///
/// It is for people and programs that want to know what calls are named by. Agents are given less: what they may take from an
/// aggregator is `PublishedCatalogue` (docs/decisions/published-catalogue.md). It cannot be larger than the shipped data and a
/// `PublishedCatalogue` together, which bounds what is written here.
///
/// ```json
/// {"format": 2, "version": "16 hex digits",
///  "partners": {"stripe": {"name", "defined_by": ["farwatch", "settings"],
///      "facts": {"state", "confirmed": ["webhooks"], "unconfirmed": ["hosts"], "unknown": ["routes"], "verified",
///                "source"},
///      "hosts": [], "webhook_signatures": [], "webhook_headers": {}, "webhook_paths": [], "routes": [],
///      "errors": [{"status", "header" or "body", "is", "is_not", "contains", "is_false", "path_suffixes", "outcome"}],
///      "rate_limit_headers": [{"name", "role", "confirmed"}]}},
///  "public_suffixes": {"registries": [], "companies": []}}
/// ```
public struct WholeCatalogue: Sendable {
    public static let format = 2

    /// 16 hex digits; changes with whatever could change a name. An agent without settings of its own and without a published
    /// partner reports the same where its release ships the same.
    public let version: String
    public let json: [UInt8]
    /// By partner.
    public let facts: [String: PartnerFacts]

    /// - Parameter operators: the partners of the aggregator's settings.
    public init(_ operators: [PartnerDefinition]) {
        let catalogue = Catalogue(
            builtIn: true, partners: operators, listedRoutes: [], unknownHosts: .registrableDomain)
        let settings = Set(operators.map(\.id))
        let facts = PartnerFacts.shipped.merging(
            settings.map { ($0, PartnerFacts.shipped[$0] ?? .settings) }, uniquingKeysWith: { $1 })
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("format", Self.format)
            writer.member("version", catalogue.version)
            writer.object("partners") { writer in
                for partner in catalogue.partners {
                    writer.object(partner.id) { writer in
                        writer.member("name", catalogue.name(of: partner.id))
                        writer.array("defined_by") { writer in
                            if PartnerFacts.shipped[partner.id] != nil { writer.string("farwatch") }
                            if settings.contains(partner.id) { writer.string("settings") }
                        }
                        writer.object("facts") { facts[partner.id]?.append(to: &$0) }
                        partner.append(to: &writer)
                    }
                }
            }
            writer.object("public_suffixes") { writer in
                writer.texts("registries", PublicSuffixes.builtIn.registries)
                writer.texts("companies", PublicSuffixes.builtIn.companies)
            }
        }
        version = catalogue.version
        json = writer.bytes
        self.facts = facts
    }
}

extension PartnerDefinition {
    fileprivate func append(to writer: inout JSONWriter) {
        writer.texts("hosts", hosts.map(\.description))
        writer.texts("webhook_signatures", webhookSignatures.map { $0.headers.joined(separator: "+") })
        let told = [
            ("event_type", webhookHeaders.eventType), ("delivery_id", webhookHeaders.deliveryID),
            ("retry", webhookHeaders.retry), ("subscription", webhookHeaders.subscription),
        ]
        writer.object("webhook_headers") { for (key, name) in told where name != nil { $0.member(key, name) } }
        writer.texts("webhook_paths", webhookPaths.map(\.text))
        writer.texts("routes", routes.map(\.text))
        writer.array("errors") { writer in
            for rule in errors?.rules ?? [] { writer.object { rule.append(to: &$0) } }
        }
        writer.array("rate_limit_headers") { writer in
            for header in rateLimitHeaders {
                writer.object {
                    $0.member("name", header.name)
                    $0.member("role", header.role.rawValue)
                    $0.member("confirmed", confirmedParts.contains(.rateLimits) && !unconfirmed.contains(header.name))
                }
            }
        }
    }
}

extension OutcomeRule {
    /// As the settings write it.
    fileprivate func append(to writer: inout JSONWriter) {
        writer.member("status", "\(statuses.lowerBound)-\(statuses.upperBound)")
        switch condition {
        case .status: break
        case .header(let name, let test):
            writer.member("header", name)
            test.append(to: &writer)
        case .body(let path, let test):
            writer.member("body", path.text)
            test.append(to: &writer)
        }
        if !pathSuffixes.isEmpty { writer.texts("path_suffixes", pathSuffixes) }
        writer.member("outcome", outcomes.first { $0.value == outcome }?.key)
    }
}

extension ValueTest {
    fileprivate func append(to writer: inout JSONWriter) {
        switch self {
        case .isPresent: break
        case .isFalse: writer.member("is_false", true)
        case .isOneOf(let texts): writer.texts("is", texts)
        case .isNotOneOf(let texts): writer.texts("is_not", texts)
        case .contains(let texts): writer.texts("contains", texts)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func texts(_ name: String, _ texts: [String]) {
        array(name) { for text in texts { $0.string(text) } }
    }
}
