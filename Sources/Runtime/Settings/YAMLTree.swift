/// Makes a tree of libyaml's events, and plain words of its complaints.
///
/// Of YAML only what settings need is taken: one document of mappings, lists and scalars. Aliases are refused, because
/// a few lines of them expand to gigabytes; tags, because nothing here has types to name; keys given twice, because one
/// of them would be lost without a word.
struct YAMLTree: ~Copyable {
    struct Limits {
        var depthMax = 32
        var nodeCountMax = 200_000
    }

    private var events: YAMLEvents
    private let text: SettingsText
    private let limits: Limits
    private var nodeCount = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>, text: SettingsText, limits: Limits) {
        events = YAMLEvents(bytes)
        self.text = text
        self.limits = limits
    }

    /// Nil for a file with nothing in it but comments.
    static func read(_ yaml: String, text: SettingsText, limits: Limits) -> Result<SettingsNode?, YAMLFailure> {
        Array(yaml.utf8).withUnsafeBufferPointer { bytes in
            var tree = YAMLTree(bytes, text: text, limits: limits)
            do throws(YAMLFailure) {
                return .success(try tree.root())
            } catch {
                return .failure(error)
            }
        }
    }

    private mutating func next() throws(YAMLFailure) -> YAMLEvents.Marked {
        do throws(YAMLEvents.Failure) {
            return try events.next()
        } catch {
            throw YAMLComplaint(failure: error, text: text).explained()
        }
    }

    private mutating func root() throws(YAMLFailure) -> SettingsNode? {
        var root: SettingsNode?
        var documentCount = 0
        while true {
            let marked = try next()
            switch marked.event {
            case .streamEnd: return root
            case .streamStart, .documentEnd: continue
            case .documentStart:
                documentCount += 1
                if documentCount > 1 {
                    throw YAMLFailure(
                        message: "a second document begins here", hint: "settings are one document: remove the `---`",
                        mark: marked.start)
                }
            case .alias, .scalar, .listStart, .listEnd, .mappingStart, .mappingEnd:
                root = try node(marked, depth: 1)
            }
        }
    }

    private mutating func node(_ marked: YAMLEvents.Marked, depth: Int) throws(YAMLFailure) -> SettingsNode {
        nodeCount += 1
        guard nodeCount <= limits.nodeCountMax else {
            throw YAMLFailure(message: "settings of more than \(limits.nodeCountMax) entries", mark: marked.start)
        }
        guard depth <= limits.depthMax else {
            throw YAMLFailure(message: "nested deeper than \(limits.depthMax) levels", mark: marked.start)
        }
        switch marked.event {
        case .scalar(let text, let isPlain, let isTagged):
            try refuseTag(isTagged, at: marked.start)
            return SettingsNode(content: .scalar(text: text, isPlain: isPlain), mark: span(marked))
        case .listStart(let isTagged):
            try refuseTag(isTagged, at: marked.start)
            return SettingsNode(content: .list(try list(depth: depth)), mark: marked.start)
        case .mappingStart(let isTagged):
            try refuseTag(isTagged, at: marked.start)
            return SettingsNode(content: .mapping(try mapping(depth: depth)), mark: marked.start)
        case .alias(let name):
            throw YAMLFailure(
                message: "the alias `*\(name)` is not allowed in settings",
                hint: "write the value out; quote a text that begins with `*`", mark: span(marked))
        case .documentStart, .documentEnd, .streamStart, .streamEnd, .listEnd, .mappingEnd:
            throw YAMLFailure(message: "the file ends in the middle of a value", mark: marked.start)
        }
    }

    private mutating func list(depth: Int) throws(YAMLFailure) -> [SettingsNode] {
        var nodes: [SettingsNode] = []
        while true {
            let marked = try next()
            if case .listEnd = marked.event { return nodes }
            nodes.append(try node(marked, depth: depth + 1))
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLFailure) -> [SettingsNode.Entry] {
        var entries: [SettingsNode.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let marked = try next()
            if case .mappingEnd = marked.event { return entries }
            let keyNode = try node(marked, depth: depth + 1)
            guard case .scalar(let key, _) = keyNode.content else {
                throw YAMLFailure(message: "a key must be text, not a list or a section", mark: keyNode.mark)
            }
            if let line = lines[key] {
                throw YAMLFailure(
                    message: "the key `\(key.shown())` is given twice", hint: "it is on line \(line) already",
                    mark: keyNode.mark)
            }
            lines[key] = keyNode.mark.line
            let value = try node(try next(), depth: depth + 1)
            entries.append(SettingsNode.Entry(key: key, keyMark: keyNode.mark, value: value))
        }
    }

    private func refuseTag(_ isTagged: Bool, at mark: SettingsMark) throws(YAMLFailure) {
        guard isTagged else { return }
        throw YAMLFailure(
            message: "a tag (`!…`) is not allowed in settings", hint: "quote a text that begins with `!`", mark: mark)
    }

    private func span(_ marked: YAMLEvents.Marked) -> SettingsMark {
        var mark = marked.start
        mark.width =
            marked.end.line == mark.line
            ? max(1, marked.end.column - mark.column) : text.widthToEnd(line: mark.line, column: mark.column)
        return mark
    }
}

extension String {
    /// A text from a file as it may stand in a message: no controls, not endless.
    func shown(lengthMax: Int = 60) -> String {
        var result = String.UnicodeScalarView()
        for (index, scalar) in unicodeScalars.enumerated() {
            if index == lengthMax { return String(result) + "…" }
            result.append(isInvisible(scalar) ? "·" : scalar)
        }
        return String(result)
    }
}
