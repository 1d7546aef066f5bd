/// Finds secrets and personal data by what they look like, wherever they stand in a text.
///
/// A text is cut into words, runs of characters that tokens and addresses are made of, and each word is judged by itself;
/// digits are also followed across the blanks and dashes in which card numbers are written. It errs towards masking.
struct SecretScanner {
    /// Rules by which something was masked; names of the counter's label.
    enum Rule: String, CaseIterable {
        case jwt, email, card, iban
        case accessKey = "access_key"
        case socialSecurity = "social_security"
        case privateKey = "private_key"
        case token
        case userinfo, header, query, body
        case path, key, encoded
        /// A value of a body, by what its key says.
        case named
    }

    /// What is looked for.
    enum Aim {
        /// Secrets and personal data, and whatever is random enough to be a secret.
        case everything
        /// What surely opens or pays something: tokens of known issuers, JWT, access keys, private keys, card numbers.
        case credentials
    }

    private(set) var found: [Rule] = []
    /// Adds to a placeholder what tells equal values apart from others; nil where the operator gave no key.
    private let hash: KeyedHash?
    private let aim: Aim

    init(_ aim: Aim = .everything, hash: KeyedHash? = nil) {
        self.aim = aim
        self.hash = hash
    }

    /// The text with every find replaced by `{rule}`; nil when there was none.
    mutating func masked(_ text: String) -> String? {
        var copy = text
        return copy.withUTF8 { masked($0) }
    }

    /// The same over bytes that are UTF-8.
    mutating func masked(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        found.removeAll(keepingCapacity: true)
        guard Self.mayHoldAny(bytes) else { return nil }
        var finds: [(range: Range<Int>, rule: Rule)] = []
        if let block = privateKey(bytes) { finds.append((block, .privateKey)) }
        var at = 0
        while at < bytes.count {
            guard Self.isWordByte(bytes[at]) else {
                at += 1
                continue
            }
            var end = at
            while end < bytes.count, Self.isWordByte(bytes[end]) { end += 1 }
            if let rule = judge(UnsafeBufferPointer(rebasing: bytes[at..<end])) { finds.append((at..<end, rule)) }
            at = end
        }
        finds += numbers(bytes)
        guard !finds.isEmpty else { return hidden(bytes) }
        finds.sort { $0.range.lowerBound < $1.range.lowerBound }
        var result: [UInt8] = []
        var kept = 0
        for (range, rule) in finds where range.lowerBound >= kept {
            result.append(contentsOf: bytes[kept..<range.lowerBound])
            result.append(
                contentsOf: placeholder(rule.rawValue, UnsafeBufferPointer(rebasing: bytes[range])).utf8)
            kept = range.upperBound
            found.append(rule)
        }
        result.append(contentsOf: bytes[kept...])
        return String(decoding: result, as: UTF8.self)
    }

