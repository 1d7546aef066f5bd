import CallJSON
import CallModel
import Documents
import PartnerCatalog

/// Gives each call its customer, service, version, region and environment by the operator's ordered rules, before redaction:
/// afterwards the places where they stand are masked.
///
/// A field without rules keeps what the sender said. What no rule tells stays nil and is counted, because a figure "by customer"
/// is worth as much as the share of calls that have one.
public struct Attributor {
    /// Of a token, before decoding.
    static let tokenByteCountMax = 8 << 10

    /// By field, in the order of `AttributedField.allCases`, as are the counts.
    let rules: [[AttributionRule]]
    var callCount = 0
    var found: [[Int]]
    var missing: [Int]

    /// Calls seen, and for each field those that got a text, by the place of the rule in its list.
    public struct Counts: Sendable, Equatable {
        public var callCount = 0
        public var found: [AttributedField: [Int]] = [:]
        public var missing: [AttributedField: Int] = [:]

        public init() {}
    }

    public init(rules: [AttributedField: [AttributionRule]]) {
        self.rules = AttributedField.allCases.map { rules[$0] ?? [AttributionRule(.attribute)] }
        found = self.rules.map { [Int](repeating: 0, count: $0.count) }
        missing = [Int](repeating: 0, count: self.rules.count)
    }

    public mutating func attribute(_ call: inout APICall, process: ProcessFacts? = nil, parser: JSONParser) {
        callCount += 1
        var places: Places?
        for (index, field) in AttributedField.allCases.enumerated() {
            if isKept(call[field], by: rules[index]) {
                found[index][0] += 1
                continue
            }
            // Of the call as it came: what one field is given changes nothing for the next.
            var open = places ?? Places(call: call, process: process, parser: parser)
            let (value, rule) = open.value(of: field, by: rules[index])
            places = open
            call[field] = value
            if let rule { found[index][rule] += 1 } else { missing[index] += 1 }
        }
    }

    /// Whether the first rule takes what the sender said, and that needs no trimming: of most fields it does.
    private func isKept(_ text: String?, by rules: [AttributionRule]) -> Bool {
        guard let text, let first = rules.first, first.partner == nil, first.direction == nil,
            case .attribute = first.source
        else { return false }
        return Places.isClean(text)
    }

    public var counts: Counts {
        var counts = Counts()
        counts.callCount = callCount
        for (index, field) in AttributedField.allCases.enumerated() {
            // Rules behind the last that ever told something are left out.
            let used = found[index].lastIndex { $0 > 0 }.map { found[index][...$0] } ?? []
            if !used.isEmpty { counts.found[field] = Array(used) }
            if missing[index] > 0 { counts.missing[field] = missing[index] }
        }
        return counts
    }

    /// The counts so far, which begin anew.
    public mutating func takeCounts() -> Counts {
        let taken = counts
        callCount = 0
        for index in rules.indices {
            for rule in found[index].indices { found[index][rule] = 0 }
            missing[index] = 0
        }
        return taken
    }
}

extension APICall {
    subscript(field: AttributedField) -> String? {
        get {
            switch field {
            case .customer: customer
            case .service: service
            case .serviceVersion: serviceVersion
            case .region: region
            case .environment: environment
            }
        }
        set {
            switch field {
            case .customer: customer = newValue
            case .service: service = newValue
            case .serviceVersion: serviceVersion = newValue
            case .region: region = newValue
            case .environment: environment = newValue
            }
        }
    }
}

/// Where one call tells its names; what is costly is looked at once at most.
struct Places {
    let call: APICall
    let process: ProcessFacts?
    let parser: JSONParser
    private var url: URLParts?

    init(call: APICall, process: ProcessFacts?, parser: JSONParser) {
        self.call = call
        self.process = process
        self.parser = parser
    }

    mutating func value(of field: AttributedField, by rules: [AttributionRule]) -> (String?, rule: Int?) {
        for (index, rule) in rules.enumerated() where rule.concerns(call) {
            if let told = value(of: field, rule.source), let text = Self.clean(told) { return (text, index) }
        }
        return (nil, nil)
    }

