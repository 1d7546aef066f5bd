import CallModel

/// RFC 3339 times from bytes. Calls come in the order of their times, so the day is nearly always the last one's.
struct TimeReader {
    private var day: [UInt8] = []
    private var dayStart = Instant.epoch

    /// Nil where `Instant(rfc3339:)` is: no offset, no such date, outside 1678...2261.
    mutating func instant(_ text: UnsafeBufferPointer<UInt8>) -> Instant? {
        quick(text) ?? Instant(rfc3339: String(decoding: text, as: UTF8.self))
    }

    /// `2026-11-23T19:34:00.123Z`, upper case, in UTC, no leap second, at most nine digits of the fraction.
    private mutating func quick(_ text: UnsafeBufferPointer<UInt8>) -> Instant? {
        guard (20...30).contains(text.count), text[10] == UInt8(ascii: "T"), text[text.count - 1] == UInt8(ascii: "Z"),
            text[13] == UInt8(ascii: ":"), text[16] == UInt8(ascii: ":"),
            let hour = number(text, at: 11), hour < 24, let minute = number(text, at: 14), minute < 60,
            let second = number(text, at: 17), second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if text.count > 20 {
            guard text[19] == UInt8(ascii: "."), text.count > 21 else { return nil }
            var unit: Int64 = 100_000_000
            for at in 20..<(text.count - 1) {
                guard text[at] &- 48 < 10 else { return nil }
                nanoseconds += Int64(text[at] - 48) * unit
                unit /= 10
            }
        }
        if !day.elementsEqual(text[..<10]) {
            let midnight = String(decoding: text[..<10], as: UTF8.self) + "T00:00:00Z"
            guard let start = Instant(rfc3339: midnight) else { return nil }
            day = Array(text[..<10])
            dayStart = start
        }
        let seconds = hour * 3_600 + minute * 60 + second
        return dayStart + .nanoseconds(seconds * 1_000_000_000 + nanoseconds)
    }

    private func number(_ text: UnsafeBufferPointer<UInt8>, at: Int) -> Int64? {
        guard text[at] &- 48 < 10, text[at + 1] &- 48 < 10 else { return nil }
        return Int64(text[at] - 48) * 10 + Int64(text[at + 1] - 48)
    }
}
