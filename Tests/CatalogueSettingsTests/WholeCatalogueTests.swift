import Documents
import PartnerCatalog
import Runtime
import Testing

@testable import CatalogueSettings

/// The document for everybody: all that is known of partners, and how well.
@Suite struct WholeCatalogueTests {
    private func partners(_ yaml: String) -> [PartnerDefinition] {
        readPartners(SettingsDocument(yaml: yaml, file: "aggregator.yaml").root, by: .aggregator)
    }

    private func read<T>(_ catalogue: WholeCatalogue, _ body: (JSONValue) -> T) throws -> T {
        try JSONParser(byteCountMax: 8 << 20).parse(catalogue.json) { body($0) }
    }

    @Test func `it holds every shipped partner and every public suffix, under the version of their names`() throws {
        let whole = WholeCatalogue([])
        #expect(whole.version == Catalogue.builtIn.version)
        let (format, version, ids, suffixes) = try read(whole) { document in
            var ids: [String] = []
            document.member("partners")?.forEachMember { name, _ in ids.append(String(decoding: name, as: UTF8.self)) }
            var suffixes: [String] = []
            for kind in ["registries", "companies"] {
                document.member("public_suffixes")?.forEachMember { name, list in
                    if String(decoding: name, as: UTF8.self) == kind {
                        list.forEachElement { suffixes.append($0.string ?? "") }
                    }
                }
            }
            return (
                document.member("format")?.int64, document.member("version")?.string, ids, suffixes
            )
        }
        #expect(format == 2 && version == whole.version)
        #expect(ids == Catalogue.builtIn.partners.map(\.id))
        #expect(suffixes == PublicSuffixes.builtIn.registries + PublicSuffixes.builtIn.companies)
        #expect(whole.json.count < PublishedCatalogue.byteCountMax)
    }

    @Test func `an agent takes no such document for what it may use`() {
        #expect(throws: PublishedCatalogue.Flaw.self) { try PublishedCatalogue(json: WholeCatalogue([]).json) }
    }

    @Test func `each partner says what of it is confirmed, and who defined it`() throws {
        let whole = WholeCatalogue(
            partners(#"partners: {north-bank: {hosts: [api.bank.example]}, slack: {routes: ["/own/{id}"]}}"#))
        func partner(_ id: String) throws -> String {
            try read(whole) { document in
                var text: [UInt8] = []
                document.member("partners")?.forEachMember { name, value in
                    if String(decoding: name, as: UTF8.self) == id { value.serialize(into: &text) }
                }
                return String(decoding: text, as: UTF8.self)
            }
        }
        let bank = try partner("north-bank")
        #expect(bank.contains(#""defined_by":["settings"],"facts":{"state":"settings""#), "\(bank)")
        let slack = try partner("slack")
        #expect(slack.contains(#""defined_by":["farwatch","settings"],"facts":{"state":"confirmed""#), "\(slack)")
        #expect(
            slack.contains(
                #""confirmed":["hosts","webhooks","errors"],"unconfirmed":[],"unknown":["routes","rate_limits"]"#))
        #expect(slack.contains("/own/{id}") && slack.contains(#""is":["ratelimited""#))
        #expect(
            try partner("klarna").contains(#""state":"unconfirmed","confirmed":[],"unconfirmed":["hosts","errors"]"#))
        #expect(try partner("wise").contains(#""unconfirmed":["routes","errors","api.wise.com","#))
        #expect(whole.version != WholeCatalogue([]).version)
        #expect(whole.facts["north-bank"] == .settings && whole.facts["nobody.example"] == nil)
    }

    @Test func `no partner is called confirmed of whom a part is not`() {
        for partner in PartnerDefinition.builtIn {
            let facts = PartnerFacts(partner)
            let parts = Set(["hosts", "webhooks", "routes", "errors", "rate_limits"])
            let told = Set(facts.confirmed + facts.unconfirmed).intersection(parts)
            #expect(told.isDisjoint(with: facts.unknown) && told.union(facts.unknown) == parts, "\(partner.id)")
            #expect((facts.state == .confirmed) == facts.unconfirmed.isEmpty, "\(partner.id)")
            #expect((facts.state == .unconfirmed) == (partner.confirmedParts.isEmpty), "\(partner.id)")
            #expect((facts.verified == nil) == partner.confirmedParts.isEmpty, "\(partner.id)")
        }
    }

    @Test func `the largest catalogue that settings may hold is bounded`() throws {
        let name = String(repeating: "n", count: 40)
        let many = (0..<PublishedCatalogue.partnerCountMax).map { number in
            PartnerDefinition(
                id: "p\(number)", name: name, hosts: [HostPattern("h\(number).example")].compactMap(\.self))
        }
        #expect(try PublishedCatalogue(many).json.count < PublishedCatalogue.byteCountMax)
        #expect(WholeCatalogue(many).json.count < 2 << 20)
    }
}
