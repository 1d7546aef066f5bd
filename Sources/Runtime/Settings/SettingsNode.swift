/// A place in a settings file, counted from 1 in lines and characters, and how many characters it spans on its line.
struct SettingsMark: Equatable {
    var line: Int
    var column: Int
    var width = 1
}

/// A settings file as a tree. Its depth is bounded where it is read, so that walking it needs no bound of its own.
struct SettingsNode {
    enum Content {
        /// `isPlain`: written without quotes.
        case scalar(text: String, isPlain: Bool)
        case list([SettingsNode])
        case mapping([Entry])
    }

    struct Entry {
        var key: String
        var keyMark: SettingsMark
        var value: SettingsNode
    }

    var content: Content
    var mark: SettingsMark

    /// Nothing written, or one of YAML's words for it.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    func entry(_ key: String) -> Entry? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }

    var entries: [Entry] {
        guard case .mapping(let entries) = content else { return [] }
        return entries
    }
}
