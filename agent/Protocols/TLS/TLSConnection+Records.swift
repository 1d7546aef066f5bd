import CallModel

/// Records: cut out of the bytes, opened, and handed to whom they concern.
extension TLSConnection {
    func readRecords(_ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        if lane.isHolding {
            release(lane)
            lane.isHolding = false
        }
        readKept(direction, keys, &steps)
        if lane.isHolding { hold(lane, &steps) }
        if lane.isEndWaiting, !lane.isHolding { bytesEnded(direction, &steps) }
    }

    private func readKept(_ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        var offset = 0
        while offset < lane.kept.count, !lane.isHolding {
            switch lane.framing {
            case .lost:
                offset = lane.kept.count
            case .skipping(let byteCount):
                let step = min(byteCount, lane.kept.count - offset)
                offset += step
                lane.framing = step == byteCount ? .inStep : .skipping(byteCount - step)
            case .searching(let lostByteCount):
                guard search(direction, &offset, lostByteCount, keys, &steps) else { return drop(offset, of: lane) }
            case .inStep:
                guard let length = lane.recordLength(at: offset) else {
                    // Not TLS any more, or never: nothing here can be trusted.
                    loseStep(direction, &steps)
                    continue
                }
                guard length > 0 else { return drop(offset, of: lane) }
                let record = Array(lane.kept[offset..<offset + length])
                offset += length
                recordArrived(record, direction, keys, &steps)
                // A record that must wait goes back, with all behind it.
                if lane.isHolding { offset -= length }
            }
        }
        drop(offset, of: lane)
    }

    private func drop(_ byteCount: Int, of lane: TLSLane) {
        if byteCount > 0 { lane.kept.removeFirst(min(byteCount, lane.kept.count)) }
    }

    /// Keeps what cannot be opened yet, within bounds.
    private func hold(_ lane: TLSLane, _ steps: inout [TLSStep]) {
        lane.waitingByteCount = lane.kept.count
        context.waitingByteCount += lane.waitingByteCount
        let configuration = context.configuration
        if lane.waitingByteCount > configuration.waitingByteCountMax
            || context.waitingByteCount > configuration.waitingByteCountTotalMax
        {
            markUnreadable(&steps)
        }
    }

    private func release(_ lane: TLSLane) {
        context.waitingByteCount -= lane.waitingByteCount
        lane.waitingByteCount = 0
    }

    /// The bytes make no record. If some were read before, the rest is a gap.
    func loseStep(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        let lane = lane(direction)
        lane.framing = .lost
        addGap(direction, &steps)
    }

    /// Something of a direction is missing; how much, encryption hides.
    func addGap(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        guard session.isReadable, !lane(direction).isEnded else { return }
        if let inner { return inner.bytesLost(nil, outward(direction), &steps) }
        steps.append(.gap(nil, outward(direction)))
    }

    /// Clear bytes, which may be TLS themselves.
    private func handOn(
        _ content: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        if inner == nil, depth + 1 < Self.depthMax, content[0] == RecordType.handshake,
            Self.clientHello(content.span) != .none
        {
            inner = TLSConnection(id, clientSends: outward(direction), depth: depth + 1, context)
        }
        if let inner {
            inner.bytesArrived(content.span, outward(direction), keys, &steps)
            if inner.isClear { self.inner = nil }
            return
        }
        context.counters.clearBytes += content.count
        steps.append(.chunk(content, outward(direction)))
    }

    func recordArrived(
        _ record: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        let lane = lane(direction)
        if session.version >= 0x0304 || isEarlyRecord(record, direction) {
            return modernRecordArrived(record, direction, keys, &steps)
        }
        guard lane.hasChangedCipher else {
            return contentArrived(record[0], Array(record[5...]), direction, keys, &steps)
        }
        lane.encryptedRecordCount += 1
        noteEncryptedRecord(record, direction, &steps)
        if lane.cipher == nil { findLegacyKeys(keys) }
        guard lane.cipher != nil else { return waitForKeys(direction, &steps) }
        guard let content = lane.cipher!.open(record) else { return refused(direction, &steps) }
        opened(&steps)
        contentArrived(record[0], content, direction, keys, &steps)
    }

    /// Early data goes before the server's hello, in records that look like any of TLS 1.3.
    private func isEarlyRecord(_ record: [UInt8], _ direction: StreamDirection) -> Bool {
        direction == .toServer && record[0] == RecordType.applicationData && hello?.offersEarlyData == true
            && serverHello == nil && isEarlyDataAccepted == nil
    }

    /// A record was opened: the connection can be read.
    func opened(_ steps: inout [TLSStep]) {
        context.counters.openedRecords += 1
        guard !session.isReadable else { return }
        session.isReadable = true
        context.counters.readableConnections += 1
        announce(&steps)
    }

    /// The keys that should open a record do not: they are the wrong ones, or bytes were changed on their way.
    func refused(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        context.counters.refusedRecords += 1
        if session.isReadable {
            loseStep(direction, &steps)
        } else {
            markUnreadable(&steps)
            lane(direction).framing = .lost
        }
    }

    /// No keys for a record: they may come, or nothing can be done.
    func waitForKeys(_ direction: StreamDirection, _ steps: inout [TLSStep]) {
        if context.waitsForKeys, suite != nil, !isUnreadable {
            lane(direction).isHolding = true
            // It goes by once more.
            lane(direction).encryptedRecordCount -= 1
        } else if !isUnreadable {
            markUnreadable(&steps)
        }
    }

    /// The content of a record, opened where it had to be.
    func contentArrived(
        _ type: UInt8, _ content: [UInt8], _ direction: StreamDirection, _ keys: KeyLog, _ steps: inout [TLSStep]
    ) {
        let lane = lane(direction)
        switch type {
        case RecordType.changeCipherSpec: cipherChanged(direction, keys)
        case RecordType.alert: alertArrived(content, direction, &steps)
        case RecordType.handshake: handshakeArrived(content, direction, keys, &steps)
        case RecordType.applicationData:
            guard lane.cipher != nil else {
                // Encrypted, and the start of the encryption was not seen.
                lane.encryptedRecordCount += 1
                isHandshakeComplete = true
                if !isUnreadable { markUnreadable(&steps) }
                return
            }
            isHandshakeComplete = true
            guard !content.isEmpty, !lane.isEnded else { return }
            handOn(content, direction, keys, &steps)
        default: break
        }
    }

    /// RFC 8446, section 6: a level, which TLS 1.3 ignores, and a description.
    private func alertArrived(_ content: [UInt8], _ direction: StreamDirection, _ steps: inout [TLSStep]) {
        guard content.count == 2 else { return }
        switch content[1] {
        // close_notify ends this direction; user_canceled announces it.
        case 0: endLane(direction, &steps)
        case 90: break
        default:
            let isFatal = content[0] == 2 || session.version >= 0x0304
            if isFatal, !isHandshakeComplete { fail(alert: content[1], &steps) }
        }
    }
}
