extension PartnerDefinition {
    static let commerce: [PartnerDefinition] = [
        // GraphQL answers 200 with `extensions.code` THROTTLED: the shared GraphQL rules cover it.
        PartnerDefinition(
            id: "shopify", name: "Shopify", hosts: ["*.myshopify.com", "api.shopify.com", "partners.shopify.com"],
            webhookSignatures: ["x-shopify-hmac-sha256"],
            webhookHeaders: WebhookHeaders(
                eventType: "x-shopify-topic", deliveryID: "x-shopify-webhook-id"),
            errors: ErrorConvention(rules: [
                // Documented as "Shopify security rejection": the client sent too much.
                OutcomeRule(430...430, .status, .rateLimited)
            ]),
            rateLimitHeaders: [RateLimitHeader("x-shopify-shop-api-call-limit", .usedOfLimit)],
            source:
                "shopify.dev API limits; github.com/Shopify/shopify-app-js; github.com/Shopify/shopify-api-ruby: rest.md; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits], unconfirmed: ["api.shopify.com", "partners.shopify.com"]),
        PartnerDefinition(
            id: "woocommerce", name: "WooCommerce", webhookSignatures: ["x-wc-webhook-signature"],
            webhookHeaders: WebhookHeaders(
                eventType: "x-wc-webhook-topic", deliveryID: "x-wc-webhook-delivery-id", subscription: "x-wc-webhook-id"
            ),
            source: "github.com/woocommerce/woocommerce-rest-api-docs: webhooks", verified: "2026-11-28",
            confirmedParts: .webhooks),
        PartnerDefinition(
            id: "bigcommerce", name: "BigCommerce", hosts: ["api.bigcommerce.com"], routes: ["/stores/{store}/**"],
            rateLimitHeaders: [
                RateLimitHeader("x-rate-limit-requests-left", .remaining),
                RateLimitHeader("x-rate-limit-requests-quota", .limit),
                RateLimitHeader("x-rate-limit-time-reset-ms", .resetMilliseconds),
            ], source: "github.com/bigcommerce/docs: reference; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "shippo", name: "Shippo", hosts: ["api.goshippo.com"], source: "github.com/goshippo/shippo-python-sdk",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "easypost", name: "EasyPost", hosts: ["api.easypost.com"], webhookSignatures: ["x-hmac-signature"],
            source: "github.com/EasyPost/easypost-python", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "fedex", name: "FedEx", hosts: ["apis.fedex.com", "apis-sandbox.fedex.com"], source: general),
        PartnerDefinition(
            id: "ups", name: "UPS", hosts: ["onlinetools.ups.com", "wwwcie.ups.com"],
            source: "github.com/UPS-API/api-documentation", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "avalara", name: "Avalara", hosts: ["rest.avatax.com", "sandbox-rest.avatax.com"],
            routes: ["/api/v2/companies/{company}/**"],
            source: "github.com/avadev/AvaTax-REST-V2-Python-SDK; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "contentstack", name: "Contentstack",
            hosts: ["api.contentstack.io", "cdn.contentstack.io", "*.contentstack.com"],
            routes: [
                "/v3/content_types/{content_type}/entries/{entry}/**", "/v3/content_types/{content_type}/**",
            ], source: "github.com/contentstack/contentstack-javascript; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "contentful", name: "Contentful",
            hosts: ["cdn.contentful.com", "api.contentful.com", "preview.contentful.com", "graphql.contentful.com"],
            routes: [
                "/spaces/{space}/environments/{environment}/entries/{entry}/**",
                "/spaces/{space}/environments/{environment}/assets/{asset}/**",
                "/spaces/{space}/environments/{environment}/content_types/{content_type}/**",
                "/spaces/{space}/environments/{environment}/**", "/spaces/{space}/**",
                "/content/v1/spaces/{space}/**",
            ],
            rateLimitHeaders: [
                RateLimitHeader("x-contentful-ratelimit-hour-limit", .limit, window: .seconds(3_600)),
                RateLimitHeader("x-contentful-ratelimit-hour-remaining", .remaining, window: .seconds(3_600)),
                RateLimitHeader("x-contentful-ratelimit-second-limit", .limit, window: .seconds(1)),
                RateLimitHeader("x-contentful-ratelimit-second-remaining", .remaining, window: .seconds(1)),
                RateLimitHeader("x-contentful-ratelimit-reset", .reset),
            ],
            source:
                "github.com/contentful: contentful.js, contentful-management.js, contentful-sdk-core; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits],
            unconfirmed: [
                "graphql.contentful.com", "x-contentful-ratelimit-hour-limit", "x-contentful-ratelimit-hour-remaining",
                "x-contentful-ratelimit-second-remaining",
            ]),
        PartnerDefinition(
            id: "algolia", name: "Algolia", hosts: ["*.algolia.net", "*.algolianet.com", "*.algolia.io"],
            routes: ["/1/indexes/{index}/**", "/1/indexes/{index}/{object}"],
            source: "github.com/algolia/algoliasearch-client-javascript; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
    ]
}
