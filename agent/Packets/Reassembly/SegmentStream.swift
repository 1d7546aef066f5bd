import CallModel

/// Orders the bytes of one direction of a TCP connection.
///
/// Segments arrive late, twice, overlapping or never. The stream hands out each byte once, in order, and reports as a gap what it
/// stops waiting for. Of a byte that arrives twice the first copy wins, handed out or not: handing out a second could rewrite what
/// a parser has already seen. It does not look inside the bytes.
///
/// Places are counted as 64-bit positions from the start of the stream; 32-bit sequence numbers are read as the nearest such
/// position (RFC 9293, section 3.4), so that they may wrap any number of times.
struct SegmentStream {
    /// The place of the first byte is known.
    var isStarted = false
    /// The FIN has been handed out.
    private(set) var isEnded = false
    private(set) var hasEndPosition = false
    /// The other end's acknowledgements were seen.
    private var isAcknowledged = false
    private var acknowledged: UInt32 = 0
    /// The number of the next byte to hand out, and how many went before.
    private(set) var nextSequence: UInt32 = 0
    private(set) var position: Int64 = 0
    /// Where the FIN stands.
    private var endPosition: Int64 = 0
    /// Bytes before those already seen are waited for, since when, and where.
    private(set) var isWaiting = false
    private(set) var waitingSince = Instant.epoch
    private var waitingPosition: Int64 = -1
    /// The hole queue has an entry for this stream.
    var isQueued = false
    private(set) var heldByteCount = 0
    /// In order, without overlaps, all beyond `position`.
    private var held: [HeldSegment] = []

    /// Bytes that wait, and those known to be missing among them: a cut segment's tail has no bytes.
    private struct HeldSegment {
        var position: Int64
        var byteCount: Int
        var bytes: [UInt8]
        var time: Instant

        var end: Int64 { position &+ Int64(byteCount) }
    }

    /// What an array of held segments costs beyond their bytes.
    static let heldSegmentOverhead = 96

    var heldSegmentCount: Int { held.count }
    /// No byte of the stream has been seen.
    var isUntouched: Bool { position == 0 && held.isEmpty && !hasEndPosition }

    mutating func start(at sequence: UInt32) {
        isStarted = true
        nextSequence = sequence
    }

    @inline(__always)
    func position(of sequence: UInt32) -> Int64 {
        position &+ Int64(Int32(bitPattern: sequence &- nextSequence))
    }

