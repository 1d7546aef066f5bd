/// Writes places as people and programs outside read them.
struct PathText {
    let paths: PathTable

    /// `$.items[2].sku` for a node, `/order/item[3]/sku` for XML (XPath counts from one).
    func concrete(_ node: Int, in flat: FlatRequest) -> String {
        var steps: [String] = []
        var at = node
        while at >= 0 {
            let node = flat.nodes[at]
            if node.parent < 0 { break }
            if paths.isElement(node.path) {
                steps.append("[\(max(0, node.index))]")
            } else {
                let isRepeated = paths.isXML && node.index >= 0
                steps.append(member(node.path) + (isRepeated ? "[\(node.index + 1)]" : ""))
            }
            at = Int(node.parent)
        }
        return whole(steps.reversed(), root: paths.root(of: flat.nodes[node].path))
    }

    /// The place of a key that is missing from a container.
    func missing(_ path: Int32, from container: Int, in flat: FlatRequest) -> String {
        let base = concrete(container, in: flat)
        return base + member(path)
    }

    func general(_ path: Int32) -> String {
        var steps: [String] = []
        var at = path
        while paths.parent(of: at) >= 0 {
            steps.append(paths.isElement(at) ? "[]" : member(at))
            at = paths.parent(of: at)
        }
        return whole(steps.reversed(), root: at)
    }

    private func member(_ path: Int32) -> String {
        let key = paths.key(of: path)
        let root = paths.root(of: path)
        guard root == PathTable.body else { return key }
        if paths.isXML { return "/" + key }
        let isPlain =
            !key.isEmpty
            && key.utf8.allSatisfy { byte in
                byte &- 48 < 10 || (byte | 0x20) &- 97 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
                    || byte == UInt8(ascii: "@") || byte == UInt8(ascii: "#") || byte >= 0x80
            }
        return isPlain ? "." + key : "['" + key.split(separator: "'").joined(separator: "\\'") + "']"
    }

    private func whole(_ steps: [String], root: Int32) -> String {
        guard root == PathTable.body else { return steps.joined() }
        return (paths.isXML ? "" : "$") + (steps.isEmpty && paths.isXML ? "/" : steps.joined())
    }

    func whereIs(_ path: Int32) -> RankedPlace.Where {
        switch paths.root(of: path) {
        case PathTable.query: .query
        case PathTable.header: .header
        case PathTable.dimension: .dimension
        default: .body
        }
    }
}
