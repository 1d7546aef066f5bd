/// Tells random letters from words by the pairs in them: in English about one pair in fifty is none of these, in random letters
/// nearly every second.
enum LetterPairs {
    /// Whether three pairs, and every fifth, are ones that words hardly have. A small letter before a capital is the boundary of
    /// two words, and digits are boundaries too: such pairs do not count.
    static func areImprobable(in text: UnsafeBufferPointer<UInt8>) -> Bool {
        var pairCount = 0
        var oddCount = 0
        for index in 1..<max(1, text.count) {
            let (left, right) = (text[index - 1], text[index])
            guard isLetter(left), isLetter(right), !(isLower(left) && isUpper(right)) else { continue }
            pairCount += 1
            let followersOfLeft = followers[Int((left | 0x20) - 97)]
            if followersOfLeft & (1 << UInt32((right | 0x20) - 97)) == 0 { oddCount += 1 }
        }
        return oddCount >= 3 && oddCount * 5 >= pairCount
    }

    /// For each letter the letters that follow it in words, as bits.
    private static let followers: [UInt32] = [
        "bcdefghijklmnpqrstuvwxyz", "abceijlmorstuvy", "acehiklnoqrstuy", "adegijlmnorsuvwy",
        "abcdefghijklmnopqrstuvwxyz",
        "aefilorstuy", "aeghilmnorstuy", "abeilmnorstuwy", "abcdefgijklmnopqrstuvwxz", "aeiou", "aeilnorsuwy",
        "abcdefgiklmnoprstuvwy", "abceilmnoprstuy", "abcdefghijklmnopqrstuvxyz", "abcdefghijklmnopqrstuvwxyz",
        "aehilmnoprstuwy",
        "u", "abcdefghijklmnopqrstuvwxyz", "abcdefghiklmnopqrstuvwy", "abcefghilmnoprstuwxyz",
        "abcdefgiklmnopqrstuvxyz",
        "aeiouy", "abdehiklnoprsty", "aceghilmnopqtuvy", "abcdeilmnoprstuw", "aehiloruyz",
    ].map { letters in letters.utf8.reduce(0) { $0 | 1 << UInt32($1 - 97) } }
}
