import Documents
import Glibc

extension RequestFlattener {
    func flattenJSON(_ bytes: UnsafeRawBufferPointer, _ paths: inout PathTable) {
        do {
            let root = try parser.root(of: bytes)
            value(root, at: 0, depth: 0, &paths)
        } catch {
            flat.nodes[0].kind = .malformed
            flat.nodes[0].length = Int32(truncatingIfNeeded: bytes.count)
        }
        parser.shrink()
    }

    func value(_ value: JSONValue, at node: Int, depth: Int, _ paths: inout PathTable) {
        switch value.kind {
        case .object: object(value, at: node, depth: depth, &paths)
        case .array: array(value, at: node, depth: depth, &paths)
        case .string:
            if let text = value.utf8 { leaf(text, at: node) }
        case .integer, .unsigned, .double:
            flat.nodes[node].kind = value.kind == .double ? .double : .integer
            let number = value.double ?? .nan
            flat.nodes[node].number = number
            flat.nodes[node].hash = mixed(number.bitPattern) | 1
            flat.nodes[node].length = digits(of: number)
            value.serialized().withUnsafeBufferPointer { keep($0, at: node) }
        case .bool:
            flat.nodes[node].kind = .bool
            flat.nodes[node].hash = value.bool == true ? 3 : 5
            Array((value.bool == true ? "true" : "false").utf8).withUnsafeBufferPointer { keep($0, at: node) }
        case .null: flat.nodes[node].kind = .null
        }
    }

    /// Digits before the point, negative for a negative number, as a shape tells them.
    private func digits(of number: Double) -> Int32 {
        let size = abs(number)
        guard size >= 1, size.isFinite else { return number < 0 ? -1 : 0 }
        let count = Int32(log10(size) + 1e-9) + 1
        return number < 0 ? -count : count
    }

    private func object(_ value: JSONValue, at node: Int, depth: Int, _ paths: inout PathTable) {
        flat.nodes[node].kind = .object
        flat.nodes[node].length = Int32(truncatingIfNeeded: value.childCount)
        guard depth < limits.depthMax else { return flat.cut(below: node) }
        value.forEachMember { key, member in
            guard flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
            let path = paths.child(key, below: flat.nodes[node].path)
            guard path >= 0 else { return flat.cut(below: node) }
            self.value(member, at: append(path, parent: node), depth: depth + 1, &paths)
        }
    }

    private func array(_ value: JSONValue, at node: Int, depth: Int, _ paths: inout PathTable) {
        flat.nodes[node].kind = .array
        flat.nodes[node].length = Int32(truncatingIfNeeded: value.childCount)
        guard depth < limits.depthMax else { return flat.cut(below: node) }
        let path = paths.element(of: flat.nodes[node].path)
        guard path >= 0 else { return flat.cut(below: node) }
        var index = 0
        value.forEachElement { element in
            guard index < limits.elementsMax, flat.nodes.count < limits.nodesMax else { return flat.cut(below: node) }
            self.value(element, at: append(path, parent: node, index: index), depth: depth + 1, &paths)
            index += 1
        }
    }

    /// Forms nest by brackets, as PHP, Rails and Stripe have it: `items[0][price]` is `$.items[0].price`.
    func flattenForm(_ bytes: UnsafeRawBufferPointer, _ paths: inout PathTable) {
        flat.nodes[0].kind = .object
        var containers: [UInt64: Int] = [:]
        for (name, value) in FormBody(bytes) {
            guard flat.nodes.count < limits.nodesMax else { return cutForm() }
            guard let node = formNode(name, &containers, &paths) else {
                cutForm()
                continue
            }
            value.withUnsafeBufferPointer { leaf($0, at: node) }
        }
    }

    /// The fields of a form come in any order: what is left out may belong to any of its containers.
    func cutForm() {
        for node in flat.nodes.indices where flat.nodes[node].kind == .object && node != 1 && node != 2 && node != 3 {
            flat.cut(below: node)
        }
    }

    /// The node of a form's name, with the containers above it; nil where the table is full.
    func formNode(_ name: [UInt8], _ containers: inout [UInt64: Int], _ paths: inout PathTable) -> Int? {
        let segments = FormName.segments(name)
        var node = 0
        for (depth, segment) in segments.enumerated().prefix(limits.depthMax) {
            let isLast = depth == segments.count - 1
            let path: Int32
            var index = -1
            if let position = segment.index {
                flat.nodes[node].kind = .array
                flat.nodes[node].length = max(
                    flat.nodes[node].length, Int32(truncatingIfNeeded: min(position, 9_999) + 1))
                path = paths.element(of: flat.nodes[node].path)
                index = position
            } else {
                flat.nodes[node].kind = .object
                path = segment.key.withUnsafeBufferPointer { paths.child($0, below: flat.nodes[node].path) }
            }
            guard path >= 0 else { return nil }
            let identity = mixed(UInt64(node) << 32 ^ UInt64(UInt32(bitPattern: path)) ^ UInt64(index &+ 1) << 48)
            if !isLast, let known = containers[identity] {
                node = known
            } else {
                node = append(path, parent: node, index: index)
                containers[identity] = node
            }
        }
        return segments.isEmpty ? nil : node
    }
}

/// A form's name, cut at its brackets.
enum FormName {
    struct Segment {
        var key: [UInt8]
        var index: Int?
    }

    static func segments(_ name: [UInt8]) -> [Segment] {
        let base = name.prefix { $0 != UInt8(ascii: "[") }
        guard !base.isEmpty else { return [Segment(key: name, index: nil)] }
        var segments = [Segment(key: Array(base), index: nil)]
        for part in name.dropFirst(base.count).split(separator: UInt8(ascii: "["), omittingEmptySubsequences: true)
            .prefix(16)
        {
            let inner = part.last == UInt8(ascii: "]") ? part.dropLast() : part
            if inner.isEmpty {
                segments.append(Segment(key: [], index: 0))
            } else if inner.count <= 4, let index = Int(String(decoding: inner, as: UTF8.self)), index >= 0 {
                segments.append(Segment(key: [], index: index))
            } else {
                segments.append(Segment(key: Array(inner), index: nil))
            }
        }
        return segments
    }
}
