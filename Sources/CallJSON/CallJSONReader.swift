import CallModel
import Documents

/// Reads calls in the native form (docs/formats/native-form.md).
///
/// One reader serves one stream of calls: it remembers names that repeat and the day of the last time. `null` is the same as
/// absent everywhere, and an empty name or id too. It judges form, not plausibility: clocks years away are taken, the
/// pipeline judges those. It does not judge outcomes either, except that a call with an `error` has no answer; everything
/// else without an `outcome` reads as `success` until `PartnerCatalog` has looked at it.
public struct CallJSONReader {
    /// Fields that the native form does not know.
    public private(set) var ignoredFieldCount = 0
    /// Bodies above `Limits.bodyByteCountMax`, of which only the size was kept.
    public internal(set) var droppedBodyCount = 0

    var names = StringInterner()
    private var times = TimeReader()

    public init() {}

    /// Reads one call.
    public mutating func read(_ value: JSONValue) throws(CallError) -> APICall {
        guard value.kind == .object else { throw .expected("an object", found: value, at: "") }
        var call = APICall(time: .epoch, request: APICall.Request(method: "", url: ""), source: .json)
        var hasTime = false
        var hasRequest = false
        var outcome: JSONValue?
        try value.forEachMember { (key, value) throws(CallError) in
            guard let field = CallField.table[key] else { return ignoredFieldCount &+= 1 }
            guard !value.isNull else { return }
            switch field {
            case .time:
                call.time = try time(value, at: "/time")
                hasTime = true
            case .request:
                call.request = try request(value)
                hasRequest = true
            case .outcome: outcome = value
            default: try assign(field, value, to: &call)
            }
        }
        guard hasTime else { throw CallError(pointer: "/time", detail: "required: RFC 3339 with an offset") }
        guard hasRequest else { throw CallError(pointer: "/request", detail: "required: an object") }
        if let error = call.error { call.outcome = .noAnswer(error) }
        if let outcome { call.outcome = try self.outcome(outcome, error: call.error) }
        return call
    }

    private mutating func assign(_ field: CallField, _ value: JSONValue, to call: inout APICall) throws(CallError) {
        switch field {
        case .id: call.id = try text(value, at: "/id", byteCountMax: Limits.idByteCountMax)
        case .receivedAt: call.receivedAt = try time(value, at: "/received_at")
        case .direction: call.direction = try direction(value)
        case .partner: call.partner = try name(value, at: "/partner")
        case .route: call.route = try name(value, at: "/route")
        case .service: call.service = try name(value, at: "/service")
        case .serviceVersion: call.serviceVersion = try name(value, at: "/service_version")
        case .host: call.host = try name(value, at: "/host")
        case .region: call.region = try name(value, at: "/region")
        case .environment: call.environment = try name(value, at: "/environment")
        case .customer: call.customer = try name(value, at: "/customer")
        case .response: call.response = try response(value)
        case .error: call.error = try failureKind(value)
        case .durationMs: call.duration = try duration(value, at: "/duration_ms")
        case .peerAddress: call.peerAddress = try name(value, at: "/peer_address")
        case .traceID: call.traceID = try traceID(value, at: "/trace_id")
        case .spanID: call.spanID = try spanID(value, at: "/span_id")
        case .parentSpanID: call.parentSpanID = try spanID(value, at: "/parent_span_id")
        case .weight: call.weight = UInt32(try integer(value, at: "/weight", in: 1...Int64(UInt32.max)))
        case .source: call.source = try source(value)
        case .webhook: call.webhook = try webhook(value)
        case .time, .request, .outcome: break  // Read by the caller, who has to know that they were there.
        }
    }

    private mutating func webhook(_ value: JSONValue) throws(CallError) -> APICall.Webhook {
        guard value.kind == .object else { throw .expected("an object", found: value, at: "/webhook") }
        var webhook = APICall.Webhook()
        try value.forEachMember { (key, value) throws(CallError) in
            guard let field = WebhookField.table[key] else { return ignoredFieldCount &+= 1 }
            guard !value.isNull else { return }
            switch field {
            case .eventType: webhook.eventType = try name(value, at: "/webhook/event_type")
            case .deliveryID: webhook.deliveryID = try name(value, at: "/webhook/delivery_id")
            case .attempt: webhook.attempt = Int(try integer(value, at: "/webhook/attempt", in: 1...1_000_000))
            case .subscription: webhook.subscription = try name(value, at: "/webhook/subscription")
            // A recipient is often the URL that we send to.
            case .recipient:
                webhook.recipient = try text(value, at: "/webhook/recipient", byteCountMax: Limits.urlByteCountMax)
            }
        }
        return webhook
    }

    mutating func fieldIgnored() { ignoredFieldCount &+= 1 }

    private mutating func time(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> Instant {
        guard let text = value.utf8 else { throw .expected("RFC 3339 with an offset", found: value, at: pointer) }
        guard let instant = times.instant(text) else {
            throw .expected("RFC 3339 with an offset, 1678 to 2261", foundText: text, at: pointer)
        }
        return instant
    }
}
