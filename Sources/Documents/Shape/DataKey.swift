/// Tells keys that name a field from keys that are data themselves: ids, e-mail addresses, dates, names of people.
///
/// A key names a field when it looks like an identifier somebody chose: printable ASCII of letters, digits and `_ - . : / $ #`
/// and brackets, an `@` only in front, at most 64 bytes, and not mostly digits or a jumble. In doubt it is data: the price is
/// a less telling shape, the price of the other error is somebody's data. What stays undetected is data in the form of a
/// plain word.
enum DataKey {
    static let placeholder = "{key}"
    private static let byteCountMax = 64

    static func isData(_ key: some BidirectionalCollection<UInt8>) -> Bool {
        guard !key.isEmpty, key.count <= byteCountMax else { return true }
        if isPlain(key) { return false }
        var digitCount = 0
        var letterCount = 0
        for (position, byte) in key.enumerated() {
            switch byte {
            case 48...57: digitCount += 1
            case 65...90, 97...122: letterCount += 1
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "/"),
                UInt8(ascii: "$"), UInt8(ascii: "#"), UInt8(ascii: "["), UInt8(ascii: "]"):
                break
            case UInt8(ascii: "@"):
                guard position == 0 else { return true }
            default: return true
            }
        }
        // `123`, `2026-11-23`, `+49…`, `ch_1234567`; but `x509` and `sha256` stay.
        if letterCount == 0 || digitCount >= 5 && digitCount * 2 >= digitCount + letterCount { return true }
        return hasJumble(key)
    }

    /// Small letters and `_` alone, as most keys are: without digits and capitals nothing below makes them data.
    private static func isPlain(_ key: some Sequence<UInt8>) -> Bool {
        var hasLetter = false
        for byte in key {
            if byte &- 97 < 26 {
                hasLetter = true
            } else if byte != UInt8(ascii: "_") {
                return false
            }
        }
        return hasLetter
    }

    /// Whether a run of letters and digits changes its class too often to be words: `NffrFeUfNV2Hib`, `4f3c2a9b`.
    ///
    /// The run is cut where a person reading it would: before a capital that follows a small letter, and between letters and
    /// digits. Words, camel case and versions give pieces of three letters and more on average; random ones about two.
    private static func hasJumble(_ key: some BidirectionalCollection<UInt8>) -> Bool {
        var length = 0
        var pieces = 0
        var digits = 0
        var capitals = 0
        var last = Class.other
        for byte in key {
            let now = Class(byte)
            if now == .other {
                if isJumble(length, pieces, digits, capitals) { return true }
                (length, pieces, digits, capitals) = (0, 0, 0, 0)
            } else {
                length += 1
                if now == .digit { digits += 1 }
                if now == .upper { capitals += 1 }
                let continues = now == last || last == .upper && now == .lower
                if !continues { pieces += 1 }
            }
            last = now
        }
        return isJumble(length, pieces, digits, capitals)
    }

    private static func isJumble(_ length: Int, _ pieces: Int, _ digits: Int, _ capitals: Int) -> Bool {
        // Capitals and digits without any gap, as access keys and voucher codes are: names of that length have one.
        if length >= 16 && digits > 0 && digits + capitals == length { return true }
        // 16 hex digits or base36 characters are an id even where long runs of one class make the pieces longer.
        if length >= 8 && pieces * 5 > length * 2 { return true }
        return length >= 16 && digits >= 4 || length >= 6 && digits >= 3 && pieces * 2 >= length
    }

    private enum Class {
        case upper, lower, digit, other

        init(_ byte: UInt8) {
            switch byte {
            case 65...90: self = .upper
            case 97...122: self = .lower
            case 48...57: self = .digit
            default: self = .other
            }
        }
    }
}
