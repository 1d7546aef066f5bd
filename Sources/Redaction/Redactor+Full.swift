import CallModel
import Documents

/// What `full` leaves of a body: everything but what opens or pays something, because whoever granted it wanted to see the calls and not
/// to spread the keys.
///
/// Masked are values under keys that say a secret, tokens by their issuers' prefixes, JWT, access keys, private keys and card numbers.
/// A text beyond `HiddenText`'s bound is looked at as it stands and not decoded.
extension Redactor {
    /// The body itself where nothing is found. JSON keeps all other values; of anything else the shape is left, because it cannot be
    /// taken apart and put together again without a doubt.
    mutating func withoutCredentials(_ body: Body, _ headers: [Header]) -> Body {
        if let kept = keptOfJSON(body) { return kept }
        let findsAny = body.bytes.withUnsafeBufferPointer { credentials.masked($0) != nil }
        let shape = Shape.of(bytes: body.bytes, contentType: headers.value(of: "content-type"), parser: parser)
        guard findsAny || shape.map(namesSecret) ?? false else { return body }
        for rule in findsAny ? credentials.found : [.named] { count(rule) }
        return self.shape(body, headers)
    }

    /// Nil for what is no JSON.
    private mutating func keptOfJSON(_ body: Body) -> Body? {
        var bytes: [UInt8] = []
        var finds = 0
        do {
            try parser.parse(body.bytes) { try keep($0, key: nil, into: &bytes, &finds) }
        } catch {
            return nil
        }
        return finds == 0 ? body : Body(bytes, form: .redacted)
    }

    private mutating func keep(_ value: JSONValue, key: String?, into bytes: inout [UInt8], _ finds: inout Int) throws {
        if let key, value.kind != .null, HeaderRules.isSecret(key.lowercased()) {
            JSONText.appendString(scanner.placeholder("secret", for: text(value)), to: &bytes)
            count(.named)
            finds += 1
            return
        }
        switch value.kind {
        case .object:
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            try value.forEachMember { name, member in
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                let key = String(decoding: name, as: UTF8.self)
                JSONText.appendString(kept(key, &finds), to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try keep(member, key: key, into: &bytes, &finds)
            }
            bytes.append(UInt8(ascii: "}"))
        case .array:
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            try value.forEachElement { element in
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try keep(element, key: nil, into: &bytes, &finds)
            }
            bytes.append(UInt8(ascii: "]"))
        case .string: JSONText.appendString(kept(value.string ?? "", &finds), to: &bytes)
        case .integer, .unsigned, .double:
            let text = text(value)
            let masked = kept(text, &finds)
            if masked == text { bytes.append(contentsOf: text.utf8) } else { JSONText.appendString(masked, to: &bytes) }
        case .bool, .null: value.serialize(into: &bytes)
        }
    }

    private mutating func kept(_ text: String, _ finds: inout Int) -> String {
        guard let masked = credentials.masked(text) else { return text }
        for rule in credentials.found { count(rule) }
        finds += 1
        return masked
    }

    /// Whether a key of a shape says that a secret stands there.
    private func namesSecret(_ shape: [UInt8]) -> Bool {
        func isNamed(_ value: JSONValue) throws -> Bool {
            var found = false
            switch value.kind {
            case .object:
                try value.forEachMember { name, member in
                    let key = String(decoding: name, as: UTF8.self).lowercased()
                    if try HeaderRules.isSecret(key) || isNamed(member) { found = true }
                }
            case .array: try value.forEachElement { if try isNamed($0) { found = true } }
            case .string, .integer, .unsigned, .double, .bool, .null: break
            }
            return found
        }
        // It was made a moment ago, so it can be read; and in doubt nothing goes.
        return (try? parser.parse(shape) { try isNamed($0) }) ?? true
    }
}
