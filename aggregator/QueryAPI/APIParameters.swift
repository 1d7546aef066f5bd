import CallModel
import Documents
import Runtime
import Storage
import Transport

/// Reads a query against the parameters a route knows. Unknown, repeated and malformed ones are refused, not ignored: a filter
/// that was misspelt must not silently match everything.
func checkedQuery(_ query: String?, _ parameters: [APIParameter], now: Instant) throws(APIProblem) -> [String: String] {
    var values: [String: String] = [:]
    for pair in (query ?? "").split(separator: "&") {
        let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = percentDecoded(parts[0], plusIsSpace: true),
            let value = percentDecoded(parts.count == 2 ? parts[1] : "", plusIsSpace: true)
        else { throw .badParameter(String(parts[0].prefix(40)), "a broken percent escape, or no UTF-8") }
        guard let parameter = parameters.first(where: { $0.name == name }) else {
            let known = parameters.map(\.name).joined(separator: ", ")
            throw .badParameter(
                String(name.prefix(40)), known.isEmpty ? "no parameters are known here" : "known are \(known)",
                hint: Spelling.nearest(to: String(name.prefix(40)), among: parameters.map(\.name)).map {
                    "did you mean `\($0)`?"
                })
        }
        guard values[name] == nil else { throw .badParameter(name, "given twice") }
        if let complaint = parameter.kind.complaint(about: value, now: now) {
            throw .badParameter(
                name, complaint, hint: parameter.kind.nearest(to: value).map { "did you mean `\($0)`?" })
        }
        values[name] = value
    }
    for parameter in parameters where parameter.isRequired && values[parameter.name] == nil {
        throw .badParameter(parameter.name, "required: \(parameter.summary)")
    }
    return values
}

/// Reads a body against the fields a route knows, with every fault of it at once.
func checkedBody(_ body: [UInt8], _ fields: [APIField], now: Instant) throws(APIProblem) -> [String: String] {
    var values: [String: String] = [:]
    var errors: [Problem.Item] = []
    var hint: String?
    func fault(_ name: String, _ detail: String, at place: String = "") {
        guard errors.count < 20 else { return }
        errors.append(Problem.Item(pointer: "/body/" + pointerEscaped(String(name.prefix(40))) + place, detail: detail))
    }
    do {
        try JSONParser(byteCountMax: bodyByteCountMax).parse(body) { root in
            guard root.kind == .object else {
                errors.append(Problem.Item(pointer: "/body", detail: "a JSON object is wanted"))
                return
            }
            root.forEachMember { key, value in
                let name = String(decoding: key, as: UTF8.self)
                guard let field = fields.first(where: { $0.name == name }) else {
                    hint = hint ?? Spelling.nearest(to: name, among: fields.map(\.name)).map { "did you mean `\($0)`?" }
                    return fault(name, "known are \(fields.map(\.name).joined(separator: ", "))")
                }
                guard values[name] == nil else { return fault(name, "given twice") }
                if case .nested(let nested) = field.kind, let flaw = nested.flaw(value) {
                    hint = hint ?? flaw.hint
                    return fault(name, flaw.detail, at: flaw.pointer)
                }
                guard let text = field.kind.text(value) else { return fault(name, field.kind.wanted) }
                if let complaint = field.kind.complaint(about: text, now: now) { return fault(name, complaint) }
                values[name] = text
            }
            for field in fields where field.isRequired && values[field.name] == nil {
                let pointer = "/body/" + pointerEscaped(field.name)
                let isNamed = errors.contains { $0.pointer == pointer || $0.pointer.hasPrefix(pointer + "/") }
                if !isNamed { fault(field.name, "required: \(field.kind.wanted)") }
            }
        }
    } catch {
        throw .badBody([Problem.Item(pointer: "/body", detail: "no JSON: \(error)")])
    }
    guard errors.isEmpty else { throw .badBody(errors, hint: hint) }
    return values
}

/// The longest list of matchers that is taken, in UTF-8, and then some.
let bodyByteCountMax = 1 << 20
let testCharacterCountMax = 500

