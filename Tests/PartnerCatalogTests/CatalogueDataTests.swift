import CallModel
import PartnerCatalog
import Testing

@Suite struct CatalogueDataTests {
    @Test func `every shipped definition is well formed and says where it comes from`() {
        var ids: Set<String> = []
        var hosts: [HostPattern: String] = [:]
        for partner in PartnerDefinition.builtIn {
            #expect(ids.insert(partner.id).inserted, "\(partner.id) twice")
            #expect(partner.id.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(partner.id)")
            #expect(!partner.name.isEmpty && !partner.source.isEmpty, "\(partner.id)")
            #expect(partner.confirmedParts.isEmpty == partner.verified.isEmpty, "\(partner.id)")
            for host in partner.hosts {
                #expect(!host.host.isEmpty, "\(partner.id) has a host that cannot be read")
                #expect(hosts.updateValue(partner.id, forKey: host) == nil, "\(host) of \(partner.id) is claimed twice")
            }
            for route in partner.routes + partner.webhookPaths {
                #expect(RoutePattern(route.text) != nil, "\(partner.id): \(route.text)")
            }
            let headers =
                partner.webhookSignatures.flatMap(\.headers) + partner.rateLimitHeaders.map(\.name)
                + [partner.webhookHeaders.eventType, partner.webhookHeaders.deliveryID, partner.webhookHeaders.retry]
                .compactMap { $0 }
            for header in headers {
                #expect(header == header.lowercased() && !header.contains(" "), "\(partner.id): \(header)")
            }
        }
        #expect(ids.count >= 150)
    }

    @Test func `every shipped host resolves to its partner`() {
        for partner in PartnerDefinition.builtIn {
            for host in partner.hosts {
                let name = host.isWildcard ? "some-name." + host.host : host.host
                #expect(Catalogue.builtIn.partner("https://\(name)/v1/x") == partner.id, "\(host)")
            }
        }
    }

    @Test func `no webhook signature of one partner means two`() {
        var owners: [[String]: String] = [:]
        for partner in PartnerDefinition.builtIn {
            for signature in partner.webhookSignatures {
                let previous = owners.updateValue(partner.id, forKey: signature.headers.sorted())
                #expect(previous == nil, "\(signature.headers) of \(partner.id) and \(previous ?? "")")
            }
        }
    }

    @Test func `the version changes with what decides names, and with nothing else`() {
        func version(
            _ partners: [PartnerDefinition] = [], _ listed: [ListedRoute] = [],
            _ policy: UnknownHostPolicy = .registrableDomain
        )
            -> String
        { Catalogue(builtIn: true, partners: partners, listedRoutes: listed, unknownHosts: policy).version }
        let base = version()
        #expect(base == Catalogue.builtIn.version)
        #expect(base.count == 16 && base.allSatisfy(\.isHexDigit))
        let acme = PartnerDefinition(id: "acme", name: "", hosts: ["a.example"])
        let route = ListedRoute(partner: "acme", pattern: "/x")
        var strict = acme
        strict.errors = .successFlag
        let all = [
            base, version([acme]), version([strict]),
            version([PartnerDefinition(id: "acme", name: "", hosts: ["b.example"])]),
            version([], [route]), version([], [], .ignore),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test(arguments: [
        "", "*", "*.com", "a.*.b", "https://a.b", "a.b/c", "a b", "a.b:", "a.b:http", "a.b:70000", "u@a.b", "..",
        "*.*.a.b",
    ])
    func `what is no host pattern is refused`(text: String) {
        #expect(HostPattern(text) == nil)
    }

    @Test(arguments: [
        ("API.Stripe.COM", "api.stripe.com"), ("*.zendesk.com", "*.zendesk.com"), ("h.example:8443", "h.example:8443"),
        ("[::1]:80", "[::1]:80"), ("bücher.example", "xn--bcher-kva.example"), ("localhost", "localhost"),
    ])
    func `patterns have one spelling`(text: String, spelling: String) {
        #expect(HostPattern(text)?.description == spelling)
    }

    @Test func `registrable domains follow the suffixes given`() {
        let suffixes = PublicSuffixes(registries: ["co.uk", "uk"], companies: ["apps.example"])
        #expect(suffixes.registrableDomain(of: "a.b.acme.co.uk") == "acme.co.uk")
        #expect(suffixes.registrableDomain(of: "co.uk") == nil)
        #expect(suffixes.registrableDomain(of: "acme.uk") == "acme.uk")
        #expect(suffixes.registrableDomain(of: "x.one.apps.example") == "one.apps.example")
        #expect(suffixes.registrableDomain(of: "apps.example") == "apps.example")
        #expect(suffixes.registrableDomain(of: "a.b.c.unheard") == "c.unheard")
        #expect(suffixes.registrableDomain(of: "10.0.0.1") == nil)
        #expect(suffixes.registrableDomain(of: "localhost") == nil)
    }
}
