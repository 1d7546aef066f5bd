import CallModel
import Incidents

// How names, times and figures are said. Names come from outside: they are cut where they are long, never inside a
// figure, and what cannot be seen becomes a blank.

extension Instant {
    /// `03:12 UTC`, with the day where it is another than `now`'s.
    func told(at now: Instant) -> String {
        let (text, today) = (rfc3339, now.rfc3339)
        let time = "\(text.dropFirst(11).prefix(5)) UTC"
        guard text.prefix(10) != today.prefix(10) else { return time }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let month = Int(text.dropFirst(5).prefix(2)) ?? 1
        return "\(months[max(1, min(12, month)) - 1]) \(text.dropFirst(8).prefix(2)) \(time)"
    }
}

extension Duration {
    /// `40 s`, `12 min`, `3 h 20 min`, `5 d 2 h`.
    var told: String {
        let seconds = max(0, nanoseconds / 1_000_000_000)
        if seconds < 120 { return "\(seconds) s" }
        if seconds < 7_200 { return "\(seconds / 60) min" }
        if seconds < 172_800 { return "\(seconds / 3_600) h \(seconds / 60 % 60) min" }
        return "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
    }
}

/// A name of at most so many characters.
func shown(_ name: String, max: Int) -> String {
    var scalars = Array(name.unicodeScalars.map { isVisible($0) ? $0 : " " })
    guard scalars.count > max else { return String(scalars) }
    let isInsideFigure = isDigit(scalars[max - 1]) && isDigit(scalars[max - 2])
    scalars.removeSubrange((max - 1)...)
    // What is left of a cut number would be another number.
    if isInsideFigure { while let last = scalars.last, isDigit(last) { scalars.removeLast() } }
    return scalars.isEmpty ? "(long)" : String(scalars) + "…"
}

/// `a, b and 3 more`.
func listed(_ names: [String], max: Int, nameMax: Int = 40, of count: Int? = nil) -> String {
    let told = names.prefix(max).map { shown($0, max: nameMax) }
    let more = Swift.max(count ?? 0, names.count) - told.count
    guard more <= 0 else { return "\(told.joined(separator: ", ")) and \(more) more" }
    guard told.count > 1, let last = told.last else { return told.first ?? "" }
    return "\(told.dropLast().joined(separator: ", ")) and \(last)"
}

/// `2 customers`, `1 host`.
func counted(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }

/// Digits in groups of three: `12,345`.
func grouped(_ number: Int64) -> String {
    var text = ""
    for (place, digit) in String(number).reversed().enumerated() {
        if place > 0, place % 3 == 0, digit != "-" { text.append(",") }
        text.append(digit)
    }
    return String(text.reversed())
}

/// `42 %`, `0.2 %`, `<0.1 %`.
func percent(_ share: Double) -> String {
    let value = share * 100
    if value >= 10 { return "\(Int(value.rounded(.down))) %" }
    let tenths = (value * 10).rounded() / 10
    return value > 0 && tenths == 0 ? "<0.1 %" : tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
}

private func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

private func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
}

extension String {
    fileprivate init(_ scalars: [Unicode.Scalar]) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
