/// Undoes the encodings in which a secret can hide from a scanner: base64 and percent escapes, one inside the other, a few times.
///
/// What it yields is only looked at, never passed on: a text whose decoded form holds a secret is masked as a whole.
enum HiddenText {
    private static let depthMax = 3
    /// Of decoded text looked at.
    private static let byteCountMax = 16 << 10
    /// Shorter base64 holds no secret worth the name.
    private static let base64ByteCountMin = 12

    /// Whether `isSecret` says yes to a decoded form of the text.
    static func hides(_ text: UnsafeBufferPointer<UInt8>, depth: Int = 0, _ isSecret: ([UInt8]) -> Bool) -> Bool {
        guard depth < depthMax, text.count <= byteCountMax else { return false }
        func look(_ decoded: [UInt8]?) -> Bool {
            guard let decoded else { return false }
            return isSecret(decoded) || decoded.withUnsafeBufferPointer { hides($0, depth: depth + 1, isSecret) }
        }
        if look(percentDecoded(text)) { return true }
        return anyPiece(of: text) { look(base64Decoded($0)) }
    }

    /// Base64 stands among other text, and `/` is both a digit of it and what separates paths: runs are tried with and without.
    private static func anyPiece(
        of text: UnsafeBufferPointer<UInt8>, _ test: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Bool {
        for isSlashDigit in [true, false] {
            guard isSlashDigit || text.contains(UInt8(ascii: "/")) else { break }
            var start = 0
            for at in 0...text.count {
                let isDigit = at < text.count && isDigit(text[at])
                if isDigit, isSlashDigit || text[at] != UInt8(ascii: "/") { continue }
                if at - start >= base64ByteCountMin, test(UnsafeBufferPointer(rebasing: text[start..<at])) {
                    return true
                }
                start = at + 1
            }
        }
        return false
    }

    /// Nil where there is no escape.
    private static func percentDecoded(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.contains(UInt8(ascii: "%")) else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(text.count)
        var at = 0
        var isEscaped = false
        while at < text.count {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.count, let high = hex(text[at + 1]),
                let low = hex(text[at + 2])
            {
                decoded.append(high << 4 | low)
                at += 3
                isEscaped = true
            } else {
                decoded.append(text[at])
                at += 1
            }
        }
        return isEscaped ? decoded : nil
    }

    /// Standard and URL alphabets, without their padding; nil for what does not decode to text.
    private static func base64Decoded(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let digits = text[...]
        guard digits.count >= base64ByteCountMin, digits.count % 4 != 1, isText(digits) else { return nil }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(digits.count / 4 * 3 + 2)
        var (bits, bitCount): (UInt32, UInt32) = (0, 0)
        for digit in digits {
            guard let sextet = sextet(digit) else { return nil }
            bits = bits << 6 | UInt32(sextet)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                decoded.append(UInt8(truncatingIfNeeded: bits >> bitCount))
            }
        }
        return decoded
    }

    /// Whether what is decoded is a text. Random base64 is hardly ever one, so most words end here, within their first digits and
    /// before any memory is asked for.
    private static func isText(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        sextets.withUnsafeBufferPointer { sextets in
            var text = TextCheck()
            var (bits, bitCount): (UInt32, UInt32) = (0, 0)
            for digit in digits {
                let sextet = sextets[Int(digit)]
                guard sextet < 64 else { return false }
                bits = bits << 6 | UInt32(sextet)
                bitCount += 6
                guard bitCount >= 8 else { continue }
                bitCount -= 8
                guard text.takes(UInt8(truncatingIfNeeded: bits >> bitCount)) else { return false }
            }
            return text.isWhole
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { digitBytes.contains(byte) }

    /// Letters, digits and `+ - / _`: either alphabet of base64. Its padding ends a piece, because so does what stands between a key and
    /// its value.
    private static let digitBytes = ByteSet(low: 0x03FF_A800_0000_0000, high: 0x07FF_FFFE_87FF_FFFE)

    private static func hex(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }

    @inline(__always)
    private static func sextet(_ digit: UInt8) -> UInt8? {
        let value = sextets[Int(digit)]
        return value < 64 ? value : nil
    }

    /// Tables, because what is looked at is mostly random: a branch for every kind of digit would be mispredicted every other time.
    private static let sextets: [UInt8] = (UInt8.min...UInt8.max).map { sextet(of: $0) ?? 255 }

    private static func sextet(of digit: UInt8) -> UInt8? {
        switch digit {
        case 65...90: digit - 65
        case 97...122: digit - 71
        case 48...57: digit + 4
        case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
        case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
        default: nil
        }
    }
}

/// Whether bytes, as they come, are UTF-8 (RFC 3629, section 4) without control characters but for white space.
private struct TextCheck {
    /// Bytes that the character begun still needs, and between what the next of them lies.
    private var left = 0
    private var low: UInt8 = 0x80
    private var high: UInt8 = 0xBF

    /// Whether no character is left half.
    var isWhole: Bool { left == 0 }

    mutating func takes(_ byte: UInt8) -> Bool {
        if left > 0 {
            guard byte >= low, byte <= high else { return false }
            (left, low, high) = (left - 1, 0x80, 0xBF)
            return true
        }
        switch byte {
        case 0x20..<0x7F, 0x0A, 0x0D, 0x09: break
        case 0xC2...0xDF: left = 1
        case 0xE0: (left, low) = (2, 0xA0)
        case 0xED: (left, high) = (2, 0x9F)
        case 0xE1...0xEF: left = 2
        case 0xF0: (left, low) = (3, 0x90)
        case 0xF1...0xF3: left = 3
        case 0xF4: (left, high) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
