extension PartnerDefinition {
    /// What keeps services running: hosting, builds, incidents, monitoring.
    static let operations: [PartnerDefinition] = [
        PartnerDefinition(
            id: "heroku", name: "Heroku", hosts: ["api.heroku.com"], webhookSignatures: ["heroku-webhook-hmac-sha256"],
            webhookHeaders: WebhookHeaders(deliveryID: "heroku-webhook-id"),
            routes: ["/apps/{app}/**", "/teams/{team}/**", "/addons/{addon}/**"],
            rateLimitHeaders: [RateLimitHeader("ratelimit-remaining", .remaining)], source: general),
        PartnerDefinition(
            id: "netlify", name: "Netlify", hosts: ["api.netlify.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-webhook-signature"], isShared: true)],
            routes: ["/api/v1/sites/{site}/**"], rateLimitHeaders: .xRateLimit, source: general),
        PartnerDefinition(
            id: "digitalocean", name: "DigitalOcean", hosts: ["api.digitalocean.com"],
            routes: ["/v2/domains/{domain}/**", "/v2/account/keys/{key}"], rateLimitHeaders: .rateLimit,
            source: "github.com/digitalocean/openapi", verified: reviewed,
            confirmedParts: [.hosts, .routes, .rateLimits]),
        PartnerDefinition(
            id: "fastly", name: "Fastly", hosts: ["api.fastly.com", "rt.fastly.com"],
            routes: ["/service/{service}/version/{version}/**", "/service/{service}/**", "/purge/{url...}"],
            rateLimitHeaders: [
                RateLimitHeader("fastly-ratelimit-remaining", .remaining),
                RateLimitHeader("fastly-ratelimit-reset", .reset),
            ], source: general),
        PartnerDefinition(
            id: "buildkite", name: "Buildkite", hosts: ["api.buildkite.com", "graphql.buildkite.com"],
            webhookSignatures: ["x-buildkite-signature", "x-buildkite-token"],
            webhookHeaders: WebhookHeaders(eventType: "x-buildkite-event"),
            routes: [
                "/v2/organizations/{organization}/pipelines/{pipeline}/**", "/v2/organizations/{organization}/**",
            ],
            rateLimitHeaders: .rateLimit, source: general),
        PartnerDefinition(
            id: "opsgenie", name: "Opsgenie", hosts: ["api.opsgenie.com", "api.eu.opsgenie.com"],
            rateLimitHeaders: [RateLimitHeader("x-ratelimit-state", .reason)], source: general),
        PartnerDefinition(
            id: "statuspage", name: "Atlassian Statuspage", hosts: ["api.statuspage.io"],
            routes: ["/v1/pages/{page}/**"],
            errors: ErrorConvention(rules: [OutcomeRule(420...420, .status, .rateLimited)]), source: general),
        // NerdGraph answers 200 with `errors`: the shared GraphQL rules cover it.
        PartnerDefinition(
            id: "new-relic", name: "New Relic",
            hosts: [
                "api.newrelic.com", "api.eu.newrelic.com", "insights-api.newrelic.com", "log-api.newrelic.com",
                "metric-api.newrelic.com", "trace-api.newrelic.com", "otlp.nr-data.net", "log-api.eu.newrelic.com",
            ], source: general),
        PartnerDefinition(
            id: "elastic-cloud", name: "Elastic Cloud",
            hosts: ["api.elastic-cloud.com", "*.es.io", "*.elastic-cloud.com"],
            routes: ["/{index}/_doc/{document}", "/{index}/_search", "/{index}/_bulk"], source: general),
        PartnerDefinition(
            id: "snowflake", name: "Snowflake", hosts: ["*.snowflakecomputing.com"],
            routes: ["/api/v2/databases/{database}/**", "/api/v2/warehouses/{warehouse}/**"],
            errors: ErrorConvention(rules: [
                // The drivers' endpoints answer 200 and say in `success` what happened.
                OutcomeRule(200...299, .body("success", .isFalse), .errorInSuccess)
            ]), source: general),
        PartnerDefinition(
            id: "snyk", name: "Snyk", hosts: ["api.snyk.io", "snyk.io", "api.eu.snyk.io"],
            webhookSignatures: ["x-hub-signature+x-snyk-event"],
            webhookHeaders: WebhookHeaders(eventType: "x-snyk-event", deliveryID: "x-snyk-transport-id"),
            routes: ["/rest/orgs/{org}/**", "/v1/org/{org}/**"], source: general),
        PartnerDefinition(
            id: "servicenow", name: "ServiceNow", hosts: ["*.service-now.com"],
            routes: ["/api/now/table/{table}/{record}", "/api/now/table/{table}", "/api/now/v2/table/{table}/**"],
            rateLimitHeaders: .xRateLimit, source: general),
    ]
}
