/// One mapping of the settings, or the place where one could be.
///
/// Asking for a key makes it known at this level. A value that is absent, null, or wrong in itself reads as nil; what
/// is wrong is reported at its place.
public struct SettingsSection {
    let recorder: SettingsRecorder
    let keys: [String]
    /// As people write it, such as `forward.tls` or `routes[0]`; empty for the root.
    public let path: String
    let kind: String
    /// A mapping, or nil where there is none.
    let node: SettingsNode?
    /// Of the key that leads here, or of the nearest one above that exists; nil where there is none at all.
    let mark: SettingsMark?

    /// A mapping below. An absent one is empty, and its keys can still come from the environment.
    public func section(_ key: String) -> SettingsSection {
        recorder.asked(key, of: self)
        return child(key, path: joined(path, key), kind: joined(kind, key), entry: entry(key))
    }

    /// A list of mappings. Entries beyond the file's can come from the environment, by their numbers.
    public func sections(_ key: String) -> [SettingsSection] {
        recorder.asked(key, of: self)
        let listPath = joined(path, key)
        refuseOverride(of: keys + [key], path: listPath, as: "a list of sections", next: "0__")
        let entry = entry(key)
        var nodes: [SettingsNode] = []
        if let entry {
            if case .list(let list) = entry.value.content {
                nodes = list
            } else {
                recorder.report("`\(listPath)` must be a list of sections", at: .mark(entry.keyMark), hidesValue: true)
            }
        }
        let parent = SettingsSection(
            recorder: recorder, keys: keys + [key], path: listPath, kind: joined(kind, key), node: nil,
            mark: entry?.keyMark ?? mark)
        // Asked for, so that nothing in it counts as unknown twice.
        var sections = nodes.enumerated().map { index, node in parent.listItem(index, node) }
        while recorder.environment.speaksOf(keys + [key, "\(sections.count)"]) {
            sections.append(parent.listItem(sections.count, nil))
        }
        return sections
    }

    /// A mapping whose keys are names that the operator chooses: the file's in their order, then the environment's.
    public func namedSections(_ key: String) -> [(name: String, section: SettingsSection)] {
        let parent = section(key)
        recorder.asked(nil, of: parent, isFree: true)
        let names = parent.node?.entries.map(\.key) ?? []
        return (names + recorder.environment.newNames(under: parent.keys, known: names)).map { name in
            let section = parent.child(
                name, path: joined(parent.path, name), kind: joined(parent.kind, "<name>"), entry: parent.entry(name))
            // Known to be a level even if nobody asks anything of it.
            recorder.asked(nil, of: section)
            return (name, section)
        }
    }

    /// True when the key has a value, here or in the environment, whatever its type.
    public func isPresent(_ key: String) -> Bool {
        recorder.asked(key, of: self)
        if let override = recorder.environment.value(at: keys + [key]) { return !override.text.isEmpty }
        return entry(key) != nil || recorder.environment.speaksOf(keys + [key])
    }

    /// True when nothing at all is set here.
    public var isEmpty: Bool {
        (node?.entries.isEmpty ?? true) && (keys.isEmpty || !recorder.environment.speaksOf(keys))
    }

    /// Reports what the app itself finds wrong, at the key's value, or at the section where `key` is nil or absent.
    public func report(_ key: String?, _ message: String, hint: String? = nil) {
        guard let key else { return recorder.report(message, at: ownPlace, hint: hint) }
        if let override = recorder.environment.value(at: keys + [key]), !override.text.isEmpty {
            return recorder.report(message, at: .variable(override.name), hint: hint)
        }
        recorder.report(message, at: entry(key).map { .mark($0.place) } ?? ownPlace, hint: hint)
    }

    /// Accepts every key of this section, known or not; for a part of the settings that somebody else reads.
    public func acceptAnyKey() { recorder.asked(nil, of: self, isFree: true) }

    /// The entry of a key that has a value.
    func entry(_ key: String) -> SettingsNode.Entry? {
        node?.entry(key).flatMap { $0.value.isNull ? nil : $0 }
    }

    private var ownPlace: SettingsRecorder.Place { mark.map { .mark($0) } ?? .file }

    private func child(_ key: String, path: String, kind: String, entry: SettingsNode.Entry?) -> SettingsSection {
        refuseOverride(of: keys + [key], path: path, as: "a section", next: "")
        var node: SettingsNode?
        if let entry {
            if case .mapping = entry.value.content {
                node = entry.value
            } else {
                recorder.report(
                    "`\(path)` must be a section", at: .mark(entry.keyMark),
                    hint: "its keys are written below it, indented", hidesValue: true)
            }
        }
        let section = SettingsSection(
            recorder: recorder, keys: keys + [key], path: path, kind: kind, node: node, mark: entry?.keyMark ?? mark)
        recorder.asked(nil, of: section)
        return section
    }

    private func listItem(_ index: Int, _ node: SettingsNode?) -> SettingsSection {
        let itemPath = "\(path)[\(index)]"
        var mapping = node
        if let node {
            if case .mapping = node.content {
            } else {
                mapping = nil
                let hint = "its keys are written behind the `-`"
                recorder.report("`\(itemPath)` must be a section", at: .mark(node.mark), hint: hint)
            }
        }
        let section = SettingsSection(
            recorder: recorder, keys: keys + ["\(index)"], path: itemPath, kind: "\(kind)[]", node: mapping,
            mark: node?.mark ?? mark)
        recorder.asked(nil, of: section)
        return section
    }

    /// A variable for a whole section cannot be read.
    private func refuseOverride(of keys: [String], path: String, as what: String, next: String) {
        guard let override = recorder.environment.value(at: keys) else { return }
        recorder.report(
            "`\(path)` is \(what)", at: .variable(override.name),
            hint: "set one key of it: `\(override.name)__\(next)…`")
    }
}

extension SettingsNode.Entry {
    /// Where to point for a value: at a scalar itself, at the key of anything larger.
    var place: SettingsMark {
        if case .scalar = value.content { return value.mark }
        return keyMark
    }
}

/// Keys that are no plain words are quoted, so that the dots of a path stay its own.
func joined(_ path: String, _ key: String) -> String {
    let isPlain = key.allSatisfy { $0.isLetter || $0.isNumber || "_-<>".contains($0) }
    let name = isPlain ? key : "\"\(key.shown())\""
    return path.isEmpty ? name : "\(path).\(name)"
}
