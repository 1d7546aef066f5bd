/// The variables that override settings: `FARWATCH_FORWARD__TOKEN` is `forward.token`.
///
/// Two underscores part the levels; a key is written in capitals, with an underscore for whatever is neither letter nor
/// digit. An entry of a list goes by its number, from 0. A variable that is set but empty is as if its key were not set
/// at all, in the file either.
struct SettingsEnvironment {
    /// All variables, for `env:` references.
    let all: [String: String]
    private let prefix: String
    /// Those with the prefix, which must all be of use.
    private let overrides: [String: String]
    private var used: Set<String>
    /// Every name a setting could have been given by.
    private var asked: Set<String> = []

    init(_ all: [String: String], prefix: String, allowed: Set<String>) {
        self.all = all
        self.prefix = prefix
        overrides = all.filter { $0.key.hasPrefix(prefix) }
        used = allowed
    }

    func name(of path: [String]) -> String {
        prefix + path.map(Self.component).joined(separator: "__")
    }

    /// The override of a key, which counts as used from now on.
    mutating func value(at path: [String]) -> (name: String, text: String)? {
        guard !overrides.isEmpty else { return nil }
        let name = name(of: path)
        asked.insert(name)
        guard let text = overrides[name] else { return nil }
        used.insert(name)
        return (name, text)
    }

    /// A variable that is read for another reason, such as an `env:` reference.
    mutating func markUsed(_ name: String) { used.insert(name) }

    /// Names of sections under `path` that variables speak of and the file does not.
    func newNames(under path: [String], known: [String]) -> [String] {
        let start = path.isEmpty ? prefix : name(of: path) + "__"
        let knownStarts = known.map { start + Self.component($0) }
        var names: Set<String> = []
        for name in overrides.keys where name.hasPrefix(start) {
            if knownStarts.contains(where: { name == $0 || name.hasPrefix($0 + "__") }) { continue }
            let first = firstComponent(of: name.dropFirst(start.count))
            if !first.isEmpty { names.insert(first.lowercased()) }
        }
        return names.sorted()
    }

    /// True when a variable overrides something below `path`.
    func speaksOf(_ path: [String]) -> Bool {
        let start = name(of: path) + "__"
        return overrides.keys.contains { $0.hasPrefix(start) }
    }

    /// Variables that no setting asked for, with the asked one that each may have meant.
    func unused() -> [(name: String, nearest: String?)] {
        overrides.keys.filter { !used.contains($0) }.sorted().map { ($0, Spelling.nearest(to: $0, among: asked)) }
    }

    private static func component(_ key: String) -> String {
        String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private func firstComponent(of rest: Substring) -> String {
        let characters = Array(rest)
        for index in characters.indices.dropLast() where characters[index] == "_" && characters[index + 1] == "_" {
            return String(characters[..<index])
        }
        return String(rest)
    }
}
