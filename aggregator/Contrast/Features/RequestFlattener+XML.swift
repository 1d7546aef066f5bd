import Documents

extension RequestFlattener {
    /// Elements of one name are one place; their number among their like is kept where there are several. Attributes are
    /// places named `@…`. `xsi:nil` makes an element null (XML Schema part 1, section 2.6.2).
    func flattenXML(_ bytes: UnsafeRawBufferPointer, _ paths: inout PathTable) {
        paths.isXML = true
        do throws(XMLError) {
            let root = try XMLDocument.parse(bytes)
            flat.nodes[0].kind = .object
            let path = paths.child(root.name, below: PathTable.body)
            guard path >= 0 else { return }
            element(root, at: append(path, parent: 0), depth: 1, &paths)
        } catch {
            flat.nodes[0].kind = .malformed
            flat.nodes[0].length = Int32(truncatingIfNeeded: bytes.count)
        }
    }

    private func element(_ element: XMLElement, at node: Int, depth: Int, _ paths: inout PathTable) {
        if element.attributes.contains(where: { $0.name == "nil" && ($0.value == "true" || $0.value == "1") }) {
            return flat.nodes[node].kind = .null
        }
        guard !element.children.isEmpty || !element.attributes.isEmpty else {
            var text = element.text
            return text.withUTF8 { leaf($0, at: node) }
        }
        flat.nodes[node].kind = .object
        guard depth < limits.depthMax else { return flat.cut(below: node) }
        for attribute in element.attributes { textMember("@" + attribute.name, attribute.value, below: node, &paths) }
        var counts: [String: Int] = [:]
        for child in element.children { counts[child.name, default: 0] += 1 }
        var seen: [String: Int] = [:]
        for child in element.children {
            guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
            let index = seen[child.name, default: 0]
            seen[child.name] = index + 1
            guard index < limits.elementsMax else {
                flat.cut(below: node)
                continue
            }
            let path = paths.child(child.name, below: flat.nodes[node].path)
            guard path >= 0 else { return flat.cut(below: node) }
            let isAlone = counts[child.name] == 1
            self.element(child, at: append(path, parent: node, index: isAlone ? -1 : index), depth: depth + 1, &paths)
        }
        if element.text.utf8.contains(where: { $0 > 0x20 }) { textMember("#text", element.text, below: node, &paths) }
    }

    private func textMember(_ name: String, _ value: String, below node: Int, _ paths: inout PathTable) {
        let path = paths.child(name, below: flat.nodes[node].path)
        guard path >= 0, flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
        let member = append(path, parent: node)
        var value = value
        value.withUTF8 { leaf($0, at: member) }
    }
}
