import CallModel
import Documents

extension CallJSONReader {
    /// A string is the body's text, `{"base64":"…"}` its bytes, and anything else is JSON, kept as compact text.
    func body(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> Body {
        if let utf8 = value.utf8 { return Body(Array(utf8)) }
        guard let encoded = base64(value) else { return Body(value.serialized()) }
        guard let utf8 = encoded.utf8, let bytes = Base64.decode(utf8) else {
            throw .expected("base64", found: encoded, at: "\(pointer)/base64")
        }
        return Body(bytes)
    }

    /// The value of an object's only member, if that is named `base64`.
    private func base64(_ value: JSONValue) -> JSONValue? {
        guard let (key, encoded) = value.onlyMember, key.elementsEqual("base64".utf8) else { return nil }
        return encoded
    }

    func byteCount(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> Int {
        Int(try integer(value, at: pointer, in: 0...Int64.max))
    }

    func bodyForm(_ value: JSONValue, at pointer: StaticString) throws(CallError) -> Body.Form {
        try choice(value, at: pointer, of: Body.Form.allCases, name: \.name)
    }

    /// A body above the limit is left out and its size kept; half a document would help nobody.
    mutating func limitBody(_ body: inout Body?, form: Body.Form, byteCount: inout Int?) {
        body?.form = form
        guard let size = body?.bytes.count, size > Limits.bodyByteCountMax else { return }
        byteCount = byteCount ?? size
        body = nil
        droppedBodyCount &+= 1
    }
}

extension Body.Form {
    /// As `body_form` has it.
    var name: String {
        switch self {
        case .full: "full"
        case .redacted: "redacted"
        case .shape: "shape"
        }
    }
}
