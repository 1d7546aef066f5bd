/// Reads the Public Suffix List in the form its maintainers publish it (publicsuffix.org/list; Debian's package `publicsuffix`).
///
/// One rule a line, up to the first white space; `//` begins a comment. Two comments tell whose rules follow: the registries'
/// (ICANN) or companies' (private). Unicode rules are taken in their ASCII form, which is how hosts are compared.
extension PublicSuffixes {
    /// The list has some ten thousand rules; beyond this it is something else.
    public static let listRuleCountMax = 100_000

    /// Nil for what holds no rule, or too many.
    public init?(list bytes: [UInt8]) {
        var registries: [String] = []
        var companies: [String] = []
        var isPrivate = false
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix("//") {
                if text.contains("===BEGIN PRIVATE DOMAINS===") { isPrivate = true }
                if text.contains("===BEGIN ICANN DOMAINS===") { isPrivate = false }
                continue
            }
            guard let rule = PublicSuffixes.rule(text.prefix { $0 != " " && $0 != "\t" && $0 != "\r" }) else {
                continue
            }
            if isPrivate { companies.append(rule) } else { registries.append(rule) }
            guard registries.count + companies.count <= PublicSuffixes.listRuleCountMax else { return nil }
        }
        guard !registries.isEmpty else { return nil }
        self.init(registries: registries, companies: companies)
    }

    private static func rule(_ text: Substring) -> String? {
        let mark = text.hasPrefix("*.") ? "*." : text.hasPrefix("!") ? "!" : ""
        let name = String(text.dropFirst(mark.count))
        guard !name.isEmpty, let encoded = Punycode.encodedHost(name), !encoded.contains(UInt8(ascii: "*")) else {
            return nil
        }
        return mark + String(decoding: encoded, as: UTF8.self)
    }
}
