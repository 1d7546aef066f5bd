extension JSONText {
    static func writeInteger<I: FixedWidthInteger>(_ value: I, to sink: inout some ByteSink & ~Copyable) {
        if value < 0 { sink.append(UInt8(ascii: "-")) }
        writeDigits(UInt64(value.magnitude), minimum: 1, to: &sink)
    }

    /// Decimal digits, with leading zeros up to `minimum`, at most 20.
    static func writeDigits(_ value: UInt64, minimum: Int, to sink: inout some ByteSink & ~Copyable) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var at = 20
            var rest = value
            repeat {
                at -= 1
                digits[at] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            } while rest > 0 || 20 - at < minimum
            sink.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(digits)[at...]))
        }
    }

    /// `keepingKind` writes `.0` behind whole numbers, so that a double reads back as one.
    static func writeDouble(_ value: Double, keepingKind: Bool, to sink: inout some ByteSink & ~Copyable) {
        guard value.isFinite else { return sink.append("null") }
        if value.magnitude < 1e9, writeDecimal(value, keepingKind: keepingKind, to: &sink) { return }
        // Swift prints the shortest digits that read back; whole numbers below 2^53 end in `.0`, larger ones have an exponent.
        let text = value.description
        sink.append(keepingKind || !text.hasSuffix(".0") ? text : String(text.dropLast(2)))
    }

    /// Most doubles in documents are decimals of few places, and those need no search for the shortest text.
    ///
    /// `thousandths / 1000` has at most 12 digits; decimals of up to 15 digits never share a double, so if the division
    /// gives the value back, this decimal without its trailing zeros is the shortest.
    private static func writeDecimal(
        _ value: Double, keepingKind: Bool, to sink: inout some ByteSink & ~Copyable
    ) -> Bool {
        let thousandths = (value.magnitude * 1000).rounded()
        guard thousandths / 1000 == value.magnitude else { return false }
        let whole = UInt64(thousandths) / 1000
        var fraction = UInt64(thousandths) % 1000
        if value < 0 { sink.append(UInt8(ascii: "-")) }
        writeDigits(whole, minimum: 1, to: &sink)
        guard fraction > 0 || keepingKind else { return true }
        var places = 3
        while places > 1, fraction % 10 == 0 {
            fraction /= 10
            places -= 1
        }
        sink.append(UInt8(ascii: "."))
        writeDigits(fraction, minimum: places, to: &sink)
        return true
    }
}
