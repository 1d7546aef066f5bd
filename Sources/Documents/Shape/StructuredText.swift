/// Formats with a grammar: dates, addresses, tokens. Each test looks at counts first, so that most strings cost no second look.
struct StructuredText {
    private let text: UnsafeBufferPointer<UInt8>
    private let census: ByteCensus

    /// `text` is not empty, ASCII, printable.
    init(_ text: UnsafeBufferPointer<UInt8>, _ census: ByteCensus) {
        self.text = text
        self.census = census
    }

    var format: StringFormat? {
        if isUUID { return .uuid }
        if census.digits >= 4 {
            if text.count == 10, isDate { return .date }
            if text.count >= 16, text.count <= 40, isDateTime { return .dateTime }
            if isTime(from: 0, to: text.count) { return .time }
            if isIPv4 { return .ipv4 }
            if isPhone { return .phone }
        }
        if isDecimal { return .decimal }
        if census.colons >= 2, isIPv6 { return .ipv6 }
        if census.ats == 1, isEmail { return .email }
        if census.dots == 2, isJWT { return .jwt }
        if census.colons >= 1, isURI { return .uri }
        return nil
    }

    private func byte(_ at: Int) -> UInt8 { at < text.count ? text[at] : 0 }
    private func isDigit(_ at: Int) -> Bool { byte(at) &- 48 < 10 }

    private func number(at: Int, digits: Int) -> Int? {
        var value = 0
        for position in at..<(at + digits) {
            guard isDigit(position) else { return nil }
            value = value * 10 + Int(text[position] - 48)
        }
        return value
    }

    private var isUUID: Bool {
        text.count == 36 && census.hexDigits == 32 && census.dashes == 4
            && [8, 13, 18, 23].allSatisfy { text[$0] == UInt8(ascii: "-") }
    }

    /// A day that exists, so that 2026-02-30 is none.
    private var isDate: Bool {
        guard byte(4) == UInt8(ascii: "-"), byte(7) == UInt8(ascii: "-"), let year = number(at: 0, digits: 4),
            let month = number(at: 5, digits: 2), let day = number(at: 8, digits: 2), (1...12).contains(month), day >= 1
        else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
        return day <= days
    }

    /// RFC 3339, also without seconds or offset, as ISO 8601 has it.
    private var isDateTime: Bool {
        guard isDate, byte(10) | 0x20 == UInt8(ascii: "t") || byte(10) == 0x20 else { return false }
        var end = text.count
        if byte(end - 1) | 0x20 == UInt8(ascii: "z") {
            end -= 1
        } else if let sign = text.lastIndex(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }), sign > 10 {
            let digits = text[(sign + 1)...].filter { $0 != UInt8(ascii: ":") }
            guard digits.count == 2 || digits.count == 4, digits.allSatisfy({ $0 &- 48 < 10 }) else { return false }
            end = sign
        }
        return isTime(from: 11, to: end)
    }

    /// `19:34`, `19:34:00`, `19:34:00.123`.
    private func isTime(from start: Int, to end: Int) -> Bool {
        guard end - start >= 5, byte(start + 2) == UInt8(ascii: ":"), let hour = number(at: start, digits: 2),
            hour < 24,
            let minute = number(at: start + 3, digits: 2), minute < 60
        else { return false }
        if end - start == 5 { return true }
        guard end - start >= 8, byte(start + 5) == UInt8(ascii: ":"), let second = number(at: start + 6, digits: 2),
            second <= 60
        else { return false }
        if end - start == 8 { return true }
        return byte(start + 8) == UInt8(ascii: ".") && end - start > 9 && ((start + 9)..<end).allSatisfy(isDigit)
    }

    private var isIPv4: Bool {
        guard census.dots == 3, census.digits + 3 == text.count, text.count <= 15 else { return false }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            (1...3).contains(part.count) && part.reduce(0) { $0 * 10 + Int($1 - 48) } < 256
        }
    }

    /// RFC 4291, section 2.2: eight groups of up to four hex digits, or fewer around one `::`.
    private var isIPv6: Bool {
        guard census.hexDigits + census.colons == text.count, text.count <= 39 else { return false }
        let groups = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let gaps = zip(text, text.dropFirst()).count { $0 == UInt8(ascii: ":") && $1 == UInt8(ascii: ":") }
        guard gaps <= 1, groups.allSatisfy({ $0.count <= 4 }) else { return false }
        let filled = groups.count { !$0.isEmpty }
        return gaps == 1 ? filled < 8 : filled == 8 && groups.count == 8
    }

    /// E.164 with the usual separators: `+` and 7 to 15 digits.
    private var isPhone: Bool {
        guard text[0] == UInt8(ascii: "+"), (7...15).contains(census.digits), text.count <= 24 else { return false }
        return text.dropFirst().allSatisfy { byte in
            byte &- 48 < 10 || byte == 0x20 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "(")
                || byte == UInt8(ascii: ")") || byte == UInt8(ascii: ".")
        }
    }

    /// A number in a string, where it is not digits alone: with a sign, a point, or both.
    private var isDecimal: Bool {
        let hasSign = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
        guard census.digits > 0, census.dots <= 1, census.digits + census.dots + (hasSign ? 1 : 0) == text.count else {
            return false
        }
        return isDigit(hasSign ? 1 : 0) && isDigit(text.count - 1)
    }

    private var isEmail: Bool {
        guard census.spaces == 0, let at = text.firstIndex(of: UInt8(ascii: "@")), at > 0, at <= 64 else {
            return false
        }
        let domain = text[(at + 1)...]
        guard let dot = domain.lastIndex(of: UInt8(ascii: ".")), dot > at + 1, domain.endIndex - dot > 2 else {
            return false
        }
        return domain.allSatisfy { byte in
            (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
    }

    /// RFC 7519: three parts, of which the first is the base64url of an object and so starts with `eyJ`.
    private var isJWT: Bool {
        text.count >= 32 && text.starts(with: "eyJ".utf8) && census.spaces == 0 && census.others == 0
            && census.colons == 0
            && !text.contains(UInt8(ascii: "/"))
    }

    private var isURI: Bool {
        guard census.spaces == 0, let colon = text.firstIndex(of: UInt8(ascii: ":")), colon >= 2,
            colon + 3 < text.count,
            byte(colon + 1) == UInt8(ascii: "/"), byte(colon + 2) == UInt8(ascii: "/")
        else { return false }
        return text[..<colon].allSatisfy { (($0 | 0x20) &- 97) < 26 || $0 &- 48 < 10 || $0 == UInt8(ascii: "+") }
    }
}
