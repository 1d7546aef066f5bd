/// All series of one name.
struct MetricFamily: Sendable {
    enum Kind: String, Sendable {
        case counter
        case gauge
        case histogram
    }

    enum Series: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case histogram(Histogram)
        case read(@Sendable () -> Double)
    }

    let name: String
    let kind: Kind
    let help: String
    var series: [LabelSet: Series] = [:]
}

/// Label names with their values, sorted by name, so that the order in which they were given does not matter.
struct LabelSet: Hashable, Sendable {
    struct Label: Hashable, Sendable {
        var name: String
        var value: String
    }

    private(set) var labels: [Label]

    /// Values are cut at `valueByteCountMax`.
    init(_ labels: [(String, String)], valueByteCountMax: Int) {
        for (name, _) in labels { precondition(isLabelName(name), "\(name) is no name for a label") }
        self.labels = labels.map { Label(name: $0, value: cut($1, byteCountMax: valueByteCountMax)) }
            .sorted { $0.name < $1.name }
        precondition(
            zip(self.labels, self.labels.dropFirst()).allSatisfy { $0.name != $1.name }, "a label is given twice")
    }

    /// The same names, for everything beyond the bound.
    var other: LabelSet {
        var other = self
        for index in other.labels.indices { other.labels[index].value = "{other}" }
        return other
    }

    static func < (left: LabelSet, right: LabelSet) -> Bool {
        left.labels.lexicographicallyPrecedes(right.labels) { ($0.name, $0.value) < ($1.name, $1.value) }
    }
}

private func cut(_ text: String, byteCountMax: Int) -> String {
    guard text.utf8.count > byteCountMax else { return text }
    var byteCount = 0
    var kept = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        byteCount += UTF8.width(scalar)
        if byteCount > byteCountMax { break }
        kept.append(scalar)
    }
    return String(kept)
}

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`
func isMetricName(_ name: String) -> Bool {
    isName(name) { $0 == UInt8(ascii: ":") }
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`; two underscores at the start are Prometheus's own, and `le` is the histogram's.
private func isLabelName(_ name: String) -> Bool {
    isName(name) { _ in false } && !name.hasPrefix("__") && name != "le"
}

private func isName(_ name: String, orElse isAllowed: (UInt8) -> Bool) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
    return name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: isAllowed(byte)
        }
    }
}
