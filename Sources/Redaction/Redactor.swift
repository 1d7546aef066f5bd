import CallModel
import Documents
import PartnerCatalog

/// Masks, in place, what must not leave the host. Everything else in the agent comes after it.
///
/// It fails closed: what it does not know it masks, a body it cannot read becomes a shape, and a partner without a valid grant
/// gets shape. docs/redaction.md lists the rules.
public struct Redactor {
    private let policy: RedactionPolicy
    private var scanner = SecretScanner()
    private let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private var ruleCounts = [Int](repeating: 0, count: SecretScanner.Rule.allCases.count)

    public init(policy: RedactionPolicy) {
        self.policy = policy
    }

    /// How often each rule masked something.
    public var counts: [String: Int] {
        Dictionary(uniqueKeysWithValues: zip(SecretScanner.Rule.allCases.map(\.rawValue), ruleCounts))
    }

    /// - Parameter now: decides whether a grant is still in force.
    public mutating func redact(_ call: inout APICall, now: Instant) {
        let mode = policy.mode(for: call.partner, at: now)
        call.request.url = redactedURL(call.request.url)
        redactID(&call)
        scan(&call.customer)
        scan(&call.service)
        scan(&call.serviceVersion)
        scan(&call.host)
        scan(&call.region)
        scan(&call.environment)
        scan(&call.route)
        scan(&call.partner)
        scan(&call.peerAddress)
        redactWebhook(&call)
        redactHeaders(&call.request.headers, mode)
        redactBody(&call.request.body, headers: call.request.headers, mode)
        guard call.response != nil else { return }
        redactHeaders(&call.response!.headers, mode)
        redactBody(&call.response!.body, headers: call.response!.headers, mode)
    }

    mutating func count(_ rule: SecretScanner.Rule) {
        ruleCounts[SecretScanner.Rule.allCases.firstIndex(of: rule)!] += 1
    }

    /// The text with what looks like a secret masked.
    mutating func scanned(_ text: String) -> String {
        guard let masked = scanner.masked(text) else { return text }
        for rule in scanner.found { count(rule) }
        return masked
    }

    private mutating func scan(_ text: inout String?) {
        guard let present = text, let masked = scanner.masked(present) else { return }
        for rule in scanner.found { count(rule) }
        text = masked
    }

    /// Two calls with one id are one call, so a masked id would swallow all but the first: such a call goes without its own.
    private mutating func redactID(_ call: inout APICall) {
        guard let id = call.id else { return }
        if let trace = call.traceID, let span = call.spanID, id == trace.hex + "-" + span.hex { return }
        if scanned(id) != id { call.id = nil }
    }

    private mutating func redactWebhook(_ call: inout APICall) {
        guard call.webhook != nil else { return }
        scan(&call.webhook!.eventType)
        scan(&call.webhook!.deliveryID)
        scan(&call.webhook!.subscription)
        if let recipient = call.webhook!.recipient { call.webhook!.recipient = redactedURL(recipient) }
    }

    // MARK: Headers

    private mutating func redactHeaders(_ headers: inout [Header], _ mode: RedactionMode) {
        guard mode != .none else {
            headers = []
            return
        }
        for index in headers.indices {
            let name = scanned(headers[index].name)
            headers[index].name = name
            if HeaderRules.isSecret(name) {
                headers[index].value = "{secret}"
                count(.header)
            } else if HeaderRules.isHarmless(name) || mode == .full {
                headers[index].value = scanned(headers[index].value)
            } else {
                headers[index].value = "{value}"
                count(.header)
            }
        }
    }

    // MARK: Bodies

    private mutating func redactBody(_ body: inout Body?, headers: [Header], _ mode: RedactionMode) {
        guard let present = body else { return }
        switch mode {
        case .none: body = nil
        case .full: break
        case .shape: body = shape(present, headers)
        case .redacted:
            if present.form == .shape { return body = shape(present, headers) }
            body = masked(present) ?? shape(present, headers)
        }
    }

    /// A body that claims to be a shape already is not believed: its shape is taken like any other's.
    private mutating func shape(_ body: Body, _ headers: [Header]) -> Body {
        count(.body)
        let contentType = headers.value(of: "content-type")
        return Body(Shape.of(bytes: body.bytes, contentType: contentType) ?? Array("\"unknown\"".utf8), form: .shape)
    }

    /// JSON with the values masked that look like, or stand under a key that says, a secret; nil for what is no JSON.
    private mutating func masked(_ body: Body) -> Body? {
        var bytes: [UInt8] = []
        do {
            try parser.parse(body.bytes) { try mask($0, key: nil, into: &bytes) }
        } catch {
            return nil
        }
        count(.body)
        return Body(bytes, form: .redacted)
    }

    private mutating func mask(_ value: JSONValue, key: String?, into bytes: inout [UInt8]) throws {
        if let key, HeaderRules.isSecret(key.lowercased()) || HeaderRules.isPersonal(key.lowercased()) {
            JSONText.appendString("{secret}", to: &bytes)
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
                JSONText.appendString(scanned(key), to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try mask(member, key: key, into: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        case .array:
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            try value.forEachElement { element in
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try mask(element, key: nil, into: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .string: JSONText.appendString(maskedText(value.string ?? ""), to: &bytes)
        case .integer, .unsigned, .double:
            var text: [UInt8] = []
            value.serialize(into: &text)
            if scanner.masked(String(decoding: text, as: UTF8.self)) != nil {
                JSONText.appendString("{number}", to: &bytes)
            } else {
                bytes.append(contentsOf: text)
            }
        case .bool, .null: value.serialize(into: &bytes)
        }
    }

    /// Long text may hold anything, encoded or not: beyond a sentence's length only its length is kept.
    private mutating func maskedText(_ text: String) -> String {
        let first = text.utf8.first
        guard text.utf8.count <= 200, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else {
            return "{text of \(text.utf8.count) bytes}"
        }
        return scanned(text)
    }
}
