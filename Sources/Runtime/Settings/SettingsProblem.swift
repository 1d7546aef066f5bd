/// One thing that is wrong with the settings, and where.
public struct SettingsProblem: Sendable, Equatable {
    /// The file as it was named, or `environment`.
    public var file: String
    /// From 1; 0 where there is no line, as in the environment.
    public var line: Int
    /// In characters, from 1; 0 where there is no line.
    public var column: Int
    public var message: String
    /// What to do about it, such as ``did you mean `endpoints`?``.
    public var hint: String?
    /// The line itself, with what may be secret left out; nil where there is none.
    public var sourceLine: String?
    /// Where the caret stands under `sourceLine`, from 1, and how wide it is.
    public var caretColumn: Int
    public var caretWidth: Int

    public init(
        file: String, line: Int, column: Int, message: String, hint: String? = nil, sourceLine: String? = nil,
        caretColumn: Int? = nil, caretWidth: Int = 1
    ) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
        self.sourceLine = sourceLine
        self.caretColumn = caretColumn ?? column
        self.caretWidth = caretWidth
    }

    /// For people, without a line end after the last line:
    /// ```
    /// agent.yaml:12:3: unknown key `enpoints` in `forward`
    ///    12 |   enpoints: …
    ///       |   ^^^^^^^^ did you mean `endpoints`?
    /// ```
    public func rendered() -> String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        var text = "\(place): \(message)"
        let margin = String(repeating: " ", count: 6)
        if let sourceLine, line > 0 {
            let number = "\(line)"
            text += "\n\(String(repeating: " ", count: max(0, 5 - number.count)))\(number) | \(sourceLine)"
            let indent = String(repeating: " ", count: max(0, caretColumn - 1))
            text += "\n\(margin)| \(indent)\(String(repeating: "^", count: max(1, caretWidth)))"
            if let hint { text += " \(hint)" }
        } else if let hint {
            text += "\n\(margin)= \(hint)"
        }
        return text
    }
}

/// Why settings could not be read at all. What is wrong *in* them are `SettingsProblem`s.
public enum SettingsError: Error, Equatable, Sendable {
    case unreadable(FileError)
}

extension SettingsError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let error): "settings: \(error)"
        }
    }
}
