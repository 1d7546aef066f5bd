import CallModel

// Borrowed bytes become text here, and are cut to their bound.

extension SpanMapping {
    mutating func name(_ bytes: BorrowedText) -> String {
        text(bytes, byteCountMax: Limits.nameByteCountMax)
    }

    mutating func text(_ bytes: BorrowedText, byteCountMax: Int) -> String {
        if bytes.count > byteCountMax { cutCount += 1 }
        return cut(bytes, byteCountMax: byteCountMax)
    }

    /// Whole characters of at most the given length. Bytes that are no UTF-8 become U+FFFD, which is three bytes long,
    /// so the result of garbage is cut once more.
    func cut(_ bytes: BorrowedText, byteCountMax: Int) -> String {
        guard bytes.count > byteCountMax else {
            let text = String(decoding: bytes, as: UTF8.self)
            return text.utf8.count <= byteCountMax ? text : String(text.unicodeScalars.prefix(byteCountMax / 4))
        }
        var end = byteCountMax
        while end > 0, bytes[end] & 0xc0 == 0x80 { end -= 1 }
        return cut(BorrowedText(rebasing: bytes[..<end]), byteCountMax: byteCountMax)
    }
}

/// Sixteen lower-case hex digits into memory of at least that size.
func writeHex(_ value: UInt64, to output: UnsafeMutableBufferPointer<UInt8>, at offset: Int) {
    for position in 0..<16 {
        let digit = UInt8(truncatingIfNeeded: value &>> (60 &- 4 &* UInt64(position))) & 15
        output[offset + position] = digit < 10 ? 48 &+ digit : 87 &+ digit
    }
}

/// `tchar` of RFC 9110, section 5.6.2.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, 33, 35...39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
    default: false
    }
}

@inline(__always)
func lowerCase(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte &+ 32 : byte
}

@inline(__always)
func upperCase(_ byte: UInt8) -> UInt8 {
    (97...122).contains(byte) ? byte &- 32 : byte
}
