/// The text of a settings file, for showing a line of it.
///
/// Lines end where libyaml ends them (YAML 1.1: also at NEL, LS and PS), so that its marks and these lines agree.
struct SettingsText {
    private let lines: [[Unicode.Scalar]]
    private let utf8: String.UTF8View

    static let excerptMax = 160

    init(_ text: String) {
        var lines: [[Unicode.Scalar]] = []
        var line: [Unicode.Scalar] = []
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            switch scalar {
            case "\n" where previous == "\r": continue
            case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
                lines.append(line)
                line = []
            default: line.append(scalar)
            }
        }
        lines.append(line)
        self.lines = lines
        utf8 = text.utf8
    }

    func character(at mark: SettingsMark) -> Unicode.Scalar? {
        guard lines.indices.contains(mark.line - 1) else { return nil }
        let line = lines[mark.line - 1]
        return line.indices.contains(mark.column - 1) ? line[mark.column - 1] : nil
    }

    func hasColon(before mark: SettingsMark) -> Bool {
        guard lines.indices.contains(mark.line - 1) else { return false }
        return lines[mark.line - 1].prefix(max(0, mark.column - 1)).contains(":")
    }

    /// Characters from a column to the line's end, blanks there not counted; at least 1.
    func widthToEnd(line: Int, column: Int) -> Int {
        guard lines.indices.contains(line - 1) else { return 1 }
        let count = lines[line - 1].reversed().drop { $0 == " " || $0 == "\t" }.count
        return max(1, count - column + 1)
    }

    /// The line and column of a byte of the text.
    func mark(ofByte offset: Int) -> SettingsMark {
        let before = SettingsText(String(decoding: utf8.prefix(offset), as: UTF8.self)).lines
        return SettingsMark(line: before.count, column: (before.last?.count ?? 0) + 1)
    }

    /// A line as it may be shown, with its caret.
    ///
    /// Left out, as `…`, is what follows the key where `hidesValue` says so, what follows any key that sounds secret,
    /// and what stands between `://` and `@`. Tabs and controls become blanks, which keeps the columns. Long lines are
    /// shown in part.
    func excerpt(at mark: SettingsMark, hidesValue: Bool) -> (line: String, caretColumn: Int, caretWidth: Int)? {
        guard lines.indices.contains(mark.line - 1) else { return nil }
        var line = lines[mark.line - 1].map { scalar in
            isInvisible(scalar) ? " " : scalar
        }
        var end = line.count
        if hidesValue { end = min(end, colon(after: mark.column - 1, in: line) ?? end) }
        for start in secretKeys(in: line) { end = min(end, colon(after: start, in: line) ?? end) }
        if line[end...].contains(where: { $0 != " " }) { line.replaceSubrange(end..., with: " …".unicodeScalars) }
        hideUserInformation(in: &line)
        var column = min(mark.column, line.count + 1)
        if line.count > Self.excerptMax {
            let count = line.count
            let start = max(0, min(column - 60, count - Self.excerptMax))
            line = Array(line[start...].prefix(Self.excerptMax))
            if start > 0 { line[0] = "…" }
            if start + line.count < count { line[line.count - 1] = "…" }
            column -= start
        }
        let width = max(1, min(mark.width, line.count - column + 1))
        return (string(line), column, width)
    }
}

func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
}

private func string(_ scalars: [Unicode.Scalar]) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
}

/// The index behind the first `:` that follows.
private func colon(after start: Int, in line: [Unicode.Scalar]) -> Int? {
    guard start >= 0, start < line.count else { return nil }
    return line[start...].firstIndex(of: ":").map { $0 + 1 }
}

private let secretWords = [
    "token", "secret", "password", "passwd", "passphrase", "credential", "api_key", "apikey", "private",
]

private func secretKeys(in line: [Unicode.Scalar]) -> [Int] {
    let lower = line.map { $0.isASCII ? $0.properties.lowercaseMapping.unicodeScalars.first! : $0 }
    return secretWords.compactMap { word in
        let scalars = Array(word.unicodeScalars)
        return lower.indices.first { lower[$0...].starts(with: scalars) }
    }
}

private func hideUserInformation(in line: inout [Unicode.Scalar]) {
    guard let start = line.indices.first(where: { line[$0...].starts(with: "://".unicodeScalars) }),
        let end = line[start...].lastIndex(of: "@")
    else { return }
    // As many characters as before, so that the caret stays right.
    for index in (start + 3)..<max(end, start + 3) { line[index] = "…" }
}
