import Documents

/// A place that the answer names.
struct Mention {
    var path: Int32
    /// The node meant, where the answer tells which or there is only one; -1 otherwise.
    var node: Int32
    /// How much it weighs, in the same units as a surprise.
    var weight: Double
}

/// Finds the places of a route that an answer's clues speak of.
struct ClueResolver {
    let paths: PathTable
    let flat: FlatRequest
    let names: PlaceNames

    /// Each place once, heaviest first.
    func mentions(_ clues: AnswerClues) -> [Mention] {
        var mentions: [Mention] = []
        for named in clues.named where named.isStructured {
            mentions += resolve(path: named.text, weight: 7)
        }
        for sentence in clues.sentences { mentions += resolve(sentence: sentence) }
        return discounted(merged(mentions), clues)
    }

    private func merged(_ mentions: [Mention]) -> [Mention] {
        var best: [Mention] = []
        for mention in mentions {
            if let known = best.firstIndex(where: { $0.path == mention.path }) {
                best[known].weight = max(best[known].weight, mention.weight) + 0.5
                if best[known].node < 0 { best[known].node = mention.node }
            } else {
                best.append(mention)
            }
        }
        return best.sorted { $0.weight == $1.weight ? $0.path < $1.path : $0.weight > $1.weight }
    }

    /// An answer that names several unrelated places says less of each: it lists, or it does not know.
    private func discounted(_ mentions: [Mention], _ clues: AnswerClues) -> [Mention] {
        let strong = mentions.filter { $0.weight >= 4 }
        guard strong.count > 1 else { return mentions }
        let perClue = Double(strong.count)
        return mentions.map { mention in
            var mention = mention
            if mention.weight >= 4 { mention.weight -= min(3, 1.5 * (perClue - 1)) }
            return mention
        }
    }

    /// `items[2].sku`, `/items/2/sku`, `body.items.2.sku`, `/Envelope/Body/Order/Item[3]/Sku`, `sku`.
    func resolve(path text: String, weight: Double) -> [Mention] {
        let steps = PathSteps(text)
        guard let last = steps.keys.last else { return [] }
        let known = names.places(named: last)
        guard !known.isEmpty else { return [] }
        let matches = known.map { ($0, steps.matched(with: $0, paths)) }
        let longest = matches.map(\.1).max() ?? 0
        let wanted = steps.keys.count
        // Steps in front that the request has not (`body`, `data`) do no harm; a missing one in the middle does.
        guard longest >= min(wanted, 1) else { return [] }
        let best = matches.filter { $0.1 == longest }.map(\.0)
        let isWhole = longest == wanted || longest >= 2
        let depth = longest >= 2 ? 0.0 : -1.5
        let shared = Double(best.count)
        return best.prefix(12).map { path in
            Mention(
                path: path, node: node(of: path, steps.indices),
                weight: max(1, weight + (isWhole ? depth : -3) - shared.logarithm))
        }
    }

    /// The node of a place that the indices of a clue point to.
    private func node(of path: Int32, _ indices: [Int]) -> Int32 {
        let nodes = flat.nodes.indices.filter { flat.nodes[$0].path == path }
        if nodes.count == 1 { return Int32(nodes[0]) }
        guard let wanted = indices.last else { return -1 }
        let match = nodes.first { index in
            var at = index
            while at >= 0 {
                if flat.nodes[at].index >= 0 { return Int(flat.nodes[at].index) == (paths.isXML ? wanted - 1 : wanted) }
                at = Int(flat.nodes[at].parent)
            }
            return false
        }
        return match.map { Int32($0) } ?? -1
    }

