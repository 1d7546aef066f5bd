import BatchFormat
import CallModel
import Runtime

// What becomes of a sealed batch: it is read, acknowledged or set aside; what is left of it goes when nothing can bring it back.

extension SpoolStore {
    /// The batch as it is sent, always the same bytes.
    ///
    /// Throws `.damaged` when they are not what was sealed: then it has been set aside. After `.disk` it is still offered.
    public mutating func read(_ sequence: UInt64, at now: Instant) throws(SpoolError) -> [UInt8] {
        guard let index = index(of: sequence), sealed[index].disposition == .offered else {
            throw .unknownBatch(sequence: sequence)
        }
        do throws(DiskError) {
            if let bytes = try read(sealed[index]) { return bytes }
            if try cutDamage(at: index), let bytes = try read(sealed[index]) { return bytes }
        } catch {
            throw refused(error, at: now)
        }
        let entry = sealed[index]
        statistics.damagedBatches += 1
        statistics.damagedCalls += entry.batch.callCount
        note(.damagedBatch(file: SpoolFile.batch(sequence).name, callCount: entry.batch.callCount))
        answer(at: index, .refused)
        move(index, to: .badBatch(sequence), at: now)
        throw .damaged(sequence: sequence)
    }

    /// Nil when the file does not read back as it was written.
    private func read(_ entry: Entry) throws(DiskError) -> [UInt8]? {
        let name = SpoolFile.batch(entry.batch.sequence).name
        if entry.isCut { return try readMetadata(of: entry, name) }
        let bytes = try disk.read(name, from: entry.headByteCount, byteCountMax: entry.batch.byteCount)
        guard bytes.count == entry.batch.byteCount, checksum(of: bytes) == entry.payloadChecksum else { return nil }
        return bytes
    }

    /// The batch without its payloads, from the part of its file that has a checksum of its own.
    func readMetadata(of entry: Entry, _ name: String) throws(DiskError) -> [UInt8]? {
        guard let shedding = entry.shedding, shedding.level == .whole else { return nil }
        let bytes = try disk.read(name, from: entry.headByteCount, byteCountMax: shedding.metadataByteCount)
        guard bytes.count == shedding.metadataByteCount, checksum(of: bytes) == shedding.metadataChecksum else {
            return nil
        }
        return (try? BatchReduction.reduce(bytes, to: .withoutPayloads, original: shedding.original))?.bytes
    }

    /// Gives up the payloads of a damaged batch when the rest of it is whole.
    private mutating func cutDamage(at index: Int) throws(DiskError) -> Bool {
        let entry = sealed[index]
        let name = SpoolFile.batch(entry.batch.sequence).name
        guard !entry.isCut, try readMetadata(of: entry, name) != nil else { return false }
        try cut(index)
        statistics.damagedPayloadBatches += 1
        note(.damagedPayloads(file: name, callCount: entry.batch.callCount))
        return true
    }

    /// The aggregator has it for good: it goes. False when no such batch is offered.
    @discardableResult
    public mutating func acknowledge(_ sequence: UInt64, at now: Instant) -> Bool {
        guard let index = index(of: sequence), sealed[index].disposition == .offered else { return false }
        statistics.acknowledgedBatches += 1
        statistics.acknowledgedCalls += sealed[index].batch.callCount
        answer(at: index, .acknowledged)
        noteUntidy(at: now)
        reclaim(at: now)
        return true
    }

    /// The aggregator will never take it: it is kept as `.refused` for somebody to look at, and not offered again.
    @discardableResult
    public mutating func setAside(_ sequence: UInt64, at now: Instant) -> Bool {
        guard let index = index(of: sequence), sealed[index].disposition == .offered else { return false }
        statistics.setAsideBatches += 1
        note(.setAside(file: SpoolFile.refused(sequence).name, callCount: sealed[index].batch.callCount))
        statistics.setAsideCalls += sealed[index].batch.callCount
        answer(at: index, .refused)
        noteUntidy(at: now)
        reclaim(at: now)
        return true
    }

