import CallJSON
import CallModel
import Documents

/// Writes HTTP Archive 1.2 (http://www.softwareishard.com/blog/har-12-spec/), entry by entry, so that it need not be held.
///
/// What a capture does not tell is -1, as the format has it. Calls without an answer have status 0 and `_error`.
struct HARWriter {
    private var isFirst = true

    mutating func begin(_ bytes: inout [UInt8]) {
        bytes.append(
            contentsOf: #"{"log":{"version":"1.2","creator":{"name":"farwatch-agent","version":""#.utf8)
        bytes.append(contentsOf: Agent.version.utf8)
        bytes.append(contentsOf: #""},"entries":["#.utf8)
    }

    mutating func end(_ bytes: inout [UInt8]) {
        bytes.append(contentsOf: "\n]}}\n".utf8)
    }

    mutating func append(_ call: APICall, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: (isFirst ? "\n" : ",\n").utf8)
        isFirst = false
        var entry = Members(&bytes)
        entry.string("startedDateTime", call.time.rfc3339, &bytes)
        entry.raw("time", milliseconds(call.duration), &bytes)
        entry.key("request", &bytes)
        append(call.request, &bytes)
        entry.key("response", &bytes)
        append(call.response, error: call.error, version: call.request.httpVersion, &bytes)
        entry.raw("cache", "{}", &bytes)
        entry.raw("timings", #"{"send":-1,"wait":\#(milliseconds(call.duration)),"receive":-1}"#, &bytes)
        if let address = call.peerAddress { entry.string("serverIPAddress", address, &bytes) }
        entry.close(&bytes)
    }

    private func append(_ request: APICall.Request, _ bytes: inout [UInt8]) {
        var object = Members(&bytes)
        object.string("method", request.method, &bytes)
        object.string("url", request.url, &bytes)
        object.string("httpVersion", "HTTP/" + (request.httpVersion ?? "1.1"), &bytes)
        object.raw("cookies", "[]", &bytes)
        object.key("headers", &bytes)
        append(request.headers.map { ($0.name, $0.value) }, &bytes)
        object.key("queryString", &bytes)
        append(query(of: request.url), &bytes)
        if let body = request.body {
            object.key("postData", &bytes)
            var post = Members(&bytes)
            post.string("mimeType", request.headers.value(of: "content-type") ?? "", &bytes)
            appendText(body, &post, &bytes)
            post.close(&bytes)
        }
        object.raw("headersSize", "-1", &bytes)
        object.raw("bodySize", "\(request.bodyByteCount ?? -1)", &bytes)
        object.close(&bytes)
    }

    private func append(_ response: APICall.Response?, error: FailureKind?, version: String?, _ bytes: inout [UInt8]) {
        var object = Members(&bytes)
        object.raw("status", "\(response?.status ?? 0)", &bytes)
        object.string("statusText", "", &bytes)
        object.string("httpVersion", "HTTP/" + (version ?? "1.1"), &bytes)
        object.raw("cookies", "[]", &bytes)
        object.key("headers", &bytes)
        append(response?.headers.map { ($0.name, $0.value) } ?? [], &bytes)
        object.key("content", &bytes)
        var content = Members(&bytes)
        content.raw("size", "\(response?.body?.bytes.count ?? response?.bodyByteCount ?? 0)", &bytes)
        content.string("mimeType", response?.headers.value(of: "content-type") ?? "", &bytes)
        if let body = response?.body { appendText(body, &content, &bytes) }
        content.close(&bytes)
        object.string("redirectURL", response?.headers.value(of: "location") ?? "", &bytes)
        object.raw("headersSize", "-1", &bytes)
        object.raw("bodySize", "\(response?.bodyByteCount ?? -1)", &bytes)
        if let error { object.string("_error", error.name, &bytes) }
        object.close(&bytes)
    }

    private func append(_ pairs: [(String, String)], _ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "["))
        for (index, pair) in pairs.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            var object = Members(&bytes)
            object.string("name", pair.0, &bytes)
            object.string("value", pair.1, &bytes)
            object.close(&bytes)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private func appendText(_ body: Body, _ object: inout Members, _ bytes: inout [UInt8]) {
        if let text = String(validating: body.bytes, as: UTF8.self) { return object.string("text", text, &bytes) }
        object.key("text", &bytes)
        bytes.append(UInt8(ascii: "\""))
        Base64.append(body.bytes, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        object.string("encoding", "base64", &bytes)
    }

    /// The query's parameters as they stand, still encoded.
    private func query(of url: String) -> [(String, String)] {
        guard let start = url.firstIndex(of: "?") else { return [] }
        let query = url[url.index(after: start)...].prefix { $0 != "#" }
        return query.split(separator: "&").map { parameter in
            let name = parameter.prefix { $0 != "=" }
            return (String(name), String(parameter.dropFirst(name.count + 1)))
        }
    }

    private func milliseconds(_ duration: Duration?) -> String {
        guard let duration else { return "-1" }
        let microseconds = duration.nanoseconds / 1_000
        let fraction = "\(microseconds % 1_000)"
        return "\(microseconds / 1_000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)"
    }
}

/// The members of one JSON object as they are appended.
private struct Members {
    private var isFirst = true

    init(_ bytes: inout [UInt8]) { bytes.append(UInt8(ascii: "{")) }

    mutating func key(_ name: StaticString, _ bytes: inout [UInt8]) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        bytes.append(contentsOf: "\"\(name)\":".utf8)
    }

    mutating func string(_ name: StaticString, _ value: String, _ bytes: inout [UInt8]) {
        key(name, &bytes)
        JSONText.appendString(value, to: &bytes)
    }

    mutating func raw(_ name: StaticString, _ value: String, _ bytes: inout [UInt8]) {
        key(name, &bytes)
        bytes.append(contentsOf: value.utf8)
    }

    mutating func close(_ bytes: inout [UInt8]) { bytes.append(UInt8(ascii: "}")) }
}
