import CallModel
import Documents

/// Bodies that stay JSON: the document is written again, and a rule says what becomes of its keys and values.
///
/// The walk is the same for every rule, so that none can forget a kind of value.
extension Redactor {
    /// What may stay of a document.
    enum JSONRule {
        /// A shape: its values say nothing, its keys are the sender's.
        case shape
        /// Values that neither look like a secret nor stand under a key that says one, or a person.
        case redacted
        /// Everything but what opens or pays something (`Redactor+Full`).
        case full
    }

    /// Nil for what is no JSON.
    ///
    /// - Returns: the document written again, and how many keys and values are not what they were. Counts each by its rule.
    mutating func rewritten(_ json: [UInt8], by rule: JSONRule) -> (bytes: [UInt8], changes: Int)? {
        var document = Rewritten(rule: rule)
        do {
            try parser.parse(json) { try rewrite($0, key: nil, into: &document) }
        } catch {
            return nil
        }
        return (document.bytes, document.changes)
    }

    private struct Rewritten {
        let rule: JSONRule
        var bytes: [UInt8] = []
        var changes = 0

        mutating func append(_ text: String, for original: String) {
            if text != original { changes += 1 }
            JSONText.appendString(text, to: &bytes)
        }

        /// Separates what follows from its sibling before.
        mutating func separate(_ isFirst: inout Bool) {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
        }
    }

    private mutating func rewrite(_ value: JSONValue, key: String?, into document: inout Rewritten) throws {
        if let key, hides(value, under: key, document.rule) {
            JSONText.appendString(scanner.placeholder("secret", for: text(value)), to: &document.bytes)
            document.changes += 1
            return count(.named)
        }
        switch value.kind {
        case .object:
            document.bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            try value.forEachMember { name, member in
                document.separate(&isFirst)
                let key = String(decoding: name, as: UTF8.self)
                document.append(written(key: key, document.rule), for: key)
                document.bytes.append(UInt8(ascii: ":"))
                try rewrite(member, key: key, into: &document)
            }
            document.bytes.append(UInt8(ascii: "}"))
        case .array:
            document.bytes.append(UInt8(ascii: "["))
            var isFirst = true
            try value.forEachElement { element in
                document.separate(&isFirst)
                try rewrite(element, key: nil, into: &document)
            }
            document.bytes.append(UInt8(ascii: "]"))
        case .string:
            let text = value.string ?? ""
            document.append(written(text: text, document.rule), for: text)
        case .integer, .unsigned, .double:
            let text = text(value)
            let written = written(number: text, document.rule)
            if written == text {
                document.bytes.append(contentsOf: text.utf8)
            } else {
                document.append(written, for: text)
            }
        case .bool, .null: value.serialize(into: &document.bytes)
        }
    }

    /// Whether a key says that nothing below it may stay.
    private func hides(_ value: JSONValue, under key: String, _ rule: JSONRule) -> Bool {
        switch rule {
        case .shape: false
        case .redacted: HeaderRules.isSecret(key.lowercased()) || HeaderRules.isPersonal(key.lowercased())
        case .full: value.kind != .null && HeaderRules.isSecret(key.lowercased())
        }
    }

    private mutating func written(key: String, _ rule: JSONRule) -> String {
        switch rule {
        case .shape: scanned(key)
        case .redacted: keyName(key)
        case .full: withoutCredentials(key)
        }
    }

    private mutating func written(text: String, _ rule: JSONRule) -> String {
        switch rule {
        case .shape: text
        case .redacted: maskedText(text)
        case .full: withoutCredentials(text)
        }
    }

    private mutating func written(number: String, _ rule: JSONRule) -> String {
        switch rule {
        case .shape: return number
        case .redacted:
            guard scanner.masked(number) != nil else { return number }
            for rule in scanner.found { count(rule) }
            return scanner.placeholder("number", for: number)
        case .full: return withoutCredentials(number)
        }
    }

    /// Long text may hold anything, encoded or not: beyond a sentence's length only its length is kept.
    private mutating func maskedText(_ text: String) -> String {
        let first = text.utf8.first { $0 > 0x20 }
        guard text.utf8.count <= 200, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else {
            count(.body)
            return "{text of \(text.utf8.count) bytes}"
        }
        return scanned(text)
    }

    private mutating func withoutCredentials(_ text: String) -> String {
        guard let masked = credentials.masked(text) else { return text }
        for rule in credentials.found { count(rule) }
        return masked
    }
}
