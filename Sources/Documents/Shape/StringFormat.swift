/// The form of a string, as far as APIs care for it: what a partner's validation most often refuses.
///
/// The first that fits is taken, from the telling to the vague, so that two strings of one field differ in format when one
/// of them is wrong: a date that does not exist is a `word`, a lower-case currency too, a name with an accent is `unicode`.
public enum StringFormat: UInt8, Sendable, CaseIterable {
    /// White space alone; white space in front or behind; a control character other than tab, CR and LF inside.
    case blank, padded, control
    case uuid, date, dateTime, time, email, ipv4, ipv6, jwt, uri
    /// Digits alone; a decimal number with a point or a sign; an international telephone number.
    case digits, decimal, phone
    /// Two or three capitals: countries and currencies.
    case alpha2, alpha3
    /// 16 hex digits and more; 24 characters of base64 and more. Keys, hashes, signatures.
    case hex, base64
    /// Letters, digits and `_ - . : /` without a space.
    case word
    /// Other printable ASCII; anything else.
    case text, unicode

    public var name: StaticString {
        switch self {
        case .blank: "blank"
        case .padded: "padded"
        case .control: "control"
        case .uuid: "uuid"
        case .date: "date"
        case .dateTime: "date-time"
        case .time: "time"
        case .email: "email"
        case .ipv4: "ipv4"
        case .ipv6: "ipv6"
        case .jwt: "jwt"
        case .uri: "uri"
        case .digits: "digits"
        case .decimal: "decimal"
        case .phone: "phone"
        case .alpha2: "alpha2"
        case .alpha3: "alpha3"
        case .hex: "hex"
        case .base64: "base64"
        case .word: "word"
        case .text: "text"
        case .unicode: "unicode"
        }
    }

    /// The format, nil for the empty string, and the length in characters (Unicode scalars: what partners' limits count).
    public static func of(_ text: UnsafeBufferPointer<UInt8>) -> (format: StringFormat?, length: Int) {
        of(text, ByteCensus.classes)
    }

    static func of(
        _ text: UnsafeBufferPointer<UInt8>, _ classes: ByteCensus.Classes
    ) -> (format: StringFormat?, length: Int) {
        let census = ByteCensus(text, classes)
        guard let first = text.first, let last = text.last else { return (nil, 0) }
        if census.controls > 0 { return (.control, census.characters) }
        if census.spaces == text.count { return (.blank, census.characters) }
        if isSpace(first) || isSpace(last) { return (.padded, census.characters) }
        if census.highs > 0 { return (.unicode, census.characters) }
        return (ofASCII(text, census), text.count)
    }

    private static func ofASCII(_ text: UnsafeBufferPointer<UInt8>, _ census: ByteCensus) -> StringFormat {
        if census.digits == text.count { return .digits }
        if census.capitals == text.count, text.count == 2 || text.count == 3 {
            return text.count == 2 ? .alpha2 : .alpha3
        }
        if census.letters == text.count, text.count < 16 { return .word }
        if let structured = StructuredText(text, census).format { return structured }
        let isHex = census.hexDigits == text.count
        if isHex, text.count >= 16, census.digits > 0 { return .hex }
        if text.count >= 24, isBase64(text, census) { return .base64 }
        return census.spaces == 0 && census.others == 0 && census.ats == 0 ? .word : .text
    }

    /// Only what cannot be words: capitals, small letters and digits together, and a length or padding that fits.
    private static func isBase64(_ text: UnsafeBufferPointer<UInt8>, _ census: ByteCensus) -> Bool {
        let padding = text.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard census.digits > 0, census.capitals > 0, census.letters > census.capitals else { return false }
        let alphabet = text.dropLast(padding).allSatisfy { byte in
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return alphabet && (padding == 0 || text.count % 4 == 0)
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
