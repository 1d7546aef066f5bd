import BatchFormat
import CallModel
import SimulationKit

/// A call with any combination of what a call can have, to microseconds as the format keeps it.
func randomCall(_ random: inout SeededGenerator) -> APICall {
    func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }
    func pick(_ values: [String], _ random: inout SeededGenerator) -> String? {
        chance(80, &random) ? values.randomElement(using: &random) : nil
    }
    func body(_ random: inout SeededGenerator) -> Body? {
        guard chance(60, &random) else { return nil }
        let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        return Body(bytes, form: Body.Form.allCases.randomElement(using: &random)!)
    }
    func headers(_ random: inout SeededGenerator) -> [Header] {
        (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            Header(
                ["content-type", "x-request-id", "via", "via", ""].randomElement(using: &random)!,
                ["", "a", "ü→\u{1F600}", String(random.next())].randomElement(using: &random)!)
        }
    }
    let time = Int64.random(in: -1_000_000_000_000...4_000_000_000_000_000, using: &random)
    var request = APICall.Request(
        method: "POST",
        url: ["https://api.stripe.com/v1/charges/ch_\(random.next())?a=b", "/only/path", "", "http://host", "x://"]
            .randomElement(using: &random)!, headers: headers(&random), body: body(&random))
    request.bodyByteCount = chance(50, &random) ? Int.random(in: 0..<100_000, using: &random) : nil
    request.httpVersion = pick(["1.1", "2"], &random)
    var call = APICall(
        time: Instant(microsecondsSinceEpoch: time), direction: chance(50, &random) ? .inbound : .outbound,
        request: request, source: CallSource.allCases.randomElement(using: &random)!)
    if chance(80, &random) {
        call.response = .init(
            status: Int.random(in: 100...999, using: &random), headers: headers(&random), body: body(&random))
        call.response?.bodyByteCount = chance(50, &random) ? 0 : nil
    } else {
        call.error = FailureKind.allCases.randomElement(using: &random)
    }
    call.outcome = Outcome.allCases.randomElement(using: &random)!
    call.partner = pick(["stripe", "zendesk"], &random)
    call.route = pick(["POST /v1/charges", "GET /"], &random)
    call.service = pick(["billing"], &random)
    call.serviceVersion = pick(["1", "2"], &random)
    call.host = pick(["app-1", "app-2"], &random)
    call.region = pick(["eu"], &random)
    call.environment = pick(["production"], &random)
    call.customer = pick(["acme", ""], &random)
    call.duration = chance(80, &random) ? .microseconds(Int64.random(in: 0..<10_000_000, using: &random)) : nil
    call.traceID = chance(70, &random) ? TraceID(high: random.next(), low: random.next()) : nil
    call.spanID = chance(70, &random) ? SpanID(bits: random.next()) : nil
    call.parentSpanID = chance(30, &random) ? SpanID(bits: random.next()) : nil
    call.peerAddress = pick(["203.0.113.7", "2001:db8::1"], &random)
    call.weight = chance(80, &random) ? 1 : UInt32.random(in: 1...UInt32.max, using: &random)
    call.receivedAt = chance(20, &random) ? Instant(microsecondsSinceEpoch: time + 5) : nil
    switch Int.random(in: 0..<5, using: &random) {
    case 0: call.id = "id-\(random.next())"
    case 1: call.id = "0193\(hexText(random.next()).prefix(4))-aaaa-7bbb-8ccc-0123456789ab"
    case 2: if let trace = call.traceID, let span = call.spanID { call.id = trace.hex + "-" + span.hex }
    case 3: call.id = "0193AAAA-aaaa-7bbb-8ccc-0123456789ab"
    default: break
    }
    if chance(20, &random) {
        var webhook = APICall.Webhook()
        webhook.eventType = pick(["charge.failed"], &random)
        webhook.deliveryID = pick(["", "evt_1"], &random)
        webhook.attempt = chance(50, &random) ? 3 : nil
        webhook.recipient = pick(["https://a.example"], &random)
        call.webhook = webhook
    }
    return call
}

func batch(_ calls: [APICall], sealed: Bool = true) -> [UInt8] {
    var builder = BatchBuilder(catalogueVersion: "c1")
    for call in calls { builder.append(call) }
    return sealed ? builder.sealed() : builder.journalRecord()
}
