/// Writes the shape of JSON values straight from the tape; only objects with several data-like keys need more than one look.
struct ShapeWriter: ~Copyable {
    private let limits: ShapeLimits
    var sink = ByteWriter(capacity: 512)
    private(set) var valuesLeft: Int
    /// What leaves are marked with; nil under a key whose values are never hashed.
    private var hashing: ShapeHashing?
    private let keys: ShapeKeys?
    /// The same, which this writer holds throughout, without counting a reference for every key.
    private let heldKeys: Unmanaged<ShapeKeys>?
    private let texts: LeafTexts
    private let classes = ByteCensus.classes
    /// Whether a key was written that the keys' judge calls secret.
    private(set) var holdsSecretKey = false

    /// - Parameter isForMany: whether it is used for one document after the other.
    init(limits: ShapeLimits, keys: ShapeKeys? = nil, isForMany: Bool = false) {
        self.limits = limits
        self.keys = keys
        heldKeys = keys.map { Unmanaged.passUnretained($0) }
        texts = LeafTexts(isKept: isForMany)
        valuesLeft = limits.valueCountMax
        hashing = limits.hashing
    }

    /// Forgets what was written, and keeps the storage.
    mutating func begin() {
        sink.truncate(to: 0)
        valuesLeft = limits.valueCountMax
        hashing = limits.hashing
        holdsSecretKey = false
    }

    /// Whether a key gives way to `{key}`.
    private mutating func isData(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let heldKeys else { return DataKey.isData(key) }
        switch heldKeys._withUnsafeGuaranteedRef({ $0.verdict(on: key) }) {
        case .data: return true
        case .name: return false
        case .secret:
            holdsSecretKey = true
            return false
        }
    }

    mutating func valueWritten() { valuesLeft -= 1 }

    consuming func finished() -> [UInt8] { Array(sink.written) }

    mutating func value(_ value: JSONValue, depth: Int) {
        valueWritten()
        switch value.kind {
        case .object where depth < limits.depthMax: object(value, depth: depth)
        case .array where depth < limits.depthMax: array(value, depth: depth)
        case .object: counted("object", value.childCount)
        case .array: counted("array", value.childCount)
        default: texts.write(LeafShape(leaf: value, hashing, classes), to: &sink)
        }
    }

    /// The same of a value whose structure is known.
    mutating func known(_ body: KnownBody) {
        let plan = body.plan
        for leaf in 0..<plan.leafCount {
            plan.writeText(before: leaf, to: &sink)
            texts.write(LeafShape(body.leaves[leaf], classes), to: &sink)
        }
        plan.writeText(before: plan.leafCount, to: &sink)
    }

    private mutating func object(_ value: JSONValue, depth: Int) {
        var dataValues: [JSONValue] = []
        var count = 0
        var leftOut = 0
        sink.append(UInt8(ascii: "{"))
        value.forEachMember { key, value in
            if isData(key) {
                if dataValues.count < limits.elementCountMax { dataValues.append(value) }
            } else if count < limits.memberCountMax, valuesLeft > 0 {
                member(key, isFirst: count == 0)
                look(under: key)
                self.value(value, depth: depth + 1)
                count += 1
            } else {
                leftOut += 1
            }
        }
        if !dataValues.isEmpty {
            separate(isFirst: count == 0)
            sink.append("\"{key}\":")
            hashing = limits.hashing
            merged(dataValues, depth: depth + 1)
            count += 1
        }
        if leftOut > 0 {
            separate(isFirst: count == 0)
            sink.append("\"{more}\":")
            counted("more", leftOut)
        }
        sink.append(UInt8(ascii: "}"))
    }

    private mutating func array(_ value: JSONValue, depth: Int) {
        var count = 0
        var leftOut = 0
        sink.append(UInt8(ascii: "["))
        value.forEachElement { element in
            guard count < limits.elementCountMax, valuesLeft > 0 else { return leftOut += 1 }
            separate(isFirst: count == 0)
            self.value(element, depth: depth + 1)
            count += 1
        }
        if leftOut > 0 {
            separate(isFirst: count == 0)
            counted("more", leftOut)
        }
        sink.append(UInt8(ascii: "]"))
    }

    /// One shape for several values: members by key, elements by index, leaves widened.
    mutating func merged(_ values: [JSONValue], depth: Int) {
        guard values.count > 1, let first = values.first else {
            if let only = values.first { value(only, depth: depth) }
            return
        }
        valueWritten()
        guard values.allSatisfy({ $0.kind == first.kind }), depth < limits.depthMax, valuesLeft > 0 else {
            return mergedLeaves(values)
        }
        switch first.kind {
        case .object: mergedObjects(values, depth: depth)
        case .array: mergedArrays(values, depth: depth)
        default: mergedLeaves(values)
        }
    }

