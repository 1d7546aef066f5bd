extension PartnerDefinition {
    static let developerTools: [PartnerDefinition] = [
        // The primary limit answers 403 or 429 with nothing remaining, the secondary one the same with `retry-after`.
        PartnerDefinition(
            id: "github", name: "GitHub", hosts: ["api.github.com", "uploads.github.com", "*.ghe.com"],
            webhookSignatures: ["x-hub-signature-256+x-github-event", "x-github-event+x-github-delivery"],
            webhookHeaders: WebhookHeaders(
                eventType: "x-github-event", deliveryID: "x-github-delivery", subscription: "x-github-hook-id"),
            routes: [
                "/repos/{owner}/{repo}/contents/{path...}", "/repos/{owner}/{repo}/git/ref/{ref...}",
                "/repos/{owner}/{repo}/git/refs/{ref...}", "/repos/{owner}/{repo}/git/matching-refs/{ref...}",
                "/repos/{owner}/{repo}/branches/{branch}/**", "/repos/{owner}/{repo}/compare/{basehead...}",
                "/repos/{owner}/{repo}/commits/{ref}/**", "/repos/{owner}/{repo}/releases/tags/{tag}",
                "/repos/{owner}/{repo}/labels/{name}", "/repos/{owner}/{repo}/collaborators/{username}/**",
                "/repos/{owner}/{repo}/assignees/{username}", "/repos/{owner}/{repo}/environments/{environment}/**",
                "/repos/{owner}/{repo}/actions/workflows/{workflow}/**",
                "/repos/{owner}/{repo}/actions/secrets/{secret}",
                "/repos/{owner}/{repo}/**", "/orgs/{org}/teams/{team}/memberships/{username}",
                "/orgs/{org}/teams/{team}/**",
                "/orgs/{org}/members/{username}", "/orgs/{org}/memberships/{username}", "/orgs/{org}/**",
                "/users/{username}/**",
            ],
            errors: ErrorConvention(rules: [
                OutcomeRule(403...403, .header("x-ratelimit-remaining", .isOneOf(["0"])), .rateLimited),
                OutcomeRule(403...403, .header("retry-after", .isPresent), .rateLimited),
            ]),
            rateLimitHeaders: .xRateLimit + [
                RateLimitHeader("x-ratelimit-used", .used), RateLimitHeader("x-ratelimit-resource", .reason),
            ],
            source:
                "docs.github.com: REST rate limits, webhook events and payloads; github.com/octokit; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors, .rateLimits], unconfirmed: ["uploads.github.com", "*.ghe.com"]),
        PartnerDefinition(
            id: "gitlab", name: "GitLab", hosts: ["gitlab.com"], webhookSignatures: ["x-gitlab-event"],
            webhookHeaders: WebhookHeaders(
                eventType: "x-gitlab-event", deliveryID: "x-gitlab-event-uuid", subscription: "x-gitlab-webhook-uuid"),
            routes: [
                "/api/v4/projects/{project}/repository/files/{path}/**",
                "/api/v4/projects/{project}/repository/branches/{branch}/**",
                "/api/v4/projects/{project}/repository/tags/{tag}/**", "/api/v4/projects/{project}/**",
                "/api/v4/groups/{group}/**", "/api/v4/users/{user}/**",
            ], rateLimitHeaders: .rateLimit,
            source:
                "github.com/gitlabhq/gitlabhq: Gitlab::WebHooks; github.com/python-gitlab/python-gitlab; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks], unconfirmed: ["x-gitlab-event-uuid"]),
        PartnerDefinition(
            id: "bitbucket", name: "Bitbucket", hosts: ["api.bitbucket.org"],
            webhookSignatures: ["x-event-key+x-hook-uuid"],
            webhookHeaders: WebhookHeaders(
                eventType: "x-event-key", deliveryID: "x-request-uuid", subscription: "x-hook-uuid"),
            routes: ["/2.0/repositories/{workspace}/{repository}/**", "/2.0/workspaces/{workspace}/**"], source: general
        ),
        PartnerDefinition(
            id: "linear", name: "Linear", hosts: ["api.linear.app"], webhookSignatures: ["linear-signature"],
            webhookHeaders: WebhookHeaders(eventType: "linear-event", deliveryID: "linear-delivery"),
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-requests-limit", .limit),
                RateLimitHeader("x-ratelimit-requests-remaining", .remaining),
                RateLimitHeader("x-ratelimit-requests-reset", .reset),
            ],
            source: "github.com/linear/linear: sdk; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits], unconfirmed: ["linear-event", "linear-delivery"]),
        PartnerDefinition(
            id: "pagerduty", name: "PagerDuty",
            hosts: ["api.pagerduty.com", "api.eu.pagerduty.com", "events.pagerduty.com"],
            webhookSignatures: ["x-pagerduty-signature"],
            webhookHeaders: WebhookHeaders(subscription: "x-webhook-subscription"),
            routes: [
                "/incidents/{incident}/**", "/services/{service}/**", "/users/{user}/**", "/schedules/{schedule}/**",
                "/escalation_policies/{policy}/**", "/teams/{team}/**",
            ], rateLimitHeaders: .rateLimit,
            source: "github.com/PagerDuty: api-schema, developer-docs; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .routes, .rateLimits], unconfirmed: ["x-webhook-subscription"]),
        PartnerDefinition(
            id: "datadog", name: "Datadog",
            hosts: ["api.datadoghq.com", "api.datadoghq.eu", "*.datadoghq.com", "*.datadoghq.eu"],
            rateLimitHeaders: .xRateLimit + [
                RateLimitHeader("x-ratelimit-period", .window), RateLimitHeader("x-ratelimit-name", .reason),
            ], source: "github.com/DataDog/datadog-api-client-python and answers recorded there",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        PartnerDefinition(
            id: "sentry", name: "Sentry", hosts: ["sentry.io", "*.sentry.io"],
            webhookSignatures: ["sentry-hook-signature"],
            webhookHeaders: WebhookHeaders(eventType: "sentry-hook-resource", deliveryID: "request-id"),
            routes: [
                "/api/0/projects/{organization}/{project}/**", "/api/0/organizations/{organization}/**",
                "/api/0/teams/{organization}/{team}/**",
            ],
            rateLimitHeaders: [
                RateLimitHeader("x-sentry-rate-limit-limit", .limit),
                RateLimitHeader("x-sentry-rate-limit-remaining", .remaining),
                RateLimitHeader("x-sentry-rate-limit-reset", .reset),
            ], source: "docs.sentry.io integration platform, webhooks; the rest from general knowledge",
            verified: reviewed, confirmedParts: .webhooks),
        PartnerDefinition(
            id: "cloudflare", name: "Cloudflare", hosts: ["api.cloudflare.com"],
            webhookSignatures: ["cf-webhook-auth"], errors: .successFlag,
            source: "github.com/cloudflare/cloudflare-typescript; errors from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "circleci", name: "CircleCI", hosts: ["circleci.com", "runner.circleci.com"],
            webhookSignatures: ["circleci-signature"],
            webhookHeaders: WebhookHeaders(eventType: "circleci-event-type"),
            routes: ["/api/v2/project/{vcs}/{organization}/{project}/**"],
            source: "github.com/circleci/circleci-docs; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "vercel", name: "Vercel", hosts: ["api.vercel.com"], webhookSignatures: ["x-vercel-signature"],
            rateLimitHeaders: .xRateLimit,
            source: "github.com/vercel/sdk; webhooks and rate limits from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "launchdarkly", name: "LaunchDarkly",
            hosts: [
                "app.launchdarkly.com", "events.launchdarkly.com", "sdk.launchdarkly.com", "clientsdk.launchdarkly.com",
            ],
            webhookSignatures: ["x-ld-signature"],
            routes: ["/api/v2/flags/{project}/{flag}/**", "/api/v2/flags/{project}", "/api/v2/projects/{project}/**"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-global-remaining", .remaining),
                RateLimitHeader("x-ratelimit-reset", .reset),
                RateLimitHeader("x-ratelimit-route-remaining", .remaining),
            ], source: "github.com/launchdarkly: api-client-python, python-server-sdk; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits], unconfirmed: ["sdk.launchdarkly.com", "clientsdk.launchdarkly.com"]),
    ]
}