    /// No rule finds anything in fewer than 11 bytes (the shortest are a number of social security with its dashes, and a token),
    /// but for addresses, which have an @ or an escape.
    private static func mayHoldAny(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count >= 11 || bytes.contains { $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "%") }
    }

    /// The whole text masked where a decoded form of it holds a secret.
    private mutating func hidden(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        guard bytes.count >= 12 else { return nil }
        let inner = SecretScanner(aim)
        let isHiding = HiddenText.hides(bytes) { decoded in
            var scanner = inner
            return decoded.withUnsafeBufferPointer { scanner.holds($0) }
        }
        guard isHiding else { return nil }
        found.append(.encoded)
        return placeholder(Rule.encoded.rawValue, bytes)
    }

    /// Whether there is a find, without looking into encodings.
    private mutating func holds(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        if privateKey(bytes) != nil { return true }
        var at = 0
        while at < bytes.count {
            guard Self.isWordByte(bytes[at]) else {
                at += 1
                continue
            }
            var end = at
            while end < bytes.count, Self.isWordByte(bytes[end]) { end += 1 }
            if judge(UnsafeBufferPointer(rebasing: bytes[at..<end])) != nil { return true }
            at = end
        }
        return !numbers(bytes).isEmpty
    }

    private func numbers(_ bytes: UnsafeBufferPointer<UInt8>) -> [(range: Range<Int>, rule: Rule)] {
        let finds = digitRuns(bytes)
        return aim == .everything || finds.isEmpty ? finds : finds.filter { $0.rule == .card }
    }

    /// `{email}`, or `{email:1f0c…}` with a hash of what stood there.
    func placeholder(_ name: String, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
        // Interpolation costs several times as much.
        guard let hash else { return "{" + name + "}" }
        let digits = String(hash.hash(bytes), radix: 16)
        return "{\(name):\(String(repeating: "0", count: 16 - digits.count))\(digits)}"
    }

    func placeholder(_ name: String, for text: String) -> String {
        guard hash != nil else { return "{\(name)}" }
        var text = text
        return text.withUTF8 { placeholder(name, $0) }
    }

    @inline(__always)
    private static func isWordByte(_ byte: UInt8) -> Bool { wordBytes.contains(byte) }

    /// Letters, digits and `% + - . @ _ ~`.
    private static let wordBytes = ByteSet(low: 0x03FF_6820_0000_0000, high: 0x47FF_FFFE_87FF_FFFF)

    private func judge(_ word: UnsafeBufferPointer<UInt8>) -> Rule? {
        guard word.count >= 5 else { return nil }
        if aim == .everything, isEmail(word) { return .email }
        guard word.count >= 11 else { return nil }
        if word.starts(with: "eyJ".utf8), word.count >= 20 { return .jwt }
        if word.count >= 16, word.starts(with: "AKIA".utf8) || word.starts(with: "ASIA".utf8) { return .accessKey }
        if Self.tokenBeginnings[Int(word[0])], Self.tokenPrefixes.contains(where: { word.starts(with: $0) }) {
            return .token
        }
        guard aim == .everything else { return nil }
        if isIBAN(word) { return .iban }
        return isOpaque(word) ? .token : nil
    }

    /// How secrets of well-known issuers begin.
    private static let tokenPrefixes: [[UInt8]] = [
        "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_", "ghp_", "gho_", "ghs_", "ghu_", "github_pat_",
        "glpat-",
        "xoxb-", "xoxp-", "xoxa-", "xoxs-", "xapp-", "SG.", "key-", "shpat_", "shpss_", "fw_", "AIza", "ya29.", "EAAC",
    ].map { Array($0.utf8) }

    /// Whether one of them begins with this byte: most words end here.
    private static let tokenBeginnings = (0...255).map { byte in tokenPrefixes.contains { Int($0[0]) == byte } }

    private func isEmail(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        // An encoded @ is one, too.
        var sign = word.firstIndex(of: UInt8(ascii: "@"))
        var after = sign.map { $0 + 1 } ?? 0
        if sign == nil, word.contains(UInt8(ascii: "%")) {
            for index in word.indices.dropLast(2)
            where word[index] == UInt8(ascii: "%") && word[index + 1] == 0x34 && word[index + 2] == 0x30 {
                sign = index
                after = index + 3
                break
            }
        }
        guard let sign, sign > 0, after < word.count else { return false }
        return word[after...].dropLast().contains(UInt8(ascii: "."))
    }

    /// Long, and of letters of both cases with digits, or longer still: what no person wrote.
    private func isOpaque(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard word.count >= 24 else { return false }
        var (digits, upper, lower, hexOnly) = (0, 0, 0, true)
        for byte in word {
            switch byte {
            case 48...57: digits += 1
            case 65...90: upper += 1
            case 97...122: lower += 1
            default: break
            }
            switch byte {
            case 48...57, 65...70, 97...102, UInt8(ascii: "-"): break
            default: hexOnly = false
            }
        }
        // 36 characters are a UUID, 32 a trace id: names of things, not secrets. A longer run of hex is a key or a digest.
        if hexOnly { return digits > 0 && word.count > 36 }
        guard digits >= 2, upper + lower > 0 else { return false }
        return upper >= 2 && lower >= 2 || word.count >= 40
    }

    private func isIBAN(_ word: UnsafeBufferPointer<UInt8>) -> Bool {
        guard (15...34).contains(word.count), word[0] &- 65 < 26, word[1] &- 65 < 26, word[2] &- 48 < 10,
            word[3] &- 48 < 10
        else { return false }
        var remainder = 0
        for index in 0..<word.count {
            let byte = word[(index + 4) % word.count]
            switch byte {
            case 48...57: remainder = (remainder * 10 + Int(byte - 48)) % 97
            case 65...90: remainder = (remainder * 100 + Int(byte - 55)) % 97
            default: return false
            }
        }
        return remainder == 1  // ISO 13616: mod 97.
    }

    private func privateKey(_ bytes: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        guard bytes.count > 30, let start = find("-----BEGIN ", in: bytes, from: 0) else { return nil }
        let end = find("-----END ", in: bytes, from: start).flatMap { find("-----", in: bytes, from: $0 + 9) }
        return start..<(end.map { $0 + 5 } ?? bytes.count)
    }

    private func find(_ text: StaticString, in bytes: UnsafeBufferPointer<UInt8>, from: Int) -> Int? {
        let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard bytes.count >= wanted.count else { return nil }
        for at in from...max(from, bytes.count - wanted.count) where at + wanted.count <= bytes.count {
            if bytes[at] == wanted[0], bytes[at...].starts(with: wanted) { return at }
        }
        return nil
    }
}
