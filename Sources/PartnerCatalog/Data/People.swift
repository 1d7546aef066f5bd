extension PartnerDefinition {
    /// Staff, hiring, pay.
    static let people: [PartnerDefinition] = [
        PartnerDefinition(
            id: "bamboohr", name: "BambooHR", hosts: ["api.bamboohr.com", "*.bamboohr.com"],
            webhookSignatures: ["x-bamboohr-signature"],
            routes: ["/api/gateway.php/{company}/v1/**"],
            errors: ErrorConvention(rules: [
                // "Limit exceeded" comes as 503 with a Retry-After.
                OutcomeRule(503...503, .header("retry-after", .isPresent), .rateLimited)
            ]), source: general),
        PartnerDefinition(
            id: "gusto", name: "Gusto", hosts: ["api.gusto.com", "api.gusto-demo.com"],
            webhookSignatures: ["x-gusto-signature"], routes: ["/v1/companies/{company}/**"], source: general),
        PartnerDefinition(
            id: "greenhouse", name: "Greenhouse", hosts: ["harvest.greenhouse.io", "boards-api.greenhouse.io"],
            webhookSignatures: [WebhookSignature(headers: ["signature", "greenhouse-event-id"])],
            webhookHeaders: WebhookHeaders(deliveryID: "greenhouse-event-id"),
            routes: ["/v1/boards/{board}/**"], rateLimitHeaders: .xRateLimit, source: general),
        PartnerDefinition(
            id: "lever", name: "Lever", hosts: ["api.lever.co", "api.eu.lever.co"], source: general),
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
