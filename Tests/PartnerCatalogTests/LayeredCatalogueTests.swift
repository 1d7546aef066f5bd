import CallModel
import Documents
import Testing

@testable import PartnerCatalog

/// What is published names, and never makes a host keep more.
@Suite struct LayeredCatalogueTests {
    private func call(_ url: String, _ headers: [Header] = [], inbound: Bool = false) -> APICall {
        var call = APICall(
            time: .epoch, direction: inbound ? .inbound : .outbound,
            request: .init(method: "GET", url: url, headers: headers), source: .json)
        call.response = .init(status: 200, body: Body(#"{"ok":false,"fault":"x"}"#))
        return call
    }

    private func own(
        _ partners: [PartnerDefinition] = [], listed: [ListedRoute] = [],
        unknownHosts: UnknownHostPolicy = .registrableDomain
    ) -> Catalogue {
        Catalogue(builtIn: true, partners: partners, listedRoutes: listed, unknownHosts: unknownHosts)
    }

    private let bank = PartnerDefinition(
        id: "bank", name: "Bank", hosts: ["api.bank.example", "db.internal", "10.0.0.9"],
        webhookSignatures: [WebhookSignature(headers: ["user-agent"])], webhookPaths: ["/**"],
        routes: ["/accounts/{account}/**"],
        errors: ErrorConvention(rules: [OutcomeRule(200...299, .body("fault", .isPresent), .rejected)]))

    private func name(_ catalogue: LayeredCatalogue, _ call: APICall) -> String {
        switch catalogue.resolve(call) {
        case .notOurs: "not ours"
        case .partner(let naming): "\(naming.own) > \(naming.partner) \(naming.route)"
        }
    }

    @Test func `a published partner gives calls that are kept its name, its routes and its convention`() {
        let catalogue = LayeredCatalogue(own(), published: [bank])
        let charged = call("https://api.bank.example/accounts/de-7/orders/4")
        #expect(name(catalogue, charged) == "bank.example > bank GET /accounts/{account}/orders/{id}")
        guard case .partner(let naming) = catalogue.resolve(charged) else { return }
        #expect(catalogue.outcome(of: charged, naming, parser: JSONParser(byteCountMax: 1 << 20)) == .rejected)
        #expect(catalogue.name(of: "bank") == "Bank")
    }

    @Test func `no call is kept that the host alone would let go`() {
        let catalogue = LayeredCatalogue(own(), published: [bank])
        for url in ["http://db.internal/x", "http://10.0.0.9/x"] { #expect(name(catalogue, call(url)) == "not ours") }
        #expect(
            name(catalogue, call("https://us.example/login", [Header("user-agent", "x")], inbound: true)) == "not ours")
        let strict = LayeredCatalogue(own(unknownHosts: .ignore), published: [bank])
        #expect(name(strict, call("https://api.bank.example/accounts/1")) == "not ours")
    }

    @Test func `a host published as another partner's is redacted as what the host knows it by`() {
        let stripe = PartnerDefinition(id: "stripe", name: "", hosts: ["api.bank.example"])
        let catalogue = LayeredCatalogue(own(), published: [stripe])
        #expect(name(catalogue, call("https://api.bank.example/a")) == "bank.example > stripe GET /a")
    }

    @Test func `what the host's operator defined wins whole`() {
        let mine = PartnerDefinition(id: "mine", name: "", hosts: ["*.bank.example"])
        let catalogue = LayeredCatalogue(own([mine]), published: [bank])
        let charged = call("https://api.bank.example/accounts/de-7/orders/4")
        #expect(name(catalogue, charged).hasPrefix("mine > mine "))
        guard case .partner(let naming) = catalogue.resolve(charged) else { return }
        #expect(catalogue.outcome(of: charged, naming, parser: JSONParser(byteCountMax: 1 << 20)) == .success)
    }

    @Test func `the version changes with what is published and with what is not`() {
        let plain = LayeredCatalogue(own())
        #expect(plain.version == Catalogue.builtIn.version)
        let versions = [
            plain.version, LayeredCatalogue(own(), published: [bank]).version,
            LayeredCatalogue(own([bank])).version, LayeredCatalogue(own([bank]), published: [bank]).version,
        ]
        #expect(Set(versions).count == versions.count, "\(versions)")
        #expect(LayeredCatalogue(own(), published: [bank]).version == versions[1])
    }
}
