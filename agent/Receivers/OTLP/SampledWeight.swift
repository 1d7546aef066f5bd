/// How many calls a sampled span stands for, by the `th` of its `tracestate` (OpenTelemetry, "TraceState: Probability
/// Sampling").
///
/// `ot=th:c` gives a threshold T of 56 bits as hex without trailing zeros; a span is kept with probability 1 − T/2^56,
/// so it stands for the inverse of that, rounded. Without a threshold, with an impossible one or where everything is
/// kept it is 1.
func sampledWeight(traceState: BorrowedText, max: UInt32) -> UInt32 {
    for member in traceState.split(separator: UInt8(ascii: ","), maxSplits: 32) {
        let trimmed = member.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard trimmed.starts(with: "ot=".utf8) else { continue }
        for field in trimmed.dropFirst(3).split(separator: UInt8(ascii: ";"), maxSplits: 32) {
            guard field.starts(with: "th:".utf8) else { continue }
            return weight(threshold: field.dropFirst(3), max: max)
        }
    }
    return 1
}

private func weight(threshold digits: Slice<BorrowedText>, max: UInt32) -> UInt32 {
    guard (1...14).contains(digits.count) else { return 1 }
    var threshold: UInt64 = 0
    for digit in digits {
        switch digit {
        case 48...57: threshold = threshold << 4 | UInt64(digit - 48)
        case 97...102: threshold = threshold << 4 | UInt64(digit - 87)
        default: return 1
        }
    }
    threshold <<= UInt64(4 * (14 - digits.count))
    // At most 2^56 − 1, so the divisor is never 0.
    let weight = (Double(1 << 56) / Double((1 << 56) - threshold)).rounded()
    return weight >= Double(max) ? max : UInt32(weight)
}