    /// Bytes arrived. The common case, the very bytes awaited and nothing held, is handled by the first lines.
    @inline(__always)
    mutating func segmentArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, from sequence: UInt32, _ output: inout PacketOutput
    ) {
        if sequence == nextSequence, held.isEmpty, segment.cutByteCount == 0, !isEnded {
            handOut(segment.payload.lowerBound, segment.payload.count, &output)
            return
        }
        segmentArrivedOutOfOrder(bytes, segment, from: sequence, &output)
    }

    @inline(never)
    private mutating func segmentArrivedOutOfOrder(
        _ bytes: Span<UInt8>, _ segment: Segment, from sequence: UInt32, _ output: inout PacketOutput
    ) {
        let start = position(of: sequence)
        let end = start &+ Int64(segment.byteCount)
        guard end > position, !isEnded else {
            output.duplicateByteCount += segment.byteCount
            return
        }
        if start > position {
            hold(bytes, segment, from: start, &output)
            return
        }
        output.duplicateByteCount += Int(position &- start)
        while position < end {
            releaseReady(&output, at: output.now)
            if position >= end { break }
            let limit = min(end, held.first?.position ?? end)
            let from = Int(position &- start)
            let captured = min(Int(limit &- start), segment.payload.count)
            if from < captured { handOut(segment.payload.lowerBound + from, captured - from, &output) }
            if position < limit { skip(Int(limit &- position), &output, at: output.now) }
        }
        releaseReady(&output, at: output.now)
    }

    /// Keeps a copy of those bytes that nobody keeps yet.
    private mutating func hold(
        _ bytes: Span<UInt8>, _ segment: Segment, from start: Int64, _ output: inout PacketOutput
    ) {
        output.heldSegments += 1
        output.isUnusual = true
        var place = held.count
        while place > 0, held[place - 1].end > start { place -= 1 }
        var from = start
        let end = start &+ Int64(segment.byteCount)
        while from < end {
            if place < held.count, held[place].position <= from {
                output.duplicateByteCount += max(0, Int(min(end, held[place].end) &- from))
                from = max(from, held[place].end)
                place += 1
                continue
            }
            let limit = place < held.count ? min(end, held[place].position) : end
            let lower = min(Int(from &- start), segment.payload.count)
            let upper = min(Int(limit &- start), segment.payload.count)
            var copy: [UInt8] = []
            copy.append(
                contentsOf: bytes, from: segment.payload.lowerBound + lower, to: segment.payload.lowerBound + upper)
            heldByteCount += copy.count + Self.heldSegmentOverhead
            held.insert(
                HeldSegment(position: from, byteCount: Int(limit &- from), bytes: copy, time: output.now), at: place)
            place += 1
            from = limit
        }
    }

    /// Looks whether there is a hole, and since when.
    /// - Returns: whether the hole queue must be told.
    @inline(__always)
    mutating func updateWaiting(at now: Instant) -> Bool {
        if held.isEmpty, missingByteCount == 0 {
            isWaiting = false
            return false
        }
        if !isWaiting || waitingPosition != position {
            isWaiting = true
            waitingSince = now
            waitingPosition = position
        }
        if isQueued { return false }
        isQueued = true
        return true
    }

    /// The FIN arrived, after `sequence - 1`. The first one counts.
    mutating func endArrived(at sequence: UInt32) {
        guard !hasEndPosition else { return }
        hasEndPosition = true
        endPosition = position(of: sequence)
    }

    /// Hands out the FIN once everything before it has been.
    @inline(__always)
    mutating func endIfComplete(_ output: inout PacketOutput) {
        guard hasEndPosition, !isEnded, position >= endPosition else { return }
        isEnded = true
        // The FIN takes one number (RFC 9293, section 3.4).
        advance(1)
        output.add(.halfClosed)
        dropHeld()
    }

    /// The other end has received everything before `sequence`.
    @inline(__always)
    mutating func acknowledgementArrived(_ sequence: UInt32) {
        if isAcknowledged, Int32(bitPattern: sequence &- acknowledged) <= 0 { return }
        acknowledged = sequence
        isAcknowledged = true
    }

    /// How many bytes the other end has received that were not seen here.
    @inline(__always)
    var missingByteCount: Int {
        guard isAcknowledged, isStarted, !isEnded else { return 0 }
        let ahead = Int(Int32(bitPattern: acknowledged &- nextSequence))
        guard hasEndPosition else { return max(0, ahead) }
        return max(0, min(ahead, Int(clamping: endPosition &- position)))
    }

    /// Whether waiting is of use: the receiver is known not to have the missing bytes.
    var mayStillArrive: Bool {
        guard isAcknowledged else { return false }
        return Int32(bitPattern: acknowledged &- nextSequence) <= 0
    }

    /// Reports the first hole as a gap, and hands out what waited behind it.
    /// - Returns: whether there was one.
    mutating func giveUpHole(_ output: inout PacketOutput) -> Bool {
        guard isStarted, !isEnded else { return false }
        if let first = held.first {
            let time = first.time
            skip(Int(clamping: first.position &- position), &output, at: time)
            releaseReady(&output, at: time)
            return true
        }
        let missing = missingByteCount
        guard missing > 0 else { return false }
        skip(missing, &output, at: output.now)
        return true
    }

    /// The connection is over: whatever is missing never comes.
    mutating func giveUpAll(_ output: inout PacketOutput) {
        while !held.isEmpty, giveUpHole(&output) {}
        _ = giveUpHole(&output)
        if hasEndPosition, !isEnded, endPosition > position {
            let missing = endPosition &- position
            // A FIN far away is no witness of lost bytes.
            if missing < 1 << 30 { skip(Int(missing), &output, at: output.now) }
        }
        endIfComplete(&output)
        dropHeld()
    }

    private mutating func releaseReady(_ output: inout PacketOutput, at time: Instant) {
        var count = 0
        while count < held.count, held[count].position <= position {
            let first = held[count]
            count += 1
            heldByteCount -= first.bytes.count + Self.heldSegmentOverhead
            if !first.bytes.isEmpty {
                output.addReleased(first.bytes, at: time)
                advance(first.bytes.count)
            }
            skip(first.byteCount - first.bytes.count, &output, at: time)
        }
        if count > 0 { held.removeFirst(count) }
    }

    private mutating func dropHeld() {
        held = []
        heldByteCount = 0
    }

    @inline(__always)
    private mutating func handOut(_ start: Int, _ byteCount: Int, _ output: inout PacketOutput) {
        output.addChunk(start, byteCount)
        advance(byteCount)
    }

    private mutating func skip(_ byteCount: Int, _ output: inout PacketOutput, at time: Instant) {
        guard byteCount > 0 else { return }
        output.addGap(byteCount, at: time)
        advance(byteCount)
    }

    @inline(__always)
    private mutating func advance(_ byteCount: Int) {
        position &+= Int64(byteCount)
        nextSequence &+= UInt32(truncatingIfNeeded: byteCount)
    }
}
