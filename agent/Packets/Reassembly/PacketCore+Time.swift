import CallModel

/// What happens because time passes, or because room is needed.
extension PacketCore {
    /// Gives up what has been waited for long enough. Costs nothing unless something has.
    @usableFromInline
    @inline(__always)
    mutating func timePassed(to now: Instant) {
        guard now > clock else { return }
        clock = now
        if now >= nextDeadline || connections.hasMoved || holes.hasGrown { deadlinesPassed(at: now) }
    }

    @inline(never)
    private mutating func deadlinesPassed(at now: Instant) {
        // Those there are now, and not those that join while they are dealt with: at the last instant there is (a damaged
        // time is taken for it) no deadline lies behind `now`.
        var due = holes.count
        while due > 0, let first = holes.first, first.deadline <= now {
            due -= 1
            holes.removeFirst()
            output.now = now
            holeExpired(first, at: now)
        }
        expire(.connecting, at: now)
        expire(.open, at: now)
        expire(.closed, at: now)
        connections.hasMoved = false
        holes.hasGrown = false
        nextDeadline = earliestDeadline()
    }

    /// Nothing is to be done before, unless connections or holes join. What is seen meanwhile only moves it away.
    private func earliestDeadline() -> Instant {
        var earliest = holes.first?.deadline ?? Instant(nanosecondsSinceEpoch: .max)
        for phase in [Connection.Phase.connecting, .open, .closed] {
            guard let index = connections.oldest(in: phase) else { continue }
            let seen = connections.entries[index].lastSeen.nanosecondsSinceEpoch
            let (end, overflow) = seen.addingReportingOverflow(waitsNs[Int(phase.rawValue)])
            if !overflow { earliest = min(earliest, Instant(nanosecondsSinceEpoch: end)) }
        }
        return earliest
    }

    private mutating func expire(_ phase: Connection.Phase, at now: Instant) {
        while let index = connections.oldest(in: phase), hasExpired(index, phase, at: now) {
            output.now = now
            output.direction = .toServer
            switch phase {
            case .connecting: close(index, .connectTimeout)
            case .open:
                counters.connectionsExpired += 1
                close(index, .evicted)
                connections.remove(index)
            case .closed: connections.remove(index)
            }
        }
    }

    @inline(__always)
    private func hasExpired(_ index: Int, _ phase: Connection.Phase, at now: Instant) -> Bool {
        let (silent, overflow) = now.nanosecondsSinceEpoch.subtractingReportingOverflow(
            connections.entries[index].lastSeen.nanosecondsSinceEpoch)
        return overflow ? now > connections.entries[index].lastSeen : silent > waitsNs[Int(phase.rawValue)]
    }

    /// The end of the capture.
    @usableFromInline
    mutating func finish() {
        output.now = clock == Instant(nanosecondsSinceEpoch: .min) ? .epoch : clock
        for phase in [Connection.Phase.connecting, .open] {
            while let index = connections.oldest(in: phase) {
                output.direction = .toServer
                let entry = connections.entries[index]
                // A SYN sent again and again without an answer has failed, even if the capture ends before its time is up.
                let hasFailed = phase == .connecting && entry.synCount > 2 && output.now - entry.openedAt >= .seconds(3)
                close(index, hasFailed ? .connectTimeout : .endOfCapture)
            }
        }
        while let index = connections.oldest(in: .closed) { connections.remove(index) }
        holes = HoleQueue()
    }

    /// Makes room for one connection: closed ones go first, then those silent for a minute, then unanswered SYNs, of which a flood
    /// consists, and at last the one silent for the longest time.
    mutating func evict(at now: Instant) {
        if let index = connections.oldest(in: .closed) { return connections.remove(index) }
        output.now = now
        output.direction = .toServer
        counters.connectionsEvicted += 1
        let idle = connections.oldest(in: .open)
        let isIdle = idle.map { now - connections.entries[$0].lastSeen > .seconds(60) } ?? false
        guard let index = isIdle ? idle : connections.oldest(in: .connecting) ?? idle else { return }
        close(index, .evicted)
        connections.remove(index)
    }

