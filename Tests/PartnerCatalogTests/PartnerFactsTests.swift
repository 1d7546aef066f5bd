import PartnerCatalog
import Testing

/// What was read about partners, held against the shipped data: a change of the data that is not a change of what is known
/// fails here. A part is confirmed exactly where its facts were read in the partner's own documentation or source.
@Suite struct PartnerFactsTests {
    struct Facts: Sendable {
        var partner: String
        /// Of webhooks: the signature's header, then those of event, delivery, retry and subscription.
        var signature: String?
        var headers: [String] = []
        var limits: [String] = []
        /// Whether webhooks, and whether rate limits, were read in the partner's own words.
        var confirmed: PartnerDefinition.ConfirmedParts = []
    }

    /// As of 2026-11-27.
    static let facts: [Facts] = [
        Facts(
            partner: "stripe", signature: "stripe-signature", limits: ["stripe-rate-limited-reason"],
            confirmed: .webhooks),
        Facts(
            partner: "slack", signature: "x-slack-signature", headers: ["x-slack-retry-num"], confirmed: .webhooks),
        Facts(
            partner: "shopify", signature: "x-shopify-hmac-sha256",
            headers: ["x-shopify-topic", "x-shopify-webhook-id"],
            limits: ["x-shopify-shop-api-call-limit"], confirmed: [.webhooks, .rateLimits]),
        Facts(
            partner: "github", signature: "x-hub-signature-256",
            headers: ["x-github-event", "x-github-delivery", "x-github-hook-id"],
            limits: [
                "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-used", "x-ratelimit-reset",
                "x-ratelimit-resource",
            ], confirmed: [.webhooks, .rateLimits]),
        Facts(
            partner: "zendesk", signature: "x-zendesk-webhook-signature",
            headers: ["x-zendesk-webhook-invocation-id", "x-zendesk-webhook-id"],
            limits: [
                "x-rate-limit", "x-rate-limit-remaining", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset",
            ], confirmed: [.webhooks, .rateLimits]),
        Facts(
            partner: "hubspot", signature: "x-hubspot-signature-v3",
            limits: [
                "x-hubspot-ratelimit-daily", "x-hubspot-ratelimit-daily-remaining", "x-hubspot-ratelimit-secondly",
                "x-hubspot-ratelimit-secondly-remaining",
            ], confirmed: .rateLimits),
        Facts(
            partner: "atlassian", headers: ["x-atlassian-webhook-identifier", "x-atlassian-webhook-retry"],
            limits: ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        Facts(partner: "square", signature: "x-square-hmacsha256-signature", headers: ["square-retry-number"]),
        Facts(
            partner: "xero", signature: "x-xero-signature",
            limits: ["x-daylimit-remaining", "x-minlimit-remaining", "x-appminlimit-remaining"],
            confirmed: [.webhooks, .rateLimits]),
        Facts(partner: "intuit", signature: "intuit-signature"),
        Facts(
            partner: "intercom", signature: "x-hub-signature",
            limits: ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]),
        Facts(
            partner: "sendgrid", signature: "x-twilio-email-event-webhook-signature",
            limits: ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"], confirmed: .webhooks),
        Facts(
            partner: "standard-webhooks", signature: "webhook-signature", headers: ["webhook-id"], confirmed: .webhooks),
        Facts(partner: "svix", signature: "svix-signature", headers: ["svix-id"], confirmed: .webhooks),
        Facts(
            partner: "okta", limits: ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"],
            confirmed: .rateLimits),
        Facts(
            partner: "brevo", limits: ["x-sib-ratelimit-limit", "x-sib-ratelimit-remaining", "x-sib-ratelimit-reset"],
            confirmed: .rateLimits),
        Facts(
            partner: "sentry", signature: "sentry-hook-signature", headers: ["sentry-hook-resource", "request-id"],
            limits: [
                "x-sentry-rate-limit-limit", "x-sentry-rate-limit-remaining", "x-sentry-rate-limit-reset",
            ], confirmed: .webhooks),
        Facts(partner: "salesforce", limits: ["sforce-limit-info"], confirmed: .rateLimits),
        Facts(partner: "checkout-com", signature: "cko-signature", confirmed: .webhooks),
        Facts(partner: "twilio", signature: "x-twilio-signature"),
        Facts(partner: "airtable", signature: "x-airtable-content-mac"),
        Facts(partner: "paddle", signature: "paddle-signature", confirmed: .webhooks),
        Facts(
            partner: "gocardless", signature: "webhook-signature",
            limits: ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
            confirmed: [.webhooks, .rateLimits]),
        Facts(partner: "plaid", signature: "plaid-verification", confirmed: .webhooks),
        Facts(
            partner: "anthropic",
            limits: [
                "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining",
                "anthropic-ratelimit-requests-reset",
            ], confirmed: .rateLimits),
        Facts(partner: "notion", signature: "x-notion-signature", confirmed: .webhooks),
        Facts(
            partner: "linear", signature: "linear-signature", headers: ["linear-event", "linear-delivery"],
            limits: [
                "x-ratelimit-requests-limit", "x-ratelimit-requests-remaining", "x-ratelimit-requests-reset",
            ], confirmed: .rateLimits),
        Facts(
            partner: "resend", limits: ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
            confirmed: .rateLimits),
        Facts(
            partner: "discord", signature: "x-signature-ed25519",
            limits: [
                "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-reset-after",
                "x-ratelimit-scope",
            ], confirmed: [.webhooks, .rateLimits]),
        Facts(
            partner: "box", signature: "box-signature-primary", headers: ["box-delivery-id"], confirmed: .webhooks),
        Facts(
            partner: "digitalocean", limits: ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"],
            confirmed: .rateLimits),
        Facts(
            partner: "recurly", signature: "recurly-signature",
            limits: ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"], confirmed: .rateLimits),
        Facts(partner: "easypost", signature: "x-hmac-signature", confirmed: .webhooks),
        Facts(
            partner: "zoom", signature: "x-zm-signature",
            limits: [
                "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-category",
                "x-ratelimit-type",
            ], confirmed: .webhooks),
        Facts(partner: "pusher", signature: "x-pusher-signature", confirmed: .webhooks),
    ]

    /// Where every host that is told of a partner was read in its own client or documentation.
    static let hosts: [String: [String]] = [
        "sendgrid": ["api.sendgrid.com", "api.eu.sendgrid.com"],
        "square": ["connect.squareup.com", "connect.squareupsandbox.com"],
        "razorpay": ["api.razorpay.com"],
        "gocardless": ["api.gocardless.com", "api-sandbox.gocardless.com"],
        "anthropic": ["api.anthropic.com"],
        "notion": ["api.notion.com"],
        "linear": ["api.linear.app"],
        "workos": ["api.workos.com"],
        "resend": ["api.resend.com"],
        "mollie": ["api.mollie.com"],
        "digitalocean": ["api.digitalocean.com"],
        "recurly": ["v3.recurly.com", "v3.eu.recurly.com"],
        "easypost": ["api.easypost.com"],
        "dwolla": ["api.dwolla.com", "api-sandbox.dwolla.com"],
        "mailgun": ["api.mailgun.net", "api.eu.mailgun.net"],
        "lob": ["api.lob.com"],
        "clerk": ["api.clerk.com", "api.clerk.dev"],
        "asana": ["app.asana.com"],
        "intercom": ["api.intercom.io", "api.eu.intercom.io", "api.au.intercom.io"],
        "twilio": ["api.twilio.com", "*.twilio.com"],
        "adyen": ["*.adyen.com", "*.adyenpayments.com"],
        "chargebee": ["*.chargebee.com"],
        "plaid": ["production.plaid.com", "sandbox.plaid.com", "development.plaid.com"],
        "xero": ["api.xero.com", "identity.xero.com"],
        "box": ["api.box.com", "upload.box.com", "dl.boxcloud.com"],
        "okta": ["*.okta.com", "*.oktapreview.com", "*.okta-emea.com"],
    ]

    @Test func `hosts are confirmed exactly where all of them were read`() {
        for partner in PartnerDefinition.builtIn {
            guard let read = Self.hosts[partner.id] else { continue }
            #expect(partner.confirmedParts.contains(.hosts), "\(partner.id)")
            #expect(partner.hosts.map(\.description) == read, "\(partner.id)")
        }
        let confirmed = PartnerDefinition.builtIn.filter { $0.confirmedParts.contains(.hosts) }.map(\.id)
        #expect(Set(confirmed).isSuperset(of: Self.hosts.keys))
    }

    @Test(arguments: facts)
    func `the data says what was read, and marks the rest as unconfirmed`(_ facts: Facts) throws {
        let partner = try #require(PartnerDefinition.builtIn.first { $0.id == facts.partner })
        if let signature = facts.signature {
            #expect(partner.webhookSignatures.contains { $0.headers.contains(signature) }, "\(partner.id)")
        }
        let told = partner.webhookHeaders
        let headers = Set([told.eventType, told.deliveryID, told.retry, told.subscription].compactMap { $0 })
        #expect(headers.isSuperset(of: facts.headers), "\(partner.id): \(headers)")
        let firm = partner.rateLimitHeaders.filter { !$0.isHearsay }.map(\.name)
        #expect(Set(firm) == Set(facts.limits), "\(partner.id)")
        #expect(partner.confirmedParts.intersection([.webhooks, .rateLimits]) == facts.confirmed, "\(partner.id)")
        #expect(partner.confirmedParts.isEmpty == partner.verified.isEmpty)
        if !partner.confirmedParts.isEmpty {
            #expect(partner.source.contains(".") || partner.id == "standard-webhooks")
        }
    }

    @Test func `nothing is confirmed that is not listed here`() {
        let listed = Dictionary(uniqueKeysWithValues: Self.facts.map { ($0.partner, $0.confirmed) })
        for partner in PartnerDefinition.builtIn {
            let confirmed = partner.confirmedParts.intersection([.webhooks, .rateLimits])
            #expect(confirmed == listed[partner.id] ?? [], "\(partner.id)")
        }
    }

    @Test func `a partner with hearsay among its headers is not confirmed as a whole`() throws {
        let xero = try #require(PartnerDefinition.builtIn.first { $0.id == "xero" })
        #expect(xero.rateLimitHeaders.contains { $0.isHearsay })
        #expect(!xero.confirmed)
    }
}
