import Glibc

/// Finds in a text the phrases that tell what is wrong (`AnswerWords.phrases`).
///
/// Over bytes: `String.contains` builds a table for each phrase and cost more than all the rest of an explanation.
enum AnswerPhrases {
    private static let phrases = AnswerWords.phrases.map { (bytes: Array($0.words.utf8), tests: $0.tests) }

    static func tests(in text: String) -> Set<ExplainTest> {
        let plain = text.utf8.map { byte in
            switch byte {
            case 65...90: byte | 0x20
            case UInt8(ascii: "_"), UInt8(ascii: "-"): UInt8(ascii: " ")
            default: byte
            }
        }
        var tests: Set<ExplainTest> = []
        plain.withUnsafeBytes { text in
            for phrase in phrases where contains(text, phrase.bytes) { tests.formUnion(phrase.tests) }
        }
        return tests
    }

    private static func contains(_ text: UnsafeRawBufferPointer, _ phrase: [UInt8]) -> Bool {
        guard let start = text.baseAddress, let first = phrase.first else { return false }
        var at = 0
        while text.count - at >= phrase.count, let found = memchr(start + at, Int32(first), text.count - at) {
            at = UnsafeRawPointer(found) - start
            guard text.count - at >= phrase.count else { return false }
            if memcmp(start + at, phrase, phrase.count) == 0 { return true }
            at += 1
        }
        return false
    }
}