    static func isClean(_ text: String) -> Bool {
        guard let first = text.utf8.first, let last = text.utf8.last else { return false }
        return first > 0x20 && last > 0x20 && text.utf8.count <= Limits.nameByteCountMax
    }

    /// A name: no white space around it, not longer than names are.
    static func clean(_ text: String) -> String? {
        if isClean(text) { return text }
        let bytes = text.utf8.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed().prefix(
            Limits.nameByteCountMax)
        return bytes.isEmpty ? nil : String(decoding: Array(bytes), as: UTF8.self)
    }

    private mutating func value(of field: AttributedField, _ source: AttributionRule.Source) -> String? {
        switch source {
        case .attribute: call[field]
        case .header(let name): call.request.headers.value(of: name)
        case .path(let capture): capture.value(in: parts().path).map(percentDecoded)
        case .host(let capture): capture.value(in: host())
        case .query(let key): query(key)
        case .jwt(let header, let claim): claimValue(header, claim)
        case .body(let path): bodyValue(path)
        case .unit: process?.unit
        case .cgroup: process?.container
        case .constant(let text): text
        }
    }

    private mutating func parts() -> URLParts {
        if let url { return url }
        let parts = URLParts(call.request.url)
        url = parts
        return parts
    }

    private mutating func host() -> String {
        let host = parts().host
        guard host.isEmpty else { return host }
        return call.request.headers.value(of: "host").map { URLParts("//" + $0).host } ?? ""
    }

    private mutating func query(_ key: String) -> String? {
        parts().query.flatMap { field(key, ofForm: Array($0.utf8)) }
    }

    /// A query is a form, too.
    private func field(_ key: String, ofForm bytes: [UInt8]) -> String? {
        bytes.withUnsafeBytes { bytes in
            FormBody(bytes).first { $0.name.elementsEqual(key.utf8) }.map { String(decoding: $0.value, as: UTF8.self) }
        }
    }

    /// The middle part of `header.payload.signature` (RFC 7519, section 3). Nobody here checks the signature: the claim only names
    /// the call, and whoever forges it mislabels their own.
    private func claimValue(_ header: String, _ claim: [String]) -> String? {
        guard var text = call.request.headers.value(of: header)?[...],
            text.utf8.count <= Attributor.tokenByteCountMax
        else { return nil }
        if let space = text.lastIndex(of: " ") { text = text[text.index(after: space)...] }  // Behind `Bearer`.
        let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
        guard pieces.count == 3 else { return nil }
        let standard = pieces[1].utf8.map { byte in
            byte == UInt8(ascii: "-") ? UInt8(ascii: "+") : byte == UInt8(ascii: "_") ? UInt8(ascii: "/") : byte
        }
        guard let payload = standard.withUnsafeBufferPointer(Base64.decode) else { return nil }
        return value(at: claim, of: payload)
    }

    private func bodyValue(_ path: [String]) -> String? {
        guard let body = call.request.body, body.form != .shape else { return nil }
        let first = body.bytes.first { $0 > 0x20 }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") { return value(at: path, of: body.bytes) }
        let type = call.request.headers.value(of: "content-type")?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded"), path.count == 1 else { return nil }
        return field(path[0], ofForm: body.bytes)
    }

    /// Text or a number at a path of member names; `[]` is the first element.
    private func value(at path: [String], of bytes: [UInt8]) -> String? {
        // What is no JSON tells nothing.
        try? parser.parse(bytes) { root -> String? in
            var value = root
            for name in path {
                var next: JSONValue?
                if name == "[]" {
                    value.forEachElement { if next == nil { next = $0 } }
                } else {
                    value.forEachMember { key, member in
                        if key.elementsEqual(name.utf8) { next = member }
                    }
                }
                guard let next else { return nil }
                value = next
            }
            return value.string ?? value.int64.map(String.init)
        }
    }
}

/// Escapes that are none stay as they are.
private func percentDecoded(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    var at = 0
    while at < bytes.count {
        if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
            let value = UInt8(String(decoding: bytes[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
        {
            decoded.append(value)
            at += 3
        } else {
            decoded.append(bytes[at])
            at += 1
        }
    }
    return String(decoding: decoded, as: UTF8.self)
}
