import CallModel

extension APICall {
    /// This call with what another witness of the same one saw and this one did not.
    ///
    /// What stands here stays: names and times are the better witness's. Both are redacted alike before, so nothing comes in that
    /// would not have left the host by itself.
    func completed(by other: APICall) -> APICall {
        var call = weighed(with: other)
        call.request.headers.fillIfEmpty(from: other.request.headers)
        call.request.body = call.request.body ?? other.request.body
        call.request.bodyByteCount = call.request.bodyByteCount ?? other.request.bodyByteCount
        call.request.httpVersion = call.request.httpVersion ?? other.request.httpVersion
        if var response, let seen = other.response, seen.status == response.status {
            response.headers.fillIfEmpty(from: seen.headers)
            response.body = response.body ?? seen.body
            response.bodyByteCount = response.bodyByteCount ?? seen.bodyByteCount
            call.response = response
            // Who saw the body knows what a status hides.
            if call.outcome == .success { call.outcome = other.outcome }
        }
        call.duration = call.duration ?? other.duration
        call.peerAddress = call.peerAddress ?? other.peerAddress
        call.service = call.service ?? other.service
        call.serviceVersion = call.serviceVersion ?? other.serviceVersion
        call.region = call.region ?? other.region
        call.environment = call.environment ?? other.environment
        call.customer = call.customer ?? other.customer
        call.webhook = call.webhook ?? other.webhook
        call.traceID = call.traceID ?? other.traceID
        call.spanID = call.spanID ?? other.spanID
        call.parentSpanID = call.parentSpanID ?? other.parentSpanID
        return call
    }

    /// Of one that stands for many the others are seen by the witness that sees them all.
    func weighed(with other: APICall) -> APICall {
        var call = self
        call.weight = min(weight, other.weight)
        return call
    }

    /// Roughly the bytes it takes beside its fixed fields.
    var contentByteCount: Int {
        func count(_ headers: [Header]) -> Int {
            headers.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 32 }
        }
        return 512 + request.url.utf8.count + count(request.headers) + (request.body?.bytes.count ?? 0)
            + count(response?.headers ?? []) + (response?.body?.bytes.count ?? 0)
    }
}

extension [Header] {
    fileprivate mutating func fillIfEmpty(from other: [Header]) { if isEmpty { self = other } }
}
