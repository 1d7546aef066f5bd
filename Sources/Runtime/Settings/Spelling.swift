/// Finds what somebody meant to write.
public enum Spelling {
    /// Longer words are not compared: the work grows with the square.
    private static let lengthMax = 64

    /// The candidate nearest to `word`, if near enough: one typing error for every three letters, at most three. Case
    /// and the choice between `-` and `_` do not count.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let plainWord = plain(word)
        guard plainWord.count <= lengthMax else { return nil }
        let errorsMax = max(1, min(3, plainWord.count / 3))
        var best: (distance: Int, candidate: String)?
        for candidate in candidates where candidate != word {
            let plainCandidate = plain(candidate)
            guard plainCandidate.count <= lengthMax, abs(plainCandidate.count - plainWord.count) <= errorsMax else {
                continue
            }
            let distance = distance(plainWord, plainCandidate)
            guard distance <= errorsMax, distance < max(plainWord.count, 1) else { continue }
            // The first in the alphabet of equals, so that the answer never depends on the order of asking.
            if best.map({ (distance, candidate) < $0 }) ?? true { best = (distance, candidate) }
        }
        return best?.candidate
    }

    private static func plain(_ word: String) -> [Unicode.Scalar] {
        word.lowercased().unicodeScalars.map { $0 == "-" ? "_" : $0 }
    }

    /// Letters to insert, remove, replace, or swap with their neighbour (Damerau and Levenshtein, each letter touched
    /// once).
    static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...b.count)
        for i in a.indices {
            var current = [i + 1]
            for j in b.indices {
                var cost = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                    cost = min(cost, beforePrevious[j - 1] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[b.count]
    }
}
