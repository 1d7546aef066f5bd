import CallModel
import Documents

/// Writes calls in the native form (docs/formats/native-form.md).
public enum CallJSONWriter {
    /// Appends one compact JSON object without a newline. `id` stands in for a call that has none of its own.
    ///
    /// What is absent is left out. Times have milliseconds, durations at most six decimals of one.
    public static func append(_ call: APICall, id: String?, to bytes: inout [UInt8]) {
        var object = ObjectWriter(takingOver: &bytes)
        object.string("id", call.id ?? id)
        object.string("time", call.time.rfc3339)
        object.string("received_at", call.receivedAt?.rfc3339)
        object.string("direction", call.direction.name)
        object.string("partner", call.partner)
        object.string("route", call.route)
        object.string("service", call.service)
        object.string("service_version", call.serviceVersion)
        object.string("host", call.host)
        object.string("region", call.region)
        object.string("environment", call.environment)
        object.string("customer", call.customer)
        append(call.request, to: &object)
        if let response = call.response { append(response, to: &object) }
        object.string("error", errorName(of: call))
        object.string("outcome", call.outcome.name)
        if let duration = call.duration { object.milliseconds("duration_ms", duration) }
        object.string("peer_address", call.peerAddress)
        object.string("trace_id", call.traceID?.hex)
        object.string("span_id", call.spanID?.hex)
        object.string("parent_span_id", call.parentSpanID?.hex)
        object.integer("weight", Int(call.weight))
        object.string("source", call.source.name)
        if let webhook = call.webhook { append(webhook, to: &object) }
        object.finish(into: &bytes)
    }

    /// The outcome knows the kind of a missing answer too, and `outcome` has no other place for it.
    private static func errorName(of call: APICall) -> String? {
        if let error = call.error { return error.name }
        if case .noAnswer(let kind) = call.outcome { return kind.name }
        return nil
    }

    private static func append(_ request: APICall.Request, to object: inout ObjectWriter) {
        object.open("request")
        object.string("method", request.method)
        object.string("url", request.url)
        append(request.headers, to: &object)
        append(request.body, byteCount: request.bodyByteCount, to: &object)
        object.string("http_version", request.httpVersion)
        object.close()
    }

    private static func append(_ response: APICall.Response, to object: inout ObjectWriter) {
        object.open("response")
        object.integer("status", response.status)
        append(response.headers, to: &object)
        append(response.body, byteCount: response.bodyByteCount, to: &object)
        object.close()
    }

    private static func append(_ webhook: APICall.Webhook, to object: inout ObjectWriter) {
        object.open("webhook")
        object.string("event_type", webhook.eventType)
        object.string("delivery_id", webhook.deliveryID)
        object.integer("attempt", webhook.attempt)
        object.string("subscription", webhook.subscription)
        object.string("recipient", webhook.recipient)
        object.close()
    }

    /// A name that comes once has a string, one that repeats an array, at the place of its first value.
    private static func append(_ headers: [Header], to object: inout ObjectWriter) {
        object.open("headers")
        for (index, header) in headers.enumerated() where !headers[..<index].contains(where: { $0.name == header.name })
        {
            let later = headers[(index + 1)...].filter { $0.name == header.name }
            if later.isEmpty {
                object.string(key: header.name, header.value)
            } else {
                object.strings(key: header.name, [header.value] + later.map(\.value))
            }
        }
        object.close()
    }

    private static func append(_ body: Body?, byteCount: Int?, to object: inout ObjectWriter) {
        if let body {
            object.body("body", body.bytes)
            if body.form != .full { object.string("body_form", body.form.name) }
        }
        object.integer("body_bytes", byteCount)
    }
}
