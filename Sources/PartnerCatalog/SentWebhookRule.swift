import CallModel

/// What tells that an outbound call is a webhook *we* send: a delivery of a subscription to one recipient.
///
/// Recipients are our customers' endpoints. They are told in the call's `webhook.recipient` and never become partners: one
/// customer's broken endpoint is that customer's trouble, and a thousand of them are no thousand partners.
public struct SentWebhookRule: Sendable, Hashable {
    /// The call has all of these request headers, in lower case.
    public var headers: [String]
    /// Where the rest is told.
    public var details: WebhookHeaders

    public init(headers: [String], details: WebhookHeaders = WebhookHeaders()) {
        self.headers = headers
        self.details = details
    }

    /// Standard Webhooks 1.0 and Svix: who sends these headers sends webhooks.
    public static let standard: [SentWebhookRule] = [
        SentWebhookRule(
            headers: ["webhook-id", "webhook-signature"], details: WebhookHeaders(deliveryID: "webhook-id")),
        SentWebhookRule(headers: ["svix-id", "svix-signature"], details: WebhookHeaders(deliveryID: "svix-id")),
    ]

    func matches(_ call: APICall) -> Bool {
        !headers.isEmpty && headers.allSatisfy { name in call.request.headers.contains { $0.name == name } }
    }
}

extension Catalogue {
    func sentWebhookRule(for call: APICall) -> SentWebhookRule? {
        guard call.direction == .outbound else { return nil }
        return store.sentWebhooks.first { $0.matches(call) }
    }

    /// What is known of a webhook we send: the rule's headers, and the host it goes to as its recipient.
    func sentWebhookDetails(of call: APICall) -> APICall.Webhook {
        var webhook = call.webhook ?? APICall.Webhook()
        if let rule = sentWebhookRule(for: call) {
            let told = webhookDetails(of: call, names: rule.details)
            webhook.eventType = webhook.eventType ?? told.eventType
            webhook.deliveryID = webhook.deliveryID ?? told.deliveryID
            webhook.subscription = webhook.subscription ?? told.subscription
            webhook.attempt = webhook.attempt ?? told.attempt
        }
        if webhook.recipient == nil {
            let parts = URLParts(call.request.url)
            if !parts.host.isEmpty {
                webhook.recipient = bounded(
                    parts.port.map { "\(parts.host):\($0)" } ?? parts.host, Limits.nameByteCountMax)
            }
        }
        return webhook
    }
}
