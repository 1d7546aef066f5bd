extension PartnerDefinition {
    static let messaging: [PartnerDefinition] = [
        PartnerDefinition(
            id: "slack", name: "Slack", hosts: ["slack.com", "*.slack.com"], webhookSignatures: ["x-slack-signature"],
            webhookHeaders: WebhookHeaders(retry: "x-slack-retry-num"), errors: .okFlag,
            source: "github.com/slackapi: bolt-python, python-slack-sdk", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "twilio", name: "Twilio", hosts: ["api.twilio.com", "*.twilio.com"],
            webhookSignatures: ["x-twilio-signature"],
            webhookHeaders: WebhookHeaders(deliveryID: "i-twilio-idempotency-token"), routes: ["/2010-04-01/**"],
            source: "github.com/twilio/twilio-python: domains, request_validator.py; tokens from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .routes, .errors], unconfirmed: ["i-twilio-idempotency-token"]),
        PartnerDefinition(
            id: "sendgrid", name: "SendGrid", hosts: ["api.sendgrid.com", "api.eu.sendgrid.com"],
            webhookSignatures: ["x-twilio-email-event-webhook-signature"], rateLimitHeaders: .xRateLimit,
            source:
                "github.com/sendgrid/sendgrid-python: base_interface.py; github.com/sendgrid/sendgrid-oai; rate limits from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors]),
        PartnerDefinition(
            id: "mailgun", name: "Mailgun", hosts: ["api.mailgun.net", "api.eu.mailgun.net"],
            routes: [
                "/v3/domains/{domain}/**", "/v4/domains/{domain}/**", "/v3/routes/**",
                "/v3/lists/{list}/members/{member}",
                "/v3/lists/{list}/**", "/v3/ips/**", "/v3/{domain}/messages", "/v3/{domain}/**",
            ], source: "github.com/mailgun/mailgun.js; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "mailchimp", name: "Mailchimp", hosts: ["*.api.mailchimp.com", "mandrillapp.com"],
            webhookSignatures: ["x-mandrill-signature"],
            routes: ["/3.0/lists/{list}/members/{member}/**", "/3.0/lists/{list}/**"],
            source: "github.com/mailchimp/mailchimp-client-lib-codegen; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts, unconfirmed: ["*.api.mailchimp.com"]),
        PartnerDefinition(
            id: "postmark", name: "Postmark", hosts: ["api.postmarkapp.com"],
            source: "github.com/ActiveCampaign/postmark.js", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "resend", name: "Resend", hosts: ["api.resend.com"], rateLimitHeaders: .rateLimit,
            source: "github.com/resend/resend-node and answers recorded there", verified: "2026-11-28",
            confirmedParts: [.hosts, .rateLimits]),
        // SMS answers 200 and says per message what happened.
        PartnerDefinition(
            id: "vonage", name: "Vonage", hosts: ["api.nexmo.com", "rest.nexmo.com", "*.vonage.com"],
            errors: ErrorConvention(rules: [
                OutcomeRule(200...299, .body("messages[].status", .isOneOf(["1"])), .rateLimited),
                OutcomeRule(200...299, .body("messages[].status", .isOneOf(["4", "14"])), .unauthorized),
                OutcomeRule(200...299, .body("messages[].status", .isNotOneOf(["0"])), .errorInSuccess),
            ]), source: "github.com/Vonage/vonage-python-sdk; errors in part from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "messagebird", name: "Bird (MessageBird)",
            hosts: ["rest.messagebird.com", "api.bird.com", "*.messagebird.com"],
            webhookSignatures: ["messagebird-signature-jwt"],
            source: "github.com/messagebird/messagebird-nodejs; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks], unconfirmed: ["api.bird.com"]),
        PartnerDefinition(
            id: "discord", name: "Discord", hosts: ["discord.com", "discordapp.com"],
            webhookSignatures: ["x-signature-ed25519+x-signature-timestamp"],
            rateLimitHeaders: .xRateLimit + [
                RateLimitHeader("x-ratelimit-reset-after", .reset), RateLimitHeader("x-ratelimit-scope", .reason),
            ], source: "github.com/discord/discord-api-docs; discordapp.com from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors, .rateLimits], unconfirmed: ["discordapp.com"]),
        PartnerDefinition(
            id: "telegram", name: "Telegram", hosts: ["api.telegram.org"],
            webhookSignatures: ["x-telegram-bot-api-secret-token"],
            routes: ["/{bot}/**"],
            errors: ErrorConvention(rules: [OutcomeRule(200...299, .body("ok", .isFalse), .errorInSuccess)]),
            source: "github.com/tdlib/telegram-bot-api; the rest from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        // Graph API errors come with 400 and a code; the codes are those of its rate-limiting and error pages.
        PartnerDefinition(
            id: "meta", name: "Meta (Facebook, Instagram, WhatsApp)",
            hosts: ["graph.facebook.com", "graph.instagram.com", "graph-video.facebook.com", "graph.whatsapp.com"],
            webhookSignatures: [WebhookSignature(headers: ["x-hub-signature-256"], isShared: true)],
            errors: ErrorConvention(rules: [
                OutcomeRule(
                    400...499, .body("error.code", .isOneOf(["4", "17", "32", "613", "80004", "130429"])), .rateLimited),
                OutcomeRule(400...499, .body("error.code", .isOneOf(["102", "190", "10", "200"])), .unauthorized),
                OutcomeRule(400...499, .body("error.code", .isOneOf(["1", "2"])), .serverError),
            ]),
            rateLimitHeaders: [
                RateLimitHeader("x-app-usage", .combined), RateLimitHeader("x-business-use-case-usage", .combined),
            ],
            source:
                "github.com/facebook/facebook-python-business-sdk; github.com/fbsamples/messenger-platform-samples; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .rateLimits], unconfirmed: ["graph.whatsapp.com", "x-app-usage"]),
        PartnerDefinition(
            id: "pusher", name: "Pusher", hosts: ["*.pusher.com", "*.pusherapp.com"],
            webhookSignatures: ["x-pusher-signature"],
            source: "github.com/pusher/pusher-http-node", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "onesignal", name: "OneSignal", hosts: ["onesignal.com", "api.onesignal.com"],
            rateLimitHeaders: .rateLimit,
            source: "github.com/OneSignal: api, onesignal-node-api; rate limits from general knowledge",
            verified: "2026-11-28",
            confirmedParts: .hosts),
    ]
}
