import CallModel

/// TCP: which connection a segment belongs to, and what it does to it.
extension PacketCore {
    @inline(__always)
    mutating func segmentArrived(_ bytes: Span<UInt8>, _ segment: Segment, at now: Instant) {
        guard let (index, isFromFirst) = connections.find(segment.source, segment.destination, scope: scope)
        else {
            return unknownSegmentArrived(bytes, segment, at: now)
        }
        output.now = now
        connections.touch(index)
        let aftermath = connections.entries[index].ordinarySegmentArrived(
            bytes, segment, isFromFirst: isFromFirst, &output, &heldByteCount)
        guard let aftermath else { return unusualSegmentArrived(bytes, segment, index, isFromFirst, at: now) }
        settle(aftermath, index, output.direction, at: now)
    }

    /// What opens or ends connections, and what comes after the end.
    @inline(never)
    private mutating func unusualSegmentArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ index: Int, _ isFromFirst: Bool, at now: Instant
    ) {
        let direction = connections.entries[index].direction(fromFirst: isFromFirst)
        output.connection = connections.entries[index].id
        if connections.entries[index].phase == .closed {
            return lateSegmentArrived(bytes, segment, index, direction, at: now)
        }
        connections.entries[index].lastSeen = max(connections.entries[index].lastSeen, now)
        controlSegmentArrived(bytes, segment, index, direction, at: now)
    }

    /// The first segment of a connection, or of one whose beginning was not seen.
    @inline(never)
    private mutating func unknownSegmentArrived(_ bytes: Span<UInt8>, _ segment: Segment, at now: Instant) {
        // Without bytes and without a handshake there is nothing to follow: an acknowledgement of something long over.
        guard !segment.flags.contains(.reset), segment.isSyn || segment.byteCount > 0 else {
            return counters.straySegments += 1
        }
        let isAnswer = segment.isSyn && segment.isAcknowledging
        let isFromClient =
            segment.isSyn ? !isAnswer : !looksLikeServer(segment.source, to: segment.destination)
        if connections.isFull { evict(at: now) }
        let (key, isFromFirst) = FlowKey.make(segment.source, segment.destination)
        var connection = Connection(
            key: key, id: ConnectionID(rawValue: nextConnectionID), isClientFirst: isFromFirst == isFromClient,
            phase: segment.isSyn && !isAnswer ? .connecting : .open, at: now)
        nextConnectionID += 1
        connection.note(scope: scope, fromFirst: isFromFirst)
        let direction: StreamDirection = isFromClient ? .toServer : .toClient
        connection.withStream(direction) { $0.start(at: segment.isSyn ? segment.sequence &+ 1 : segment.sequence) }
        if segment.isAcknowledging {
            connection.withStream(direction.opposite) { $0.start(at: segment.acknowledged) }
        }
        if segment.isSyn, !isAnswer {
            connection.clientSequence = segment.sequence
            connection.synCount = 1
        }
        let index = connections.insert(connection)
        counters.connectionsOpened += 1
        output.connection = connection.id
        output.direction = direction
        output.now = now
        var ends = connection.ends
        ends.isClientKnown = segment.isSyn
        output.addOpened(ends)
        dataArrived(bytes, segment, index, direction, at: now)
    }

    /// Segments after the end: what was still under way, or a new connection on the same ports.
    private mutating func lateSegmentArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ index: Int, _ direction: StreamDirection, at now: Instant
    ) {
        let entry = connections.entries[index]
        let isNew: Bool
        if segment.flags.contains(.reset) {
            isNew = false
        } else if segment.isSyn, !segment.isAcknowledging {
            isNew = direction != .toServer || segment.sequence != entry.clientSequence
        } else if segment.isSyn {
            isNew = entry.isGivenUp || entry.clientSequence != segment.acknowledged &- 1
        } else {
            isNew =
                segment.byteCount > 0
                && (!entry.isNear(segment.sequence, direction) || entry.goesOn(segment, direction))
        }
        guard isNew else { return counters.straySegments += 1 }
        connections.remove(index)
        unknownSegmentArrived(bytes, segment, at: now)
    }

    /// Segments that open, refuse, reset or replace a connection; everything else goes on to `dataArrived`.
    private mutating func controlSegmentArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ index: Int, _ direction: StreamDirection, at now: Instant
    ) {
        if isReplaced(segment, index, direction, at: now) {
            output.direction = direction
            // A client that starts anew has given up the attempt before; at once only if it is not one client.
            let hasWaited = now - connections.entries[index].openedAt >= .seconds(1)
            let isUnanswered = connections.entries[index].phase == .connecting && hasWaited
            close(index, isUnanswered ? .connectTimeout : .evicted)
            let candidate = connections.entries[index].candidateSequence
            connections.remove(index)
            if segment.flags.contains(.reset) { return }
            unknownSegmentArrived(bytes, segment, at: now)
            // The SYN went by as a stray, so that here the handshake has been seen after all.
            if let candidate, !segment.isSyn,
                let new = connections.find(segment.source, segment.destination, scope: scope)
            {
                connections.entries[new.index].clientSequence = candidate
            }
            return
        }
        if segment.flags.contains(.reset) { return resetArrived(segment, index, direction) }
        if segment.isSyn {
            guard synArrived(segment, index, direction) else { return counters.straySegments += 1 }
        } else if connections.entries[index].phase == .connecting, direction == .toServer, segment.isAcknowledging {
            // The client goes on, so it has had an answer, seen or not.
            connections.entries[index].withStream(.toClient) {
                if !$0.isStarted { $0.start(at: segment.acknowledged) }
            }
            connections.move(index, to: .open)
        } else if connections.entries[index].phase == .connecting, direction == .toClient, segment.byteCount > 0 {
            connections.move(index, to: .open)
        }
        dataArrived(bytes, segment, index, direction, at: now)
    }

    /// Whether the segment belongs to a new connection between the same ports.
    ///
    /// A SYN in the midst of a connection may be a stray that its receiver answers with a challenge (RFC 5961, section 4), so
    /// there it only becomes a candidate, until a segment continues it.
    private mutating func isReplaced(
        _ segment: Segment, _ index: Int, _ direction: StreamDirection, at now: Instant
    ) -> Bool {
        if segment.isSyn, !segment.isAcknowledging, direction == .toServer {
            guard let known = connections.entries[index].clientSequence else {
                // No SYN was seen; this is one that arrives late if it stands right before the first byte.
                let stream = connections.entries[index].toServer
                if stream.position == 0, stream.isUntouched || stream.nextSequence == segment.sequence &+ 1 {
                    return false
                }
                if stream.position(of: segment.sequence &+ 1) == 0 { return false }
                connections.entries[index].candidateSequence = segment.sequence
                return false
            }
            guard known != segment.sequence else { return false }
            if connections.entries[index].phase == .connecting { return true }
            connections.entries[index].candidateSequence = segment.sequence
            return false
        }
        guard let candidate = connections.entries[index].candidateSequence else { return false }
        return direction == .toServer
            ? segment.sequence == candidate &+ 1 && !connections.entries[index].isNear(segment.sequence, direction)
            : segment.isAcknowledging && segment.acknowledged == candidate &+ 1
                && (segment.isSyn || segment.flags.contains(.reset))
    }

    /// - Returns: false when the SYN has no place in this connection.
    private mutating func synArrived(_ segment: Segment, _ index: Int, _ direction: StreamDirection) -> Bool {
        if connections.entries[index].candidateSequence == segment.sequence { return false }
        let isOpening = connections.entries[index].phase == .connecting
        if direction == .toServer, !segment.isAcknowledging {
            connections.entries[index].clientSequence = segment.sequence
            connections.entries[index].synCount &+= 1
        } else if direction == .toClient, isOpening {
            if segment.isAcknowledging, let sent = connections.entries[index].clientSequence {
                // A fast-open server acknowledges bytes too (RFC 7413, section 4.2).
                let ahead = Int32(bitPattern: segment.acknowledged &- sent)
                guard ahead > 0 else { return false }
            }
            connections.move(index, to: .open)
        }
        connections.entries[index].withStream(direction) { stream in
            if !stream.isStarted || stream.isUntouched { stream.start(at: segment.sequence &+ 1) }
        }
        return true
    }

    private mutating func resetArrived(_ segment: Segment, _ index: Int, _ direction: StreamDirection) {
        let entry = connections.entries[index]
        if entry.phase == .connecting {
            if direction == .toClient, segment.isAcknowledging, let sent = entry.clientSequence,
                Int32(bitPattern: segment.acknowledged &- sent) <= 0
            {
                return counters.straySegments += 1
            }
        } else if !entry.isNear(segment.sequence, direction) {
            return counters.straySegments += 1
        }
        output.direction = direction
        close(index, entry.phase == .connecting && direction == .toClient ? .refused : .reset)
    }

    /// Bytes, acknowledgement and FIN of a segment that belongs where it was put.
    private mutating func dataArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ index: Int, _ direction: StreamDirection, at now: Instant
    ) {
        output.direction = direction
        let aftermath = connections.entries[index].dataArrived(bytes, segment, direction, &output, &heldByteCount)
        settle(aftermath, index, direction, at: now)
    }

    @inline(__always)
    private mutating func settle(
        _ aftermath: Connection.Aftermath, _ index: Int, _ direction: StreamDirection, at now: Instant
    ) {
        if aftermath.waitsForBytes { enqueue(index, direction, at: now) }
        if aftermath.waitsForOther { enqueue(index, direction.opposite, at: now) }
        if output.isUnusual { settleUnusual(index, direction) }
    }

    /// The rarer consequences: counters, bounds, and the end of both directions.
    @inline(never)
    private mutating func settleUnusual(_ index: Int, _ direction: StreamDirection) {
        output.isUnusual = false
        let stream = direction == .toServer ? connections.entries[index].toServer : connections.entries[index].toClient
        if stream.heldByteCount > configuration.heldBytesMax || stream.heldSegmentCount > configuration.heldSegmentsMax
        {
            counters.heldBytesOverflows += 1
            giveUpHole(index, direction)
        }
        while heldByteCount > configuration.heldBytesTotalMax, let oldest = holes.first {
            holes.removeFirst()
            counters.heldBytesOverflows += 1
            giveUpQueued(oldest)
        }
        output.connection = connections.entries[index].id
        if connections.entries[index].phase != .closed, connections.entries[index].isEnded { close(index, .finished) }
    }
}

