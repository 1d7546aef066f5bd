import CallModel
import Documents
import PartnerCatalog

/// Masks, in place, what must not leave the host. Everything else in the agent comes after it.
///
/// It fails closed: what it does not know it masks, a body it cannot read becomes a shape, and a partner without a valid grant
/// gets shape. docs/redaction.md lists the rules.
public struct Redactor {
    let policy: RedactionPolicy
    /// Headers of the catalogue's partners that tell of limits and deliveries, and of nobody.
    let known: [String: Set<String>]
    private var classes = RememberedNames<HeaderRules.Class>(placeCount: 256)
    var scanner: SecretScanner
    /// Of bodies in `full` (`Redactor+Full`).
    var credentials: SecretScanner
    private var clean = CleanTexts()
    let parser = JSONParser(byteCountMax: Limits.bodyByteCountMax)
    private let shapeLimits: ShapeLimits
    // Of rows alone (`Redactor+Row`), kept from one to the next.
    let headers = RememberedBytes<HeaderFacts>(placeCount: 256)
    let shapes: ShapeMaker
    var urlBytes: [UInt8] = []
    let queryKeys = RememberedBytes<QueryKey>(placeCount: 256)
    let plainOrigins = RememberedBytes<Bool>(placeCount: 1_024)
    private var ruleCounts = [Int](repeating: 0, count: SecretScanner.Rule.allCases.count)

    /// - Parameter catalogue: whose partners' rate-limit and delivery headers keep their values; nil for the general rules alone.
    public init(policy: RedactionPolicy, catalogue: Catalogue? = nil) {
        self.policy = policy
        shapeLimits = policy.shapeLimits
        let scanner = SecretScanner(hash: policy.hash)
        self.scanner = scanner
        credentials = SecretScanner(.credentials, hash: policy.hash)
        shapes = ShapeMaker { key in
            var judge = scanner
            return judge.masked(key) != nil
        }
        known = Dictionary(
            (catalogue?.partners ?? []).map { ($0.id, HeaderRules.telling(of: $0)) }, uniquingKeysWith: { $1 })
    }

