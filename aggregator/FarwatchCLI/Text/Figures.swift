import CallModel
import Documents

// Figures as people read them. Everything takes what the server may have left out, and shows that as `–`.

/// A number with so many decimals, without Foundation.
public func decimals(_ value: Double, _ count: Int) -> String {
    var scale: Int64 = 1
    for _ in 0..<count { scale *= 10 }
    let scaled = (value * Double(scale)).rounded()
    guard abs(scaled) < 1e15 else { return "\(value)" }
    let whole = Int64(scaled)
    let sign = whole < 0 ? "-" : ""
    let (quotient, remainder) = abs(whole).quotientAndRemainder(dividingBy: scale)
    guard count > 0 else { return "\(sign)\(quotient)" }
    let digits = String(remainder)
    return "\(sign)\(quotient)." + String(repeating: "0", count: count - digits.utf8.count) + digits
}

/// `93.0%`, `0%`, and `<0.1%` for what is not nothing.
public func percent(_ ratio: Double?) -> String {
    guard let ratio else { return absent }
    if ratio == 0 { return "0%" }
    return 0 < ratio && ratio < 0.0005 ? "<0.1%" : decimals(ratio * 100, 1) + "%"
}

/// `9.4 ms`, `412 ms`, `12.3 s`.
public func milliseconds(_ value: Double?) -> String {
    guard let value else { return absent }
    if value >= 9_999.5 { return decimals(value / 1_000, 1) + " s" }
    return decimals(value, value < 99.95 ? 1 : 0) + " ms"
}

public func count(_ value: JSONValue?) -> String {
    guard let value else { return absent }
    return value.int64.map { String($0) } ?? value.double.map { decimals($0, 0) } ?? absent
}

/// How long something lasts, in its two greatest units: `45s`, `12m`, `3h 5m`, `2d 4h`.
public func span(_ duration: Duration) -> String {
    let seconds = max(0, duration.components.seconds)
    func two(_ unit: Int64, _ name: String, _ lesser: Int64, _ lesserName: String) -> String {
        let rest = seconds % unit / lesser
        return "\(seconds / unit)\(name)" + (rest > 0 ? " \(rest)\(lesserName)" : "")
    }
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3_600: return "\(seconds / 60)m"
    case ..<86_400: return two(3_600, "h", 60, "m")
    default: return two(86_400, "d", 3_600, "h")
    }
}

/// The span between two times as the server wrote them.
public func span(from start: String?, to end: String?) -> String {
    guard let start = start.flatMap({ Instant(rfc3339: $0) }), let end = end.flatMap({ Instant(rfc3339: $0) }) else {
        return absent
    }
    return span(end - start)
}

/// `2026-11-23 19:34:00 UTC`.
public func moment(_ time: String?) -> String {
    guard let instant = time.flatMap({ Instant(rfc3339: $0) }) else { return absent }
    let text = instant.text(fractionDigits: 0)
    return text.prefix(10) + " " + text.dropFirst(11).dropLast() + " UTC"
}

/// `major_outage` as words.
public func words(_ name: String?) -> String {
    name.map { String($0.map { $0 == "_" ? " " : $0 }) } ?? absent
}

/// `1 host`, `2 hosts`.
func counted(_ number: String, _ noun: String) -> String { number == "1" ? "1 \(noun)" : "\(number) \(noun)s" }