extension APIParameter.Kind {
    /// The value of a body's field as the text that a query would have; nil for one of another type.
    fileprivate func text(_ value: JSONValue) -> String? {
        switch self {
        case .integer: return value.int64.map(String.init)
        case .nested:
            var bytes: [UInt8] = []
            value.serialize(into: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        default: return value.string
        }
    }

    fileprivate var wanted: String {
        switch self {
        case .integer(let range): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .nested(let nested): nested.wanted
        default: "a string"
        }
    }

    fileprivate func nearest(to value: String) -> String? {
        if case .population = self { return Population.nearest(to: value) }
        guard case .choice(let choices) = self else { return nil }
        return Spelling.nearest(to: String(value.prefix(40)), among: choices)
    }

    func complaint(about value: String, now: Instant) -> String? {
        switch self {
        case .text(let characterCountMax):
            return value.isEmpty || value.unicodeScalars.count > characterCountMax || value.utf8.contains(0)
                ? "1 to \(characterCountMax) characters without NUL" : nil
        case .integer(let range):
            return Int(value).map(range.contains) == true
                ? nil : "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .choice(let choices):
            return choices.contains(value) ? nil : "one of \(choices.joined(separator: ", "))"
        case .time:
            return parseTime(value, now: now) == nil
                ? "a time like 2026-11-23T19:34:00Z, or a span before now like 15m" : nil
        case .timeAhead:
            return parseTimeAhead(value, now: now) == nil
                ? "a time like 2026-11-23T19:34:00Z, or a span from now like 2h" : nil
        case .nested: return nil
        case .status: return parseStatus(value) == nil ? "a status like 404, or a class like 5xx" : nil
        case .traceID: return TraceID(hex: value) == nil ? "32 hex digits, not all zero" : nil
        case .cursor: return CallCursor(text: value) == nil ? "a cursor as an earlier answer gave it" : nil
        case .searchCursor: return SearchCursor(text: value) == nil ? "a cursor as an earlier answer gave it" : nil
        case .nameCursor: return NameCursor(text: value) == nil ? "a cursor as an earlier answer gave it" : nil
        case .jsonTest:
            return parseJSONTest(value) == nil ? "a path like $.items[].sku, or a path, = and a value" : nil
        case .headerTest: return parseHeaderTest(value) == nil ? "a header's name, or name: value" : nil
        case .population: return Population.complaint(about: value, now: now)
        case .eventID: return StreamCursor(text: value) == nil ? "an id as an earlier event had it" : nil
        }
    }
}

/// `$.a.b` or `$.a.b=value`.
func parseJSONTest(_ text: String) -> (path: JSONPath, value: String?)? {
    guard text.unicodeScalars.count <= testCharacterCountMax, !text.utf8.contains(0) else { return nil }
    let (path, value) = halves(text, at: "=")
    return JSONPath(path).map { ($0, value) }
}

/// `name` or `name: value`; names are tokens (RFC 9110, section 5.6.2).
func parseHeaderTest(_ text: String) -> (name: String, value: String?)? {
    guard text.unicodeScalars.count <= testCharacterCountMax, !text.utf8.contains(0) else { return nil }
    let (name, value) = halves(text, at: ":")
    guard !name.isEmpty, name.utf8.allSatisfy(isTokenCharacter) else { return nil }
    return (name.lowercased(), value.map { String($0.drop { $0 == " " }) })
}

/// What stands before and after the first of a sign. By code points: a sign and a mark upon it are one `Character`.
private func halves(_ text: String, at sign: Unicode.Scalar) -> (String, String?) {
    guard let place = text.unicodeScalars.firstIndex(of: sign) else { return (text, nil) }
    return (String(text[..<place]), String(text.unicodeScalars[place...].dropFirst()))
}

func isTokenCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
}

/// RFC 3339, or a number with `s`, `m`, `h` or `d`: that long before now.
func parseTime(_ text: String, now: Instant) -> Instant? {
    Instant(rfc3339: text) ?? parseSpan(text).map { now - $0 }
}

/// The same, but that long after now.
func parseTimeAhead(_ text: String, now: Instant) -> Instant? {
    Instant(rfc3339: text) ?? parseSpan(text).map { now + $0 }
}

private func parseSpan(_ text: String) -> Duration? {
    guard text.utf8.count <= 6, let unit = text.last, let count = Int64(text.dropLast()), count >= 0,
        text.first != "+"
    else { return nil }
    let seconds: Int64
    switch unit {
    case "s": seconds = 1
    case "m": seconds = 60
    case "h": seconds = 3_600
    case "d": seconds = 86_400
    default: return nil
    }
    // As `/openapi.json` says; no time is 99,999 days ago, and arithmetic with times stops at its ends.
    guard count <= 99_999 else { return nil }
    return .seconds(count * seconds)
}

/// `404` is that status alone, `5xx` the hundred.
func parseStatus(_ text: String) -> ClosedRange<Int>? {
    guard text.utf8.count == 3, let first = text.first.flatMap({ Int(String($0)) }), (1...9).contains(first) else {
        return nil
    }
    if text.dropFirst().lowercased() == "xx" { return first * 100...first * 100 + 99 }
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), let status = Int(text) else { return nil }
    return status...status
}

extension CallCursor {
    /// Opaque to clients: time, block and row in hex.
    var text: String {
        let row = hexText(UInt64(UInt16(bitPattern: self.row))).suffix(4)
        return hexText(UInt64(bitPattern: timeMicroseconds)) + hexText(UInt64(bitPattern: block)) + row
    }

    init?(text: String) {
        let digits = text.utf8
        guard digits.count == 36, let time = parseHex(digits.prefix(16)),
            let block = parseHex(digits.dropFirst(16).prefix(16)), let row = parseHex(digits.dropFirst(32)),
            // Until 2255, as `/openapi.json` has it.
            (Int64.min / 1_000..<1 << 53).contains(Int64(bitPattern: time))
        else { return nil }
        self.init(
            timeMicroseconds: Int64(bitPattern: time), block: Int64(bitPattern: block),
            row: Int16(bitPattern: UInt16(row)))
    }
}
