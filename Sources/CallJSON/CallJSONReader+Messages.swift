import CallModel
import Documents

extension CallJSONReader {
    mutating func request(_ value: JSONValue) throws(CallError) -> APICall.Request {
        guard value.kind == .object else { throw .expected("an object", found: value, at: "/request") }
        var request = APICall.Request(method: "", url: "")
        var address = RequestAddress()
        var form = Body.Form.full
        try value.forEachMember { (key, value) throws(CallError) in
            guard let field = MessageField.table[key] else { return fieldIgnored() }
            guard !value.isNull else { return }
            switch field {
            case .method: request.method = try method(value)
            case .url: address.url = try boundedText(value, at: "/request/url", byteCountMax: Limits.urlByteCountMax)
            case .scheme: address.scheme = try boundedText(value, at: "/request/scheme", byteCountMax: 8)
            case .host:
                address.host = try boundedText(value, at: "/request/host", byteCountMax: Limits.nameByteCountMax)
            case .path:
                address.path = try boundedText(value, at: "/request/path", byteCountMax: Limits.urlByteCountMax)
            case .headers: request.headers = try headers(value, at: "/request/headers")
            case .body: request.body = try body(value, at: "/request/body")
            case .bodyBytes: request.bodyByteCount = try byteCount(value, at: "/request/body_bytes")
            case .bodyForm: form = try bodyForm(value, at: "/request/body_form")
            case .httpVersion: request.httpVersion = try httpVersion(value)
            case .status: fieldIgnored()
            }
        }
        guard !request.method.isEmpty else {
            throw CallError(pointer: "/request/method", detail: "required: an HTTP method")
        }
        request.url = try address.absolute(hostHeader: request.headers.value(of: "host"))
        limitBody(&request.body, form: form, byteCount: &request.bodyByteCount)
        return request
    }

    mutating func response(_ value: JSONValue) throws(CallError) -> APICall.Response {
        guard value.kind == .object else { throw .expected("an object", found: value, at: "/response") }
        var response = APICall.Response(status: 0)
        var form = Body.Form.full
        try value.forEachMember { (key, value) throws(CallError) in
            guard let field = MessageField.table[key] else { return fieldIgnored() }
            guard !value.isNull else { return }
            switch field {
            case .status: response.status = Int(try integer(value, at: "/response/status", in: 100...999))
            case .headers: response.headers = try headers(value, at: "/response/headers")
            case .body: response.body = try body(value, at: "/response/body")
            case .bodyBytes: response.bodyByteCount = try byteCount(value, at: "/response/body_bytes")
            case .bodyForm: form = try bodyForm(value, at: "/response/body_form")
            case .method, .url, .scheme, .host, .path, .httpVersion: fieldIgnored()
            }
        }
        guard response.status > 0 else {
            throw CallError(pointer: "/response/status", detail: "required: a whole number, 100 to 999")
        }
        limitBody(&response.body, form: form, byteCount: &response.bodyByteCount)
        return response
    }

    /// A token (RFC 9110, section 9.1) in upper case: the methods' case matters, and senders get it wrong.
    private func method(_ value: JSONValue) throws(CallError) -> String {
        let utf8 = try boundedText(value, at: "/request/method", byteCountMax: 32)
        guard HTTPText.isToken(utf8[...]) else {
            throw .expected("an HTTP method", found: value, at: "/request/method")
        }
        let isUpper = !utf8.contains { $0 &- 97 < 26 }
        return isUpper ? String(decoding: utf8, as: UTF8.self) : String(decoding: utf8, as: UTF8.self).uppercased()
    }

    /// `1.1`, `HTTP/1.1`, `2.0`, `h2` … and the number 1.1 all come in practice.
    private func httpVersion(_ value: JSONValue) throws(CallError) -> String {
        var text = value.string ?? ""
        if let number = value.double {
            text = number == 1.1 ? "1.1" : number == 1 ? "1.0" : "\(Int(exactly: number) ?? 0)"
        }
        switch text {
        case "1.1", "HTTP/1.1", "http/1.1": return "1.1"
        case "1.0", "HTTP/1.0", "http/1.0": return "1.0"
        case "2", "2.0", "HTTP/2", "HTTP/2.0", "h2", "h2c": return "2"
        case "3", "3.0", "HTTP/3", "HTTP/3.0", "h3": return "3"
        default: throw .expected("1.0, 1.1, 2 or 3", found: value, at: "/request/http_version")
        }
    }

    /// An object of names to values. Names become lower case; a value is text, or an array of texts for repeated fields.
    private mutating func headers(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> [Header] {
        guard value.kind == .object else { throw .expected("an object", found: value, at: pointer) }
        var headers: [Header] = []
        headers.reserveCapacity(min(value.childCount, Limits.headerCountMax))
        try value.forEachMember { (key, value) throws(CallError) in
            guard key.count <= Limits.nameByteCountMax, HTTPText.isFieldName(key) else {
                throw CallError(
                    pointer: CallError.pointer(pointer, key),
                    detail: "expected a header name of at most \(Limits.nameByteCountMax) bytes")
            }
            guard !value.isNull else { return }
            let name = HTTPText.isLower(key) ? names.string(key) : String(decoding: key, as: UTF8.self).lowercased()
            guard value.kind == .array else {
                headers.append(try header(name, value, key, at: pointer))
                return try checkCount(headers, at: pointer)
            }
            try value.forEachElement { (element) throws(CallError) in
                guard !element.isNull else { return }
                headers.append(try header(name, element, key, at: pointer))
                try checkCount(headers, at: pointer)
            }
        }
        return headers
    }

    private func checkCount(_ headers: [Header], at pointer: StaticString) throws(CallError) {
        guard headers.count <= Limits.headerCountMax else {
            throw CallError(pointer: "\(pointer)", detail: "expected at most \(Limits.headerCountMax) headers")
        }
    }

    private mutating func header(
        _ name: String, _ value: JSONValue, _ key: UnsafeBufferPointer<UInt8>, at pointer: StaticString
    ) throws(CallError) -> Header {
        switch value.kind {
        case .string:
            guard let utf8 = value.utf8, utf8.count <= Limits.headerValueByteCountMax else { break }
            return Header(name, names.string(utf8))
        case .integer, .unsigned, .double, .bool:
            return Header(name, String(decoding: value.serialized(), as: UTF8.self))
        case .object, .array, .null: break
        }
        throw .expected(
            "text of at most \(Limits.headerValueByteCountMax) bytes", found: value,
            at: CallError.pointer(pointer, key))
    }
}
