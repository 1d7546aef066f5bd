extension PartnerDefinition {
    /// Reaching customers, and counting them.
    static let marketing: [PartnerDefinition] = [
        PartnerDefinition(
            id: "customer-io", name: "Customer.io",
            hosts: ["api.customer.io", "track.customer.io", "api-eu.customer.io", "track-eu.customer.io"],
            webhookSignatures: ["x-cio-signature"], routes: ["/api/v1/customers/{customer}/**"],
            source: "github.com/customerio/customerio-node; webhooks and routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "braze", name: "Braze", hosts: ["*.braze.com", "*.braze.eu"], rateLimitHeaders: .xRateLimit,
            source: general),
        PartnerDefinition(
            id: "iterable", name: "Iterable", hosts: ["api.iterable.com", "api.eu.iterable.com"],
            routes: ["/api/users/{email}", "/api/users/byUserId/{user}"],
            errors: ErrorConvention(rules: [
                OutcomeRule(
                    200...299, .body("code", .isOneOf(["GenericError", "BadParams", "InvalidEmailAddressError"])),
                    .errorInSuccess),
                OutcomeRule(400...499, .body("code", .isOneOf(["BadApiKey", "ForbiddenApiKey"])), .unauthorized),
            ]), source: general),
        PartnerDefinition(
            id: "amplitude", name: "Amplitude",
            hosts: ["api2.amplitude.com", "api.eu.amplitude.com", "amplitude.com", "api.lab.amplitude.com"],
            source: "github.com/amplitude/Amplitude-Python; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["amplitude.com", "api.lab.amplitude.com"]),
        PartnerDefinition(
            id: "mixpanel", name: "Mixpanel",
            hosts: ["api.mixpanel.com", "api-eu.mixpanel.com", "data.mixpanel.com", "mixpanel.com"],
            // `/track` answers 200 with 0 or `{"status":0,"error":…}` where nothing was taken.
            errors: ErrorConvention(rules: [
                OutcomeRule(200...299, .body("error", .isPresent), .errorInSuccess)
            ]), source: "github.com/mixpanel/mixpanel-python; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors], unconfirmed: ["data.mixpanel.com", "mixpanel.com"]),
        PartnerDefinition(
            id: "activecampaign", name: "ActiveCampaign", hosts: ["*.api-us1.com", "*.activehosted.com"],
            source: general),
        PartnerDefinition(
            id: "brevo", name: "Brevo", hosts: ["api.brevo.com", "api.sendinblue.com"],
            routes: ["/v3/contacts/{contact}/**"],
            rateLimitHeaders: [
                RateLimitHeader("x-sib-ratelimit-limit", .limit),
                RateLimitHeader("x-sib-ratelimit-remaining", .remaining),
                RateLimitHeader("x-sib-ratelimit-reset", .reset),
            ],
            source:
                "developers.brevo.com/docs/limit-headers; github.com/getbrevo/brevo-python; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits], unconfirmed: ["api.sendinblue.com"]),
        PartnerDefinition(
            id: "sparkpost", name: "SparkPost", hosts: ["api.sparkpost.com", "api.eu.sparkpost.com"],
            webhookSignatures: ["x-messagesystems-batch-id"],
            webhookHeaders: WebhookHeaders(deliveryID: "x-messagesystems-batch-id"),
            source: "github.com/SparkPost/node-sparkpost; webhooks from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "zoho", name: "Zoho",
            hosts: ["*.zohoapis.com", "*.zohoapis.eu", "www.zohoapis.com", "accounts.zoho.com", "accounts.zoho.eu"],
            routes: ["/crm/v2/{module}/{record}", "/crm/v3/{module}/{record}", "/crm/v2/{module}", "/crm/v3/{module}"],
            errors: ErrorConvention(rules: [
                OutcomeRule(200...299, .body("data[].status", .isOneOf(["error"])), .errorInSuccess),
                OutcomeRule(400...499, .body("code", .isOneOf(["TOO_MANY_REQUESTS"])), .rateLimited),
            ]),
            rateLimitHeaders: .xRateLimit,
            source: "github.com/zoho/zohocrm-python-sdk-8.0; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "linkedin", name: "LinkedIn", hosts: ["api.linkedin.com"], webhookSignatures: ["x-li-signature"],
            source: "github.com/linkedin-developers/linkedin-api-js-client; webhooks from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "x", name: "X (Twitter)", hosts: ["api.x.com", "api.twitter.com", "upload.twitter.com"],
            webhookSignatures: ["x-twitter-webhooks-signature"],
            routes: ["/2/users/by/username/{username}", "/2/users/{user}/**", "/2/tweets/{tweet}/**"],
            rateLimitHeaders: .xRateDashLimit,
            source: "answers of api.twitter.com recorded in github.com/tweepy/tweepy; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits], unconfirmed: ["api.x.com"]),
    ]
}
