extension PartnerDefinition {
    static let intelligence: [PartnerDefinition] = [
        PartnerDefinition(
            id: "openai", name: "OpenAI", hosts: ["api.openai.com", "*.api.openai.com", "*.openai.azure.com"],
            routes: ["/v1/models/{model}", "/openai/deployments/{deployment}/**"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-limit-requests", .limit),
                RateLimitHeader("x-ratelimit-remaining-requests", .remaining),
                RateLimitHeader("x-ratelimit-reset-requests", .reset),
                RateLimitHeader("x-ratelimit-limit-tokens", .limit),
                RateLimitHeader("x-ratelimit-remaining-tokens", .remaining),
                RateLimitHeader("x-ratelimit-reset-tokens", .reset),
            ], source: "github.com/openai/openai-python; rate limits and routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        // 529 means overloaded: a server error, as the status says.
        PartnerDefinition(
            id: "anthropic", name: "Anthropic", hosts: ["api.anthropic.com"], routes: ["/v1/models/{model}"],
            rateLimitHeaders: [
                RateLimitHeader("anthropic-ratelimit-requests-limit", .limit),
                RateLimitHeader("anthropic-ratelimit-requests-remaining", .remaining),
                RateLimitHeader("anthropic-ratelimit-requests-reset", .reset),
            ],
            source:
                "github.com/anthropics/anthropic-sdk-python and answers recorded there; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors, .rateLimits]),
        PartnerDefinition(
            id: "mistral", name: "Mistral AI", hosts: ["api.mistral.ai"], routes: ["/v1/models/{model}"],
            source: "github.com/mistralai/client-python; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "cohere", name: "Cohere", hosts: ["api.cohere.com", "api.cohere.ai"],
            source: "github.com/cohere-ai/cohere-python; api.cohere.ai from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors], unconfirmed: ["api.cohere.ai"]),
        PartnerDefinition(
            id: "hugging-face", name: "Hugging Face",
            hosts: ["huggingface.co", "api-inference.huggingface.co", "router.huggingface.co"],
            webhookSignatures: [WebhookSignature(headers: ["x-webhook-secret"], isShared: true)],
            routes: ["/models/{owner}/{model}/**", "/api/models/{owner}/{model}/**"],
            source: "github.com/huggingface: huggingface_hub, hub-docs; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "replicate", name: "Replicate", hosts: ["api.replicate.com"], routes: ["/v1/models/{owner}/{model}/**"],
            rateLimitHeaders: .rateLimit,
            source: "github.com/replicate/replicate-python and answers recorded there; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits], unconfirmed: ["ratelimit-limit"]),
    ]

    /// Standards that many partners sign their webhooks by: the name of last resort, behind any path an operator listed.
    static let genericSenders: [PartnerDefinition] = [
        PartnerDefinition(
            id: "standard-webhooks", name: "A sender of Standard Webhooks",
            webhookSignatures: [WebhookSignature(headers: ["webhook-signature", "webhook-id"], isShared: true)],
            webhookHeaders: WebhookHeaders(deliveryID: "webhook-id"), source: "Standard Webhooks 1.0, specification",
            verified: reviewed, confirmedParts: .webhooks),
        PartnerDefinition(
            id: "svix", name: "A sender that uses Svix",
            hosts: [
                "api.svix.com", "api.us.svix.com", "api.eu.svix.com", "api.in.svix.com", "api.ca.svix.com",
                "api.au.svix.com",
            ],
            webhookSignatures: [WebhookSignature(headers: ["svix-signature", "svix-id"], isShared: true)],
            webhookHeaders: WebhookHeaders(deliveryID: "svix-id"),
            source: "github.com/svix/svix-webhooks", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
    ]
}
