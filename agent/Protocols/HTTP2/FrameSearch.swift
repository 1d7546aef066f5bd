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
            if let header = FrameHeader(held.span, at: looked), header.isPlausible { add(looked, header) }
            looked += 1
        }
        follow()
        if let found = candidates.first(where: { $0.count >= Self.chainLength }) {
            return Array(held[found.start...])
        }
        if held.count > Self.byteCountMax { dropHalf() }
        return nil
    }

    private mutating func add(_ start: Int, _ header: FrameHeader) {
        if candidates.count >= Self.candidateMax { candidates.removeFirst() }
        candidates.append((start, start + FrameHeader.byteCount + header.length, 1))
    }

    private mutating func follow() {
        candidates = Self.followed(candidates, in: held.span)
    }

    private static func followed(_ candidates: [Candidate], in span: Span<UInt8>) -> [Candidate] {
        var kept: [Candidate] = []
        for var candidate in candidates {
            var holds = true
            while holds, candidate.count < chainLength, let header = FrameHeader(span, at: candidate.next) {
                holds = header.isPlausible
                candidate.count += 1
                candidate.next += FrameHeader.byteCount + header.length
            }
            if holds { kept.append(candidate) }
        }
        return kept
    }

    private mutating func dropHalf() {
        let dropped = held.count / 2
        held.removeFirst(dropped)
        looked -= dropped
        candidates = candidates.filter { $0.start >= dropped }
            .map { ($0.start - dropped, $0.next - dropped, $0.count) }
    }
}
