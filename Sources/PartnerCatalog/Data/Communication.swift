extension PartnerDefinition {
    /// Sites, design, calls and automation.
    static let communication: [PartnerDefinition] = [
        PartnerDefinition(
            id: "webflow", name: "Webflow", hosts: ["api.webflow.com"], webhookSignatures: ["x-webflow-signature"],
            rateLimitHeaders: .xRateLimit,
            source: "github.com/webflow/js-webflow-api; rate limits from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "figma", name: "Figma", hosts: ["api.figma.com"],
            routes: ["/v1/files/{file}/**", "/v1/images/{file}", "/v1/teams/{team}/**"],
            source: "github.com/figma/rest-api-spec; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "miro", name: "Miro", hosts: ["api.miro.com"], routes: ["/v2/boards/{board}/**"],
            rateLimitHeaders: .xRateLimit,
            source: "github.com/miroapp/api-clients; developers.miro.com rate limiting; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors, .rateLimits]),
        PartnerDefinition(
            id: "ringcentral", name: "RingCentral",
            hosts: ["platform.ringcentral.com", "platform.devtest.ringcentral.com"],
            webhookSignatures: [WebhookSignature(headers: ["verification-token"], isShared: true)],
            routes: ["/restapi/v1.0/account/{account}/extension/{extension}/**", "/restapi/v1.0/account/{account}/**"],
            rateLimitHeaders: [
                RateLimitHeader("x-rate-limit-limit", .limit), RateLimitHeader("x-rate-limit-remaining", .remaining),
                RateLimitHeader("x-rate-limit-window", .window), RateLimitHeader("x-rate-limit-group", .reason),
            ], source: "github.com/ringcentral/ringcentral-api-docs; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits]),
        PartnerDefinition(
            id: "aircall", name: "Aircall", hosts: ["api.aircall.io"],
            rateLimitHeaders: [
                RateLimitHeader("x-aircallapi-limit", .limit, window: .seconds(60)),
                RateLimitHeader("x-aircallapi-remaining", .remaining, window: .seconds(60)),
                RateLimitHeader("x-aircallapi-reset", .reset),
            ], source: general),
        PartnerDefinition(
            id: "zapier", name: "Zapier", hosts: ["hooks.zapier.com", "api.zapier.com", "actions.zapier.com"],
            routes: ["/hooks/catch/{account}/{hook}/**"],
            source: "github.com/zapier/zapier-platform; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["api.zapier.com", "actions.zapier.com"]),
        PartnerDefinition(
            id: "make", name: "Make", hosts: ["*.make.com", "*.integromat.com"], source: general),
        PartnerDefinition(
            id: "workos", name: "WorkOS", hosts: ["api.workos.com"], webhookSignatures: ["workos-signature"],
            source: "github.com/workos: workos-node, workos-python", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "stytch", name: "Stytch", hosts: ["api.stytch.com", "test.stytch.com"],
            source: "github.com/stytchauth/stytch-node", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "lob", name: "Lob", hosts: ["api.lob.com"],
            webhookSignatures: ["lob-signature+lob-signature-timestamp"],
            rateLimitHeaders: .xRateLimit,
            source: "github.com/lob/lob-openapi; webhooks and rate limits from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "elevenlabs", name: "ElevenLabs", hosts: ["api.elevenlabs.io"],
            webhookSignatures: ["elevenlabs-signature"],
            routes: ["/v1/text-to-speech/{voice}/**", "/v1/voices/{voice}/**"],
            source: "github.com/elevenlabs/elevenlabs-python; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "deepgram", name: "Deepgram", hosts: ["api.deepgram.com"],
            source: "github.com/deepgram/deepgram-python-sdk", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "gemini", name: "Google Gemini", hosts: ["generativelanguage.googleapis.com"],
            errors: ErrorConvention(rules: [
                OutcomeRule(400...499, .body("error.status", .isOneOf(["RESOURCE_EXHAUSTED"])), .rateLimited)
            ]), source: "github.com/googleapis/python-genai; errors from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "groq", name: "Groq", hosts: ["api.groq.com"], routes: ["/openai/v1/models/{model}"],
            rateLimitHeaders: [
                RateLimitHeader("x-ratelimit-limit-requests", .limit),
                RateLimitHeader("x-ratelimit-remaining-requests", .remaining),
                RateLimitHeader("x-ratelimit-reset-requests", .reset),
            ], source: "github.com/groq/groq-python; rate limits and routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "perplexity", name: "Perplexity", hosts: ["api.perplexity.ai"],
            source: "github.com/perplexityai/perplexity-py", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
    ]
}
