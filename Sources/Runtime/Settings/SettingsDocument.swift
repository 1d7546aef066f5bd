/// A settings file with what overrides it, and everything that is wrong with them.
///
/// The reader asks for every key it knows, through `root`, and gets a value or nil; nothing throws. What is wrong is
/// collected, and `problems`, asked for at the end, adds each key that nobody asked for. So ask for a key before
/// deciding whether it matters. A file that is no YAML at all reads as empty and has that one problem.
///
/// For one thread.
public final class SettingsDocument {
    /// Beyond these, settings are refused. They are written by people, by hand.
    public static let byteCountMax = 4 << 20
    static let problemsMax = 100

    private let recorder: SettingsRecorder
    private let tree: SettingsNode?
    private var unreadable: SettingsProblem?

    /// `file` is what messages call it. `allowedVariables` are those that begin with `prefix` and are no settings.
    public convenience init(
        yaml: String, file: String, environment: [String: String] = [:], prefix: String = "FARWATCH_",
        allowedVariables: Set<String> = []
    ) {
        self.init(
            bytes: Array(yaml.utf8), file: file, environment: environment, prefix: prefix,
            allowedVariables: allowedVariables)
    }

    /// The same from bytes, which need not be UTF-8 (and are then a problem).
    public init(
        bytes: [UInt8], file: String, environment: [String: String] = [:], prefix: String = "FARWATCH_",
        allowedVariables: Set<String> = []
    ) {
        let isTooLarge = bytes.count > Self.byteCountMax
        // A byte order mark would shift the columns of the first line.
        let content = isTooLarge ? [] : bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        let text = SettingsText(String(decoding: content, as: UTF8.self))
        recorder = SettingsRecorder(
            file: file, text: text,
            environment: SettingsEnvironment(environment, prefix: prefix, allowed: allowedVariables),
            problemsMax: Self.problemsMax)
        do throws(YAMLFailure) {
            if isTooLarge {
                let message = "settings are larger than \(Self.byteCountMax) bytes"
                throw YAMLFailure(message: message, mark: SettingsMark(line: 1, column: 1))
            }
            tree = try readTree(content, text)
        } catch {
            tree = nil
            unreadable = recorder.problem(error.message, at: .mark(error.mark), hint: error.hint, hidesValue: false)
        }
    }

    /// Reads a file. What is wrong in it is not thrown but listed by `problems`.
    public static func load(
        file: String, environment: [String: String] = [:], prefix: String = "FARWATCH_",
        allowedVariables: Set<String> = []
    ) throws(SettingsError) -> SettingsDocument {
        do throws(FileError) {
            let bytes = try Files.read(file, byteCountMax: byteCountMax)
            return SettingsDocument(
                bytes: bytes, file: file, environment: environment, prefix: prefix, allowedVariables: allowedVariables)
        } catch {
            throw .unreadable(error)
        }
    }

    public var root: SettingsSection {
        SettingsSection(recorder: recorder, keys: [], path: "", kind: "", node: tree, mark: nil)
    }

    /// All that is wrong, in the order of the file; empty when nothing is. Call it after all reading.
    public func problems() -> [SettingsProblem] {
        // Nothing was read then, so that every other complaint would be a consequence of this one.
        if let unreadable { return [unreadable] }
        recorder.asked(nil, of: root)
        return recorder.problems()
    }
}

/// Nil where nothing is set. Throws what makes the whole file unusable.
private func readTree(_ bytes: ArraySlice<UInt8>, _ text: SettingsText) throws(YAMLFailure) -> SettingsNode? {
    guard let yaml = String(validating: bytes, as: UTF8.self) else {
        throw YAMLFailure(
            message: "this is not text in UTF-8", hint: "save the file as UTF-8",
            mark: text.mark(ofByte: firstInvalidByte(of: bytes)))
    }
    guard let node = try YAMLTree.read(yaml, text: text, limits: .init()).get(), !node.isNull else { return nil }
    guard case .mapping = node.content else {
        throw YAMLFailure(
            message: "settings are keys with values", hint: "a setting is written `key: value`", mark: node.mark)
    }
    return node
}

private func firstInvalidByte(of bytes: ArraySlice<UInt8>) -> Int {
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var validByteCount = 0
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { validByteCount += UTF8.width(scalar) }
    return validByteCount
}
