/// Tells by its spelling alone whether a path segment is a word somebody chose or an identifier somebody generated.
enum SegmentSpelling {
    enum Verdict: Equatable {
        case word
        case id
        /// An id up to `offset`, then something that stays: `35436.json`, `123:cancel`.
        case idThen(Int)
        /// A word up to `offset`, then a key in parentheses (OData): `Accounts(42)`.
        case wordThenID(Int)
    }

    /// `mayBeVersion`: whether a bare number from 1 to 9 is an API's version here, as in `/rest/api/3` or `/2/tweets`.
    static func verdict(on text: UnsafeBufferPointer<UInt8>, mayBeVersion: Bool) -> Verdict {
        guard text.count <= RouteTemplate.wordByteCountMax else { return .id }
        if text.first == UInt8(ascii: "{") { return isParameter(text) ? .word : .id }
        var digitCount = 0
        var letterCount = 0
        for index in 0..<text.count {
            let byte = text[index]
            if isDigit(byte) {
                digitCount += 1
            } else if isLetter(byte) {
                letterCount += 1
            } else {
                switch byte {
                case UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"): break
                case UInt8(ascii: "$") where index == 0 && text.count > 1: break  // OData: $batch, $metadata.
                case UInt8(ascii: "("): return parenthesised(text, at: index)
                case UInt8(ascii: ":"): return withVerb(text, at: index)
                default: return .id  // `@` of an e-mail, `=` and `+` of base64, commas, spaces, other alphabets.
                }
            }
        }
        if digitCount == 0 { return WordSpelling.isGenerated(text) ? .id : .word }
        if letterCount == 0 {
            if mayBeVersion, text.count == 1, text[0] != 48 { return .word }
            return isMonth(text) || isDottedVersion(text) ? .word : .id
        }
        if isVersion(text) { return .word }
        if let dot = knownExtension(text) {
            let stem = verdict(on: UnsafeBufferPointer(rebasing: text[..<dot]), mayBeVersion: false)
            return stem == .id ? .idThen(dot) : .word
        }
        return isUUID(text) || IdentifierSpelling.isIdentifier(text) ? .id : .word
    }

    /// A path that is a template already: `{name}`, and what `verdict` leaves behind an id.
    private static func isParameter(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let close = text.firstIndex(of: UInt8(ascii: "}")), close > 1,
            text[1..<close].allSatisfy({ isLetter($0) || $0 == UInt8(ascii: "_") })
        else { return false }
        let rest = UnsafeBufferPointer(rebasing: text[(close + 1)...])
        if rest.isEmpty || knownExtension(rest, from: 0) != nil { return true }
        return rest.count > 1 && rest[0] == UInt8(ascii: ":") && rest.dropFirst().allSatisfy(isLetter)
    }

    /// `Accounts(guid)`, `getAll()`.
    private static func parenthesised(_ text: UnsafeBufferPointer<UInt8>, at open: Int) -> Verdict {
        guard open > 0, text[text.count - 1] == UInt8(ascii: ")"),
            verdict(on: UnsafeBufferPointer(rebasing: text[..<open]), mayBeVersion: false) == .word
        else { return .id }
        return .wordThenID(open)
    }

    /// `documents:batchGet` and `123:cancel`: Google's custom methods (AIP-136).
    private static func withVerb(_ text: UnsafeBufferPointer<UInt8>, at colon: Int) -> Verdict {
        let verb = UnsafeBufferPointer(rebasing: text[(colon + 1)...])
        let name = UnsafeBufferPointer(rebasing: text[..<colon])
        guard !name.isEmpty, !verb.isEmpty, verb.allSatisfy(isLetter), !WordSpelling.isGenerated(verb),
            !equalsIgnoringCase(name, "urn")
        else { return .id }
        return verdict(on: name, mayBeVersion: false) == .word ? .word : .idThen(colon)
    }

    /// `v1`, `v2.1`, `v1beta1`, `v20.0`, `v1p1beta1`.
    private static func isVersion(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count >= 2, text.count <= 10, text[0] | 0x20 == UInt8(ascii: "v"), isDigit(text[1]) else {
            return false
        }
        var digitCount = 0
        var at = 1
        while at < text.count {
            if isDigit(text[at]) {
                digitCount += 1
                at += 1
                continue
            }
            let end = text[at...].firstIndex(where: isDigit) ?? text.count
            let mark = UnsafeBufferPointer(rebasing: text[at..<end])
            guard
                equals(mark, ".") || equals(mark, "_") || equals(mark, "alpha") || equals(mark, "beta")
                    || equals(mark, "p")
                    || equals(mark, "rc") || equals(mark, "-beta") || equals(mark, "-alpha")
            else { return false }
            at = end
        }
        return digitCount <= 4
    }

    /// `2024-01`: a version by year and month.
    private static func isMonth(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 7, text[0] == 50, text[1] == 48, text[4] == UInt8(ascii: "-"),
            isDigit(text[2]), isDigit(text[3]), isDigit(text[5]), isDigit(text[6])
        else { return false }
        return (1...12).contains((text[5] - 48) * 10 + text[6] - 48)
    }

    /// `1.0`, `2.3.1`: two or three numbers of at most two digits.
    private static func isDottedVersion(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var dotCount = 0
        var runLength = 0
        for byte in text {
            if isDigit(byte) {
                runLength += 1
            } else {
                guard byte == UInt8(ascii: "."), runLength > 0 else { return false }
                dotCount += 1
                runLength = 0
            }
            guard runLength <= 2 else { return false }
        }
        return runLength > 0 && (1...2).contains(dotCount)
    }

    private static func isUUID(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.count == 36 else { return false }
        for index in 0..<36 {
            let isHyphenPlace = index == 8 || index == 13 || index == 18 || index == 23
            guard isHyphenPlace ? text[index] == UInt8(ascii: "-") : isHex(text[index]) else { return false }
        }
        return true
    }

    private static let extensions: Set<String> = [
        "json", "xml", "csv", "pdf", "txt", "html", "png", "jpg", "jpeg", "gif", "svg", "zip", "gz", "ics", "vcf",
        "ndjson",
        "yaml", "yml", "xlsx", "tsv", "atom", "rss", "mp3", "mp4", "wav",
    ]

    /// Where a well-known file extension begins, dot included.
    private static func knownExtension(_ text: UnsafeBufferPointer<UInt8>, from start: Int = 1) -> Int? {
        guard let dot = text.lastIndex(of: UInt8(ascii: ".")), dot >= start, (3...7).contains(text.count - dot) else {
            return nil
        }
        return extensions.contains(String(decoding: text[(dot + 1)...], as: UTF8.self)) ? dot : nil
    }
}
