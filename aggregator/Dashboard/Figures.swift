import CallModel

// Figures as people read them; a dash for what is not known.

let dash = "–"

/// With so many decimals, without Foundation.
func fixed(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (value * scale).rounded()
    guard scaled.isFinite, abs(scaled) < 1e15 else { return dash }
    let whole = Int64(abs(scaled))
    let (integer, fraction) = whole.quotientAndRemainder(dividingBy: Int64(scale))
    let sign = scaled < 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(integer)" }
    let digits = String(fraction)
    return "\(sign)\(integer)." + String(repeating: "0", count: places - digits.utf8.count) + digits
}

/// `93%`, `0.42%`, `<0.1%`.
func percent(_ ratio: Double?) -> String {
    guard let ratio else { return dash }
    switch ratio {
    case 0: return "0%"
    case ..<0.001: return "<0.1%"
    case ..<0.1: return fixed(ratio * 100, 1) + "%"
    default: return fixed(ratio * 100, 0) + "%"
    }
}

/// Uptime never rounds up to a hundred.
func uptime(_ ratio: Double?) -> String {
    guard let ratio else { return dash }
    if ratio >= 1 { return "100%" }
    return fixed((ratio * 10_000).rounded(.down) / 100, 2) + "%"
}

func milliseconds(_ value: Double?) -> String {
    guard let value else { return dash }
    return value >= 10_000 ? fixed(value / 1_000, 1) + " s" : fixed(value, value < 100 ? 1 : 0) + " ms"
}

/// `1,240`, `12.3k`, `4.1M`.
func amount(_ value: Double?) -> String {
    guard let value else { return dash }
    switch value {
    case ..<10: return value == value.rounded() ? fixed(value, 0) : fixed(value, 1)
    case ..<10_000:
        let digits = fixed(value, 0)
        guard digits.utf8.count > 3 else { return digits }
        return digits.dropLast(3) + "," + digits.suffix(3)
    case ..<1_000_000: return fixed(value / 1_000, 1) + "k"
    default: return fixed(value / 1_000_000, 1) + "M"
    }
}

/// In its two greatest units: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
func span(_ length: Double?) -> String {
    guard let length else { return dash }
    let seconds = Int64(max(0, length))
    func two(_ unit: Int64, _ name: String, _ lesser: Int64, _ lesserName: String) -> String {
        let rest = seconds % unit / lesser
        return "\(seconds / unit) \(name)" + (rest > 0 ? " \(rest) \(lesserName)" : "")
    }
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3_600: return "\(seconds / 60) min"
    case ..<86_400: return two(3_600, "h", 60, "min")
    default: return two(86_400, "d", 3_600, "h")
    }
}

/// `2026-11-23 19:34 UTC`.
func moment(_ time: Instant) -> String {
    let text = time.text(fractionDigits: 0)
    return text.prefix(10) + " " + text.dropFirst(11).prefix(5) + " UTC"
}

func moment(_ time: String?) -> String { time.flatMap { Instant(rfc3339: $0) }.map { moment($0) } ?? dash }

/// The span from a time as the API writes it to another.
func span(from start: String?, to end: Instant) -> String {
    start.flatMap { Instant(rfc3339: $0) }.map { span((end - $0).inSeconds) } ?? dash
}
