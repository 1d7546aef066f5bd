import CallModel
import QueryAPI

// Inline SVG: sharp on every screen, coloured by the style sheet, read out by its label.

/// A strip of bars, one a step: coloured by the worst that was so, paler where little failed.
func strip(_ steps: [PartnerHistory.Step], label: String, unit: String) -> String {
    let width = 6.0
    var bars = ""
    for (index, step) in steps.enumerated() {
        bars += "<rect class=\"\(stripClass(step))\" x=\"\(fixed(Double(index) * width, 0))\" y=\"0\" width=\"4.4\" "
        bars += "height=\"30\" rx=\"1.6\"><title>\(htmlEscaped(caption(step, unit)))</title></rect>"
    }
    let whole = fixed(Double(steps.count) * width - 1.6, 1)
    return "<svg class=\"strip\" viewBox=\"0 0 \(whole) 30\" preserveAspectRatio=\"none\" role=\"img\" "
        + "aria-label=\"\(htmlEscaped(label))\">\(bars)</svg>"
}

private func stripClass(_ step: PartnerHistory.Step) -> String {
    guard let worst = step.worst else { return "none" }
    let name = statusClass(worst)
    // No verdict of trouble, and yet something failed: shown, but quietly.
    if name == "ok", step.calls > 0, Double(step.failures) / Double(step.calls) > 0.02 { return "ok some" }
    return name
}

private func caption(_ step: PartnerHistory.Step, _ unit: String) -> String {
    let when = unit == "day" ? String(step.start.text(fractionDigits: 0).prefix(10)) : moment(step.start)
    guard step.worst != nil else { return "\(when): nothing seen" }
    let calls = "\(amount(Double(step.calls))) calls, \(amount(Double(step.failures))) failed"
    return "\(when): \(statusWords(step.worst)). \(calls)"
}

/// Calls of a day by quarters of an hour, those that failed at the foot of each column.
func volumeChart(_ steps: [PartnerHistory.Step]) -> String {
    let (width, height) = (7.0, 120.0)
    let most = max(1.0, Double(steps.map(\.calls).max() ?? 1))
    var columns = ""
    for (index, step) in steps.enumerated() where step.calls > 0 {
        let all = max(1, Double(step.calls) / most * height)
        let failed = step.failures > 0 ? max(1.5, Double(step.failures) / most * height) : 0
        let x = fixed(Double(index) * width, 0)
        columns += "<g><title>\(htmlEscaped(caption(step, "quarter")))</title>"
        columns += column("calls", x, all, height)
        if failed > 0 { columns += column("failed", x, min(failed, all), height) }
        columns += "</g>"
    }
    let whole = Double(steps.count) * width
    var lines = ""
    for share in [0.0, 0.5, 1.0] {
        let y = fixed(height * (1 - share), 1)
        lines += "<line class=\"rule\" x1=\"0\" x2=\"\(fixed(whole, 0))\" y1=\"\(y)\" y2=\"\(y)\"/>"
    }
    return
        "<svg class=\"chart\" viewBox=\"0 -1 \(fixed(whole, 0)) \(fixed(height + 2, 0))\" preserveAspectRatio=\"none\" "
        + "role=\"img\" aria-label=\"Calls of the last 24 hours by quarters of an hour\">\(lines)\(columns)</svg>"
}

private func column(_ name: String, _ x: String, _ tall: Double, _ height: Double) -> String {
    "<rect class=\"\(name)\" x=\"\(x)\" y=\"\(fixed(height - tall, 1))\" width=\"5.4\" height=\"\(fixed(tall, 1))\"/>"
}
