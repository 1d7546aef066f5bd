extension PartnerDefinition {
    /// What keeps services running: hosting, builds, incidents, monitoring.
    static let operations: [PartnerDefinition] = [
        PartnerDefinition(
            id: "heroku", name: "Heroku", hosts: ["api.heroku.com"], webhookSignatures: ["heroku-webhook-hmac-sha256"],
            webhookHeaders: WebhookHeaders(deliveryID: "heroku-webhook-id"),
            routes: ["/apps/{app}/**", "/teams/{team}/**", "/addons/{addon}/**"],
            rateLimitHeaders: [RateLimitHeader("ratelimit-remaining", .remaining)],
            source: "github.com/heroku/platform-api: schema.json; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks], unconfirmed: ["heroku-webhook-id"]),
        PartnerDefinition(
            id: "netlify", name: "Netlify", hosts: ["api.netlify.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-webhook-signature"], isShared: true)],
            routes: ["/api/v1/sites/{site}/**"], rateLimitHeaders: .xRateLimit,
            source: "github.com/netlify/open-api: swagger.yml, its Go client; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "digitalocean", name: "DigitalOcean", hosts: ["api.digitalocean.com"],
            routes: ["/v2/domains/{domain}/**", "/v2/account/keys/{key}"], rateLimitHeaders: .rateLimit,
            source: "github.com/digitalocean/openapi", verified: "2026-11-28",
            confirmedParts: [.hosts, .routes, .errors, .rateLimits]),
        PartnerDefinition(
            id: "fastly", name: "Fastly", hosts: ["api.fastly.com", "rt.fastly.com"],
            routes: ["/service/{service}/version/{version}/**", "/service/{service}/**", "/purge/{url...}"],
            rateLimitHeaders: [
                RateLimitHeader("fastly-ratelimit-remaining", .remaining),
                RateLimitHeader("fastly-ratelimit-reset", .reset),
            ], source: "github.com/fastly/fastly-js; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "buildkite", name: "Buildkite", hosts: ["api.buildkite.com", "graphql.buildkite.com"],
            webhookSignatures: ["x-buildkite-signature", "x-buildkite-token"],
            webhookHeaders: WebhookHeaders(eventType: "x-buildkite-event"),
            routes: [
                "/v2/organizations/{organization}/pipelines/{pipeline}/**", "/v2/organizations/{organization}/**",
            ],
            rateLimitHeaders: .rateLimit, source: "github.com/buildkite/docs; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits]),
        PartnerDefinition(
            id: "opsgenie", name: "Opsgenie", hosts: ["api.opsgenie.com", "api.eu.opsgenie.com"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-state", .reason), RateLimitHeader("x-ratelimit-reason", .reason),
                RateLimitHeader("x-ratelimit-period-in-sec", .window),
            ], source: "github.com/opsgenie/opsgenie-python-sdk: opsgenie-oas.yml", verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
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
            ], source: "github.com/newrelic/newrelic-client-go; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts,
            unconfirmed: ["insights-api.newrelic.com", "trace-api.newrelic.com", "otlp.nr-data.net"]),
        PartnerDefinition(
            id: "elastic-cloud", name: "Elastic Cloud",
            hosts: ["api.elastic-cloud.com", "*.es.io", "*.elastic-cloud.com"],
            routes: ["/{index}/_doc/{document}", "/{index}/_search", "/{index}/_bulk"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-limit", .limit), RateLimitHeader("x-ratelimit-remaining", .remaining),
            ],
            source:
                "github.com/elastic/cloud-sdk-go; elastic.co/docs/api/doc/cloud, rate limiting; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "snowflake", name: "Snowflake", hosts: ["*.snowflakecomputing.com"],
            routes: ["/api/v2/databases/{database}/**", "/api/v2/warehouses/{warehouse}/**"],
            errors: ErrorConvention(rules: [
                // The drivers' endpoints answer 200 and say in `success` what happened.
                OutcomeRule(200...299, .body("success", .isFalse), .errorInSuccess)
            ]), source: "github.com/snowflakedb/snowflake-connector-python; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
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
