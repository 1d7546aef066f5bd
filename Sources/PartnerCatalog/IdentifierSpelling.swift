/// Recognises identifiers among texts that mix letters and digits.
enum IdentifierSpelling {
    /// Texts are judged by pieces, split at `-`, `_`, `.` and `~`: one generated piece makes the whole an identifier.
    static func isIdentifier(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var pieceCount = 0
        var start = 0
        for index in 0...text.count where index == text.count || isSeparator(text[index]) {
            let piece = UnsafeBufferPointer(rebasing: text[start..<index])
            start = index + 1
            guard !piece.isEmpty else { continue }
            let isLast = index == text.count
            if isGeneratedPiece(piece, isFirst: pieceCount == 0, isLast: isLast) { return true }
            if isLast, pieceCount == 1, isPrefixedTail(piece, in: text) { return true }
            pieceCount += 1
        }
        return pieceCount >= 8
    }

    private static func isGeneratedPiece(_ piece: UnsafeBufferPointer<UInt8>, isFirst: Bool, isLast: Bool) -> Bool {
        var digitCount = 0
        var upperCount = 0
        var lowerCount = 0
        var alternationCount = 0
        var isHexadecimal = true
        var wasDigit = isDigit(piece[0])
        for byte in piece {
            let digit = isDigit(byte)
            if digit { digitCount += 1 } else if isUpper(byte) { upperCount += 1 } else { lowerCount += 1 }
            if digit != wasDigit { alternationCount += 1 }
            wasDigit = digit
            isHexadecimal = isHexadecimal && isHex(byte)
        }
        if digitCount == 0 { return WordSpelling.isGenerated(piece) }
        // `2-factor` is a word; `order-2`, `us-east-1` and `KEY-12` carry a number that varies.
        if digitCount == piece.count { return !(isFirst && piece.count == 1 && !isLast) }
        if isKnownWord(piece) { return false }
        if isHexadecimal, piece.count >= 5 { return true }
        if digitCount >= 3 || alternationCount >= 3 { return true }
        if piece.count >= 10, LetterPairs.areImprobable(in: piece) { return true }
        if piece.count >= 12, upperCount > 0, hasDigitInsideWord(piece) { return true }
        guard upperCount > 0, lowerCount > 0, piece.count >= 8 else { return WordSpelling.isGenerated(piece) }
        let words = WordSpelling.camelWords(piece)
        return words.count >= 4 && words.shortCount * 3 >= words.count
    }

    /// In camel case a number ends a word: `listS3Buckets`, but not `Kx3ab`.
    private static func hasDigitInsideWord(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        (1..<piece.count).contains { isDigit(piece[$0 - 1]) && isLower(piece[$0]) }
    }

    /// `ch_3N…`, `cus_N2ff`, `ch_1`: a type's short prefix and a tail that is no word.
    private static func isPrefixedTail(_ tail: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>) -> Bool
    {
        guard text.contains(UInt8(ascii: "_")), let digit = tail.firstIndex(where: isDigit) else { return false }
        if tail.count <= 3, tail[0] | 0x20 == UInt8(ascii: "v"), digit == 1 { return false }  // `oauth_v2`.
        return digit == 0 || tail.count >= 8 || tail.contains(where: isUpper) && tail.contains(where: isLower)
    }

    static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "~")
    }

    /// Words that count like identifiers.
    private static let knownWords: Set<String> = [
        "sha224", "sha256", "sha384", "sha512", "x509", "h264", "h265", "iso8601", "iso3166", "iso4217", "rfc3339",
        "o365",
        "m365", "d365", "office365", "dynamics365", "base64", "ed25519", "aes128", "aes256", "rs256", "hs256", "es256",
        "utf16",
        "2fa", "3ds2", "b2b2c", "x12n", "form1099", "w2c",
    ]

    private static func isKnownWord(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        guard piece.count <= 11 else { return false }
        return knownWords.contains(String(decoding: piece, as: UTF8.self).lowercased())
    }
}