    /// Hands out what is left of a connection, and says why no more comes.
    mutating func close(_ index: Int, _ kind: PacketStep.Kind) {
        let direction = output.direction
        output.connection = connections.entries[index].id
        heldByteCount -= connections.entries[index].toServer.heldByteCount
        heldByteCount -= connections.entries[index].toClient.heldByteCount
        output.direction = .toServer
        connections.entries[index].toServer.giveUpAll(&output)
        output.direction = .toClient
        connections.entries[index].toClient.giveUpAll(&output)
        output.direction = direction
        // With what was missing given up, both directions may have reached their ends.
        let isEnded = connections.entries[index].isEnded && (kind == .evicted || kind == .endOfCapture)
        output.add(isEnded ? .finished : kind)
        connections.entries[index].resetBy = kind == .reset ? direction : nil
        connections.entries[index].isGivenUp = kind == .connectTimeout || kind == .refused
        connections.move(index, to: .closed)
        counters.connectionsClosed += 1
    }

    mutating func connectionUnreachable(
        from source: SocketEndpoint, to destination: SocketEndpoint, sequence: UInt32, at now: Instant
    ) {
        let (key, isFromFirst) = FlowKey.make(source, destination)
        guard let index = connections.find(key, scope: scope, isFromFirst: isFromFirst) else { return }
        let entry = connections.entries[index]
        // Once a connection is open, ICMP is a hint that TCP outlives (RFC 5461, section 2.2); and anybody can send one.
        guard entry.phase == .connecting, entry.direction(fromFirst: isFromFirst) == .toServer,
            entry.clientSequence == sequence
        else { return }
        output.now = now
        output.direction = .toServer
        close(index, .unreachable)
    }

    mutating func enqueue(_ index: Int, _ direction: StreamDirection, at now: Instant) {
        if holes.count > 2 * connections.count + 1_024 {
            let entries = connections.entries
            holes.removeAll { entries[$0.index].id != $0.connection }
        }
        holes.append(
            HoleQueue.Entry(
                index: index, connection: connections.entries[index].id, direction: direction,
                deadline: max(clock, now) + configuration.gapWaitMax))
    }

    private mutating func holeExpired(_ entry: HoleQueue.Entry, at now: Instant) {
        guard connections.entries[entry.index].id == entry.connection else { return }
        let stream = connections.entries[entry.index].withStream(entry.direction) { stream in
            stream.isQueued = false
            return stream
        }
        guard stream.isWaiting, connections.entries[entry.index].phase != .closed else { return }
        let waited = now - stream.waitingSince
        let patience = stream.mayStillArrive ? configuration.retransmissionWaitMax : configuration.gapWaitMax
        if waited >= patience {
            output.connection = entry.connection
            giveUpHole(entry.index, entry.direction)
        }
        requeue(entry.index, entry.direction, at: now)
    }

    /// Gives up a hole before its time.
    mutating func giveUpQueued(_ entry: HoleQueue.Entry) {
        guard connections.entries[entry.index].id == entry.connection else { return }
        connections.entries[entry.index].withStream(entry.direction) { $0.isQueued = false }
        output.connection = entry.connection
        giveUpHole(entry.index, entry.direction)
        requeue(entry.index, entry.direction, at: output.now)
    }

    private mutating func requeue(_ index: Int, _ direction: StreamDirection, at now: Instant) {
        guard connections.entries[index].phase != .closed,
            connections.entries[index].withStream(direction, { $0.updateWaiting(at: now) })
        else { return }
        enqueue(index, direction, at: now)
    }

    mutating func giveUpHole(_ index: Int, _ direction: StreamDirection) {
        let before = output.direction
        output.direction = direction
        let held =
            direction == .toServer
            ? connections.entries[index].toServer.heldByteCount : connections.entries[index].toClient.heldByteCount
        let left =
            direction == .toServer
            ? connections.entries[index].toServer.giveUpAndEnd(&output)
            : connections.entries[index].toClient.giveUpAndEnd(&output)
        heldByteCount += left - held
        if connections.entries[index].isEnded, connections.entries[index].phase != .closed { close(index, .finished) }
        output.direction = before
    }
}

extension SegmentStream {
    /// - Returns: how many bytes still wait behind further holes.
    fileprivate mutating func giveUpAndEnd(_ output: inout PacketOutput) -> Int {
        _ = giveUpHole(&output)
        endIfComplete(&output)
        return heldByteCount
    }
}