extension Connection {
    /// What a segment leaves to be done: the hole queue must be told of the stream it came in, or of the other one.
    struct Aftermath {
        var waitsForBytes = false
        var waitsForOther = false
    }

    /// Most segments: of an open connection, and neither its beginning nor its end.
    /// - Returns: nil for any other, of which nothing has been done.
    @inline(__always)
    fileprivate mutating func ordinarySegmentArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, isFromFirst: Bool, _ output: inout PacketOutput,
        _ heldByteCountTotal: inout Int
    ) -> Aftermath? {
        guard phase == .open, candidateSequence == nil, segment.flags.isDisjoint(with: [.syn, .reset]) else {
            return nil
        }
        let direction = direction(fromFirst: isFromFirst)
        output.connection = id
        output.direction = direction
        lastSeen = max(lastSeen, output.now)
        return dataArrived(bytes, segment, direction, &output, &heldByteCountTotal)
    }

    @inline(__always)
    fileprivate mutating func dataArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ direction: StreamDirection, _ output: inout PacketOutput,
        _ heldByteCountTotal: inout Int
    ) -> Aftermath {
        var aftermath = Aftermath()
        switch direction {
        case .toServer:
            aftermath.waitsForBytes = toServer.segmentBytesArrived(bytes, segment, &output, &heldByteCountTotal)
            aftermath.waitsForOther = toClient.acknowledgementSeen(segment, at: output.now)
        case .toClient:
            aftermath.waitsForBytes = toClient.segmentBytesArrived(bytes, segment, &output, &heldByteCountTotal)
            aftermath.waitsForOther = toServer.acknowledgementSeen(segment, at: output.now)
        }
        return aftermath
    }
}

