import CallJSON
import CallModel
import Crypto
import Documents
import Storage

// One call in the words of other tools: HAR 1.2, to look at it or to hand it over.

/// HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), with what HAR has no word for under `_` names, as it allows.
public func harDocument(_ calls: [StoredCall], version: String, comment: String? = nil) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
        writer.object("log") { writer in
            writer.member("version", "1.2")
            writer.object("creator") {
                $0.member("name", "Farwatch")
                $0.member("version", version)
            }
            if let comment { writer.member("comment", comment) }
            writer.array("entries") { writer in
                for call in calls { writer.object { entry(call, &$0) } }
            }
        }
    }
    return writer.bytes
}

private func entry(_ stored: StoredCall, _ writer: inout JSONWriter) {
    let call = stored.call
    let milliseconds = call.duration.map { $0.inSeconds * 1_000 } ?? -1
    writer.member("startedDateTime", call.time)
    writer.member("time", max(0, milliseconds), decimals: 3)
    var (requestWriter, responseWriter) = (JSONWriter(), JSONWriter())
    requestWriter.object { request(call, &$0) }
    responseWriter.object { response(call, &$0) }
    writer.member("request", json: requestWriter.bytes)
    writer.member("response", json: responseWriter.bytes)
    // Of the two objects as they stand here, one after the other: by it two people can tell that they speak of the same.
    let hash = SHA256.hash(data: requestWriter.bytes + responseWriter.bytes)
    writer.member("_sha256", hash.map { String(hexText(UInt64($0)).suffix(2)) }.joined())
    writer.object("cache") { _ in }
    writer.object("timings") {
        $0.member("send", 0)
        $0.member("wait", max(0, milliseconds), decimals: 3)
        $0.member("receive", 0)
    }
    if let address = call.peerAddress { writer.member("serverIPAddress", address) }
    writer.member("_id", stored.id)
    writer.member("_direction", call.direction.name)
    writer.member("_partner", call.partner)
    writer.member("_route", call.route)
    writer.member("_outcome", call.outcome.name)
    if let error = call.error { writer.member("_error", error.name) }
    if let trace = call.traceID { writer.member("_trace_id", trace.hex) }
    if let webhook = call.webhook {
        writer.object("_webhook") {
            $0.member("event_type", webhook.eventType)
            $0.member("delivery_id", webhook.deliveryID)
            $0.member("attempt", webhook.attempt)
        }
    }
}

private func request(_ call: APICall, _ writer: inout JSONWriter) {
    let request = call.request
    writer.member("method", request.method)
    writer.member("url", request.url)
    writer.member("httpVersion", request.httpVersion.map { "HTTP/\($0)" } ?? "unknown")
    writer.array("cookies") { _ in }
    headers(request.headers, &writer)
    writer.array("queryString") { writer in
        guard let mark = request.url.firstIndex(of: "?") else { return }
        for pair in request.url[request.url.index(after: mark)...].prefix(while: { $0 != "#" }).split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            writer.object {
                $0.member("name", percentDecoded(parts[0], plusIsSpace: true) ?? String(parts[0]))
                $0.member(
                    "value", parts.count == 2 ? percentDecoded(parts[1], plusIsSpace: true) ?? String(parts[1]) : "")
            }
        }
    }
    if let body = request.body {
        writer.object("postData") {
            $0.member("mimeType", request.headers.value(of: "content-type") ?? "")
            content(body, encoding: "_encoding", &$0)  // HAR has no word for it in requests.
        }
    }
    writer.member("headersSize", -1)
    writer.member("bodySize", request.bodyByteCount ?? -1)
}

private func response(_ call: APICall, _ writer: inout JSONWriter) {
    // Without an answer the status is 0, as browsers write it.
    writer.member("status", call.response?.status ?? 0)
    writer.member("statusText", "")
    writer.member("httpVersion", call.request.httpVersion.map { "HTTP/\($0)" } ?? "unknown")
    writer.array("cookies") { _ in }
    headers(call.response?.headers ?? [], &writer)
    writer.object("content") {
        $0.member("size", call.response?.bodyByteCount ?? call.response?.body?.bytes.count ?? 0)
        $0.member("mimeType", call.response?.headers.value(of: "content-type") ?? "")
        if let body = call.response?.body { content(body, encoding: "encoding", &$0) }
    }
    writer.member("redirectURL", call.response?.headers.value(of: "location") ?? "")
    writer.member("headersSize", -1)
    writer.member("bodySize", call.response?.bodyByteCount ?? -1)
}

private func headers(_ headers: [Header], _ writer: inout JSONWriter) {
    writer.array("headers") { writer in
        for header in headers {
            writer.object {
                $0.member("name", header.name)
                $0.member("value", header.value)
            }
        }
    }
}

/// - Parameter encoding: The member that says that what is no text stands there in base64.
private func content(_ body: Body, encoding: String, _ writer: inout JSONWriter) {
    if let text = String(validating: body.bytes, as: UTF8.self) {
        writer.member("text", text)
    } else {
        var digits: [UInt8] = []
        Base64.append(body.bytes, to: &digits)
        writer.member("text", String(decoding: digits, as: UTF8.self))
        writer.member(encoding, "base64")
    }
    switch body.form {
    case .full: break
    case .redacted: writer.member("comment", "masked by redaction")
    case .shape: writer.member("comment", "the body's shape: paths, types, formats and lengths, no values")
    }
}
