import CallModel

/// The shape of all values of one structure (`KnownStructures`): what it says between their leaves.
///
/// Keys, brackets and commas of a shape follow from the structure alone, so that for each further value only its leaves are looked at.
public final class ShapePlan {
    // Both are allocated in `init`, freed in `deinit`, and never changed between; `starts` has an entry more than there are texts.
    private let texts: UnsafeMutablePointer<UInt8>
    private let starts: UnsafeMutablePointer<Int>
    public let leafCount: Int
    /// Of the root, if that is an object.
    public let keys: [[UInt8]]

    /// - Parameter starts: of what stands before each leaf and behind the last, with the end of all.
    fileprivate init(texts: CallRow.Text, starts: [Int], keys: [[UInt8]]) {
        self.texts = .allocate(capacity: texts.count + ByteWriter.shortByteCount)
        self.texts.initialize(repeating: 0, count: texts.count + ByteWriter.shortByteCount)
        if let start = texts.baseAddress { self.texts.update(from: start, count: texts.count) }
        self.starts = .allocate(capacity: starts.count)
        for (place, start) in starts.enumerated() { (self.starts + place).initialize(to: start) }
        leafCount = starts.count - 2
        self.keys = keys
    }

    deinit {
        texts.deallocate()
        starts.deallocate()
    }

    /// Writes what stands before a leaf; at `leafCount` what stands behind the last.
    @inline(__always)
    func writeText(before leaf: Int, to sink: inout ByteWriter) {
        let (text, count) = (texts + starts[leaf], starts[leaf + 1] - starts[leaf])
        if count <= ByteWriter.shortByteCount {
            sink.append(short: text, count: count)
        } else {
            sink.append(contentsOf: CallRow.Text(start: text, count: count))
        }
    }
}

/// A container of a document whose structure is known.
public struct KnownBody {
    public let plan: ShapePlan
    /// Its leaves, `plan.leafCount` of them; valid as `KnownStructures.values` are.
    let leaves: UnsafePointer<JSONScalar>

    public init(_ plan: ShapePlan, leaves: UnsafePointer<JSONScalar>) {
        (self.plan, self.leaves) = (plan, leaves)
    }
}

/// A body where it lies: a value of a parsed document, or a part of one that needed no parsing.
public enum BodyValue {
    case parsed(JSONValue)
    case known(KnownBody)

    /// Of a string; a known body is a container.
    public var utf8: CallRow.Text? {
        switch self {
        case .parsed(let value): value.utf8
        case .known: nil
        }
    }
}

/// Works out what `ShapeWriter` would write around the leaves of a value.
///
/// Refused is what does not follow from the structure: keys that are data, whose values are merged; secret keys, whose document is left
/// to others; and whatever comes to a limit.
struct ShapePlanner: ~Copyable {
    private let limits: ShapeLimits
    private let keys: ShapeKeys
    private var sink = ByteWriter(capacity: 512)
    private var starts = [0]
    private var valueCount = 0

    init(_ limits: ShapeLimits, _ keys: ShapeKeys) {
        (self.limits, self.keys) = (limits, keys)
    }

    /// Passes one container.
    consuming func plan(_ scanner: inout StructureScanner) throws(StructureScanner.NotPlain) -> ShapePlan {
        guard limits.hashing == nil, scanner.isAtObject || scanner.isAtArray else { throw StructureScanner.NotPlain() }
        var rootKeys: [[UInt8]] = []
        try value(&scanner, depth: 0, &rootKeys)
        starts.append(sink.count)
        return ShapePlan(texts: sink.written, starts: starts, keys: rootKeys)
    }

    /// - Parameter rootKeys: gets the keys of the value at depth 0.
    private mutating func value(
        _ scanner: inout StructureScanner, depth: Int, _ rootKeys: inout [[UInt8]]
    ) throws(StructureScanner.NotPlain) {
        valueCount += 1
        guard valueCount < limits.valueCountMax else { throw StructureScanner.NotPlain() }
        guard scanner.isAtObject || scanner.isAtArray else {
            starts.append(sink.count)
            return try scanner.scalar()
        }
        guard depth < limits.depthMax else { throw StructureScanner.NotPlain() }
        if scanner.isAtObject {
            try object(&scanner, depth, &rootKeys)
        } else {
            try array(&scanner, depth, &rootKeys)
        }
    }

    private mutating func object(
        _ scanner: inout StructureScanner, _ depth: Int, _ rootKeys: inout [[UInt8]]
    ) throws(StructureScanner.NotPlain) {
        var count = 0
        sink.append(UInt8(ascii: "{"))
        try scanner.members { (key, scanner) throws(StructureScanner.NotPlain) in
            guard keys.verdict(on: key) == .name, count < limits.memberCountMax else {
                throw StructureScanner.NotPlain()
            }
            if depth == 0 { rootKeys.append(Array(key)) }
            sink.append(count == 0 ? "\"" : ",\"")
            sink.append(contentsOf: key)
            sink.append("\":")
            count += 1
            try value(&scanner, depth: depth + 1, &rootKeys)
        }
        sink.append(UInt8(ascii: "}"))
    }

    private mutating func array(
        _ scanner: inout StructureScanner, _ depth: Int, _ rootKeys: inout [[UInt8]]
    ) throws(StructureScanner.NotPlain) {
        var count = 0
        sink.append(UInt8(ascii: "["))
        try scanner.elements { (scanner) throws(StructureScanner.NotPlain) in
            guard count < limits.elementCountMax else { throw StructureScanner.NotPlain() }
            if count > 0 { sink.append(UInt8(ascii: ",")) }
            count += 1
            try value(&scanner, depth: depth + 1, &rootKeys)
        }
        sink.append(UInt8(ascii: "]"))
    }
}
