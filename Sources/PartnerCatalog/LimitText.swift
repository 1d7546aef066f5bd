import CallModel
import Documents

/// The spellings in which partners write amounts, times and whole limits. What cannot be read is nil, never a guess.
enum LimitText {
    /// `100`, and the quota in `100, 100;w=60` of older drafts.
    static func count(_ text: String) -> Int64? {
        let digits = trimmed(text).prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let count = Int64(digits) else { return nil }
        return count
    }

    static func number(_ text: some StringProtocol) -> Double? {
        let text = trimmed(text)
        guard text.utf8.count <= 20, text.utf8.allSatisfy({ $0 &- 48 < 10 || $0 == UInt8(ascii: ".") }) else {
            return nil
        }
        return Double(text)
    }

    /// `w=60` behind a quota.
    static func window(_ text: String) -> Duration? {
        text.split(separator: ";").dropFirst().lazy.compactMap { part -> Duration? in
            let part = trimmed(part)
            guard part.hasPrefix("w=") else { return nil }
            return count(String(part.dropFirst(2))).map { .seconds($0) }
        }.first
    }

    /// `32/40`.
    static func pair(_ text: some StringProtocol) -> (used: Int64, limit: Int64)? {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let used = count(String(parts[0])), let limit = count(String(parts[1])) else {
            return nil
        }
        return (used, limit)
    }

    // MARK: Times

    /// Seconds from now, seconds or milliseconds since 1970 (the size tells which), `6m0s`, RFC 3339 (Jira leaves the seconds
    /// away), or an HTTP date.
    static func time(_ text: String, at now: Instant) -> Instant? {
        let text = trimmed(text)
        if let value = number(text) {
            switch value {
            case 1e12...: return epoch(value / 1_000)
            case 1e9...: return epoch(value)
            default: return later(Int64(value * 1_000), .milliseconds(1), now)
            }
        }
        if let duration = duration(text) { return later(duration, .milliseconds(1), now) }
        if text.utf8.count == 17, text.hasSuffix("Z") { return Instant(rfc3339: text.dropLast() + ":00Z") }
        return Instant(rfc3339: String(text)) ?? httpDate(text)
    }

    private static func epoch(_ seconds: Double) -> Instant? {
        // Until 2096: what is later is no reset.
        guard seconds < 4e9 else { return nil }
        return .epoch + .milliseconds(Int64((seconds * 1_000).rounded()))
    }

    /// Nil for what is more than a year ahead: no limit waits so long.
    static func later(_ count: Int64, _ unit: Duration, _ now: Instant) -> Instant? {
        let countMax = Int64(366 * 86_400 * 1_000_000_000) / max(1, unit.nanoseconds)
        guard (0...countMax).contains(count) else { return nil }
        return now + unit * Int(count)
    }