    private mutating func mergedLeaves(_ values: [JSONValue]) {
        var leaf: LeafShape?
        for value in values {
            let next = LeafShape(leaf: value, hashing, classes)
            leaf = leaf?.merged(with: next) ?? next
        }
        (leaf ?? LeafShape(.mixed)).write(to: &sink)
    }

    private mutating func mergedObjects(_ values: [JSONValue], depth: Int) {
        var groups: [(key: [UInt8], values: [JSONValue])] = []
        var places: [[UInt8]: Int] = [:]
        for value in values {
            value.forEachMember { name, value in
                let key = isData(name) ? Array(DataKey.placeholder.utf8) : Array(name)
                if let place = places[key] {
                    if groups[place].values.count < limits.elementCountMax { groups[place].values.append(value) }
                } else if groups.count < limits.memberCountMax {
                    places[key] = groups.count
                    groups.append((key, [value]))
                }
            }
        }
        sink.append(UInt8(ascii: "{"))
        for (index, group) in groups.enumerated() where valuesLeft > 0 {
            group.key.withUnsafeBufferPointer {
                member($0, isFirst: index == 0)
                look(under: $0)
            }
            merged(group.values, depth: depth + 1)
        }
        sink.append(UInt8(ascii: "}"))
    }

    private mutating func mergedArrays(_ values: [JSONValue], depth: Int) {
        var columns: [[JSONValue]] = []
        for value in values {
            var index = 0
            value.forEachElement { element in
                if index < columns.count {
                    columns[index].append(element)
                } else if index < limits.elementCountMax {
                    columns.append([element])
                }
                index += 1
            }
        }
        sink.append(UInt8(ascii: "["))
        for (index, column) in columns.enumerated() where valuesLeft > 0 {
            separate(isFirst: index == 0)
            merged(column, depth: depth + 1)
        }
        sink.append(UInt8(ascii: "]"))
    }

    /// A value is judged by the nearest key above it.
    private mutating func look(under key: UnsafeBufferPointer<UInt8>) {
        guard let allowed = limits.hashing else { return }
        hashing = allowed.excludes(key) ? nil : allowed
    }

    /// The bytes of which keys consist that are not data need no escape.
    private mutating func member(_ key: UnsafeBufferPointer<UInt8>, isFirst: Bool) {
        separate(isFirst: isFirst)
        sink.append(UInt8(ascii: "\""))
        sink.append(contentsOf: key)
        sink.append("\":")
    }

    mutating func separate(isFirst: Bool) {
        if !isFirst { sink.append(UInt8(ascii: ",")) }
    }

    mutating func counted(_ word: StaticString, _ count: Int) {
        sink.append(UInt8(ascii: "\""))
        sink.append(word)
        sink.append(UInt8(ascii: "/"))
        JSONText.writeInteger(count, to: &sink)
        sink.append(UInt8(ascii: "\""))
    }
}

extension LeafShape {
    /// As the parsed value's (`init(leaf:)`).
    init(_ scalar: JSONScalar, _ classes: ByteCensus.Classes) {
        switch scalar.kind {
        case .string: self.init(text: scalar.text, classes)
        case .integer:
            let number = scalar.int64 ?? 0
            self.init(integer: number.magnitude, isNegative: number < 0)
        case .decimal:
            let number = scalar.double ?? 0
            self = LeafShape(decimal: number) ?? LeafShape(longDecimal: number)
        case .bool: self.init(.bool)
        case .null: self.init(.null)
        }
    }

    private init(longDecimal value: Double) {
        var digits = ByteWriter(capacity: 64)
        JSONText.writeDouble(value, keepingKind: true, to: &digits)
        self.init(number: digits.written)
    }

    private init(longNumber value: JSONValue) {
        var digits = ByteWriter(capacity: 64)
        value.write(to: &digits)
        self.init(number: digits.written)
    }

    /// Of a value that is no container; a container among merged leaves is what makes them `mixed`.
    init(leaf value: JSONValue, _ hashing: ShapeHashing?, _ classes: ByteCensus.Classes) {
        switch value.kind {
        case .string:
            self.init(text: value.text, classes)
            mark(value.text, hashing)
        case .bool:
            self.init(.bool)
            if hashing != nil { value.serialized().withUnsafeBufferPointer { mark($0, hashing) } }
        case .null: self.init(.null)
        case .object, .array: self.init(.mixed)
        case .integer:
            let number = value.int64 ?? 0
            self.init(integer: number.magnitude, isNegative: number < 0)
            if hashing != nil { value.serialized().withUnsafeBufferPointer { mark($0, hashing) } }
        case .unsigned: self.init(integer: value.uint64 ?? 0, isNegative: false)
        case .double:
            self = LeafShape(decimal: value.double ?? 0) ?? LeafShape(longNumber: value)
        }
    }
}
