/// Recognises random letters among words. The limits are heuristics, set so that no route of the built-in partners is touched.
enum WordSpelling {
    /// Longer single words are no words.
    private static let pieceByteCountMax = 39
    /// Longer texts are titles (`my-first-blog-post-about…`), not functions.
    private static let textByteCountMax = 48
    private static let pieceCountMax = 7

    /// Of a text of letters, digits and separators.
    static func isGenerated(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 8 else { return false }  // Nothing shorter is judged below.
        guard text.count <= textByteCountMax else { return true }
        var pieceCount = 0
        var start = 0
        for index in 0...text.count where index == text.count || IdentifierSpelling.isSeparator(text[index]) {
            if index > start {
                pieceCount += 1
                if isGeneratedPiece(UnsafeBufferPointer(rebasing: text[start..<index])) { return true }
            }
            start = index + 1
        }
        return pieceCount > pieceCountMax
    }

    private static func isGeneratedPiece(_ piece: UnsafeBufferPointer<UInt8>) -> Bool {
        guard piece.count >= 8 else { return false }
        guard piece.count <= pieceByteCountMax else { return true }
        // No word of eight letters is spelt with a to f alone.
        if piece.allSatisfy(isHex) { return true }
        guard piece.count >= 10 else { return false }
        var vowelCount = 0
        var upperCount = 0
        for byte in piece {
            switch byte | 0x20 {
            case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"),
                UInt8(ascii: "y"):
                vowelCount += 1
            default: break
            }
            if isUpper(byte) { upperCount += 1 }
        }
        if vowelCount * 6 < piece.count || LetterPairs.areImprobable(in: piece) { return true }
        guard upperCount > 0, upperCount < piece.count else { return false }
        let words = camelWords(piece)
        return words.count >= 4 && words.shortCount * 2 >= words.count
    }

    /// The words of `camelCase` text, an acronym (`URL`) counting as one; short ones have at most two letters, as nearly all have
    /// where the case is random. `V2` and the like are not counted short.
    static func camelWords(_ text: UnsafeBufferPointer<UInt8>) -> (count: Int, shortCount: Int) {
        var count = 0
        var shortCount = 0
        var start = 0
        func end(_ index: Int) {
            guard index > start else { return }
            count += 1
            let isVersion = index - start == 2 && text[start] == UInt8(ascii: "V") && isDigit(text[start + 1])
            if index - start <= 2, !isVersion { shortCount += 1 }
            start = index
        }
        for index in 1..<max(1, text.count) where isUpper(text[index]) {
            let followsLower = !isUpper(text[index - 1])
            let startsWord = index + 1 < text.count && isLower(text[index + 1])
            if followsLower || startsWord { end(index) }
        }
        end(text.count)
        return (count, shortCount)
    }
}
