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
        if let document = rewritten(body.bytes, by: .full) {
            return document.changes == 0 ? body : Body(document.bytes, form: .redacted)
        }
        let findsAny = body.bytes.withUnsafeBufferPointer { credentials.masked($0) != nil }
        let shape = Shape.of(bytes: body.bytes, contentType: headers.value(of: "content-type"), parser: parser)
        guard findsAny || shape.map(namesSecret) ?? false else { return body }
        for rule in findsAny ? credentials.found : [.named] { count(rule) }
        return self.shape(body, headers)
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
