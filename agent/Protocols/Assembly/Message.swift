import CallModel

/// A place in the head of a message. Heads are bounded far below 4 GiB.
struct ByteRange: BitwiseCopyable {
    var start: UInt32 = 0
    var end: UInt32 = 0

    init() {}

    @inline(__always)
    init(_ range: Range<Int>, relativeTo origin: Int = 0) {
        start = UInt32(truncatingIfNeeded: range.lowerBound &- origin)
        end = UInt32(truncatingIfNeeded: range.upperBound &- origin)
    }

    var range: Range<Int> { Int(start)..<max(Int(start), Int(end)) }
    var isEmpty: Bool { end <= start }
    var count: Int { range.count }
}

/// One header field's places. A value may hold line breaks of obsolete folding (RFC 9112, section 5.2).
struct FieldPlace: BitwiseCopyable {
    var name: ByteRange
    var value: ByteRange
}

extension FieldPlace {
    @inline(__always)
    init(_ name: Range<Int>, _ value: Range<Int>, relativeTo origin: Int) {
        self.init(name: ByteRange(name, relativeTo: origin), value: ByteRange(value, relativeTo: origin))
    }
}

/// One message as it was seen: bytes and places, no text. Its arrays are used again for later messages.
struct Message: ~Copyable {
    /// Start line and fields as they travelled; for HTTP/2 names and values one behind the other.
    var head = ReusedArray<UInt8>()
    var fields = ReusedArray<FieldPlace>()
    /// False where a part of the head was lost: fields may be missing.
    var isHeadWhole = true
    var contentCoding = ByteRange()
    /// Further fields say more of how the body is coded.
    var hasMoreCodings = false
    /// The body's size on the wire, transfer coding undone.
    var bodyByteCount = 0
    /// False where bytes were lost and nobody knows how many.
    var isBodySizeKnown = true
    var body = ReusedArray<UInt8>()
    /// False where only a part of the body is in `body`.
    var isBodyWhole = true
    var began = Instant.epoch
    var ended = Instant.epoch

    /// Bytes kept, for the bound on all connections together.
    var heldByteCount: Int { head.count + body.count }

    /// Whether the head has `lowerCase` there, in any case of letters.
    func spells(_ lowerCase: StaticString, at place: ByteRange) -> Bool {
        head.withSpan { $0.equals(lowerCase, in: place.range) }
    }

    mutating func clear() {
        // A few large bodies must not stay as capacity for ever.
        head.removeAll(keepingUpTo: 16 << 10)
        body.removeAll(keepingUpTo: 16 << 10)
        fields.removeAll()
        isHeadWhole = true
        contentCoding = ByteRange()
        hasMoreCodings = false
        bodyByteCount = 0
        isBodySizeKnown = true
        isBodyWhole = true
    }
}

// MARK: Trailers

extension Message {
    /// Adds the fields that follow a body, as far as there is room; they frame nothing (RFC 9110, section 6.5).
    /// - Parameter places: within `bytes`.
    mutating func takeTrailers(_ bytes: Span<UInt8>, _ places: Span<FieldPlace>, _ context: ReaderContext) {
        let configuration = context.configuration
        guard head.count + bytes.count <= configuration.headerListByteCountMax * 2 else { return }
        let origin = UInt32(truncatingIfNeeded: head.count)
        head.append(bytes, in: bytes.indices)
        context.heldByteCount &+= bytes.count
        let room = max(0, configuration.fieldCountMax - fields.count)
        for index in 0..<min(room, places.count) { fields.append(places[index].moved(by: origin)) }
        context.counters.fieldsLeftOut &+= max(0, places.count - room)
    }
}

extension FieldPlace {
    fileprivate func moved(by offset: UInt32) -> FieldPlace {
        var moved = self
        moved.name.start &+= offset
        moved.name.end &+= offset
        moved.value.start &+= offset
        moved.value.end &+= offset
        return moved
    }
}
