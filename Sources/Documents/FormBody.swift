/// The pairs of an `application/x-www-form-urlencoded` body, decoded, in order (WHATWG URL, section 5.1).
public struct FormBody: Sequence, IteratorProtocol {
    private let bytes: UnsafeRawBufferPointer
    private var at = 0

    /// `bytes` must stay valid while pairs are taken.
    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next pair; empty ones between two `&` are skipped, a missing `=` gives an empty value.
    public mutating func next() -> (name: [UInt8], value: [UInt8])? {
        while at < bytes.count {
            let end = bytes[at...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            let pair = bytes[at..<end]
            at = end + 1
            guard !pair.isEmpty else { continue }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (FormBody.decoded(pair[..<equals]), FormBody.decoded(pair[equals...].dropFirst()))
        }
        return nil
    }

    /// `+` is a space, `%` and two hex digits a byte; a `%` without them stands for itself.
    private static func decoded(_ text: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var at = text.startIndex
        while at < text.endIndex {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.endIndex,
                let high = hexValue(text[at + 1]), let low = hexValue(text[at + 2])
            {
                decoded.append(high << 4 | low)
                at += 3
            } else {
                decoded.append(text[at] == UInt8(ascii: "+") ? 0x20 : text[at])
                at += 1
            }
        }
        return decoded
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 97...102: digit - 87
        case 65...70: digit - 55
        default: nil
        }
    }
}