    /// `1h2m3.5s`, `250ms`: in milliseconds.
    private static func duration(_ text: some StringProtocol) -> Int64? {
        var rest = text[...]
        var total = 0.0
        guard !rest.isEmpty, text.utf8.count <= 32 else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let value = number(digits) else { return nil }
            switch unit {
            case "d": total += value * 86_400_000
            case "h": total += value * 3_600_000
            case "m": total += value * 60_000
            case "s": total += value * 1_000
            case "ms": total += value
            default: return nil
            }
        }
        return total < 1e12 ? Int64(total.rounded()) : nil
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func httpDate(_ text: some StringProtocol) -> Instant? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[5] == "GMT", let month = months.firstIndex(of: String(parts[2])) else {
            return nil
        }
        let number = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        return Instant(rfc3339: "\(parts[3])-\(number)-\(parts[1])T\(parts[4])Z")
    }

    // MARK: Whole limits in one header

    /// `"burst";r=50;t=30` (draft-ietf-httpapi-ratelimit-headers), `limit=100, remaining=50, reset=30` of older drafts,
    /// `api-usage=18/5000; api-bursts=1/750` (Salesforce), or percentages in JSON (Meta).
    static func combined(_ text: String, of header: RateLimitHeader, at now: Instant) -> [RateLimit.Figure] {
        guard text.utf8.count <= RateLimit.valueByteCountMax else { return [] }
        if trimmed(text).hasPrefix("{") { return percentages(text, of: header, at: now) }
        var figures: [RateLimit.Figure] = []
        var loose = RateLimit.Figure(header: header.name)
        for item in text.split(separator: ",").prefix(RateLimit.itemCountMax) {
            let parts = item.split(separator: ";").map { trimmed($0) }
            guard let first = parts.first else { continue }
            if !first.contains("=") {
                var figure = RateLimit.Figure(header: header.name, policy: unquoted(first))
                figure.window = header.window
                for part in parts.dropFirst() { take(part, into: &figure, at: now) }
                if figure.tellsAmount { figures.append(figure) }
                continue
            }
            for part in parts {
                guard let sign = part.firstIndex(of: "="), let pair = pair(part[part.index(after: sign)...]) else {
                    take(part, into: &loose, at: now)
                    continue
                }
                var figure = RateLimit.Figure(header: header.name, policy: unquoted(part[..<sign]))
                (figure.used, figure.limit, figure.window) = (pair.used, pair.limit, header.window)
                figures.append(figure)
            }
        }
        return loose.tellsAmount ? figures + [loose] : figures
    }

    private static func take(_ part: Substring, into figure: inout RateLimit.Figure, at now: Instant) {
        let sides = part.split(separator: "=", maxSplits: 1)
        guard sides.count == 2 else { return }
        let value = String(sides[1])
        switch sides[0].lowercased() {
        case "r", "remaining": figure.remaining = count(value)
        case "q", "limit", "total": figure.limit = count(value)
        case "t", "reset", "resets": figure.resetAt = time(value, at: now)
        case "w", "window": figure.window = count(value).map { .seconds($0) }
        default: break
        }
    }

    /// Meta's `x-app-usage: {"call_count":28,"total_time":25}` and, a level deeper, `x-business-use-case-usage`: the fullest of
    /// the percentages is the one that counts. `estimated_time_to_regain_access` is in minutes.
    private static func percentages(
        _ text: String, of header: RateLimitHeader, at now: Instant
    ) -> [RateLimit.Figure] {
        var figure = RateLimit.Figure(header: header.name)
        figure.window = header.window
        // What is no JSON tells nothing.
        _ = try? JSONParser(byteCountMax: RateLimit.valueByteCountMax).parse(Array(text.utf8)) { root in
            func look(at value: JSONValue, depth: Int) {
                value.forEachMember { key, member in
                    switch String(decoding: key, as: UTF8.self) {
                    case "call_count", "total_time", "total_cputime", "acc_id_util_pct":
                        guard let percent = member.double, percent >= 0 else { return }
                        figure.usedRatio = max(figure.usedRatio ?? 0, percent / 100)
                    case "estimated_time_to_regain_access":
                        guard let minutes = member.int64, minutes > 0 else { return }
                        figure.resetAt = later(minutes, .seconds(60), now)
                    default:
                        guard depth < 2 else { return }
                        member.forEachElement { look(at: $0, depth: depth + 1) }
                        look(at: member, depth: depth + 1)
                    }
                }
            }
            look(at: root, depth: 0)
        }
        return figure.tellsAmount ? [figure] : []
    }

    private static func unquoted(_ text: Substring) -> String {
        String(
            (text.hasPrefix("\"") && text.hasSuffix("\"") && text.count > 1 ? text.dropFirst().dropLast() : text)
                .prefix(100))
    }

    private static func trimmed(_ text: some StringProtocol) -> Substring {
        var trimmed = Substring(text)
        while trimmed.first?.isWhitespace == true { trimmed.removeFirst() }
        while trimmed.last?.isWhitespace == true { trimmed.removeLast() }
        return trimmed
    }
}
