import CallModel
import PartnerCatalog
import Testing

@Suite struct SentWebhookTests {
    private func delivery(_ url: String, _ headers: [Header]) -> APICall {
        call("POST", url, headers: headers)
    }

    @Test func `recipients of webhooks we send are told, and are no partners`() {
        let rule = SentWebhookRule(
            headers: ["x-acme-signature"],
            details: WebhookHeaders(
                eventType: "x-acme-event", deliveryID: "x-acme-delivery", retry: "x-acme-retry",
                subscription: "x-acme-subscription"))
        let mine = Catalogue(
            builtIn: true, partners: [], listedRoutes: [], unknownHosts: .registrableDomain, sentWebhooks: [rule])
        let sent = delivery(
            "https://hooks.customer-one.example:8443/in?x=1",
            [
                Header("x-acme-signature", "s"), Header("x-acme-event", "order.paid"), Header("x-acme-delivery", "d9"),
                Header("x-acme-retry", "1"), Header("x-acme-subscription", "sub_4"),
            ])
        let expected = Catalogue.Resolution.partner(
            id: Catalogue.sentWebhooksPartner, route: "POST {recipient}", isWebhook: true)
        #expect(mine.resolve(sent) == expected)
        let details = mine.webhookDetails(of: sent, partner: Catalogue.sentWebhooksPartner)
        #expect(details?.recipient == "hooks.customer-one.example:8443")
        #expect(details?.eventType == "order.paid" && details?.deliveryID == "d9" && details?.attempt == 2)
        #expect(details?.subscription == "sub_4")
        // Also where the recipient is a partner of ours, or sits inside.
        #expect(mine.resolve(delivery("https://slack.com/x", [Header("x-acme-signature", "s")])) == expected)
        #expect(mine.resolve(delivery("http://10.0.0.9/x", [Header("x-acme-signature", "s")])) == expected)
        #expect(mine.names(delivery("https://hooks.customer-one.example/in", [])) == "customer-one.example POST /in")
        #expect(mine.version != Catalogue.builtIn.version)
    }

    @Test func `a delivery by Standard Webhooks is one without being told`() {
        let sent = delivery(
            "https://a.example/in", [Header("webhook-id", "msg_1"), Header("webhook-signature", "v1,x")])
        #expect(Catalogue.builtIn.names(sent) == "sent-webhooks POST {recipient}")
        let details = Catalogue.builtIn.webhookDetails(of: sent, partner: Catalogue.sentWebhooksPartner)
        #expect(details?.deliveryID == "msg_1" && details?.recipient == "a.example")
        #expect(Catalogue.builtIn.name(of: Catalogue.sentWebhooksPartner) == "Webhooks we send")
    }

    @Test func `what the sender told of its webhook stays`() {
        var sent = delivery("https://a.example/in", [])
        sent.webhook = .init()
        sent.webhook?.recipient = "shop-7"
        let details = Catalogue.builtIn.webhookDetails(of: sent, partner: Catalogue.sentWebhooksPartner)
        #expect(details?.recipient == "shop-7")
    }
}
