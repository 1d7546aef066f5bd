/// Finds where frames begin again after lost bytes.
///
/// Every place where a plausible header stands is followed: where it says the next header is, another plausible one must
/// stand. Three in a row are taken for the truth.
struct FrameSearch {
    private var held: [UInt8] = []
    /// Where a chain of headers begins, where its next one should stand, and how many there are.
    private typealias Candidate = (start: Int, next: Int, count: Int)

    private var candidates: [Candidate] = []
    /// Places before it have been looked at.
    private var looked = 0

    private static let byteCountMax = 256 << 10
    private static let candidateMax = 64
    private static let chainLength = 3

    var heldByteCount: Int { held.count }

    /// Takes more bytes; returns those from the first frame on, once it is found.
    mutating func bytesArrived(_ bytes: Span<UInt8>) -> [UInt8]? {
        held.append(bytes, in: 0..<bytes.count)
        while looked + FrameHeader.byteCount <= held.count {
            let header = FrameHeader(held.span, at: looked)
            if let start = follow(header) { return Array(held[start...]) }
            if let header, header.isPlausible { add(looked, header) }
            looked += 1
        }
        if held.count > Self.byteCountMax { dropHalf() }
        return nil
    }

    private mutating func add(_ start: Int, _ header: FrameHeader) {
        if candidates.count >= Self.candidateMax { candidates.removeFirst() }
        candidates.append((start, start + FrameHeader.byteCount + header.length, 1))
    }

    /// Goes on with the chains whose next header must stand at the place looked at; returns where the first whole one began.
    /// Place by place, so that what is found does not depend on where the bytes were cut.
    private mutating func follow(_ header: FrameHeader?) -> Int? {
        guard candidates.contains(where: { $0.next == looked }) else { return nil }
        guard let header, header.isPlausible else {
            candidates.removeAll { $0.next == looked }
            return nil
        }
        for index in candidates.indices where candidates[index].next == looked {
            candidates[index].count += 1
            candidates[index].next += FrameHeader.byteCount + header.length
            if candidates[index].count >= Self.chainLength { return candidates[index].start }
        }
        return nil
    }

    private mutating func dropHalf() {
        let dropped = held.count / 2
        held.removeFirst(dropped)
        looked -= dropped
        candidates = candidates.filter { $0.start >= dropped }
            .map { ($0.start - dropped, $0.next - dropped, $0.count) }
    }
}
