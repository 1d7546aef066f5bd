/// Writes Prometheus's text format 0.0.4 (prometheus.io, "Exposition formats"): HELP and TYPE once a family, then its
/// samples.
struct ExpositionWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ family: MetricFamily) {
        append("# HELP \(family.name) \(escaped(family.help, quote: false))\n")
        append("# TYPE \(family.name) \(family.kind.rawValue)\n")
        for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
            switch series {
            case .counter(let counter): appendSample(family.name, labels, "\(counter.value)")
            case .gauge(let gauge): appendSample(family.name, labels, number(gauge.value))
            case .read(let read): appendSample(family.name, labels, number(read()))
            case .histogram(let histogram): append(histogram, family.name, labels)
            }
        }
    }

    /// Buckets are cumulative. The count is taken from them, so that it always equals the last.
    private mutating func append(_ histogram: Histogram, _ name: String, _ labels: LabelSet) {
        let (counts, sum) = histogram.snapshot()
        var total = 0
        for (bound, count) in zip(histogram.bounds.map(number) + ["+Inf"], counts) {
            total &+= count
            appendSample("\(name)_bucket", labels, "\(total)", bound: bound)
        }
        appendSample("\(name)_sum", labels, number(sum))
        appendSample("\(name)_count", labels, "\(total)")
    }

    private mutating func appendSample(_ name: String, _ labels: LabelSet, _ value: String, bound: String? = nil) {
        var pairs = labels.labels.map { "\($0.name)=\"\(escaped($0.value, quote: true))\"" }
        if let bound { pairs.append("le=\"\(bound)\"") }
        append(pairs.isEmpty ? "\(name) \(value)\n" : "\(name){\(pairs.joined(separator: ","))} \(value)\n")
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

private func escaped(_ text: String, quote: Bool) -> String {
    guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result.append(contentsOf: "\\\\".unicodeScalars)
        case "\n": result.append(contentsOf: "\\n".unicodeScalars)
        case "\"" where quote: result.append(contentsOf: "\\\"".unicodeScalars)
        default: result.append(scalar)
        }
    }
    return String(result)
}

/// Whole numbers without a fraction; the shortest text that reads back the same otherwise.
private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
    return "\(value)"
}
