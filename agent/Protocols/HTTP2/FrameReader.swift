/// Cuts one direction of an HTTP/2 connection into frames (RFC 9113, section 4), in pieces of any size.
///
/// Data is handed on as it comes; the payload of other frames is collected, because it is small and has structure.
struct FrameReader {
    /// What came of the bytes; each case stands for one call of `next`.
    enum Event {
        /// A part of a DATA frame's content.
        case data(Range<Int>, stream: UInt32)
        case dataEnded(FrameHeader)
        /// A whole frame; its payload is in `payload`.
        case frame(FrameHeader)
        /// Too large to be collected, and passed over.
        case skipped(FrameHeader)
        case needsMore
        /// No frame can stand here.
        case malformed
    }

    private(set) var payload: [UInt8] = []
    private var headerBytes: [UInt8] = []
    private var header: FrameHeader?
    /// Bytes of the payload that have not come.
    private var remaining = 0
    private var prefaceRemaining: Int
    /// DATA: bytes of padding at the frame's end; nil while the byte that tells it has not come.
    private var padding: Int?
    /// The largest frame the reading end has allowed (SETTINGS_MAX_FRAME_SIZE).
    var lengthMax = 16_384

    static let preface: StaticString = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

    var heldByteCount: Int { payload.count }

    init(hasPreface: Bool) {
        prefaceRemaining = hasPreface ? Self.preface.utf8CodeUnitCount : 0
    }

    /// Reads on at `at`, which it moves.
    mutating func next(_ bytes: Span<UInt8>, at: inout Int, payloadByteCountMax: Int) -> Event {
        if prefaceRemaining > 0 {
            guard readPreface(bytes, &at) else { return .malformed }
            if prefaceRemaining > 0 { return .needsMore }
        }
        if header == nil {
            guard readHeader(bytes, &at) else { return .needsMore }
        }
        guard let header else { return .needsMore }
        guard header.length <= lengthMax else { return .malformed }
        if header.kind == FrameHeader.Kind.data { return readData(header, bytes, &at) }
        return readPayload(header, bytes, &at, payloadByteCountMax)
    }

    /// Passes over lost bytes if they lie within one frame's payload. Returns how many of them were content of DATA, nil
    /// where it is not known any more where the next frame begins.
    mutating func skip(_ byteCount: Int) -> (header: FrameHeader, dataByteCount: Int)? {
        guard let header, byteCount <= remaining, prefaceRemaining == 0 else { return nil }
        if header.kind == FrameHeader.Kind.data, header.isPadded, padding == nil { return nil }
        let content = max(0, remaining - (padding ?? 0))
        remaining -= byteCount
        // What was collected has a hole now.
        if header.kind != FrameHeader.Kind.data { isBroken = true }
        return (header, header.kind == FrameHeader.Kind.data ? min(content, byteCount) : 0)
    }

    /// The frame at hand has lost bytes: it ends as `skipped`.
    private var isBroken = false

    private mutating func readPreface(_ bytes: Span<UInt8>, _ at: inout Int) -> Bool {
        let length = Self.preface.utf8CodeUnitCount
        while prefaceRemaining > 0, at < bytes.count {
            guard bytes[at] == Self.preface.utf8Start[length - prefaceRemaining] else { return false }
            at += 1
            prefaceRemaining -= 1
        }
        return true
    }

    private mutating func readHeader(_ bytes: Span<UInt8>, _ at: inout Int) -> Bool {
        if headerBytes.isEmpty, let whole = FrameHeader(bytes, at: at) {
            at += FrameHeader.byteCount
            begin(whole)
            return true
        }
        let taken = min(FrameHeader.byteCount - headerBytes.count, bytes.count - at)
        headerBytes.append(bytes, in: at..<(at + taken))
        at += taken
        guard let whole = FrameHeader(headerBytes.span, at: 0) else { return false }
        headerBytes.removeAll(keepingCapacity: true)
        begin(whole)
        return true
    }

    private mutating func begin(_ whole: FrameHeader) {
        header = whole
        remaining = whole.length
        padding = whole.isPadded ? nil : 0
        payload.removeAll(keepingCapacity: payload.capacity <= 16 << 10)
        isBroken = false
    }

    private mutating func readData(_ frame: FrameHeader, _ bytes: Span<UInt8>, _ at: inout Int) -> Event {
        if padding == nil {
            guard remaining > 0 else { return .malformed }
            guard at < bytes.count else { return .needsMore }
            padding = Int(bytes[at])
            at += 1
            remaining -= 1
            guard padding ?? 0 <= remaining else { return .malformed }
        }
        let content = min(max(0, remaining - (padding ?? 0)), bytes.count - at)
        if content > 0 {
            let range = at..<(at + content)
            at += content
            remaining -= content
            return .data(range, stream: frame.stream)
        }
        let rest = min(remaining, bytes.count - at)
        at += rest
        remaining -= rest
        guard remaining == 0 else { return .needsMore }
        header = nil
        return .dataEnded(frame)
    }

    private mutating func readPayload(
        _ frame: FrameHeader, _ bytes: Span<UInt8>, _ at: inout Int, _ byteCountMax: Int
    ) -> Event {
        let taken = min(remaining, bytes.count - at)
        if frame.length <= byteCountMax { payload.append(bytes, in: at..<(at + taken)) }
        at += taken
        remaining -= taken
        guard remaining == 0 else { return .needsMore }
        header = nil
        return frame.length <= byteCountMax && !isBroken ? .frame(frame) : .skipped(frame)
    }
}
