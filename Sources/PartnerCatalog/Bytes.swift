/// The questions asked of single bytes of ASCII text, and comparisons that allocate nothing.

@inline(__always) func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
@inline(__always) func isLower(_ byte: UInt8) -> Bool { byte &- 97 < 26 }
@inline(__always) func isUpper(_ byte: UInt8) -> Bool { byte &- 65 < 26 }
@inline(__always) func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }
@inline(__always) func isHex(_ byte: UInt8) -> Bool { isDigit(byte) || (byte | 0x20) &- 97 < 6 }
@inline(__always) func lowered(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte - 48 }
    let letter = (byte | 0x20) &- 97
    return letter < 6 ? letter + 10 : nil
}

func equals(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    text.withUTF8Buffer { $0.count == bytes.count && $0.elementsEqual(bytes) }
}

/// `text` in lower case.
func equalsIgnoringCase(_ bytes: UnsafeBufferPointer<UInt8>, _ text: StaticString) -> Bool {
    text.withUTF8Buffer { wanted in
        guard wanted.count == bytes.count else { return false }
        for index in 0..<wanted.count where lowered(bytes[index]) != wanted[index] { return false }
        return true
    }
}

func hasSuffix(_ bytes: UnsafeBufferPointer<UInt8>, _ suffix: StaticString) -> Bool {
    suffix.withUTF8Buffer { wanted in
        guard wanted.count <= bytes.count else { return false }
        let offset = bytes.count - wanted.count
        for index in 0..<wanted.count where bytes[offset + index] != wanted[index] { return false }
        return true
    }
}

/// At most `byteCountMax` bytes of `text`, cut between characters.
func bounded(_ text: String, _ byteCountMax: Int) -> String {
    guard text.utf8.count > byteCountMax else { return text }
    var end = text.utf8.index(text.startIndex, offsetBy: byteCountMax)
    while end > text.startIndex, end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
    return String(text[..<end])
}
