extension PartnerDefinition {
    static let support: [PartnerDefinition] = [
        PartnerDefinition(
            id: "zendesk", name: "Zendesk", hosts: ["*.zendesk.com"],
            webhookSignatures: ["x-zendesk-webhook-signature"],
            webhookHeaders: WebhookHeaders(
                deliveryID: "x-zendesk-webhook-invocation-id", subscription: "x-zendesk-webhook-id"),
            rateLimitHeaders: [
                RateLimitHeader("x-rate-limit", .limit, window: .seconds(60)),
                RateLimitHeader("x-rate-limit-remaining", .remaining, window: .seconds(60)),
            ] + .rateLimit,
            source:
                "developer.zendesk.com: rate limits, anatomy of a webhook request; github.com/zendesk/zendesk_api_client_rb",
            verified: reviewed, confirmedParts: [.hosts, .webhooks, .rateLimits]),
        PartnerDefinition(
            id: "intercom", name: "Intercom", hosts: ["api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io"],
            webhookSignatures: [WebhookSignature(headers: ["x-hub-signature"], isShared: true)],
            rateLimitHeaders: .xRateLimit,
            source:
                "github.com/intercom/Intercom-OpenAPI; developers.intercom.com rate limiting; signature from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors, .rateLimits]),
        PartnerDefinition(
            id: "freshworks", name: "Freshworks",
            hosts: ["*.freshdesk.com", "*.freshservice.com", "*.myfreshworks.com"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-total", .limit), RateLimitHeader("x-ratelimit-remaining", .remaining),
            ], source: general),
        PartnerDefinition(
            id: "hubspot", name: "HubSpot",
            hosts: ["api.hubapi.com", "api.hubspot.com", "*.hubapi.com", "forms.hubspot.com"],
            webhookSignatures: ["x-hubspot-signature-v3", "x-hubspot-signature"],
            routes: [
                "/crm/v3/objects/{object_type}/**", "/crm/v4/objects/{object_type}/**",
                "/crm/v3/properties/{object_type}/**",
                "/crm/v3/schemas/{object_type}/**",
            ],
            rateLimitHeaders: [
                RateLimitHeader("x-hubspot-ratelimit-daily", .limit, window: .seconds(86_400)),
                RateLimitHeader("x-hubspot-ratelimit-daily-remaining", .remaining, window: .seconds(86_400)),
                RateLimitHeader("x-hubspot-ratelimit-secondly", .limit, window: .seconds(1)),
                RateLimitHeader("x-hubspot-ratelimit-secondly-remaining", .remaining, window: .seconds(1)),
                RateLimitHeader("x-hubspot-ratelimit-max", .limit),
                RateLimitHeader("x-hubspot-ratelimit-remaining", .remaining),
            ],
            source:
                "developers.hubspot.com: request validation, usage guidelines, changelog 2018-11-06; github.com/HubSpot/hubspot-api-nodejs; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits],
            unconfirmed: [
                "api.hubspot.com", "forms.hubspot.com", "x-hubspot-ratelimit-max", "x-hubspot-ratelimit-remaining",
            ]),
        // The body of an error is an array of objects.
        PartnerDefinition(
            id: "salesforce", name: "Salesforce",
            hosts: ["login.salesforce.com", "test.salesforce.com", "*.my.salesforce.com", "*.salesforce.com"],
            errors: ErrorConvention(rules: [
                OutcomeRule(
                    400...499,
                    .body("[].errorCode", .isOneOf(["REQUEST_LIMIT_EXCEEDED", "CONCURRENT_REQUESTS_LIMIT_EXCEEDED"])),
                    .rateLimited),
                OutcomeRule(
                    400...499, .body("[].errorCode", .isOneOf(["INVALID_SESSION_ID", "API_DISABLED_FOR_ORG"])),
                    .unauthorized),
            ]),
            rateLimitHeaders: [RateLimitHeader("sforce-limit-info", .combined, window: .seconds(86_400))],
            source: "developer.salesforce.com REST API, Limit Info header; the rest from general knowledge",
            verified: reviewed, confirmedParts: .rateLimits),
        PartnerDefinition(
            id: "pipedrive", name: "Pipedrive", hosts: ["api.pipedrive.com", "*.pipedrive.com"], errors: .successFlag,
            rateLimitHeaders: .xRateLimit,
            source: "github.com/pipedrive/client-nodejs; errors and rate limits from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "klaviyo", name: "Klaviyo", hosts: ["a.klaviyo.com"], rateLimitHeaders: .rateLimit,
            source: "github.com/klaviyo/klaviyo-api-node; developers.klaviyo.com rate limits", verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "segment", name: "Segment",
            hosts: ["api.segment.io", "api.segmentapis.com", "events.eu1.segmentapis.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-signature"], isShared: true)],
            source: "github.com/segmentio/segment-docs", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "front", name: "Front", hosts: ["api2.frontapp.com", "*.api.frontapp.com"],
            webhookSignatures: ["x-front-signature"], rateLimitHeaders: .xRateLimit,
            source: "github.com/frontapp/front-api-specs; rate limits from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
    ]
}