    private func resolve(sentence text: String) -> [Mention] {
        let words = SentenceWords(text).words
        var mentions: [Mention] = []
        for (index, word) in words.enumerated() {
            if word.text.utf8.contains(where: {
                $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "/")
            }) {
                mentions += resolve(path: word.text, weight: 7)
                continue
            }
            let places = names.places(named: word.text)
            if !places.isEmpty {
                let weight = weight(of: word, at: index, in: words) - Double(places.count).logarithm
                mentions += places.prefix(12).map { Mention(path: $0, node: soleNode($0), weight: max(0.3, weight)) }
            } else if index + 1 < words.count {
                // "postal code" for postal_code.
                let pair = names.places(normalised: normalised(word.text + words[index + 1].text))
                let weight = 4.5 - Double(pair.count).logarithm
                mentions += pair.prefix(12).map { Mention(path: $0, node: soleNode($0), weight: max(0.3, weight)) }
            }
        }
        return mentions
    }

    private func soleNode(_ path: Int32) -> Int32 {
        let nodes = flat.nodes.indices.filter { flat.nodes[$0].path == path }
        return nodes.count == 1 ? Int32(nodes[0]) : -1
    }

    /// A name stands at the front of a sentence, in quotes, behind "field" or before "is"; elsewhere an everyday word is
    /// just a word.
    private func weight(of word: SentenceWords.Word, at index: Int, in words: [SentenceWords.Word]) -> Double {
        let isCommon = AnswerWords.common.contains(word.text.lowercased())
        let isDistinct =
            word.text.utf8.contains { $0 == UInt8(ascii: "_") || $0 &- 48 < 10 }
            || word.text.utf8.dropFirst().contains { $0 >= 65 && $0 <= 90 }
        if word.isQuoted { return 5.5 }
        let before = index > 0 ? words[index - 1].text.lowercased() : ""
        let after = index + 1 < words.count ? words[index + 1].text.lowercased() : ""
        if index == 0 || AnswerWords.introductions.contains(before) {
            if AnswerWords.verbs.contains(after) || isDistinct { return 5.5 }
            return isCommon ? 1.5 : 4
        }
        if isDistinct { return 4.5 }
        if AnswerWords.verbs.contains(after) { return isCommon ? 2 : 4 }
        return isCommon ? 0.4 : 2
    }
}

extension Double {
    /// The natural logarithm, by the series that converges for every positive number after halving.
    var logarithm: Double { self <= 1 ? 0 : 0.6931471805599453 * Double(exponent) + (significand - 1) * 0.69 }
}

/// The steps of a place as an answer writes them.
struct PathSteps {
    /// Keys from the outside in, without indices.
    private(set) var keys: [String] = []
    private(set) var indices: [Int] = []

    init(_ text: String) {
        let separators: Set<Character> = [".", "/", "[", "]", "\"", "'", " ", "#", "$", ">"]
        for part in text.split(whereSeparator: { separators.contains($0) }).prefix(32) {
            // A namespace prefix is the sender's own.
            let name = part.split(separator: ":").last.map(String.init) ?? ""
            if let index = Int(name), index >= 0 {
                indices.append(index)
            } else if !name.isEmpty, name != "*" {
                keys.append(name)
            }
        }
    }

    /// How many of the keys, from the innermost out, are those of a place.
    func matched(with place: Int32, _ paths: PathTable) -> Int {
        var place = place
        var count = 0
        for key in keys.reversed() {
            while place > 3, paths.isElement(place) { place = paths.parent(of: place) }
            guard place > 3, normalised(paths.key(of: place)) == normalised(key) else { break }
            count += 1
            place = paths.parent(of: place)
        }
        return count
    }
}

/// Places by the name of their key; brought up to date when the table has grown.
struct PlaceNames {
    private var byName: [String: [Int32]] = [:]
    private var known = 4

    mutating func update(_ paths: PathTable) {
        while known < paths.count {
            let path = Int32(truncatingIfNeeded: known)
            if !paths.isElement(path) { byName[normalised(paths.key(of: path)), default: []].append(path) }
            known += 1
        }
    }

    func places(named name: String) -> [Int32] { places(normalised: normalised(name)) }

    func places(normalised name: String) -> [Int32] { byName[name] ?? [] }
}

/// A sentence cut into words, with quotes noticed.
struct SentenceWords {
    struct Word {
        var text: String
        var isQuoted: Bool
    }

    private(set) var words: [Word] = []
    private static let wordsMax = 80

    init(_ sentence: String) {
        let quotes: Set<Character> = ["'", "\"", "`", "‘", "’", "“", "”", "«", "»"]
        var current = ""
        var opening: Character?
        var isQuoted = false
        func isPart(_ character: Character) -> Bool {
            character.isLetter || character.isNumber || "_.[]/$@-".contains(character)
        }
        for character in sentence {
            if isPart(character) {
                if current.isEmpty { isQuoted = opening.map { quotes.contains($0) } ?? false }
                current.append(character)
            } else {
                append(current, isQuoted && quotes.contains(character))
                current = ""
            }
            opening = character
            if words.count >= Self.wordsMax { return }
        }
        append(current, false)
    }

    private mutating func append(_ text: String, _ isQuoted: Bool) {
        var text = text[...]
        while let last = text.last, last == "." || last == "-" || last == "/" { text.removeLast() }
        guard !text.isEmpty else { return }
        words.append(Word(text: String(text), isQuoted: isQuoted))
    }
}
