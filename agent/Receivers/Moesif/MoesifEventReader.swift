import CallModel
import Documents

/// Makes a call of one of Moesif's events.
///
/// An event needs `request.time`, `request.uri` and `request.verb`; of everything else what cannot be read is left out, because
/// half a call is worth more than none. `user_id`, `session_token`, `metadata` and `tags` tell of people and are not read, but
/// where the operator names one as the customer.
struct MoesifEventReader {
    let configuration: ReceiverConfiguration
    let now: Instant

    /// Why an event is refused.
    struct Flaw: Error {
        var pointer: String
        var detail: String
        var reason = "invalid"
    }

    mutating func read(_ event: JSONValue, index: Int, into request: inout DecodedRequest) {
        do throws(Flaw) {
            guard event.kind == .object else { throw Flaw(pointer: "", detail: "an object is wanted") }
            // `Internal` is what an SDK says of calls among the customer's own services.
            if let direction = event.member("direction")?.string, direction.lowercased() == "internal" {
                request.letGoCount += 1
                return
            }
            request.calls.append(try call(of: event, &request))
            request.indices.append(index)
        } catch {
            request.rejectedCounts[error.reason, default: 0] += 1
            guard request.rejections.count < configuration.rejectionsToldMax else { return }
            request.rejections.append(.init(index: index, pointer: error.pointer, detail: error.detail))
        }
    }

    private func call(of event: JSONValue, _ request: inout DecodedRequest) throws(Flaw) -> APICall {
        guard let asked = event.member("request"), asked.kind == .object else {
            throw Flaw(pointer: "/request", detail: "required: an object")
        }
        let direction: Direction = event.member("direction")?.string?.lowercased() == "outgoing" ? .outbound : .inbound
        guard let time = asked.member("time").flatMap(moesifTime) else {
            throw Flaw(pointer: "/request/time", detail: "required: a time such as 2026-11-24T05:00:00.000")
        }
        guard time <= now + configuration.futureMax else {
            throw Flaw(pointer: "/request/time", detail: "lies too far in the future", reason: "future")
        }
        var parts = MoesifMessages()
        var call = APICall(
            time: time, direction: direction, request: try parts.request(asked), source: .moesif)
        let headers = call.request.headers
        call.id = id(event.member("transaction_id")?.string ?? headers.value(of: "x-moesif-transaction-id"))
        call.customer = parts.customer(event, configuration.moesifCustomerFields)
        call.weight = weight(event.member("weight"))
        addTrace(event, to: &call)
        let answered = event.member("response")
        call.response = answered.flatMap { parts.response($0) }
        if call.response == nil {
            // A time-out, or an SDK that never saw the end: which of them is not told.
            call.error = .other
            call.outcome = .noAnswer(.other)
        }
        if let end = answered?.member("time").flatMap(moesifTime), end >= time { call.duration = end - time }
        // The far end: who called us, or whom we called.
        call.peerAddress = parts.address(
            direction == .inbound ? asked.member("ip_address") : answered?.member("ip_address"))
        request.cutCount += parts.cutCount
        request.droppedBodyCount += parts.droppedBodyCount
        return call
    }

    private func id(_ text: String?) -> String? {
        guard let text, !text.isEmpty, text.utf8.count <= Limits.idByteCountMax else { return nil }
        return text
    }

    /// ⌊100 / sample rate⌋, as the SDKs count.
    private func weight(_ value: JSONValue?) -> UInt32 {
        guard let number = value?.double, number >= 1 else { return 1 }
        return UInt32(min(number, Double(configuration.otlp.weightMax)))
    }

    /// `trace_id` and `span` where the event has them, otherwise `traceparent`.
    private func addTrace(_ event: JSONValue, to call: inout APICall) {
        if let trace = event.member("trace_id")?.string.flatMap(TraceID.init(hex:)) {
            call.traceID = trace
            call.spanID = event.member("span")?.member("id")?.string.flatMap(SpanID.init(hex:))
            call.parentSpanID = event.member("span")?.member("parent_id")?.string.flatMap(SpanID.init(hex:))
            return
        }
        call.adoptTraceParent()
    }
}

/// ISO 8601; a time without an offset is UTC, as the SDKs mean it. A number is seconds or milliseconds since 1970.
func moesifTime(_ value: JSONValue) -> Instant? {
    guard let text = value.string else {
        guard let number = value.double, number > 0 else { return nil }
        let seconds = number > 1e11 ? number / 1_000 : number
        // Until 2255: nanoseconds in 64 bits end seven years later.
        guard seconds < 9e9 else { return nil }
        return Instant(nanosecondsSinceEpoch: Int64(seconds * 1e9))
    }
    guard (10...40).contains(text.utf8.count) else { return nil }
    let joined = text.contains("T") ? text : text.replacing(" ", with: "T", maxReplacements: 1)
    return Instant(rfc3339: joined) ?? Instant(rfc3339: joined + "Z")
}
