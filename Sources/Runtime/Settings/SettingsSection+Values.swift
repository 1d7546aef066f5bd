/// One scalar with where it came from.
struct SettingsValue {
    var text: String
    var place: SettingsRecorder.Place
}

extension SettingsSection {
    /// Any scalar, as it is written: `yes` and `1.10` stay what they are.
    public func string(_ key: String) -> String? { scalar(key, expected: "text")?.text }

    /// A list of texts; one text alone is a list of one. In the environment, parted by commas.
    public func strings(_ key: String) -> [String] {
        recorder.asked(key, of: self)
        if let override = recorder.environment.value(at: keys + [key]) {
            return override.text.split(separator: ",").map(trimmed).filter { !$0.isEmpty }
        }
        guard let entry = entry(key) else { return [] }
        let path = joined(path, key)
        switch entry.value.content {
        case .scalar(let text, _): return [text]
        case .mapping:
            recorder.report("`\(path)` must be a list of texts, not a section", at: .mark(entry.keyMark))
            return []
        case .list(let nodes):
            return nodes.enumerated().compactMap { index, node in
                if case .scalar(let text, _) = node.content, !node.isNull { return text }
                recorder.report("`\(path)[\(index)]` must be text", at: .mark(node.mark))
                return nil
            }
        }
    }

    /// A mapping from names to texts, such as labels: the file's in their order, then the environment's.
    public func namedStrings(_ key: String) -> [(name: String, value: String)] {
        let parent = section(key)
        recorder.asked(nil, of: parent, isFree: true)
        let names = parent.node?.entries.map(\.key) ?? []
        return (names + recorder.environment.newNames(under: parent.keys, known: names)).compactMap { name in
            parent.string(name).map { (name, $0) }
        }
    }

    /// A whole number.
    public func integer(_ key: String, in range: ClosedRange<Int> = .min ... .max) -> Int? {
        guard let value = scalar(key, expected: "a whole number") else { return nil }
        let digits = value.text.utf8.contains(UInt8(ascii: "_")) ? withoutSeparators(value.text) : value.text
        guard let number = digits.flatMap({ Int($0) }) else {
            return refuse(key, value, "must be a whole number", hint: nil)
        }
        // YAML 1.1 takes 010 for eight, its successor for ten.
        if number != 0, digits?.drop(while: { $0 == "-" || $0 == "+" }).first == "0" {
            return refuse(key, value, "must not begin with a zero", hint: "write `\(number)`")
        }
        guard range.contains(number) else { return refuseRange(key, value, range.shown { "\($0)" }) }
        return number
    }

    /// A number with or without a fraction.
    public func double(_ key: String, in range: ClosedRange<Double> = -.infinity ... .infinity) -> Double? {
        guard let value = scalar(key, expected: "a number") else { return nil }
        guard let number = Double(value.text), number.isFinite, !value.text.lowercased().hasPrefix("0x") else {
            return refuse(key, value, "must be a number", hint: nil)
        }
        guard range.contains(number) else { return refuseRange(key, value, range.shown { "\($0)" }) }
        return number
    }