    /// The keys of `counts`.
    public static var ruleNames: [String] { SecretScanner.Rule.allCases.map(\.rawValue) }

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
        redactHeaders(&call.request.headers, mode, partner: call.partner)
        redactBody(&call.request.body, headers: call.request.headers, mode)
        guard call.response != nil else { return }
        redactHeaders(&call.response!.headers, mode, partner: call.partner)
        redactBody(&call.response!.body, headers: call.response!.headers, mode)
    }

    mutating func count(_ rule: SecretScanner.Rule) {
        ruleCounts[SecretScanner.Rule.allCases.firstIndex(of: rule)!] += 1
    }

    /// The text with what looks like a secret masked.
    mutating func scanned(_ text: String) -> String {
        var copy = text
        return copy.withUTF8 { masked($0) } ?? text
    }

    /// The same for bytes that are UTF-8; nil when nothing in them does.
    mutating func masked(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        let key = bytes.count <= CleanTexts.byteCountMax ? clean.key(of: bytes) : nil
        if let key, clean.holds(key) { return nil }
        guard let masked = scanner.masked(bytes) else {
            if let key { clean.remember(key) }
            return nil
        }
        for rule in scanner.found { count(rule) }
        return masked
    }

    /// Whether a scan finds nothing, without counting what it finds.
    public mutating func isClean(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let key = clean.key(of: bytes)
        if clean.holds(key) { return true }
        guard scanner.masked(bytes) == nil else { return false }
        clean.remember(key)
        return true
    }

    /// A key of a query or a document: `{key}` where it looks like data, as in a shape.
    mutating func keyName(_ key: String) -> String {
        let masked = scanned(key)
        guard masked == key, Shape.isDataKey(key) else { return masked }
        count(.key)
        return "{key}"
    }

    func text(_ value: JSONValue) -> String {
        value.string ?? String(decoding: value.serialized(), as: UTF8.self)
    }

    private mutating func scan(_ text: inout String?) {
        guard var present = text, let masked = present.withUTF8({ masked($0) }) else { return }
        text = masked
    }

    private mutating func scan(_ text: inout String) {
        guard let masked = text.withUTF8({ masked($0) }) else { return }
        text = masked
    }

    /// Ids are how repeats are known, so two of them must never become one. What only looks random becomes a hash of itself: nobody
    /// finds a text of that length by trying. What may be somebody's address or card goes, and then nothing tells a repeat.
    private mutating func redactID(_ call: inout APICall) {
        guard let id = call.id else { return }
        call.id = redactedID(id)
    }

    /// Nil for what goes.
    mutating func redactedID(_ id: String) -> String? {
        guard !isHexadecimal(id), scanner.masked(id) != nil else { return id }
        for rule in scanner.found { count(rule) }
        let isRandom = scanner.found.allSatisfy { $0 == .token || $0 == .jwt || $0 == .accessKey }
        guard isRandom, let hash = KeyedHash(key: Array(repeating: 0, count: KeyedHash.keyByteCount)) else {
            return nil
        }
        let digits = String(hash.hash(id), radix: 16)
        return "id-" + String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// UUIDs, trace ids, and a trace id with a span id behind it: names of things by their very form.
    private func isHexadecimal(_ id: String) -> Bool {
        let groups = id.split(separator: "-", omittingEmptySubsequences: false)
        guard [[8, 4, 4, 4, 12], [32, 16], [32]].contains(groups.map(\.utf8.count)) else { return false }
        return groups.allSatisfy { $0.utf8.allSatisfy { $0 &- 48 < 10 || ($0 | 0x20) &- 97 < 6 } }
    }

    private mutating func redactWebhook(_ call: inout APICall) {
        guard call.webhook != nil else { return }
        scan(&call.webhook!.eventType)
        scan(&call.webhook!.deliveryID)
        scan(&call.webhook!.subscription)
        if let recipient = call.webhook!.recipient { call.webhook!.recipient = redactedURL(recipient) }
    }

    // MARK: Headers

    private mutating func redactHeaders(_ headers: inout [Header], _ mode: RedactionMode, partner: String?) {
        guard mode != .none else {
            headers = []
            return
        }
        guard !headers.isEmpty else { return }
        let known = partner.flatMap { self.known[$0] } ?? []
        for index in headers.indices {
            scan(&headers[index].name)
            let name = headers[index].name
            let isKnown = !known.isEmpty && known.contains(name)
            switch isKnown ? .harmless : classes.value(of: name, orElse: HeaderRules.classOf) {
            case .harmless: scan(&headers[index].value)
            case .other where mode == .full: scan(&headers[index].value)
            case .secret:
                headers[index].value = scanner.placeholder("secret", for: headers[index].value)
                count(.header)
            case .other:
                headers[index].value = scanner.placeholder("value", for: headers[index].value)
                count(.header)
            }
        }
    }

    // MARK: Bodies

    private mutating func redactBody(_ body: inout Body?, headers: [Header], _ mode: RedactionMode) {
        guard let present = body else { return }
        switch mode {
        case .none: body = nil
        case .full: body = withoutCredentials(present, headers)
        case .shape: body = shape(present, headers)
        case .redacted:
            if present.form == .shape { return body = shape(present, headers) }
            body = masked(present) ?? shape(present, headers)
        }
    }

    /// A body that claims to be a shape already is not believed: its shape is taken like any other's.
    mutating func shape(_ body: Body, _ headers: [Header]) -> Body {
        count(.body)
        let contentType = headers.value(of: "content-type")
        let shape =
            Shape.of(bytes: body.bytes, contentType: contentType, parser: parser, limits: shapeLimits)
            ?? Array("\"unknown\"".utf8)
        return Body(withoutSecretKeys(shape), form: .shape)
    }

    /// A shape has no values, but its keys are the sender's: those that hold a secret are masked.
    private mutating func withoutSecretKeys(_ shape: [UInt8]) -> [UInt8] {
        guard shape.withUnsafeBufferPointer({ holdsSecretKey($0) }) else { return shape }
        // It was made a moment ago, so that it can be read; and in doubt nothing goes.
        return rewritten(shape, by: .shape)?.bytes ?? Array("\"unknown\"".utf8)
    }

    /// Every text of a shape in front of a colon is a key.
    mutating func holdsSecretKey(_ shape: UnsafeBufferPointer<UInt8>) -> Bool {
        var at = 0
        while let start = shape[at...].firstIndex(of: UInt8(ascii: "\"")) {
            var end = start + 1
            while end < shape.count, shape[end] != UInt8(ascii: "\"") {
                end += shape[end] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard end < shape.count else { return true }  // No shape of ours: let it be read properly.
            let isKey = end + 1 < shape.count && shape[end + 1] == UInt8(ascii: ":")
            if isKey, !isClean(UnsafeBufferPointer(rebasing: shape[(start + 1)..<end])) { return true }
            at = end + 1
        }
        return false
    }

    /// JSON with the values masked that look like, or stand under a key that says, a secret; nil for what is no JSON.
    private mutating func masked(_ body: Body) -> Body? {
        guard let document = rewritten(body.bytes, by: .redacted) else { return nil }
        count(.body)
        return Body(document.bytes, form: .redacted)
    }
}
