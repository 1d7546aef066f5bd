import Documents

/// Causes or changes, best first, each with its figures below it.
func causesScreen(_ document: JSONValue, _ style: Style) -> [String] {
    var lines: [String] = []
    if let population = document.member("population") {
        var figures: [String] = []
        population.forEachMember { name, value in
            figures.append("\(String(decoding: name, as: UTF8.self)) \(figure(value))")
        }
        lines.append(style.paint(safeText(figures.joined(separator: "  ")), .heading))
    }
    var count = 0
    document.member("causes")?.forEachElement { cause in
        count += 1
        let isChosen = cause.member("chosen")?.bool == true
        lines.append(style.paint((isChosen ? "● " : "○ ") + safeText(predicate(cause)), isChosen ? .bad : .quiet))
        lines.append("  " + safeText(cause.member("text")?.string ?? ""))
        let names = [
            "failures_with", "failures_total", "successes_with", "a_with", "a_total", "b_with", "b_total", "risk_ratio",
            "confidence",
        ]
        var figures: [String] = []
        cause.forEachMember { name, value in
            let name = String(decoding: name, as: UTF8.self)
            if names.contains(name) {
                figures.append("\(name.split(separator: "_").joined(separator: " ")) \(figure(value))")
            }
        }
        lines.append("  " + style.paint(safeText(figures.joined(separator: " · ")), .quiet))
    }
    if count == 0 { lines.append("Nothing tells them apart.") }
    return lines + readLines(document, style)
}

/// The ranked places of one call.
func callScreen(_ document: JSONValue, _ style: Style) -> [String] {
    var lines = [style.paint(safeText(document.member("id")?.string ?? ""), .heading)]
    var count = 0
    document.member("ranked")?.forEachElement { place in
        count += 1
        let percent = Int(((place.member("confidence")?.double ?? 0) * 100).rounded())
        let path = safeText(place.member("path")?.string ?? "")
        lines.append("\(percent) %  " + style.paint(path, count == 1 ? .bad : .plain))
        lines.append("      " + safeText(place.member("text")?.string ?? ""))
    }
    if let note = document.member("note")?.string { lines.append(style.paint(safeText(note), .quiet)) }
    return lines + readLines(document, style)
}

/// What a server's answer rests on: how many of the calls it read.
private func readLines(_ document: JSONValue, _ style: Style) -> [String] {
    var parts: [String] = []
    document.member("read")?.forEachMember { name, value in
        guard let read = value.member("read"), let matching = value.member("matching") else { return }
        parts.append("\(figure(read)) of \(figure(matching)) \(String(decoding: name, as: UTF8.self))")
    }
    return parts.isEmpty ? [] : [style.paint(safeText("read: " + parts.joined(separator: ", ")), .quiet)]
}

private func predicate(_ cause: JSONValue) -> String {
    var parts: [String] = []
    cause.member("predicate")?.forEachElement { condition in
        let path = condition.member("path")?.string ?? ""
        let test = condition.member("test")?.string ?? ""
        let value = condition.member("value")?.string
        parts.append(test == "equals" && value != nil ? "\(path) = \(value ?? "")" : "\(path) \(test)")
    }
    return parts.joined(separator: " and ")
}

private func figure(_ value: JSONValue) -> String {
    String(decoding: value.serialized(), as: UTF8.self)
}

/// Of which causes samples are shown, and which: the first that were chosen.
struct SampledCause {
    static let causesMax = 2
    static let candidatesMax = 5

    var path: String
    var failing: [String] = []
    var succeeding: [String] = []

    static func first(of document: JSONValue) -> [SampledCause] {
        var found: [SampledCause] = []
        document.member("causes")?.forEachElement { cause in
            guard found.count < causesMax, cause.member("chosen")?.bool == true else { return }
            var path: String?
            cause.member("predicate")?.forEachElement { path = path ?? $0.member("path")?.string }
            guard let path else { return }
            var one = SampledCause(path: path)
            let samples = cause.member("samples")
            samples?.member("failing")?.forEachElement { one.failing += [$0.string].compactMap { $0 } }
            samples?.member("succeeding")?.forEachElement { one.succeeding += [$0.string].compactMap { $0 } }
            if !one.failing.isEmpty, !one.succeeding.isEmpty { found.append(one) }
        }
        return found
    }
}
