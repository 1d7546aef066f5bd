/// Which leaves of a shape bear a keyed hash of their value, and how it is made: for operators who allow it.
///
/// A shape cannot tell one allowed value from another: that calls fail for one currency, or for one currency of one customer,
/// cannot be seen in it. With this the leaves that are codes rather than texts (booleans, whole numbers of at most
/// `digitCountMax` digits, and words, countries, currencies, dates, digits and UUIDs of at most `characterCountMax`
/// characters) end in `#` and four characters: 24 bits of a hash under the operator's key. Equal values can be told to be equal;
/// without the key nothing can be tried against the hash, and with it every hash stands for sixteen million to one of all values
/// there are. Addresses, telephone numbers, sentences, tokens and everything under a key that `excludes` names stay as
/// they were.
public struct ShapeHashing: Sendable {
    public static let characterCountMax = 40
    public static let digitCountMax = 10

    private let hash: @Sendable (UnsafeBufferPointer<UInt8>) -> UInt64
    private let excludesKey: @Sendable (UnsafeBufferPointer<UInt8>) -> Bool

    /// - Parameters:
    ///   - excludes: whether what stands under a key, of a JSON or form member or an XML element, is never hashed.
    ///   - hash: a keyed hash; anything else gives values away.
    public init(
        excludes: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> Bool,
        hash: @escaping @Sendable (UnsafeBufferPointer<UInt8>) -> UInt64
    ) {
        self.hash = hash
        excludesKey = excludes
    }

    func excludes(_ key: UnsafeBufferPointer<UInt8>) -> Bool { excludesKey(key) }

    func excludes(_ key: String) -> Bool {
        var key = key
        return key.withUTF8 { excludesKey($0) }
    }

    /// The 24 bits for a value; nil for one that is no code.
    func mark(of leaf: LeafShape, text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        switch leaf.kind {
        case .bool: break
        case .integer where text.count <= Self.digitCountMax: break
        case .string where text.count <= Self.characterCountMax:
            guard let format = leaf.format, Self.isCode(format, text.count) else { return nil }
        case .string, .integer, .number, .null, .mixed: return nil
        }
        return UInt32(truncatingIfNeeded: hash(text) & 0xFF_FFFF)
    }

    private static func isCode(_ format: StringFormat, _ byteCount: Int) -> Bool {
        switch format {
        case .alpha2, .alpha3, .word, .date, .uuid, .hex, .decimal: true
        case .digits: byteCount <= digitCountMax
        case .blank, .padded, .control, .dateTime, .time, .email, .ipv4, .ipv6, .jwt, .uri, .phone, .base64, .text,
            .unicode:
            false
        }
    }
}

extension LeafShape {
    /// Puts the hash of a value behind its leaf, where hashes are allowed and the value is a code.
    mutating func mark(_ text: UnsafeBufferPointer<UInt8>, _ hashing: ShapeHashing?) {
        guard let hashing else { return }
        mark = hashing.mark(of: self, text: text)
    }

    /// `#` and the 24 bits in the alphabet of RFC 4648, section 5.
    func writeMark(to sink: inout some ByteSink & ~Copyable) {
        guard let mark else { return }
        sink.append(UInt8(ascii: "#"))
        for shift: UInt32 in [18, 12, 6, 0] { sink.append(Self.digit(mark >> shift & 63)) }
    }

    private static func digit(_ bits: UInt32) -> UInt8 {
        let bits = UInt8(bits)
        return switch bits {
        case 0..<26: 65 + bits
        case 26..<52: 71 + bits
        case 52..<62: bits - 4
        case 62: UInt8(ascii: "-")
        default: UInt8(ascii: "_")
        }
    }
}
