import CallJSON
import CallModel
import Documents

/// The request and the response of one event, cut to the bounds of `Limits`.
struct MoesifMessages {
    var cutCount = 0
    var droppedBodyCount = 0

    mutating func request(_ value: JSONValue) throws(MoesifEventReader.Flaw) -> APICall.Request {
        guard let verb = value.member("verb")?.utf8, (1...32).contains(verb.count), verb.allSatisfy(isTokenByte) else {
            throw .init(pointer: "/request/verb", detail: "required: an HTTP method")
        }
        let headers = headers(value.member("headers"))
        var request = APICall.Request(
            method: String(decoding: verb, as: UTF8.self).uppercased(),
            url: try url(value.member("uri")?.string, headers), headers: headers)
        (request.body, request.bodyByteCount) = body(value)
        return request
    }

    /// Nil where no status came: `-1` and `0` are what SDKs write then.
    mutating func response(_ value: JSONValue) -> APICall.Response? {
        let told = value.member("status")
        guard let status = told?.int64 ?? told?.string.flatMap({ Int64($0) }), (100...999).contains(status) else {
            return nil
        }
        var response = APICall.Response(status: Int(status), headers: headers(value.member("headers")))
        (response.body, response.bodyByteCount) = body(value)
        return response
    }

    /// The first of the fields that has a value; `metadata.tenant` looks into the metadata.
    mutating func customer(_ event: JSONValue, _ fields: [MoesifCustomerField]) -> String? {
        for field in fields {
            let value: JSONValue? =
                switch field {
                case .company: event.member("company_id")
                case .user: event.member("user_id")
                case .subscription: event.member("subscription_id")
                case .metadata(let key): member(key, of: event.member("metadata"))
                }
            guard let value, let text = value.string ?? value.int64.map(String.init), !text.isEmpty else { continue }
            return cut(text, Limits.nameByteCountMax)
        }
        return nil
    }

    /// An IP address as it came; anything else is nobody's.
    func address(_ value: JSONValue?) -> String? {
        guard let text = value?.utf8, (2...45).contains(text.count),
            text.allSatisfy({
                $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 6 || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            })
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private func member(_ key: String, of value: JSONValue?) -> JSONValue? {
        var found: JSONValue?
        value?.forEachMember { name, value in
            if name.elementsEqual(key.utf8) { found = value }
        }
        return found
    }

    /// Absolute, or a path completed by the `Host` header.
    private func url(_ text: String?, _ headers: [Header]) throws(MoesifEventReader.Flaw) -> String {
        guard let text, !text.isEmpty, text.utf8.count <= Limits.urlByteCountMax else {
            throw .init(pointer: "/request/uri", detail: "required: a URL of at most \(Limits.urlByteCountMax) bytes")
        }
        guard text.hasPrefix("/") else { return text }
        guard let host = headers.value(of: "host"), !host.isEmpty else {
            throw .init(pointer: "/request/uri", detail: "names no host, and there is no Host header")
        }
        return "https://" + host + text
    }

    /// Repeated fields come joined, or as an array. What is no name of a header is left out.
    private mutating func headers(_ value: JSONValue?) -> [Header] {
        var headers: [Header] = []
        value?.forEachMember { name, value in
            guard headers.count < Limits.headerCountMax, (1...Limits.nameByteCountMax).contains(name.count),
                name.allSatisfy(isTokenByte)
            else { return cutCount += 1 }
            let lowered = String(decoding: name, as: UTF8.self).lowercased()
            if value.kind == .array {
                value.forEachElement { element in append(lowered, element, to: &headers) }
            } else {
                append(lowered, value, to: &headers)
            }
        }
        return headers
    }

    private mutating func append(_ name: String, _ value: JSONValue, to headers: inout [Header]) {
        guard headers.count < Limits.headerCountMax else { return cutCount += 1 }
        switch value.kind {
        case .null: return
        case .string: headers.append(Header(name, cut(value.string ?? "", Limits.headerValueByteCountMax)))
        case .integer, .unsigned, .double, .bool, .object, .array:
            headers.append(
                Header(name, cut(String(decoding: value.serialized(), as: UTF8.self), Limits.headerValueByteCountMax)))
        }
    }

    /// `transfer_encoding` tells base64 from JSON; a string that is no base64 stays text.
    private mutating func body(_ message: JSONValue) -> (Body?, byteCount: Int?) {
        let told = message.member("content_length")?.int64.flatMap { $0 >= 0 ? Int($0) : nil }
        guard let value = message.member("body"), !value.isNull else { return (nil, told) }
        var bytes: [UInt8]
        if let text = value.utf8 {
            bytes = Array(text)
            if message.member("transfer_encoding")?.string == "base64", let decoded = Base64.decode(text) {
                bytes = decoded
            }
        } else {
            bytes = value.serialized()
        }
        guard bytes.count <= Limits.bodyByteCountMax else {
            droppedBodyCount += 1
            return (nil, told ?? bytes.count)
        }
        return (Body(bytes), told)
    }

    private mutating func cut(_ text: String, _ byteCountMax: Int) -> String {
        guard text.utf8.count > byteCountMax else { return text }
        cutCount += 1
        return String(decoding: text.utf8.prefix(byteCountMax), as: UTF8.self)
    }
}

/// Where an event tells our customer.
public enum MoesifCustomerField: Sendable, Equatable {
    case company, user, subscription
    case metadata(String)

    /// `company_id`, `user_id`, `subscription_id` or `metadata.<key>`.
    public init?(_ name: String) {
        switch name {
        case "company_id": self = .company
        case "user_id": self = .user
        case "subscription_id": self = .subscription
        default:
            guard name.hasPrefix("metadata."), name.utf8.count > 9 else { return nil }
            self = .metadata(String(name.dropFirst(9)))
        }
    }
}