    /// `true` or `false`; YAML's other words for them are understood.
    public func bool(_ key: String) -> Bool? {
        guard let value = scalar(key, expected: "true or false") else { return nil }
        switch value.text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return refuse(key, value, "must be true or false", hint: nil)
        }
    }

    /// A length of time, such as `250ms`, `10s`, `5m`, `72h`, `30d`, `1h30m`.
    public func duration(_ key: String, in range: ClosedRange<Duration>? = nil) -> Duration? {
        guard let value = scalar(key, expected: "a duration") else { return nil }
        do throws(Quantity.Flaw) {
            let duration = try Quantity.duration(value.text)
            guard range?.contains(duration) ?? true else { return refuseRange(key, value, range!.shown { "\($0)" }) }
            return duration
        } catch {
            return refuse(key, value, "must be a duration", hint: hint(for: error, value.text))
        }
    }

    /// A size in bytes, such as `64MiB`, `1GB`, `512`.
    public func byteCount(_ key: String, in range: ClosedRange<Int>? = nil) -> Int? {
        guard let value = scalar(key, expected: "a size") else { return nil }
        do throws(Quantity.Flaw) {
            let byteCount = try Quantity.byteCount(value.text)
            guard range?.contains(byteCount) ?? true else {
                return refuseRange(key, value, range!.shown { "\($0) bytes" })
            }
            return byteCount
        } catch {
            return refuse(key, value, "must be a size", hint: sizeHint(for: error, value.text))
        }
    }

    /// One of a few words.
    public func choice(_ key: String, of words: [String]) -> String? {
        guard let value = scalar(key, expected: "one of \(listed(words))") else { return nil }
        if words.contains(value.text) { return value.text }
        let hint = Spelling.nearest(to: value.text, among: words).map { "did you mean `\($0)`?" }
        return refuse(key, value, "must be one of \(listed(words))", hint: hint)
    }

    /// A scalar that is set; reports a list or a section in its place.
    func scalar(_ key: String, expected: String) -> SettingsValue? {
        recorder.asked(key, of: self)
        if let override = recorder.environment.value(at: keys + [key]) {
            return override.text.isEmpty ? nil : SettingsValue(text: override.text, place: .variable(override.name))
        }
        guard let entry = entry(key) else { return nil }
        switch entry.value.content {
        case .scalar(let text, _): return SettingsValue(text: text, place: .mark(entry.value.mark))
        case .list: recorder.report("`\(joined(path, key))` must be \(expected), not a list", at: .mark(entry.keyMark))
        case .mapping:
            recorder.report("`\(joined(path, key))` must be \(expected), not a section", at: .mark(entry.keyMark))
        }
        return nil
    }

    private func refuse<R>(_ key: String, _ value: SettingsValue, _ what: String, hint: String?) -> R? {
        recorder.report("`\(joined(path, key))` \(what), not `\(value.text.shown())`", at: value.place, hint: hint)
        return nil
    }

    private func refuseRange<R>(_ key: String, _ value: SettingsValue, _ range: String) -> R? {
        recorder.report("`\(joined(path, key))` must be \(range), not `\(value.text.shown())`", at: value.place)
        return nil
    }
}

extension ClosedRange {
    fileprivate func shown(_ text: (Bound) -> String) -> String where Bound == Int {
        if upperBound == .max { return "at least \(text(lowerBound))" }
        return lowerBound == .min ? "at most \(text(upperBound))" : "from \(text(lowerBound)) to \(text(upperBound))"
    }

    fileprivate func shown(_ text: (Bound) -> String) -> String where Bound == Double {
        if upperBound == .infinity { return "at least \(text(lowerBound))" }
        return lowerBound == -.infinity
            ? "at most \(text(upperBound))" : "from \(text(lowerBound)) to \(text(upperBound))"
    }

    fileprivate func shown(_ text: (Bound) -> String) -> String where Bound == Duration {
        "from \(text(lowerBound)) to \(text(upperBound))"
    }
}

private func hint(for flaw: Quantity.Flaw, _ text: String) -> String {
    switch flaw {
    case .unitMissing: "a unit is missing: `\(text)s`, `\(text)m`, `\(text)h`?"
    case .unitUnknown(let unit): "there is no unit `\(unit.shown())`: use ms, s, m, h, d, w"
    case .tooLarge: "this is longer than 292 years"
    case .notANumber: "such as `250ms`, `10s`, `5m`, `72h`, `30d`"
    }
}

private func sizeHint(for flaw: Quantity.Flaw, _ text: String) -> String {
    switch flaw {
    case .unitUnknown(let unit): "there is no unit `\(unit.shown())`: use KiB, MiB, GiB, or kB, MB, GB"
    case .tooLarge: "this is more than fits"
    case .notANumber, .unitMissing: "such as `64MiB`, `1GB`, `512`"
    }
}

/// Single underscores between digits may part thousands.
private func withoutSeparators(_ text: String) -> String? {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    return parts.allSatisfy { !$0.isEmpty } ? parts.joined() : nil
}

private func listed(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }

private func trimmed(_ text: Substring) -> String {
    var rest = text
    while let last = rest.last, last == " " { rest.removeLast() }
    return String(rest.drop { $0 == " " })
}
