import Documents

extension RequestFlattener {
    /// Reads a body that is a shape (`Documents.Shape`): the same tree, without values.
    func flattenShape(_ bytes: UnsafeRawBufferPointer, _ paths: inout PathTable) {
        flat.isShape = true
        do {
            let root = try parser.root(of: bytes)
            if let only = root.onlyMember, only.key.first == UInt8(ascii: "/"), only.key.count > 1 {
                paths.isXML = true
                flat.nodes[0].kind = .object
                let name = UnsafeBufferPointer(rebasing: only.key[1...])
                let path = paths.child(name, below: PathTable.body)
                if path >= 0 { xmlShape(only.value, at: append(path, parent: 0), depth: 1, &paths) }
            } else if isFormShape(root) {
                formShape(root, &paths)
            } else {
                shape(root, at: 0, depth: 0, &paths)
            }
        } catch {
            flat.nodes[0].kind = .malformed
        }
        parser.shrink()
    }

    private func shape(_ value: JSONValue, at node: Int, depth: Int, _ paths: inout PathTable) {
        switch value.kind {
        case .object:
            flat.nodes[node].kind = .object
            flat.nodes[node].length = Int32(truncatingIfNeeded: value.childCount)
            value.forEachMember { key, member in
                guard !leftOut(member, below: node) else { return }
                guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
                let path = paths.child(key, below: flat.nodes[node].path)
                guard path >= 0 else { return flat.cut(below: node) }
                shape(member, at: append(path, parent: node), depth: depth + 1, &paths)
            }
        case .array:
            flat.nodes[node].kind = .array
            flat.nodes[node].length = Int32(truncatingIfNeeded: value.childCount)
            let path = paths.element(of: flat.nodes[node].path)
            guard path >= 0 else { return flat.cut(below: node) }
            var index = 0
            value.forEachElement { element in
                guard !leftOut(element, below: node) else { return }
                guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
                shape(element, at: append(path, parent: node, index: index), depth: depth + 1, &paths)
                index += 1
            }
        default: descriptor(value, at: node)
        }
    }

    /// In XML an array is a name that repeats.
    private func xmlShape(_ value: JSONValue, at node: Int, depth: Int, _ paths: inout PathTable) {
        guard value.kind == .object else { return descriptor(value, at: node) }
        if value.member("@nil") != nil { return flat.nodes[node].kind = .null }
        flat.nodes[node].kind = .object
        value.forEachMember { key, member in
            guard !leftOut(member, below: node) else { return }
            let path = paths.child(key, below: flat.nodes[node].path)
            guard path >= 0 else { return flat.cut(below: node) }
            guard member.kind == .array else {
                guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
                return xmlShape(member, at: append(path, parent: node), depth: depth + 1, &paths)
            }
            var index = 0
            member.forEachElement { element in
                guard !leftOut(element, below: node) else { return }
                guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
                xmlShape(element, at: append(path, parent: node, index: index), depth: depth + 1, &paths)
                index += 1
            }
        }
    }

    /// `more/7` stands for what the shape itself left out of a container: no value, and yet its length.
    private func leftOut(_ value: JSONValue, below node: Int) -> Bool {
        guard let text = value.utf8, text.starts(with: Self.more) else { return false }
        flat.nodes[node].length &+= max(0, Self.high(text[Self.more.count...]) - 1)
        flat.cut(below: node)
        return true
    }

    private static let more = Array("more/".utf8)

    /// Only a form has keys with brackets, and a form has nothing inside its values.
    private func isFormShape(_ root: JSONValue) -> Bool {
        var hasBrackets = false
        var isFlat = root.kind == .object
        root.forEachMember { key, value in
            if key.contains(UInt8(ascii: "[")) { hasBrackets = true }
            if value.kind != .string { isFlat = false }
        }
        return isFlat && hasBrackets
    }

    private func formShape(_ root: JSONValue, _ paths: inout PathTable) {
        flat.nodes[0].kind = .object
        var containers: [UInt64: Int] = [:]
        root.forEachMember { key, value in
            guard flat.nodes.count < limits.nodesMax, !leftOut(value, below: 0),
                let node = formNode(Array(key), &containers, &paths)
            else { return cutForm() }
            descriptor(value, at: node)
        }
    }

    /// `string/11/email`, `integer/3`, `number/1..4.2`, `bool`, `null`, `object/9`, `malformed/json/120`, `text/12`.
    private func descriptor(_ value: JSONValue, at node: Int) {
        guard let text = value.utf8 else { return flat.nodes[node].kind = .mixed }
        // A keyed hash of the value may stand behind a `#`.
        let described = text.prefix { $0 != UInt8(ascii: "#") }
        let parts = described.split(separator: UInt8(ascii: "/"), maxSplits: 2)
        let word = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? ""
        switch word {
        case "string":
            flat.nodes[node].kind = .string
            if parts.count > 2 {
                flat.nodes[node].format = Self.formatOfName[String(decoding: parts[2], as: UTF8.self)] ?? 255
            }
        case "integer": flat.nodes[node].kind = .integer
        case "number": flat.nodes[node].kind = .double
        case "bool": flat.nodes[node].kind = .bool
        case "null": flat.nodes[node].kind = .null
        case "object":
            // Of an object so deep that the shape only counts its members.
            flat.nodes[node].kind = .object
            flat.cut(below: node)
        case "array": flat.nodes[node].kind = .array
        case "malformed": flat.nodes[node].kind = .malformed
        case "text", "binary": flat.nodes[node].kind = .string
        default: flat.nodes[node].kind = .mixed
        }
        if parts.count > 1 { flat.nodes[node].length = Self.high(parts[1]) }
        // Without a hash, length and format stand in for the value where they are few: `card` and `wallet` differ in length.
        flat.nodes[node].hash = hashBytes(text) | 1
        keep(text, at: node)
    }

    /// The second of `1..4`, or the only number, without what follows a point.
    private static func high(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int32 {
        let all = String(decoding: text, as: UTF8.self)
        let last = all.split(separator: "..", omittingEmptySubsequences: true).last ?? ""
        let whole = last.prefix { $0 != "." }
        return Int32(whole) ?? 0
    }

    private static let formatOfName = Dictionary(
        uniqueKeysWithValues: StringFormat.allCases.map { ("\($0.name)", $0.rawValue) })
}