    private mutating func answer(at index: Int, _ disposition: Entry.Disposition) {
        sealed[index].disposition = disposition
        count(sealed[index].batch.callCount, sealed[index].batch.byteCount, entering: false)
    }

    /// Removes what was answered and whose journal is gone for good. What the disk refuses now is tried again by `keepHouse`.
    mutating func reclaim(at now: Instant) {
        var index = 0
        while index < sealed.count {
            let entry = sealed[index]
            let isReleased: Bool =
                switch (entry.disposition, entry.journal) {
                case (.offered, _), (_, .present), (_, .removed): false
                case (.acknowledged, .gone): release(index, at: now)
                case (.refused, .gone): move(index, to: .refused(entry.batch.sequence), at: now)
                }
            if !isReleased { index += 1 }
        }
    }

    /// Removes an acknowledged batch, or all but its head while that is of use. False when the disk refused.
    private mutating func release(_ index: Int, at now: Instant) -> Bool {
        let entry = sealed[index]
        let sequence = entry.batch.sequence
        let name = SpoolFile.batch(sequence).name
        let head = Head(
            sequence: sequence, byteCount: entry.headByteCount, newestIDSecond: entry.newestIDSecond,
            hasPlaces: entry.hasPlaces)
        do throws(DiskError) {
            if head.hasPlaces || sequence == newestPublished || !areIDsOld(of: head, at: now) {
                // Its payload is cut away once the name is safe: cut short under its old name it would be a damaged batch.
                try disk.rename(name, to: SpoolFile.done(sequence).name)
                uncutHeads.append(head)
                done.append(head)
                storedByteCount += blocks(head.byteCount)
                noteExpiry(of: head, at: now)
            } else {
                try disk.remove(name)
            }
        } catch {
            statistics.diskErrors += 1
            return false
        }
        forget(index, at: now)
        return true
    }

    /// Sets a batch aside. False when the disk refused.
    @discardableResult
    private mutating func move(_ index: Int, to file: SpoolFile, at now: Instant) -> Bool {
        let entry = sealed[index]
        do throws(DiskError) {
            try disk.rename(SpoolFile.batch(entry.batch.sequence).name, to: file.name)
        } catch {
            statistics.diskErrors += 1
            return false
        }
        let byteCount = entry.fileByteCount
        aside.append(Aside(file: file, byteCount: byteCount, hasPlaces: entry.hasPlaces))
        storedByteCount += blocks(byteCount)
        forget(index, at: now)
        boundAside()
        return true
    }

    private mutating func forget(_ index: Int, at now: Instant) {
        let entry = sealed.remove(at: index)
        storedByteCount -= blocks(entry.fileByteCount)
        unsyncedRemovals.append(entry.batch.sequence)
        noteUntidy(at: now)
    }

    mutating func boundAside() {
        var byteCount = aside.reduce(0) { $0 + $1.byteCount }
        while aside.count > configuration.asideCountMax || byteCount > configuration.asideByteCountMax {
            let before = aside.count
            guard let oldest = aside.first, dropOldestAside(), aside.count < before else { return }
            byteCount -= oldest.byteCount
        }
    }

    /// Removes the oldest batch that was set aside; false when there is none that may go.
    mutating func dropOldestAside() -> Bool {
        guard let oldest = aside.first, oldest.file.sequence != newestPublished else { return false }
        do throws(DiskError) {
            if oldest.hasPlaces { try savePlaces() }
            try disk.remove(oldest.file.name)
        } catch {
            statistics.diskErrors += 1
            return false
        }
        aside.removeFirst()
        storedByteCount -= blocks(oldest.byteCount)
        statistics.droppedAsideBatches += 1
        note(.droppedAside(file: oldest.file.name))
        return true
    }

    /// Writes the places of all published batches, so that the files they came from may go.
    mutating func savePlaces() throws(DiskError) {
        try writeDurably([publishedPlaces.encoded()], to: SpoolFile.places.name)
        try syncDirectory()
    }

    func areIDsOld(of head: Head, at now: Instant) -> Bool {
        guard let second = head.newestIDSecond else { return true }
        return now.secondsSinceEpoch &- second > configuration.seenIDs.window.nanoseconds / 1_000_000_000
    }
}
