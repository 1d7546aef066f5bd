/// A number with a unit, as people write durations and sizes.
enum Quantity {
    enum Flaw: Error, Equatable {
        case notANumber
        case unitMissing
        case unitUnknown(String)
        case tooLarge
    }

    private static let timeUnits: [String: Int128] = [
        "ns": 1, "us": 1000, "µs": 1000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
        "h": 3_600_000_000_000, "d": 86_400_000_000_000, "w": 604_800_000_000_000,
    ]

    /// Powers of 1024 are written with an i, as in IEC 80000-13. `K`, `M` and `G` alone mean either to somebody and are
    /// refused.
    private static let byteUnits: [String: Int128] = [
        "B": 1, "kB": 1000, "KB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
        "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
    ]

    /// `250ms`, `1.5h`, `1h30m`. A number needs its unit, except zero.
    static func duration(_ text: String) throws(Flaw) -> Duration {
        var rest = text[...]
        var total: Int128 = 0
        var isFirst = true
        repeat {
            let (value, isZero) = try number(&rest)
            let unit = rest.prefix { !$0.isWhitespace && !$0.isNumber && $0 != "." }
            rest = rest.dropFirst(unit.count)
            if unit.isEmpty {
                guard rest.isEmpty else { throw .notANumber }
                guard isZero && isFirst else { throw .unitMissing }
                return .zero
            }
            guard let scale = timeUnits[String(unit)] else { throw .unitUnknown(String(unit)) }
            total += try value.times(scale)
            // About 292 years: what 64 bits of nanoseconds hold.
            guard total <= Int128(Int64.max) else { throw .tooLarge }
            isFirst = false
        } while !rest.isEmpty
        return .nanoseconds(Int64(total))
    }

    /// `64MiB`, `1.5 GB`, `512`.
    static func byteCount(_ text: String) throws(Flaw) -> Int {
        var rest = text[...]
        let (value, _) = try number(&rest)
        let unit = rest.drop { $0 == " " }
        guard let scale = unit.isEmpty ? 1 : byteUnits[String(unit)] else { throw .unitUnknown(String(unit)) }
        let total = try value.times(scale)
        guard total <= Int128(Int.max) else { throw .tooLarge }
        return Int(total)
    }

    /// A decimal number as a whole one and what to divide it by, so that nothing is rounded before the unit is known.
    private struct Decimal {
        var digits: Int128
        var divisor: Int128

        /// Parts smaller than one are cut off.
        func times(_ scale: Int128) throws(Flaw) -> Int128 {
            let (product, overflowed) = digits.multipliedReportingOverflow(by: scale)
            if overflowed { throw .tooLarge }
            return product / divisor
        }
    }

    private static func number(_ rest: inout Substring) throws(Flaw) -> (value: Decimal, isZero: Bool) {
        var value = Decimal(digits: 0, divisor: 1)
        var digitCount = 0
        var isInFraction = false
        while let byte = rest.utf8.first {
            if byte == UInt8(ascii: "."), !isInFraction, digitCount > 0 {
                isInFraction = true
            } else if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                digitCount += 1
                // Twenty digits are more than anything needs and still far from the end of 128 bits.
                guard digitCount <= 20 else { throw .tooLarge }
                value.digits = value.digits * 10 + Int128(byte - UInt8(ascii: "0"))
                if isInFraction { value.divisor *= 10 }
            } else {
                break
            }
            rest = rest.dropFirst()
        }
        guard digitCount > 0, !isInFraction || value.divisor > 1 else { throw .notANumber }
        return (value, value.digits == 0)
    }
}
