import CallModel
import Documents

extension Catalogue {
    /// How a call ended, by its partner's own convention. Ask before redaction: some partners say it in the body.
    public func outcome(of call: APICall, partner: String) -> Outcome {
        outcome(of: call, partner: partner, parser: nil)
    }

    /// The same with a parser to reuse, for those who judge many calls; a body is parsed only for partners that speak there.
    public func outcome(of call: APICall, partner: String, parser: JSONParser?) -> Outcome {
        let convention = convention(of: partner)
        var url = call.request.url
        return url.withUTF8 { bytes in
            let path = UnsafeBufferPointer(rebasing: bytes[URLRanges(bytes).path])
            return convention.outcome(of: call, path: path) {
                parser ?? JSONParser(byteCountMax: Limits.bodyByteCountMax)
            }
        }
    }

    func convention(of partner: String) -> ErrorConvention {
        store.index[partner].map { store.errors[Int($0)] } ?? store.errorsOfOthers
    }

    /// What a webhook tells of itself, received or sent; nil where it tells nothing.
    public func webhookDetails(of call: APICall, partner: String) -> APICall.Webhook? {
        if partner == Catalogue.sentWebhooksPartner { return sentWebhookDetails(of: call) }
        guard let names = definition(of: partner)?.webhookHeaders else { return nil }
        let webhook = webhookDetails(of: call, names: names)
        return webhook == APICall.Webhook() ? nil : webhook
    }

    func webhookDetails(of call: APICall, names: WebhookHeaders) -> APICall.Webhook {
        func value(_ name: String?, _ byteCountMax: Int) -> String? {
            name.flatMap(call.request.headers.value).map { bounded($0, byteCountMax) }
        }
        var webhook = APICall.Webhook()
        webhook.eventType = value(names.eventType, Limits.nameByteCountMax)
        webhook.deliveryID = value(names.deliveryID, Limits.idByteCountMax)
        webhook.subscription = value(names.subscription, Limits.nameByteCountMax)
        if let retry = value(names.retry, 10).flatMap({ Int($0) }), (0..<1_000_000).contains(retry) {
            webhook.attempt = retry + 1
        }
        return webhook
    }
}
