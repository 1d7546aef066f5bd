// The fields of the native form, as INTERFACES and docs/formats/native-form.md name them.

enum CallField: FieldName {
    case id, time, receivedAt, direction, partner, route, service, serviceVersion, host, region, environment, customer
    case request, response, error, outcome, durationMs, peerAddress, traceID, spanID, parentSpanID, weight, source
    case webhook

    static let table = FieldTable<CallField>()

    var key: StaticString {
        switch self {
        case .id: "id"
        case .time: "time"
        case .receivedAt: "received_at"
        case .direction: "direction"
        case .partner: "partner"
        case .route: "route"
        case .service: "service"
        case .serviceVersion: "service_version"
        case .host: "host"
        case .region: "region"
        case .environment: "environment"
        case .customer: "customer"
        case .request: "request"
        case .response: "response"
        case .error: "error"
        case .outcome: "outcome"
        case .durationMs: "duration_ms"
        case .peerAddress: "peer_address"
        case .traceID: "trace_id"
        case .spanID: "span_id"
        case .parentSpanID: "parent_span_id"
        case .weight: "weight"
        case .source: "source"
        case .webhook: "webhook"
        }
    }
}

/// Of `request` and `response` alike; `method` … `httpVersion` belong to requests, `status` to responses.
enum MessageField: FieldName {
    case headers, body, bodyBytes, bodyForm
    case method, url, scheme, host, path, httpVersion
    case status

    static let table = FieldTable<MessageField>()

    var key: StaticString {
        switch self {
        case .headers: "headers"
        case .body: "body"
        case .bodyBytes: "body_bytes"
        case .bodyForm: "body_form"
        case .method: "method"
        case .url: "url"
        case .scheme: "scheme"
        case .host: "host"
        case .path: "path"
        case .httpVersion: "http_version"
        case .status: "status"
        }
    }
}

enum WebhookField: FieldName {
    case eventType, deliveryID, attempt, subscription, recipient

    static let table = FieldTable<WebhookField>()

    var key: StaticString {
        switch self {
        case .eventType: "event_type"
        case .deliveryID: "delivery_id"
        case .attempt: "attempt"
        case .subscription: "subscription"
        case .recipient: "recipient"
        }
    }
}
