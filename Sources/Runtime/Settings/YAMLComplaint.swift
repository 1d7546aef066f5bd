/// Turns libyaml's complaints into what to change. It names what it met while it looked for something else; people want
/// to know which of their lines is wrong.
struct YAMLComplaint {
    let failure: YAMLEvents.Failure
    let text: SettingsText

    func explained() -> YAMLFailure {
        guard let mark = failure.mark else {
            // Only its reader fails without one.
            return YAMLFailure(
                message: failure.problem, hint: "settings are text in UTF-8",
                mark: text.mark(ofByte: failure.byteOffset))
        }
        if text.character(at: mark) == "\t" || failure.problem.contains("tab character") {
            return YAMLFailure(message: "a tab where YAML wants blanks", hint: "indent with blanks", mark: mark)
        }
        switch failure.problem {
        case "mapping values are not allowed in this context": return misplacedColon(at: mark)
        case "did not find expected key", "did not find expected '-' indicator":
            let hint = failure.contextMark.map { "the block from line \($0.line) is indented differently" }
            return YAMLFailure(message: "this line does not fit the lines above", hint: hint, mark: mark)
        case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
            let isList = failure.problem.hasSuffix("']'")
            let hint = failure.contextMark.map { "\(isList ? "the list" : "the section") opens on line \($0.line)" }
            return YAMLFailure(message: "a `,` or `\(isList ? "]" : "}")` is missing", hint: hint, mark: mark)
        case "could not find expected ':'":
            return YAMLFailure(
                message: "a key without `:`", hint: "a setting is written `key: value`, with a blank after the colon",
                mark: mark)
        case "found character that cannot start any token":
            return YAMLFailure(
                message: "a value cannot begin with this character", hint: "put the value in quotes", mark: mark)
        case "found unexpected end of stream":
            return YAMLFailure(message: "this quote is not closed", hint: nil, mark: failure.contextMark ?? mark)
        case "found unknown escape character":
            return YAMLFailure(
                message: "there is no such escape", hint: "write `\\\\` for a backslash, or use single quotes",
                mark: mark)
        default:
            let hint = failure.context.map { context in
                failure.contextMark.map { "\(context) that begins on line \($0.line)" } ?? context
            }
            return YAMLFailure(message: failure.problem, hint: hint, mark: mark)
        }
    }

    /// The first colon of a line that is not allowed there belongs to a good key after a line that is not finished.
    private func misplacedColon(at mark: SettingsMark) -> YAMLFailure {
        if text.hasColon(before: mark) {
            return YAMLFailure(
                message: "a second `:` in one value", hint: "put a value that holds `: ` in quotes", mark: mark)
        }
        return YAMLFailure(
            message: "this key does not fit the line above",
            hint: "is it indented too far, or does the line above lack a colon followed by a blank?", mark: mark)
    }
}
