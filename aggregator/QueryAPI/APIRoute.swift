import CallModel
import Storage
import Transport

/// One operation of the API: what it is asked with, who may ask, what it answers. The router, the checks of parameters and
/// `/openapi.json` are all made from these, so that none can say other than the rest.
struct APIRoute: Sendable {
    enum Access: Sendable {
        /// Anybody.
        case open
        /// Anybody on loopback, or everywhere where the operator opened the status; else the scope `read`.
        case status
        /// Anybody on loopback; else the scope `read`.
        case read
    }

    var pattern: String
    var summary: String
    var access: Access
    var parameters: [APIParameter] = []
    var contentType = "application/json"
    /// The name of the answer's schema in `APISchemas`; nil for what is not JSON.
    var schema: String?
    /// Whether it may say 404 for a path that matches.
    var mayBeMissing = false
    var handle: @Sendable (APIRequest) async throws -> Response

    private var segments: [Substring] { pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) }

    /// The values of the pattern's `{…}` when the path matches, by name.
    func match(_ path: [Substring]) -> [String: String]? {
        let segments = segments
        guard segments.count == path.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, path) {
            if segment.hasPrefix("{") {
                guard !part.isEmpty, let value = percentDecoded(part, plusIsSpace: false) else { return nil }
                values[String(segment.dropFirst().dropLast())] = value
            } else if segment != part {
                return nil
            }
        }
        return values
    }
}

/// A parameter in the query.
struct APIParameter: Sendable {
    enum Kind: Sendable {
        /// Characters are code points, as JSON Schema counts them.
        case text(characterCountMax: Int)
        case integer(ClosedRange<Int>)
        case choice([String])
        /// RFC 3339, or a time span before now such as `15m`.
        case time
        /// A status code, or a class such as `5xx`.
        case status
        case traceID
        case cursor
    }

    var name: String
    var kind: Kind
    var summary: String
}

/// A request whose parameters were checked.
struct APIRequest: Sendable {
    var head: RequestHead
    var path: [String: String]
    var query: [String: String]
    /// Of the token that came with it; empty for an anonymous one.
    var scopes: Set<TokenScope>
    /// The token's name, for the audit.
    var who: String
    var now: Instant
}

/// What goes back as problem+json (RFC 9457).
struct APIProblem: Error {
    var status: Int
    var title: String
    var detail: String
    var headers: [(String, String)] = []

    static func badParameter(_ name: String, _ detail: String) -> APIProblem {
        APIProblem(status: 400, title: "Bad parameter", detail: "`\(name)`: \(detail)")
    }

    static func notFound(_ name: String) -> APIProblem {
        APIProblem(status: 404, title: "Not found", detail: "there is no `\(name.prefix(80))` here")
    }

    var response: Response {
        var response = Response.problem(status: status, title: title, detail: detail)
        for (name, value) in headers { response.headers.add(name, value) }
        return response
    }
}

/// `%41` becomes `A`; nil for a broken escape or for what is no UTF-8.
func percentDecoded(_ text: some StringProtocol, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8.makeIterator()
    while let byte = rest.next() {
        switch byte {
        case UInt8(ascii: "%"):
            guard let high = rest.next(), let low = rest.next(),
                let value = parseHex(Substring(decoding: [high, low], as: UTF8.self).utf8)
            else { return nil }
            bytes.append(UInt8(value))
        case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
        default: bytes.append(byte)
        }
    }
    return String(validating: bytes, as: UTF8.self)
}
