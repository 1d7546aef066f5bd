extension PartnerDefinition {
    static let productivity: [PartnerDefinition] = [
        PartnerDefinition(
            id: "atlassian", name: "Atlassian (Jira, Confluence)", hosts: ["*.atlassian.net", "api.atlassian.com"],
            webhookSignatures: ["x-atlassian-webhook-identifier"],
            webhookHeaders: WebhookHeaders(
                deliveryID: "x-atlassian-webhook-identifier", retry: "x-atlassian-webhook-retry"),
            routes: [
                "/rest/api/2/project/{project}/**", "/rest/api/3/project/{project}/**", "/rest/api/2/issue/{issue}/**",
                "/rest/api/3/issue/{issue}/**", "/ex/jira/{cloud}/**", "/ex/confluence/{cloud}/**",
            ],
            rateLimitHeaders: .xRateLimit,
            source:
                "jira.atlassian.com/browse/JRACLOUD-69262; community.developer.atlassian.com staff (retry header); the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .rateLimits, unconfirmed: ["x-ratelimit-remaining"]),
        PartnerDefinition(
            id: "trello", name: "Trello", hosts: ["api.trello.com"], webhookSignatures: ["x-trello-webhook"],
            routes: [
                "/1/boards/{board}/**", "/1/cards/{card}/**", "/1/members/{member}/**",
                "/1/organizations/{organization}/**",
                "/1/lists/{list}/**",
            ],
            rateLimitHeaders: [
                RateLimitHeader("x-rate-limit-api-token-limit", .limit),
                RateLimitHeader("x-rate-limit-api-token-remaining", .remaining),
            ], source: general),
        PartnerDefinition(
            id: "asana", name: "Asana", hosts: ["app.asana.com"], webhookSignatures: ["x-hook-signature"],
            source: "github.com/Asana: openapi, developer-docs", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "monday", name: "monday.com", hosts: ["api.monday.com"],
            errors: ErrorConvention(rules: [
                OutcomeRule(
                    200...499,
                    .body(
                        "error_code",
                        .isOneOf(["ComplexityException", "RATE_LIMIT_EXCEEDED", "ConcurrencyLimitExceeded"])),
                    .rateLimited),
                OutcomeRule(200...299, .body("error_code", .isPresent), .errorInSuccess),
                OutcomeRule(200...299, .body("errors", .isPresent), .errorInSuccess),
            ]), source: "github.com/mondaycom/monday-graphql-api; errors from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "notion", name: "Notion", hosts: ["api.notion.com"], webhookSignatures: ["x-notion-signature"],
            source: "github.com/makenotion/notion-sdk-js: constants.ts, webhooks.ts, errors.ts", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        // 429 comes with a penalty of 30 s and no header.
        PartnerDefinition(
            id: "airtable", name: "Airtable", hosts: ["api.airtable.com", "content.airtable.com"],
            webhookSignatures: ["x-airtable-content-mac"],
            routes: ["/v0/meta/**", "/v0/bases/**", "/v0/{base}/{table}/{record}/**", "/v0/{base}/{table}"],
            source:
                "github.com/Airtable/airtable.js; airtable.com/developers (limits); the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors], unconfirmed: ["content.airtable.com"]),
        PartnerDefinition(
            id: "typeform", name: "Typeform", hosts: ["api.typeform.com", "api.eu.typeform.com"],
            webhookSignatures: ["typeform-signature"],
            routes: [
                "/forms/{form}/webhooks/{tag}", "/forms/{form}/**", "/workspaces/{workspace}/**", "/themes/{theme}",
            ],
            source: "github.com/Typeform/js-api-client; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "calendly", name: "Calendly", hosts: ["api.calendly.com", "auth.calendly.com"],
            webhookSignatures: ["calendly-webhook-signature"],
            rateLimitHeaders: .xRateLimit,
            source: "developer.calendly.com webhook signatures; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .webhooks),
        PartnerDefinition(
            id: "box", name: "Box", hosts: ["api.box.com", "upload.box.com", "dl.boxcloud.com"],
            webhookSignatures: ["box-signature-primary", "box-signature-secondary"],
            webhookHeaders: WebhookHeaders(deliveryID: "box-delivery-id"),
            source: "github.com/box/box-python-sdk; github.com/box/box-openapi", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        // An endpoint's own errors are 409: about the request, as the status says.
        PartnerDefinition(
            id: "dropbox", name: "Dropbox",
            hosts: ["api.dropboxapi.com", "content.dropboxapi.com", "notify.dropboxapi.com"],
            webhookSignatures: ["x-dropbox-signature"],
            source:
                "github.com/dropbox: dropbox-sdk-js, dropbox-sdk-python, mdwebhook; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors], unconfirmed: ["notify.dropboxapi.com"]),
        PartnerDefinition(
            id: "docusign", name: "DocuSign",
            hosts: ["*.docusign.net", "account.docusign.com", "account-d.docusign.com"],
            webhookSignatures: ["x-docusign-signature-1"],
            errors: ErrorConvention(rules: [
                OutcomeRule(
                    400...400,
                    .body(
                        "errorCode",
                        .isOneOf(["HOURLY_APIINVOCATION_LIMIT_EXCEEDED", "BURST_APIINVOCATION_LIMIT_EXCEEDED"])),
                    .rateLimited),
                OutcomeRule(400...400, .body("errorCode", .isOneOf(["AUTHORIZATION_INVALID_TOKEN"])), .unauthorized),
            ]),
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-limit", .limit, window: .seconds(3_600)),
                RateLimitHeader("x-ratelimit-remaining", .remaining, window: .seconds(3_600)),
                RateLimitHeader("x-ratelimit-reset", .reset),
                RateLimitHeader("x-burstlimit-limit", .limit, window: .seconds(30)),
                RateLimitHeader("x-burstlimit-remaining", .remaining, window: .seconds(30)),
            ],
            source:
                "github.com/docusign/docusign-esign-python-client; developers.docusign.com resource limits; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "zoom", name: "Zoom", hosts: ["api.zoom.us", "zoom.us"], webhookSignatures: ["x-zm-signature"],
            routes: ["/v2/users/{user}/**", "/v2/meetings/{meeting}/**"],
            rateLimitHeaders: .xRateLimit + [
                RateLimitHeader("x-ratelimit-category", .reason), RateLimitHeader("x-ratelimit-type", .reason),
            ], source: "github.com/zoom/webhook-sample; hosts, routes and rate limits from general knowledge",
            verified: reviewed, confirmedParts: .webhooks),
        PartnerDefinition(
            id: "wrike", name: "Wrike", hosts: ["www.wrike.com", "app-eu.wrike.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-hook-secret"], isShared: true)], source: general),
        PartnerDefinition(
            id: "clickup", name: "ClickUp", hosts: ["api.clickup.com"], rateLimitHeaders: .xRateLimit, source: general),
    ]
}
