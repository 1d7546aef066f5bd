import CallModel
import Glibc

/// Reads the scalars of a JSON text without parsing it, where a text of the same structure was parsed before.
///
/// Programs write the same documents again and again: the same keys in the same order, with other values. What stands between two
/// scalars (brackets, commas, keys, white space) is a *literal*; two texts have one structure when their literals are the same bytes.
/// Then both are made of the same tokens in the same order, so that one is valid exactly if the other is, and what the n-th scalar is
/// in one it is in the other.
///
/// **Layout.** A tree. Each edge is a literal that was seen behind the scalars before it; it leads to what may stand behind the next
/// scalar, or to the end of the text and the number the structure was learned under. Edges of one node form a list, in the order they
/// were learned.
///
/// **Operation.** From the root on: the edge whose literal comes next and is followed by a scalar, that scalar, and so on. No two edges
/// of a node fit: a literal ends where the next scalar begins, and where that is only the text decides. A text without such a way, or
/// with a scalar that needs work (`JSONScalar`), is unknown, which has cost a fraction of parsing it.
///
/// One thread at a time. Its memory is bounded by its configuration, and only what is used of it is touched.
public final class KnownStructures {
    public struct Configuration: Sendable {
        /// Of all nodes, 24 bytes each.
        public var edgeCountMax = 16_384
        /// Of all edges' literals.
        public var literalByteCountMax = 512 << 10
        /// Of one node: they are tried one after the other.
        public var siblingCountMax = 64
        /// Scalars of one text.
        public var valueCountMax = 512
        /// Longer texts are not known.
        public var textByteCountMax = 64 << 10

        public init() {}
    }

    private struct Edge {
        /// The literal's first eight bytes; zeros behind a shorter one.
        var head: UInt64
        var literal: UInt32
        var literalByteCount: UInt16
        var isEnd: Bool
        /// The next of the same node; -1 for none.
        var sibling: Int32
        /// The first edge of the node it leads to, -1 for none yet; at the end the number of the structure.
        var target: Int32
    }

    public let configuration: Configuration
    // These four are allocated in `init`, freed in `deinit`, and never leave this type but for `values`, which says how long it holds.
    private let edges: UnsafeMutablePointer<Edge>
    private let literals: UnsafeMutablePointer<UInt8>
    private let scalars: UnsafeMutablePointer<JSONScalar>
    private let copied: UnsafeMutablePointer<UInt8>
    private var edgeCount = 0
    private var literalByteCount = 0
    /// The root's first edge.
    private var first: Int32 = -1