extension SegmentStream {
    /// - Returns: whether the hole queue must be told of this stream.
    @inline(__always)
    fileprivate mutating func segmentBytesArrived(
        _ bytes: Span<UInt8>, _ segment: Segment, _ output: inout PacketOutput, _ heldByteCountTotal: inout Int
    ) -> Bool {
        let from = segment.isSyn ? segment.sequence &+ 1 : segment.sequence
        let heldBefore = heldByteCount
        if segment.byteCount > 0 {
            if !isStarted { start(at: from) }
            segmentArrived(bytes, segment, from: from, &output)
        }
        if segment.flags.contains(.fin) {
            if !isStarted { start(at: from) }
            endArrived(at: from &+ UInt32(truncatingIfNeeded: segment.byteCount))
        }
        endIfComplete(&output)
        heldByteCountTotal += heldByteCount - heldBefore
        return updateWaiting(at: output.now)
    }

    /// - Returns: whether bytes are missing, and the hole queue must be told.
    @inline(__always)
    fileprivate mutating func acknowledgementSeen(_ segment: Segment, at now: Instant) -> Bool {
        guard segment.isAcknowledging else { return false }
        acknowledgementArrived(segment.acknowledged)
        guard isStarted else { return false }
        return missingByteCount > 0 && updateWaiting(at: now)
    }
}
