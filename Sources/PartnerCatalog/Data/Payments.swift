extension PartnerDefinition {
    static let payments: [PartnerDefinition] = [
        // 429 carries no remaining counter; `lock_timeout` is a 429 too. An older form of the same is a 400.
        PartnerDefinition(
            id: "stripe", name: "Stripe",
            hosts: [
                "api.stripe.com", "files.stripe.com", "connect.stripe.com", "uploads.stripe.com",
                "meter-events.stripe.com",
            ],
            webhookSignatures: ["stripe-signature"],
            errors: ErrorConvention(rules: [
                OutcomeRule(400...400, .body("error.code", .isOneOf(["rate_limit"])), .rateLimited)
            ]),
            rateLimitHeaders: [RateLimitHeader("stripe-rate-limited-reason", .reason)],
            source: "github.com/stripe/stripe-node: Types.ts, Webhooks.ts, Error.ts; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors], unconfirmed: ["uploads.stripe.com"]),
        PartnerDefinition(
            id: "paypal", name: "PayPal",
            hosts: ["api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"],
            webhookSignatures: ["paypal-transmission-sig"],
            webhookHeaders: WebhookHeaders(deliveryID: "paypal-transmission-id"),
            source: "github.com/paypal/paypal-rest-api-specifications; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors], unconfirmed: ["api.sandbox.paypal.com"]),
        PartnerDefinition(
            id: "adyen", name: "Adyen", hosts: ["*.adyen.com", "*.adyenpayments.com"],
            webhookSignatures: ["hmacsignature"],
            source: "github.com/Adyen: adyen-openapi, adyen-python-api-library; signature from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "braintree", name: "Braintree",
            hosts: ["api.braintreegateway.com", "api.sandbox.braintreegateway.com", "payments.braintree-api.com"],
            routes: ["/merchants/{merchant}/**"],
            source: "github.com/braintree/braintree_python; routes from general knowledge", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "square", name: "Square", hosts: ["connect.squareup.com", "connect.squareupsandbox.com"],
            webhookSignatures: ["x-square-hmacsha256-signature"],
            webhookHeaders: WebhookHeaders(retry: "square-retry-number"),
            source: "github.com/square/square-python-sdk: environment.py, README; the rest from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors], unconfirmed: ["square-retry-number"]),
        PartnerDefinition(
            id: "checkout-com", name: "Checkout.com",
            hosts: [
                "api.checkout.com", "api.sandbox.checkout.com", "*.api.checkout.com", "*.api.sandbox.checkout.com",
            ],
            webhookSignatures: ["cko-signature"],
            source: "checkout.com/docs set up your webhook receiver; github.com/checkout/checkout-sdk-python",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "gocardless", name: "GoCardless", hosts: ["api.gocardless.com", "api-sandbox.gocardless.com"],
            webhookSignatures: [WebhookSignature(headers: ["webhook-signature"], isShared: true)],
            rateLimitHeaders: .rateLimit,
            source: "github.com/gocardless/gocardless-pro-python: README, client.py, errors.py", verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks, .errors, .rateLimits]),
        PartnerDefinition(
            id: "mollie", name: "Mollie", hosts: ["api.mollie.com"], source: "github.com/mollie/mollie-api-python",
            verified: reviewed, confirmedParts: .hosts),
        PartnerDefinition(
            id: "klarna", name: "Klarna",
            hosts: ["api.klarna.com", "api-na.klarna.com", "api-oc.klarna.com", "api.playground.klarna.com"],
            source: general),
        PartnerDefinition(
            id: "plaid", name: "Plaid", hosts: ["production.plaid.com", "sandbox.plaid.com", "development.plaid.com"],
            webhookSignatures: ["plaid-verification"],
            errors: ErrorConvention(rules: [
                OutcomeRule(400...499, .body("error_type", .isOneOf(["RATE_LIMIT_EXCEEDED"])), .rateLimited),
                OutcomeRule(
                    400...499,
                    .body(
                        "error_code",
                        .isOneOf(["INVALID_API_KEYS", "UNAUTHORIZED_ENVIRONMENT", "INVALID_ACCESS_TOKEN"])),
                    .unauthorized),
            ]),
            source: "github.com/plaid/plaid-openapi; error codes in part from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "razorpay", name: "Razorpay", hosts: ["api.razorpay.com"], webhookSignatures: ["x-razorpay-signature"],
            webhookHeaders: WebhookHeaders(deliveryID: "x-razorpay-event-id"),
            source:
                "github.com/razorpay/razorpay-node: razorpay.js, razorpay-utils.js; event ids from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks], unconfirmed: ["x-razorpay-event-id"]),
        PartnerDefinition(
            id: "paddle", name: "Paddle", hosts: ["api.paddle.com", "sandbox-api.paddle.com", "vendors.paddle.com"],
            webhookSignatures: ["paddle-signature"],
            source: "github.com/PaddleHQ/paddle-node-sdk; vendors.paddle.com from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks], unconfirmed: ["vendors.paddle.com"]),
        PartnerDefinition(
            id: "chargebee", name: "Chargebee", hosts: ["*.chargebee.com"],
            source: "github.com/chargebee/chargebee-python", verified: "2026-11-28",
            confirmedParts: [.hosts, .errors]),
        PartnerDefinition(
            id: "maxio", name: "Maxio (Chargify)", hosts: ["*.chargify.com"],
            webhookSignatures: ["x-chargify-webhook-signature-hmac-sha-256"],
            webhookHeaders: WebhookHeaders(deliveryID: "x-chargify-webhook-id"),
            source: "github.com/maxio-com/ab-python-sdk; webhooks from general knowledge", verified: "2026-11-28",
            confirmedParts: .hosts),
        PartnerDefinition(
            id: "intuit", name: "QuickBooks (Intuit)",
            hosts: ["quickbooks.api.intuit.com", "sandbox-quickbooks.api.intuit.com", "oauth.platform.intuit.com"],
            webhookSignatures: ["intuit-signature"], routes: ["/v3/company/{company}/**"],
            source:
                "github.com/intuit/oauth-pythonclient; github.com/IntuitDeveloper/SampleApp-Webhooks-nodejs; routes from general knowledge",
            verified: "2026-11-28",
            confirmedParts: [.hosts, .webhooks]),
        PartnerDefinition(
            id: "xero", name: "Xero", hosts: ["api.xero.com", "identity.xero.com"],
            webhookSignatures: ["x-xero-signature"],
            rateLimitHeaders: [
                RateLimitHeader("x-daylimit-remaining", .remaining, window: .seconds(86_400)),
                RateLimitHeader("x-minlimit-remaining", .remaining, window: .seconds(60)),
                RateLimitHeader("x-appminlimit-remaining", .remaining, window: .seconds(60)),
                RateLimitHeader("x-rate-limit-problem", .reason),
            ],
            source:
                "developer.xero.com: webhooks, configuring your server; FAQ, limits; github.com/XeroAPI/Xero-OpenAPI",
            verified: reviewed, confirmedParts: [.hosts, .webhooks, .rateLimits],
            unconfirmed: ["x-rate-limit-problem"]),
    ]
}
