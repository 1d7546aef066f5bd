/// The shape of XML and form bodies as a tree: repeated names have to be known before the first is written.
indirect enum ShapeNode {
    case leaf(LeafShape)
    case object([(String, ShapeNode)])
    case array([ShapeNode])
    /// How many siblings were left out.
    case more(Int)
    /// A container deeper than is told, with its count.
    case deep(Int)
}

extension ShapeNode {
    /// An element with nothing but text is a leaf. Others are objects: `@name` for attributes, a name for each child, an
    /// array where a name repeats, `#text` where there is text beside them.
    init(_ element: XMLElement, depth: Int, limits: ShapeLimits) {
        guard !element.attributes.isEmpty || !element.children.isEmpty else {
            self = .leaf(LeafShape(element.text, named: element.name, limits))
            return
        }
        guard depth < limits.depthMax else {
            self = .deep(element.attributes.count + element.children.count)
            return
        }
        var members = RepeatedMembers(limits: limits)
        for attribute in element.attributes {
            members.add("@" + DataKey.name(attribute.name), .leaf(LeafShape(attribute.value, named: attribute.name, limits)))
        }
        for child in element.children {
            members.add(DataKey.name(child.name), ShapeNode(child, depth: depth + 1, limits: limits))
        }
        if element.text.utf8.contains(where: { !StringFormat.isSpace($0) }) {
            members.add("#text", .leaf(LeafShape(element.text, named: element.name, limits)))
        }
        self = members.node
    }

    /// One member for each name, an array where it repeats. Parts in brackets, as PHP, Rails and Stripe nest them, keep
    /// indices and lose data: `metadata[a@b.example]` becomes `metadata[{key}]`.
    init(_ form: FormBody, limits: ShapeLimits) {
        var members = RepeatedMembers(limits: limits)
        for (name, value) in form {
            let key = ShapeNode.formName(name)
            members.add(key, .leaf(LeafShape(value, named: key, limits)))
        }
        self = members.node
    }

    private static func formName(_ name: [UInt8]) -> String {
        let base = name.prefix { $0 != UInt8(ascii: "[") }
        var text = DataKey.name(base)
        for part in name.dropFirst(base.count).split(separator: UInt8(ascii: "["), omittingEmptySubsequences: true)
            .prefix(8)
        {
            let inner = part.last == UInt8(ascii: "]") ? part.dropLast() : part
            let isIndex = inner.count <= 4 && inner.allSatisfy { $0 &- 48 < 10 }
            text += "[" + (isIndex ? String(decoding: inner, as: UTF8.self) : DataKey.name(inner)) + "]"
        }
        return text
    }
}

extension DataKey {
    /// The key, or what stands for it.
    static func name(_ key: some BidirectionalCollection<UInt8>) -> String {
        isData(key) ? placeholder : String(decoding: Array(key), as: UTF8.self)
    }

    static func name(_ key: String) -> String { name(key.utf8) }
}

extension LeafShape {
    /// Of a text under a name, with a hash where those are allowed and the name does not forbid it.
    init(_ text: String, named name: String, _ limits: ShapeLimits) {
        self.init(Array(text.utf8), named: name, limits)
    }

    init(_ text: [UInt8], named name: String, _ limits: ShapeLimits) {
        self = text.withUnsafeBufferPointer { text in
            var leaf = LeafShape(text: text)
            if let hashing = limits.hashing, !hashing.excludes(name) { leaf.mark(text, hashing) }
            return leaf
        }
    }
}

/// Members in the order of their first appearance; a name that repeats collects its values.
private struct RepeatedMembers {
    private let limits: ShapeLimits
    private var names: [String] = []
    private var values: [String: [ShapeNode]] = [:]
    /// Values of a name behind its `elementCountMax`.
    private var leftOut: [String: Int] = [:]
    private var namesLeftOut = 0

    init(limits: ShapeLimits) { self.limits = limits }

    /// `value` is only made when there is room for it.
    mutating func add(_ name: String, _ value: @autoclosure () -> ShapeNode) {
        add(name, making: value)
    }

    mutating func add(_ name: String, making value: () -> ShapeNode) {
        if let count = values[name]?.count {
            guard count < limits.elementCountMax else { return leftOut[name, default: 0] += 1 }
            values[name]?.append(value())
        } else if names.count < limits.memberCountMax {
            names.append(name)
            values[name] = [value()]
        } else {
            namesLeftOut += 1
        }
    }

    var node: ShapeNode {
        var members: [(String, ShapeNode)] = names.map { name in
            let all = values[name] ?? []
            guard all.count > 1 || leftOut[name] != nil else { return (name, all.first ?? .more(0)) }
            return (name, .array(all + (leftOut[name].map { [ShapeNode.more($0)] } ?? [])))
        }
        if namesLeftOut > 0 { members.append(("{more}", .more(namesLeftOut))) }
        return .object(members)
    }
}

extension ShapeWriter {
    mutating func node(_ node: ShapeNode) {
        valueWritten()
        switch node {
        case .leaf(let leaf): leaf.write(to: &sink)
        case .more(let count): counted("more", count)
        case .deep(let count): counted("object", count)
        case .object(let members):
            sink.append(UInt8(ascii: "{"))
            for (index, (name, value)) in members.enumerated() {
                separate(isFirst: index == 0)
                guard valuesLeft > 0 else {
                    sink.append("\"{more}\":")
                    counted("more", members.count - index)
                    break
                }
                JSONText.writeText(name, to: &sink)
                sink.append(UInt8(ascii: ":"))
                self.node(value)
            }
            sink.append(UInt8(ascii: "}"))
        case .array(let elements):
            sink.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                separate(isFirst: index == 0)
                guard valuesLeft > 0 else {
                    counted("more", elements.count - index)
                    break
                }
                self.node(element)
            }
            sink.append(UInt8(ascii: "]"))
        }
    }
}
