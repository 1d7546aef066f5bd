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
        /// The scope `operate`, from everywhere: who changes something has a name.
        case operate
        /// The scope `admin`, from everywhere.
        case admin
    }

    var pattern: String
    var method = "GET"
    var summary: String
    var access: Access
    var parameters: [APIParameter] = []
    /// Fields of the JSON object that is sent; nil where no body is.
    var body: [APIField]?
    var contentType = "application/json"
    /// Further types the answer can have, by a parameter's choice.
    var otherContentTypes: [String] = []
    /// 200, or 201 for what makes something, or 204 for what leaves nothing to say.
    var successStatus = 200
    /// The name of the answer's schema in `APISchemas`; nil for what is not JSON.
    var schema: String?
    /// Whether it may say 404 for a path that matches.
    var mayBeMissing = false
    /// Whether it answers while another state stands against it (409).
    var mayConflict = false
    /// Whether what was asked for can still be under way (202).
    var mayBePending = false
    /// Whether it may say 403 although no token is asked for.
    var mayBeForbidden = false
    var handle: @Sendable (APIRequest) async throws -> Response
    /// The same where nothing has to be waited for: run on the event loop, without a task of its own.
    var handleAtOnce: (@Sendable (APIRequest) throws(APIProblem) -> Response)?

    private var segments: [Substring] { pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false) }

    /// Whether it is one path alone.
    var isFixed: Bool { !pattern.contains("{") }

    /// Whether an anonymous reader can be let in.
    var isReading: Bool {
        switch access {
        case .open, .status, .read: true
        case .operate, .admin: false
        }
    }

    /// Whether a body may be left out: nothing in it has to be said.
    var isBodyOptional: Bool { body?.contains(where: \.isRequired) == false }

    /// Whether a GET's answer is small or made already, so that it has an entity tag.
    var hasEntityTag: Bool { method == "GET" && contentType == "application/json" && schema != nil }

    /// Whether 304 can be the answer.
    var mayBeUnchanged: Bool { hasEntityTag || contentType.hasPrefix("text/html") || contentType.hasPrefix("text/css") }

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

/// A field of the object in a request's body.
struct APIField: Sendable {
    var name: String
    var kind: APIParameter.Kind
    var summary: String
    var isRequired = false
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
        /// RFC 3339, or a time span after now such as `2h`.
        case timeAhead
        /// A status code, or a class such as `5xx`.
        case status
        case traceID
        case cursor
        /// Where a search for calls was left.
        case searchCursor
        /// Where a list ordered by name was left.
        case nameCursor
        /// `$.shipping.zip`, or `$.shipping.zip=94107`.
        case jsonTest
        /// `retry-after`, or `retry-after: 30`.
        case headerTest
        /// Where a stream of calls was left.
        case eventID
        /// Calls by conditions joined by `&`, such as `since=1h&customer=acme`.
        case population
        /// In bodies alone: JSON of more than one value.
        case nested(NestedField)
    }

    var name: String
    var kind: Kind
    var summary: String
    var isRequired = false
}

/// A request whose parameters were checked.
struct APIRequest: Sendable {
    var head: RequestHead
    var path: [String: String]
    var query: [String: String]
    /// The body's fields, checked; numbers as their digits, nested ones as JSON.
    var fields: [String: String] = [:]
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
    /// What is wrong where, as JSON pointers: `/query/limit`, `/body/title`.
    var errors: [Problem.Item] = []
    /// What to do about it.
    var hint: String?

    static func badParameter(_ name: String, _ detail: String, hint: String? = nil) -> APIProblem {
        APIProblem(
            status: 400, title: "Bad parameter", detail: "`\(name)`: \(detail)",
            errors: [Problem.Item(pointer: "/query/\(pointerEscaped(name))", detail: detail)], hint: hint)
    }

    static func badBody(_ errors: [Problem.Item], hint: String? = nil) -> APIProblem {
        let first = errors.first.map { "`\($0.pointer)`: \($0.detail)" } ?? "the body is not what is wanted"
        return APIProblem(status: 400, title: "Bad body", detail: first, errors: errors, hint: hint)
    }

    static func notFound(_ name: String) -> APIProblem {
        APIProblem(status: 404, title: "Not found", detail: "there is no `\(name.prefix(80))` here")
    }

    var response: Response {
        var response = Response.problem(
            status: status, title: title, detail: detail, errors: errors,
            extensions: hint.map { [("hint", .string($0))] } ?? [])
        for (name, value) in headers { response.headers.add(name, value) }
        return response
    }
}

/// RFC 6901, section 3.
func pointerEscaped(_ name: String) -> String {
    String(name.flatMap { $0 == "~" ? Array("~0") : $0 == "/" ? Array("~1") : [$0] })
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
