import CallModel
import Storage

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
                String(name.prefix(40)), known.isEmpty ? "no parameters are known here" : "known are \(known)")
        }
        guard values[name] == nil else { throw .badParameter(name, "given twice") }
        if let complaint = parameter.complaint(about: value, now: now) { throw .badParameter(name, complaint) }
        values[name] = value
    }
    return values
}

extension APIParameter {
    fileprivate func complaint(about value: String, now: Instant) -> String? {
        switch kind {
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
        case .status: return parseStatus(value) == nil ? "a status like 404, or a class like 5xx" : nil
        case .traceID: return TraceID(hex: value) == nil ? "32 hex digits, not all zero" : nil
        case .cursor: return CallCursor(text: value) == nil ? "a cursor as an earlier answer gave it" : nil
        }
    }
}

/// RFC 3339, or a number with `s`, `m`, `h` or `d`: that long before now.
func parseTime(_ text: String, now: Instant) -> Instant? {
    if let time = Instant(rfc3339: text) { return time }
    guard let unit = text.last, let count = Int64(text.dropLast()), count >= 0, text.first != "+" else { return nil }
    let seconds: Int64
    switch unit {
    case "s": seconds = 1
    case "m": seconds = 60
    case "h": seconds = 3_600
    case "d": seconds = 86_400
    default: return nil
    }
    guard count <= 100 * 366 * 86_400 / seconds else { return nil }
    return now - .seconds(count * seconds)
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
            (Int64.min / 1_000...Int64.max / 1_000).contains(Int64(bitPattern: time))
        else { return nil }
        self.init(
            timeMicroseconds: Int64(bitPattern: time), block: Int64(bitPattern: block),
            row: Int16(bitPattern: UInt16(row)))
    }
}
