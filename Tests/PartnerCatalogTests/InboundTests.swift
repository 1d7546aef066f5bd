import CallModel
import PartnerCatalog
import Testing

@Suite struct InboundTests {
    private func webhook(_ url: String = "https://us.example/hooks/in", _ headers: String...) -> APICall {
        call("POST", url, headers: headers.map { Header($0, "x") }, direction: .inbound)
    }

    @Test(arguments: [
        (["stripe-signature"], "stripe"), (["x-slack-signature"], "slack"), (["x-shopify-hmac-sha256"], "shopify"),
        (["x-hub-signature-256", "x-github-event"], "github"),
        (["x-hub-signature", "x-hub-signature-256", "x-github-event"], "github"),
        (["x-hub-signature-256"], "meta"), (["x-hub-signature"], "intercom"), (["x-xero-signature"], "xero"),
        (["webhook-id", "webhook-signature"], "standard-webhooks"), (["svix-id", "svix-signature"], "svix"),
    ])
    func `a signature names the sender`(headers: [String], partner: String) {
        let call = call(
            "POST", "https://us.example/hooks/in", headers: headers.map { Header($0, "x") }, direction: .inbound)
        #expect(Catalogue.builtIn.resolve(call) == .partner(id: partner, route: "POST /hooks/in", isWebhook: true))
    }

    @Test func `an end user's call is not ours`() {
        #expect(Catalogue.builtIn.resolve(webhook("https://us.example/login", "cookie")) == .notOurs(.unlistedRoute))
        // A host of a partner means nothing where we are called.
        let forged = call("GET", "https://api.stripe.com/v1/charges", direction: .inbound)
        #expect(Catalogue.builtIn.resolve(forged) == .notOurs(.unlistedRoute))
    }

    @Test func `a path the operator listed comes behind a partner's own signature and before a shared one`() {
        let acme = PartnerDefinition(id: "acme", name: "Acme", webhookPaths: ["POST /hooks/acme/{tenant}"])
        let mine = Catalogue(builtIn: true, partners: [acme], listedRoutes: [], unknownHosts: .ignore)
        let url = "https://us.example/hooks/acme/t1"
        let expected = Catalogue.Resolution.partner(id: "acme", route: "POST /hooks/acme/{tenant}", isWebhook: true)
        #expect(mine.resolve(webhook(url)) == expected)
        #expect(mine.resolve(webhook(url, "webhook-id", "webhook-signature")) == expected)
        #expect(mine.names(webhook(url, "stripe-signature")) == "stripe POST /hooks/acme/t1")
        #expect(mine.resolve(call("GET", url, direction: .inbound)) == .notOurs(.unlistedRoute))
    }

    @Test func `a listed route is ours, on its host`() {
        let listed = ListedRoute(partner: "customers", host: "*.us.example", pattern: "/api/v1/orders/{order}/**")
        let mine = Catalogue(builtIn: true, partners: [], listedRoutes: [listed], unknownHosts: .ignore)
        let inside = call("GET", "https://api.us.example/api/v1/orders/77/items/3", direction: .inbound)
        #expect(
            mine.resolve(inside)
                == .partner(id: "customers", route: "GET /api/v1/orders/{order}/items/{id}", isWebhook: false))
        let elsewhere = call("GET", "https://other.example/api/v1/orders/77", direction: .inbound)
        #expect(mine.resolve(elsewhere) == .notOurs(.unlistedRoute))
    }

    @Test func `a named sender is kept, and its signature still tells a webhook`() {
        var named = webhook("https://us.example/hooks/in", "stripe-signature")
        named.partner = "stripe"
        #expect(Catalogue.builtIn.resolve(named) == .partner(id: "stripe", route: "POST /hooks/in", isWebhook: true))
        named.request.headers = []
        #expect(Catalogue.builtIn.resolve(named) == .partner(id: "stripe", route: "POST /hooks/in", isWebhook: false))
    }

    @Test func `a webhook tells its event, delivery and attempt`() {
        let call = call(
            "POST", "https://us.example/h",
            headers: [
                Header("x-github-event", "push"), Header("x-github-delivery", "d1"), Header("x-github-hook-id", "9"),
                Header("x-slack-retry-num", "2"),
            ], direction: .inbound)
        let github = Catalogue.builtIn.webhookDetails(of: call, partner: "github")
        #expect(github?.eventType == "push" && github?.deliveryID == "d1" && github?.subscription == "9")
        #expect(Catalogue.builtIn.webhookDetails(of: call, partner: "slack")?.attempt == 3)
        #expect(Catalogue.builtIn.webhookDetails(of: call, partner: "stripe") == nil)
    }
}