    public init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
        edges = .allocate(capacity: configuration.edgeCountMax)
        literals = .allocate(capacity: configuration.literalByteCountMax + 8)
        scalars = .allocate(capacity: configuration.valueCountMax)
        copied = .allocate(capacity: configuration.textByteCountMax + JSONScalar.byteCountBehind)
    }

    deinit {
        edges.deallocate()
        literals.deallocate()
        scalars.deallocate()
        copied.deallocate()
    }

    /// The scalars of the text that was known last, in its order; valid, with their texts, until another is asked about, and as long as
    /// that text is.
    public var values: UnsafePointer<JSONScalar> { UnsafePointer(scalars) }

    /// Under which number the text's structure was learned.
    ///
    /// - Parameter readableAfter: bytes behind the text that may be read; `JSONScalar.byteCountBehind` with a control character first
    ///   save a copy.
    public func structure(of text: UnsafeRawBufferPointer, readableAfter: Int) -> Int? {
        guard first >= 0, let start = terminated(text, readableAfter) else { return nil }
        let end = start + text.count
        var at = start
        var count = 0
        var next = first
        while next >= 0 {
            let edge = edges[Int(next)]
            let value = at + Int(edge.literalByteCount)
            guard value <= end, holds(edge, at) else {
                next = edge.sibling
                continue
            }
            if edge.isEnd {
                if value == end { return Int(edge.target) }
                next = edge.sibling
            } else if JSONScalar.mayBegin(with: value.pointee) {
                guard let after = JSONScalar.read(at: value, into: scalars + count) else { return nil }
                count += 1
                at = after
                next = edge.target
            } else {
                next = edge.sibling
            }
        }
        return nil
    }

    /// Remembers the structure of a text that is valid JSON under a number. False where it has no room for it, or the text has more
    /// than plain scalars.
    ///
    /// - Parameter walk: passes the one value that the text is.
    public func learn(
        _ text: UnsafeRawBufferPointer, as number: Int,
        _ walk: (inout StructureScanner) throws(StructureScanner.NotPlain) -> Void
    ) throws(StructureScanner.NotPlain) -> Bool {
        guard let start = terminated(text, 0) else { return false }
        var scanner = try StructureScanner(
            CallRow.Text(start: start, count: text.count), valueCountMax: configuration.valueCountMax)
        try walk(&scanner)
        return add(try scanner.finish(), number)
    }

    /// Forgets all.
    public func removeAll() {
        (edgeCount, literalByteCount, first) = (0, 0, -1)
    }

    /// The text where what lies behind it ends every scalar.
    private func terminated(_ text: UnsafeRawBufferPointer, _ readableAfter: Int) -> UnsafePointer<UInt8>? {
        guard let start = text.baseAddress?.assumingMemoryBound(to: UInt8.self), !text.isEmpty,
            text.count <= configuration.textByteCountMax
        else { return nil }
        if readableAfter >= JSONScalar.byteCountBehind, start[text.count] < 0x20 { return start }
        memcpy(copied, start, text.count)
        memset(copied + text.count, 0, JSONScalar.byteCountBehind)
        return UnsafePointer(copied)
    }

    /// Whether an edge's literal stands there; as many bytes and eight more may be read there.
    @inline(__always)
    private func holds(_ edge: Edge, _ at: UnsafePointer<UInt8>) -> Bool {
        let count = Int(edge.literalByteCount)
        let text = UnsafeRawPointer(at)
        let different = text.loadUnaligned(as: UInt64.self) ^ edge.head
        guard count > 8 else { return different << UInt64(64 - 8 * count) == 0 }
        guard different == 0 else { return false }
        let literal = UnsafeRawPointer(literals + Int(edge.literal))
        var offset = 8
        while offset < count - 8 {
            if Self.word(text, offset) != Self.word(literal, offset) { return false }
            offset += 8
        }
        return Self.word(text, count - 8) == Self.word(literal, count - 8)
    }

    @inline(__always)
    private static func word(_ start: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        start.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    private func add(_ path: [CallRow.Text], _ number: Int) -> Bool {
        let byteCount = path.reduce(0) { $0 + $1.count }
        guard edgeCount + path.count <= configuration.edgeCountMax,
            literalByteCount + byteCount <= configuration.literalByteCountMax,
            path.allSatisfy({ $0.count <= Int(UInt16.max) })
        else { return false }
        var parent: Int32 = -1
        for (place, literal) in path.enumerated() {
            let isEnd = place == path.count - 1
            guard let edge = known(literal, isEnd, under: parent) ?? append(literal, isEnd, under: parent) else {
                return false
            }
            parent = edge
        }
        edges[Int(parent)].target = Int32(number)
        return true
    }

    private func firstEdge(under parent: Int32) -> Int32 { parent < 0 ? first : edges[Int(parent)].target }

    private func known(_ literal: CallRow.Text, _ isEnd: Bool, under parent: Int32) -> Int32? {
        var edge = firstEdge(under: parent)
        while edge >= 0 {
            let candidate = edges[Int(edge)]
            let text = CallRow.Text(start: literals + Int(candidate.literal), count: Int(candidate.literalByteCount))
            if candidate.isEnd == isEnd, text.hasSameBytes(as: literal) { return edge }
            edge = candidate.sibling
        }
        return nil
    }

    /// Behind its siblings; nil where there are too many.
    private func append(_ literal: CallRow.Text, _ isEnd: Bool, under parent: Int32) -> Int32? {
        var last: Int32 = -1
        var siblingCount = 0
        var edge = firstEdge(under: parent)
        while edge >= 0 {
            (last, siblingCount) = (edge, siblingCount + 1)
            edge = edges[Int(edge)].sibling
        }
        guard siblingCount < configuration.siblingCountMax else { return nil }
        var head: UInt64 = 0
        if let start = literal.baseAddress {
            memcpy(literals + literalByteCount, start, literal.count)
            memcpy(&head, start, min(8, literal.count))
        }
        let added = Int32(edgeCount)
        (edges + edgeCount).initialize(
            to: Edge(
                head: head, literal: UInt32(literalByteCount), literalByteCount: UInt16(literal.count), isEnd: isEnd,
                sibling: -1, target: -1))
        edgeCount += 1
        literalByteCount += literal.count
        if last >= 0 {
            edges[Int(last)].sibling = added
        } else if parent >= 0 {
            edges[Int(parent)].target = added
        } else {
            first = added
        }
        return added
    }
}
