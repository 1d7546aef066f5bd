// RFC 3339 text of an instant, without Foundation: the agent links none. The calendar arithmetic is Howard Hinnant's
// "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days), which holds for the whole range.

extension Instant {
    /// `2026-11-23T19:34:00.123Z`: UTC with milliseconds, the form of every time in JSON.
    public var rfc3339: String { text(fractionDigits: 3) }

    /// UTC with as many digits of the second's fraction as asked for, 0...9; further digits are cut off, not rounded.
    public func text(fractionDigits: Int) -> String {
        let seconds = secondsSinceEpoch
        let nanoseconds = nanosecondsSinceEpoch - floorDivide(nanosecondsSinceEpoch, 1_000_000_000) * 1_000_000_000
        let days = floorDivide(seconds, 86_400)
        let secondOfDay = seconds - days * 86_400
        let (year, month, day) = civil(fromDays: days)
        return String(unsafeUninitializedCapacity: 30) { bytes in
            var at = 0
            func put(_ value: Int64, digits: Int) {
                var rest = value
                for position in stride(from: at + digits - 1, through: at, by: -1) {
                    bytes[position] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                    rest /= 10
                }
                at += digits
            }
            func put(_ character: Unicode.Scalar) {
                bytes[at] = UInt8(truncatingIfNeeded: character.value)
                at += 1
            }
            put(year, digits: 4)
            put("-")
            put(month, digits: 2)
            put("-")
            put(day, digits: 2)
            put("T")
            put(secondOfDay / 3_600, digits: 2)
            put(":")
            put(secondOfDay / 60 % 60, digits: 2)
            put(":")
            put(secondOfDay % 60, digits: 2)
            if fractionDigits > 0 {
                put(".")
                var unit: Int64 = 1
                for _ in 0..<(9 - min(9, fractionDigits)) { unit *= 10 }
                put(nanoseconds / unit, digits: min(9, fractionDigits))
            }
            put("Z")
            return at
        }
    }

    /// Reads RFC 3339 with any offset and any number of fraction digits; `T` and `Z` may be small, a space may stand for `T`.
    ///
    /// A time without an offset is refused unless `assumingUTC`: some SDKs send naive UTC times. Returns nil for anything else,
    /// for dates that do not exist, and outside 1678...2261.
    public init?(rfc3339 text: String, assumingUTC: Bool = false) {
        var text = text
        let parsed = text.withUTF8 { Instant.parse($0, assumingUTC: assumingUTC) }
        guard let parsed else { return nil }
        self = parsed
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>, assumingUTC: Bool) -> Instant? {
        var at = 0
        func number(_ digits: Int) -> Int64? {
            guard at + digits <= bytes.count else { return nil }
            var value: Int64 = 0
            for position in at..<(at + digits) {
                let digit = bytes[position] &- 48
                guard digit < 10 else { return nil }
                value = value * 10 + Int64(digit)
            }
            at += digits
            return value
        }
        func skip(_ characters: StaticString) -> Bool {
            guard at < bytes.count else { return false }
            let wanted = characters.withUTF8Buffer { $0.contains(bytes[at]) }
            if wanted { at += 1 }
            return wanted
        }
        guard let year = number(4), skip("-"), let month = number(2), skip("-"), let day = number(2), skip("Tt "),
            let hour = number(2), skip(":"), let minute = number(2), skip(":"), let second = number(2)
        else { return nil }
        guard (1678...2261).contains(year), (1...12).contains(month), (1...daysInMonth(year, month)).contains(day),
            hour < 24, minute < 60, second <= 60  // 60: a leap second counts as the first of the next minute.
        else { return nil }
        var nanoseconds: Int64 = 0
        if skip(".,") {
            var scale: Int64 = 100_000_000
            var digits = 0
            while at < bytes.count, bytes[at] &- 48 < 10 {
                nanoseconds += Int64(bytes[at] - 48) * scale
                scale /= 10
                at += 1
                digits += 1
            }
            guard digits > 0 else { return nil }
        }
        var offset: Int64 = 0
        if at == bytes.count {
            guard assumingUTC else { return nil }
        } else if !skip("Zz") {
            let sign: Int64 = bytes[at] == UInt8(ascii: "-") ? -1 : 1
            guard skip("+-"), let hours = number(2), hours < 24 else { return nil }
            _ = skip(":")
            guard let minutes = number(2), minutes < 60 else { return nil }
            offset = sign * (hours * 3_600 + minutes * 60)
        }
        guard at == bytes.count else { return nil }
        let seconds = days(fromYear: year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset
        return Instant(nanosecondsSinceEpoch: seconds * 1_000_000_000 + nanoseconds)
    }
}

/// The year, month and day of the UTC date that lies `days` after 1970-01-01, in the proleptic Gregorian calendar.
public func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}

/// Days from 1970-01-01 to the given date.
private func days(fromYear year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDivide(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
}
