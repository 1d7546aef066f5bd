extension PartnerDefinition {
    static let identity: [PartnerDefinition] = [
        PartnerDefinition(
            id: "auth0", name: "Auth0", hosts: ["*.auth0.com"],
            routes: ["/api/v2/users/{user}/**", "/api/v2/clients/{client}/**"], rateLimitHeaders: .xRateLimit,
            source:
                "github.com/auth0/node-auth0; auth0.com/blog why getting 429s (2026-09-10); routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors, .rateLimits]),
        PartnerDefinition(
            id: "okta", name: "Okta", hosts: ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com"],
            routes: [
                "/oauth2/{server}/v1/**", "/api/v1/users/{user}/**", "/api/v1/groups/{group}/**",
                "/api/v1/apps/{app}/**",
            ],
            rateLimitHeaders: .xRateDashLimit,
            source: "developer.okta.com rate limit best practices; github.com/okta/okta-developer-docs: reference",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .routes, .errors, .rateLimits]),
        PartnerDefinition(
            id: "clerk", name: "Clerk", hosts: ["api.clerk.com", "api.clerk.dev"],
            source: "github.com/clerk/javascript: backend; api.clerk.dev from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["api.clerk.dev"]),
        PartnerDefinition(
            id: "onfido", name: "Onfido",
            hosts: ["api.onfido.com", "api.eu.onfido.com", "api.us.onfido.com", "api.ca.onfido.com"],
            webhookSignatures: ["x-sha2-signature"],
            source: "github.com/onfido/onfido-python; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["api.us.onfido.com", "api.ca.onfido.com"]),
        PartnerDefinition(
            id: "persona", name: "Persona", hosts: ["withpersona.com", "api.withpersona.com"],
            webhookSignatures: ["persona-signature"], source: general),
    ]

    static let clouds: [PartnerDefinition] = [
        // Throttling is a 400 or 503 whose type says so; most services repeat it in a header, the rest in the body.
        PartnerDefinition(
            id: "aws", name: "Amazon Web Services", hosts: ["*.amazonaws.com", "*.api.aws"], errors: amazonErrors,
            source: "github.com/boto/botocore", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "aws-s3", name: "Amazon S3",
            hosts: ["s3.amazonaws.com", "*.s3.amazonaws.com"]
                + PublicSuffixes.amazonRegions.flatMap { region in
                    ["s3.\(region).amazonaws.com", "*.s3.\(region).amazonaws.com", "s3-\(region).amazonaws.com"]
                }.compactMap(HostPattern.init),
            routes: ["/{key...}"], errors: amazonErrors,
            source: "github.com/boto/botocore: endpoints.json; errors from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "google", name: "Google APIs", hosts: ["*.googleapis.com", "accounts.google.com"], errors: googleErrors,
            source: general),
        PartnerDefinition(
            id: "google-cloud-storage", name: "Google Cloud Storage",
            hosts: ["storage.googleapis.com", "*.storage.googleapis.com"],
            routes: [
                "/storage/v1/b/{bucket}/o/{object...}", "/storage/v1/b/{bucket}/**", "/upload/storage/v1/b/{bucket}/**",
                "/download/storage/v1/b/{bucket}/o/{object...}", "/batch/**", "/{bucket}/{object...}",
            ], errors: googleErrors,
            source: "github.com/googleapis/python-storage; routes and errors from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        // Answers 200 and a status of its own.
        PartnerDefinition(
            id: "google-maps", name: "Google Maps",
            hosts: ["maps.googleapis.com", "places.googleapis.com", "routes.googleapis.com"],
            errors: ErrorConvention(
                rules: [
                    OutcomeRule(
                        200...299, .body("status", .isOneOf(["OVER_QUERY_LIMIT", "OVER_DAILY_LIMIT"])), .rateLimited),
                    OutcomeRule(200...299, .body("status", .isOneOf(["REQUEST_DENIED"])), .unauthorized),
                    OutcomeRule(
                        200...299, .body("status", .isOneOf(["INVALID_REQUEST", "UNKNOWN_ERROR"])), .errorInSuccess),
                ] + googleErrors.rules),
            source: "github.com/googlemaps/google-maps-services-python; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["places.googleapis.com", "routes.googleapis.com"]),
        PartnerDefinition(
            id: "microsoft-graph", name: "Microsoft Graph", hosts: ["graph.microsoft.com", "graph.microsoft.us"],
            routes: ["/v1.0/users/{user}/**", "/beta/users/{user}/**"],
            rateLimitHeaders: [RateLimitHeader("x-ms-throttle-limit-percentage", .usedRatio)],
            source: "github.com/microsoftgraph/msgraph-sdk-python-core; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "microsoft-login", name: "Microsoft Entra ID",
            hosts: ["login.microsoftonline.com", "login.microsoft.com"],
            routes: ["/{tenant}/oauth2/**", "/{tenant}/v2.0/**", "/{tenant}/discovery/**"],
            source: "github.com/AzureAD/microsoft-authentication-library-for-python; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "azure", name: "Microsoft Azure",
            hosts: [
                "management.azure.com", "*.vault.azure.net", "*.servicebus.windows.net", "*.search.windows.net",
                "*.queue.core.windows.net", "*.table.core.windows.net", "*.cognitiveservices.azure.com",
                "*.documents.azure.com",
            ], routes: ["/secrets/{secret}/**", "/keys/{key}/**", "/certificates/{certificate}/**"], source: general),
        PartnerDefinition(
            id: "azure-storage", name: "Azure Blob Storage",
            hosts: ["*.blob.core.windows.net", "*.file.core.windows.net", "*.dfs.core.windows.net"],
            routes: ["/{container}/{blob...}"], source: general),
    ]

    private static let amazonErrors = ErrorConvention(rules: [
        OutcomeRule(400...599, .header("x-amzn-errortype", .contains(amazonThrottles)), .rateLimited),
        OutcomeRule(400...599, .body("__type", .contains(amazonThrottles)), .rateLimited),
        OutcomeRule(400...499, .header("x-amzn-errortype", .contains(amazonRefusals)), .unauthorized),
        OutcomeRule(400...499, .body("__type", .contains(amazonRefusals)), .unauthorized),
    ])
    private static let amazonThrottles = [
        "throttl", "requestlimitexceeded", "provisionedthroughputexceeded", "toomanyrequests", "slowdown",
        "bandwidthlimitexceeded",
    ]
    private static let amazonRefusals = [
        "unrecognizedclient", "expiredtoken", "invalidsignature", "accessdenied", "missingauth",
    ]

    private static let googleErrors = ErrorConvention(rules: [
        OutcomeRule(
            403...403,
            .body(
                "error.errors[].reason",
                .isOneOf(["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"])),
            .rateLimited),
        OutcomeRule(403...403, .body("error.status", .isOneOf(["RESOURCE_EXHAUSTED"])), .rateLimited),
    ])
}
