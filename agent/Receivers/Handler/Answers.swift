import NIOCore
import Transport

// The parts of answers that receivers share.

extension Response {
    static func make(status: Int, contentType: String, _ bytes: [UInt8]) -> Response {
        Response(status: status, headers: ["content-type": contentType], body: ByteBuffer(bytes: bytes))
    }

    /// RFC 9457. A document that is malformed is so as a whole: the empty JSON pointer.
    static func problem(_ refusal: Refusal) -> Response {
        let errors = refusal.reason == .malformed ? [Problem.Item(pointer: "", detail: refusal.detail)] : []
        var response = problem(status: refusal.status, title: refusal.title, detail: refusal.detail, errors: errors)
        response.addFields(of: refusal)
        return response
    }

    /// What a refusal says in the header, whatever its body looks like.
    mutating func addFields(of refusal: Refusal) {
        if let retryAfter = refusal.retryAfter {
            // Whole seconds (RFC 9110, section 10.2.3), rounded up: coming too early is coming in vain.
            let (seconds, attoseconds) = retryAfter.components
            headers.add("retry-after", "\(max(1, attoseconds > 0 ? seconds + 1 : seconds))")
        }
        if let allow = refusal.allow { headers.add("allow", allow) }
        if refusal.reason == .unauthorized { headers.add("www-authenticate", "Bearer") }
        if refusal.reason == .unsupportedEncoding { headers.add("accept-encoding", ContentCoding.offered) }
    }
}
