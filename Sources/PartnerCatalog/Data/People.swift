extension PartnerDefinition {
    /// Staff, hiring, pay.
    static let people: [PartnerDefinition] = [
        PartnerDefinition(
            id: "bamboohr", name: "BambooHR", hosts: ["api.bamboohr.com", "*.bamboohr.com"],
            webhookSignatures: ["x-bamboohr-signature"],
            routes: ["/api/gateway.php/{company}/v1/**"],
            source: "github.com/BambooHR/bhr-api-python; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "gusto", name: "Gusto", hosts: ["api.gusto.com", "api.gusto-demo.com"],
            webhookSignatures: ["x-gusto-signature"], routes: ["/v1/companies/{company}/**"],
            source: "github.com/Gusto/gusto-python-client; webhooks and routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "greenhouse", name: "Greenhouse", hosts: ["harvest.greenhouse.io", "boards-api.greenhouse.io"],
            webhookSignatures: [WebhookSignature(headers: ["signature", "greenhouse-event-id"])],
            webhookHeaders: WebhookHeaders(deliveryID: "greenhouse-event-id"),
            routes: ["/v1/boards/{board}/**"], rateLimitHeaders: .xRateLimit,
            source: "github.com/grnhse/greenhouse-api-docs; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits]),
        PartnerDefinition(
            id: "lever", name: "Lever", hosts: ["api.lever.co", "api.eu.lever.co"],
            source: "github.com/lever/postings-api", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "workday", name: "Workday", hosts: ["*.workday.com", "*.myworkday.com"],
            routes: ["/ccx/api/v1/{tenant}/**", "/ccx/service/{tenant}/{service}/**"], source: general),
        PartnerDefinition(
            id: "personio", name: "Personio", hosts: ["api.personio.de"], errors: .successFlag, source: general),
        PartnerDefinition(
            id: "deel", name: "Deel", hosts: ["api.letsdeel.com", "api-sandbox.demo.deel.com"],
            webhookSignatures: ["x-deel-signature"], webhookHeaders: WebhookHeaders(deliveryID: "x-deel-webhook-id"),
            source: general),
    ]
}
