import CallModel

/// Bytes that were lost, and how reading goes on behind them.
extension TLSConnection {
    /// - Parameter given: the direction as the source names it.
    func bytesLost(_ byteCount: Int?, _ given: StreamDirection, _ steps: inout [TLSStep]) {
        // Before the first bytes nothing tells what was lost; the bytes behind the gap are looked at as a start.
        let direction = inward(given)
        let lane = lane(direction)
        if isClear(direction) {
            handOnKept(direction, &steps)
            return steps.append(.gap(byteCount, outward(direction)))
        }
        lane.hasLostBytes = true
        if isUndecided {
            guard lane.kept.isEmpty else {
                passThrough(&steps)
                return steps.append(.gap(byteCount, given))
            }
            lane.hasEarlyGap = true
            lane.earlyGapByteCount = byteCount.map { $0 &+ (lane.earlyGapByteCount ?? 0) }
            return
        }
        exchange.bytesLost(byteCount, direction)
        guard !isUnreadable else { return }
        addGap(direction, &steps)
        switch lane.framing {
        case .lost: break
        case .searching(let before):
            lane.kept = []
            lane.framing = .searching(lostByteCount: before &+ (byteCount ?? 1 << 20))
        case .skipping(let left): resume(lane, after: byteCount, left: left)
        case .inStep:
            guard !lane.kept.isEmpty, let length = lane.begunRecordLength else {
                lane.kept = []
                damageHandshake(lane)
                return lane.framing = .searching(lostByteCount: byteCount ?? 1 << 20)
            }
            let left = length - lane.kept.count
            lane.kept = []
            lane.cipher?.recordLost()
            damageHandshake(lane)
            resume(lane, after: byteCount, left: left)
        }
    }

    /// The gap ends inside the damaged record, at its end, or somewhere behind it.
    private func resume(_ lane: TLSLane, after byteCount: Int?, left: Int) {
        let lost = byteCount ?? 1 << 20
        if lost < left {
            lane.framing = .skipping(left - lost)
        } else if lost == left {
            lane.framing = .inStep
        } else {
            lane.framing = .searching(lostByteCount: lost - left)
        }
    }

    /// A handshake message with a hole cannot be read, nor told from the next one until the cipher changes.
    private func damageHandshake(_ lane: TLSLane) {
        if !lane.handshake.isEmpty || lane.cipher == nil { lane.isHandshakeDamaged = true }
        lane.handshake = []
    }

    /// Looks for a record behind a loss. Under a cipher only one that opens counts.
    /// - Returns: false when more bytes are needed.
    func search(
        _ direction: StreamDirection, _ offset: inout Int, _ lostByteCount: Int, _ keys: KeyLog,
        _ steps: inout [TLSStep]
    ) -> Bool {
        let lane = lane(direction)
        // The smallest record has its header, a tag and a byte.
        let lostMax = min(context.configuration.lostRecordsMax, lostByteCount / 22 + 1)
        while offset < lane.kept.count {
            guard let length = lane.recordLength(at: offset) else {
                offset += 1
                continue
            }
            guard length > 0 else { return false }
            let record = Array(lane.kept[offset..<offset + length])
            guard length > 5, lane.cipher != nil else {
                lane.framing = .inStep
                return true
            }
            guard let content = lane.cipher!.openSearching(record, lostMax: lostMax) else {
                offset += 1
                lane.searchAttempts += 1
                guard lane.searchAttempts < context.configuration.searchAttemptsMax else {
                    lane.framing = .lost
                    return true
                }
                continue
            }
            lane.searchAttempts = 0
            offset += length
            lane.framing = .inStep
            opened(&steps)
            if session.version >= 0x0304 {
                if let end = content.lastIndex(where: { $0 != 0 }) {
                    contentArrived(content[end], Array(content[..<end]), direction, keys, &steps)
                }
            } else {
                contentArrived(record[0], content, direction, keys, &steps)
            }
            return true
        }
        return false
    }
}
