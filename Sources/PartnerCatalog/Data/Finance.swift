extension PartnerDefinition {
    /// Banks, ledgers, billing and tax, beyond card payments.
    static let finance: [PartnerDefinition] = [
        PartnerDefinition(
            id: "wise", name: "Wise", hosts: ["api.transferwise.com", "api.wise.com", "api.sandbox.transferwise.tech"],
            webhookSignatures: [WebhookSignature(headers: ["x-signature-sha256"], isShared: true)],
            webhookHeaders: WebhookHeaders(deliveryID: "x-delivery-id"), routes: ["/v3/profiles/{profile}/**"],
            source: "github.com/transferwise/digital-signatures-examples; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks],
            unconfirmed: ["api.wise.com", "api.sandbox.transferwise.tech", "x-delivery-id"]),
        PartnerDefinition(
            id: "dwolla", name: "Dwolla", hosts: ["api.dwolla.com", "api-sandbox.dwolla.com"],
            webhookSignatures: ["x-request-signature-sha-256"],
            webhookHeaders: WebhookHeaders(eventType: "x-dwolla-topic"),
            source: "github.com/Dwolla/dwolla-openapi; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "coinbase", name: "Coinbase", hosts: ["api.coinbase.com", "api.commerce.coinbase.com"],
            webhookSignatures: ["x-cc-webhook-signature"],
            routes: ["/v2/accounts/{account}/**", "/v2/exchange-rates", "/v2/prices/{pair}/**"],
            source: "github.com/coinbase: coinbase-advanced-py, coinbase-commerce-node; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "recurly", name: "Recurly", hosts: ["v3.recurly.com", "v3.eu.recurly.com"],
            webhookSignatures: ["recurly-signature"], routes: ["/accounts/{account}/**", "/plans/{plan}/**"],
            rateLimitHeaders: .xRateLimit,
            source: "github.com/recurly: recurly-client-python, recurly-client-ruby; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors, .rateLimits]),
        PartnerDefinition(
            id: "lemon-squeezy", name: "Lemon Squeezy", hosts: ["api.lemonsqueezy.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-signature", "x-event-name"])],
            webhookHeaders: WebhookHeaders(eventType: "x-event-name"), rateLimitHeaders: .xRateLimit,
            source: "github.com/lmsqueezy/lemonsqueezy.js; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "netsuite", name: "NetSuite",
            hosts: ["*.suitetalk.api.netsuite.com", "*.restlets.api.netsuite.com"],
            routes: ["/services/rest/record/v1/{type}/{record}/**", "/services/rest/record/v1/{type}"],
            errors: ErrorConvention(rules: [
                OutcomeRule(400...499, .body("error.code", .isOneOf(["SSS_REQUEST_LIMIT_EXCEEDED"])), .rateLimited)
            ]), source: general),
        PartnerDefinition(
            id: "taxjar", name: "TaxJar", hosts: ["api.taxjar.com", "api.sandbox.taxjar.com"],
            routes: ["/v2/rates/{zip}", "/v2/customers/{customer}", "/v2/transactions/orders/{order}"],
            source: "github.com/taxjar/taxjar-node; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "brex", name: "Brex", hosts: ["platform.brexapis.com", "api.brex.com"],
            webhookSignatures: [WebhookSignature(headers: ["webhook-id", "webhook-timestamp", "x-brex-signature"])],
            source: general),
        PartnerDefinition(
            id: "marqeta", name: "Marqeta", hosts: ["*.marqeta.com"], source: "github.com/marqeta/marqeta-python",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "paymongo", name: "PayMongo", hosts: ["api.paymongo.com"], webhookSignatures: ["paymongo-signature"],
            source: general),
    ]
}
