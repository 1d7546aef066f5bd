/// What a shape says of one leaf, or of several that were merged.
struct LeafShape: Equatable {
    enum Kind: Equatable {
        case string, integer, number, bool, null, mixed
    }

    var kind: Kind
    /// A string's characters, or a number's digits before the point, negative for a negative number: least and most.
    var low = 0
    var high = 0
    /// A number's digits behind the point: most.
    var places = 0
    /// Nil where merged strings differ, and for the empty string.
    var format: StringFormat?
    /// 24 bits of a keyed hash of the value, where the operator allows them (`ShapeHashing`).
    var mark: UInt32?

    /// Digits of a number that are told exactly; more are told as this many.
    private static let digitCountMax = 999

    init(_ kind: Kind) { self.kind = kind }

    init(text: UnsafeBufferPointer<UInt8>, _ classes: ByteCensus.Classes = ByteCensus.classes) {
        let (format, length) = StringFormat.of(text, classes)
        kind = .string
        low = length
        high = length
        self.format = format
    }

    /// From a number's text in JSON: digits, perhaps a point, perhaps an exponent.
    init(number: UnsafeBufferPointer<UInt8>) {
        let isNegative = number.first == UInt8(ascii: "-")
        let mantissa = number.dropFirst(isNegative ? 1 : 0).prefix { $0 | 0x20 != UInt8(ascii: "e") }
        let exponentText = number.dropFirst(isNegative ? 1 : 0).dropFirst(mantissa.count + 1)
        // Bounded first: nothing says how many digits an exponent has.
        let exponent = exponentText.count > 6 ? 0 : Int(String(decoding: exponentText, as: UTF8.self)) ?? 0
        let whole = mantissa.prefix { $0 != UInt8(ascii: ".") }
        let fraction = mantissa.dropFirst(whole.count + 1)
        let isWhole = mantissa.count == whole.count && exponentText.isEmpty
        kind = isWhole ? .integer : .number
        let significant = whole.drop { $0 == 48 }
        var digits = significant.count
        var places = fraction.count
        if fraction.allSatisfy({ $0 == 48 }) { places = 0 }
        if exponent != 0 {
            // The point moves; leading zeros of a fraction are no digits before it.
            let leadingZeros = significant.isEmpty ? fraction.prefix { $0 == 48 }.count : 0
            digits = max(0, digits + exponent - (digits == 0 ? leadingZeros : 0))
            places = max(0, places - exponent)
        }
        digits = min(digits, Self.digitCountMax)
        low = isNegative ? -digits : digits
        high = low
        self.places = min(places, Self.digitCountMax)
    }

    /// Of a double that is a decimal of at most three places, as amounts are, from its value; nil for others, whose text tells. What
    /// makes it so is in `JSONText.writeDecimal`.
    init?(decimal value: Double) {
        guard value.magnitude < 1e9 else { return nil }
        let thousandths = (value.magnitude * 1_000).rounded()
        guard thousandths / 1_000 == value.magnitude else { return nil }
        let whole = UInt64(thousandths) / 1_000
        let fraction = UInt64(thousandths) % 1_000
        self.init(integer: whole, isNegative: value < 0)
        kind = .number
        places = fraction == 0 ? 0 : fraction % 10 != 0 ? 3 : fraction % 100 != 0 ? 2 : 1
    }

    init(integer magnitude: UInt64, isNegative: Bool) {
        kind = .integer
        var digits = 0
        var rest = magnitude
        while rest > 0 {
            digits += 1
            rest /= 10
        }
        low = isNegative ? -digits : digits
        high = low
    }

    /// Both in one: ranges widen, a differing format is dropped, differing kinds become `mixed`.
    func merged(with other: LeafShape) -> LeafShape {
        guard kind == other.kind else {
            guard [.integer, .number].contains(kind), [.integer, .number].contains(other.kind) else {
                return LeafShape(.mixed)
            }
            var number = self
            number.kind = .number
            return number.widened(by: other)
        }
        return widened(by: other)
    }

    private func widened(by other: LeafShape) -> LeafShape {
        var wide = self
        wide.low = min(low, other.low)
        wide.high = max(high, other.high)
        wide.places = max(places, other.places)
        wide.format = format == other.format ? format : nil
        wide.mark = mark == other.mark ? mark : nil
        return wide
    }

    func write(to sink: inout some ByteSink & ~Copyable) {
        switch kind {
        case .bool: sink.append("\"bool")
        case .null: sink.append("\"null")
        case .mixed: sink.append("\"mixed")
        case .string:
            sink.append("\"string/")
            writeRange(to: &sink)
            if let format {
                sink.append(UInt8(ascii: "/"))
                sink.append(format.name)
            }
        case .integer:
            sink.append("\"integer/")
            writeRange(to: &sink)
        case .number:
            sink.append("\"number/")
            writeRange(to: &sink)
            sink.append(UInt8(ascii: "."))
            JSONText.writeInteger(places, to: &sink)
        }
        writeMark(to: &sink)
        sink.append(UInt8(ascii: "\""))
    }

    private func writeRange(to sink: inout some ByteSink & ~Copyable) {
        JSONText.writeInteger(low, to: &sink)
        guard high != low else { return }
        sink.append("..")
        JSONText.writeInteger(high, to: &sink)
    }
}
