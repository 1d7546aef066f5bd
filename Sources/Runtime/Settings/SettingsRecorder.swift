/// What one reading of the settings has asked for and found wrong so far. Shared by all sections of a document.
final class SettingsRecorder {
    /// One mapping, real or only asked for.
    struct Level {
        /// As people write it: `forward.tls`; empty for the root.
        var display: String
        /// The same with `<name>` and `[]` for names and numbers, which makes levels of one kind equal.
        var kind: String
        var node: SettingsNode?
        var askedKeys: Set<String> = []
        /// Keys that are names, each of which may be anything.
        var isFree = false
    }

    /// Where a value came from.
    enum Place {
        case mark(SettingsMark)
        /// No line in particular, such as where something is missing at the top level.
        case file
        case variable(String)
    }

    let file: String
    let text: SettingsText
    var environment: SettingsEnvironment
    private let problemsMax: Int
    private var levels: [[String]: Level] = [:]
    private var reported: [SettingsProblem] = []
    private var omittedCount = 0

    init(file: String, text: SettingsText, environment: SettingsEnvironment, problemsMax: Int) {
        self.file = file
        self.text = text
        self.environment = environment
        self.problemsMax = problemsMax
    }

    func asked(_ key: String?, of section: SettingsSection, isFree: Bool = false) {
        var level =
            levels.removeValue(forKey: section.keys)
            ?? Level(display: section.path, kind: section.kind, node: section.node)
        if let key { level.askedKeys.insert(key) }
        if isFree { level.isFree = true }
        levels[section.keys] = level
    }

    func report(_ message: String, at place: Place, hint: String? = nil, hidesValue: Bool = false) {
        keep(problem(message, at: place, hint: hint, hidesValue: hidesValue))
    }

    func problem(_ message: String, at place: Place, hint: String?, hidesValue: Bool) -> SettingsProblem {
        switch place {
        case .variable(let name):
            return SettingsProblem(
                file: "environment", line: 0, column: 0, message: "\(name): \(message)", hint: hint)
        case .file: return SettingsProblem(file: file, line: 1, column: 1, message: message, hint: hint)
        case .mark(let mark):
            let excerpt = text.excerpt(at: mark, hidesValue: hidesValue)
            return SettingsProblem(
                file: file, line: mark.line, column: mark.column, message: message, hint: hint,
                sourceLine: excerpt?.line, caretColumn: excerpt?.caretColumn, caretWidth: excerpt?.caretWidth ?? 1)
        }
    }

    /// Everything reported and every key nobody asked for: the file's in its order, then the environment's.
    func problems() -> [SettingsProblem] {
        var problems = reported
        let unknown = unknownKeys()
        for (level, entry) in unknown.prefix(problemsMax) { problems.append(problem(forUnknown: entry, in: level)) }
        let unused = environment.unused()
        for (name, nearest) in unused.prefix(problemsMax) {
            let hint = nearest.map { "did you mean `\($0)`?" }
            problems.append(problem("no such setting", at: .variable(name), hint: hint, hidesValue: true))
        }
        problems.sort { left, right in
            (left.line == 0 ? 1 : 0, left.line, left.column, left.message)
                < (right.line == 0 ? 1 : 0, right.line, right.column, right.message)
        }
        let count = reported.count + omittedCount + unknown.count + unused.count
        guard count > problemsMax else { return problems }
        let message = "\(count - problemsMax) more problems are not shown"
        return problems.prefix(problemsMax) + [SettingsProblem(file: file, line: 0, column: 0, message: message)]
    }

    /// The same problem found twice, by reading a key twice, is one.
    private func keep(_ problem: SettingsProblem) {
        if reported.contains(problem) { return }
        // A file of nothing but mistakes must not fill the memory with messages.
        if reported.count >= 10 * problemsMax { omittedCount += 1 } else { reported.append(problem) }
    }

    private func unknownKeys() -> [(level: Level, entry: SettingsNode.Entry)] {
        levels.values.filter { !$0.isFree }.flatMap { level in
            (level.node?.entries ?? []).filter { !level.askedKeys.contains($0.key) }.map { (level, $0) }
        }.sorted { ($0.entry.keyMark.line, $0.entry.keyMark.column) < ($1.entry.keyMark.line, $1.entry.keyMark.column) }
    }

    private func problem(forUnknown entry: SettingsNode.Entry, in level: Level) -> SettingsProblem {
        let place = level.display.isEmpty ? "" : " in `\(level.display)`"
        return problem(
            "unknown key `\(entry.key.shown())`\(place)", at: .mark(entry.keyMark),
            hint: hint(forUnknown: entry.key, in: level), hidesValue: true)
    }

    private func hint(forUnknown key: String, in level: Level) -> String? {
        let elsewhere = Set(
            levels.values.filter { $0.kind != level.kind && $0.askedKeys.contains(key) }
                .map { $0.kind.isEmpty ? "the top level" : "`\($0.kind)`" }
        ).sorted().prefix(3)
        let home = elsewhere.isEmpty ? nil : "`\(key)` belongs to \(elsewhere.joined(separator: ", "))"
        if let nearest = Spelling.nearest(to: key, among: level.askedKeys) {
            return "did you mean `\(nearest)`?" + (home.map { " (\($0))" } ?? "")
        }
        if let home { return home }
        let known = level.askedKeys.sorted()
        return known.isEmpty
            ? nil : "known here: \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? " …" : "")"
    }
}
