import Documents
import PartnerCatalog
import Runtime

/// Partners that an aggregator publishes for all its agents, as one JSON document with a version.
///
/// The document has the shape of the settings it comes from, so one reader reads both. It comes to an agent from outside: it is
/// bounded, read whole, and either all of it is right or none of it is used. What it may hold is less than what a host's own
/// settings may (docs/decisions/published-catalogue.md).
public struct PublishedCatalogue: Sendable {
    public static let format = 1
    /// Of the document.
    public static let byteCountMax = 1 << 20
    public static let partnerCountMax = 2_000
    /// Hosts, signatures, paths, routes and rules of all partners together; of one partner some are tried in turn for each call.
    public static let patternCountMax = 4_096
    /// Of one name, host, route or path.
    public static let textByteCountMax = 1_024

    public let partners: [PartnerDefinition]
    /// 16 hex digits; changes with the partners. It tells documents apart and proves nothing.
    public let version: String
    public let json: [UInt8]

    /// The entity tag (RFC 9110, section 8.8.3), quotes included.
    public var entityTag: String { "\"\(version)\"" }

    /// What is wrong with a document, in words.
    public struct Flaw: Error, Sendable, Equatable, CustomStringConvertible {
        public let description: String
    }

    /// Of no partners.
    public static let empty: PublishedCatalogue = {
        let version = String(repeating: "0", count: 16)
        return PublishedCatalogue(
            partners: [], version: version, json: CatalogueWriter.document([], version: version))
    }()

    private init(partners: [PartnerDefinition], version: String, json: [UInt8]) {
        self.partners = partners
        self.version = version
        self.json = json
    }

    /// Of partners read as an aggregator's. Throws what an agent would refuse.
    public init(_ partners: [PartnerDefinition]) throws(Flaw) {
        let version = Catalogue(builtIn: false, partners: partners, listedRoutes: [], unknownHosts: .ignore).version
        try self.init(json: CatalogueWriter.document(partners, version: version))
    }

    /// Reads a document as it came.
    public init(json: [UInt8]) throws(Flaw) {
        guard json.count <= Self.byteCountMax else {
            throw Flaw(description: "is larger than \(Self.byteCountMax) bytes")
        }
        do {
            try JSONParser(byteCountMax: Self.byteCountMax).parse(json) { _ in }
        } catch {
            throw Flaw(description: "is no JSON: \(error)")
        }
        // JSON is YAML (YAML 1.2, section 1.3); no variable overrides what is in here.
        let document = SettingsDocument(bytes: json, file: "catalogue")
        let format = document.root.integer("format")
        let version = document.root.string("version")
        let partners = readPartners(document.root, by: .document)
        guard format == Self.format else { throw Flaw(description: "is not of format \(Self.format)") }
        if let problem = document.problems().first { throw Flaw(description: problem.message) }
        guard let version, version.utf8.count == 16, version.utf8.allSatisfy({ $0 &- 48 < 10 || $0 &- 97 < 6 }) else {
            throw Flaw(description: "has no version")
        }
        try Self.check(partners)
        self.partners = partners
        self.version = version
        self.json = json
    }

    private static func check(_ partners: [PartnerDefinition]) throws(Flaw) {
        guard partners.count <= partnerCountMax else {
            throw Flaw(description: "has more than \(partnerCountMax) partners")
        }
        var patternCount = 0
        for partner in partners {
            let rules = partner.errors?.rules ?? []
            let texts =
                partner.hosts.map(\.description) + partner.webhookSignatures.flatMap(\.headers)
                + (partner.webhookPaths + partner.routes).map(\.text) + rules.map(CatalogueWriter.place)
            patternCount += texts.count + 1
            guard patternCount <= patternCountMax else {
                throw Flaw(description: "has more than \(patternCountMax) hosts, paths, routes and rules")
            }
            for text in texts + [partner.name] {
                guard text.utf8.count <= textByteCountMax, text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
                    throw Flaw(description: "has a text of \(partner.id) that is too long or holds control characters")
                }
            }
        }
    }
}
