/// Unicode labels as ASCII (RFC 3492), so that both spellings of an internationalised host give one partner.
enum Punycode {
    /// Every label in its `xn--` form; nil when a label cannot be encoded.
    static func encodedHost(_ host: String) -> [UInt8]? {
        var result: [UInt8] = []
        // IDNA also takes the ideographic full stops for dots.
        let separators: Set<Unicode.Scalar> = [".", "\u{3002}", "\u{FF0E}", "\u{FF61}"]
        let labels = host.lowercased().unicodeScalars.split(omittingEmptySubsequences: false) {
            separators.contains($0)
        }
        for (index, label) in labels.enumerated() {
            if index > 0 { result.append(UInt8(ascii: ".")) }
            guard let encoded = encoded(Array(label)) else { return nil }
            result += encoded
        }
        return result
    }

    // The parameters of section 5.
    private static let base = 36
    private static let thresholdMin = 1
    private static let thresholdMax = 26

    private static func encoded(_ label: [Unicode.Scalar]) -> [UInt8]? {
        let basic = label.filter(\.isASCII).map { UInt8($0.value) }
        guard basic.count < label.count else { return basic }
        guard label.count <= 63 else { return nil }
        var output = Array("xn--".utf8) + basic
        if !basic.isEmpty { output.append(UInt8(ascii: "-")) }
        var codePoint = 128
        var delta = 0
        var bias = 72
        var handled = basic.count
        while handled < label.count {
            guard let next = label.lazy.map({ Int($0.value) }).filter({ $0 >= codePoint }).min() else { return nil }
            // At most 63 scalars below 0x110000: far from overflow.
            delta += (next - codePoint) * (handled + 1)
            codePoint = next
            for scalar in label {
                if scalar.value < codePoint { delta += 1 }
                guard scalar.value == codePoint else { continue }
                appendVariableLength(delta, bias: bias, to: &output)
                bias = adapted(delta, count: handled + 1, isFirst: handled == basic.count)
                delta = 0
                handled += 1
            }
            delta += 1
            codePoint += 1
        }
        return output
    }

    private static func appendVariableLength(_ value: Int, bias: Int, to output: inout [UInt8]) {
        var rest = value
        var position = base
        while true {
            let threshold = min(max(position - bias, thresholdMin), thresholdMax)
            guard rest >= threshold else { break }
            output.append(digit(threshold + (rest - threshold) % (base - threshold)))
            rest = (rest - threshold) / (base - threshold)
            position += base
        }
        output.append(digit(rest))
    }

    private static func adapted(_ delta: Int, count: Int, isFirst: Bool) -> Int {
        var delta = isFirst ? delta / 700 : delta / 2
        delta += delta / count
        var steps = 0
        while delta > (base - thresholdMin) * thresholdMax / 2 {
            delta /= base - thresholdMin
            steps += base
        }
        return steps + (base - thresholdMin + 1) * delta / (delta + 38)
    }

    private static func digit(_ value: Int) -> UInt8 { UInt8(value < 26 ? 97 + value : 22 + value) }
}
