import BatchFormat
import CallModel
import Runtime

// Sealing: the open batch becomes a file under its sequence, which never changes again. Only then does its journal go.

extension SpoolStore {
    /// Closes the open batch and publishes it. Does nothing when it holds no call.
    ///
    /// When the disk refuses, the batch stays in memory and in its journal, and `tick` or the next append tries again.
    public mutating func seal(at now: Instant) throws(SpoolError) {
        if open.builder.callCount > 0 {
            unpublished.append(encodeOpen(at: now))
            nextSequence += 1
        }
        try publishAll(at: now)
    }

    /// Lets nothing in while an earlier batch could not be published: memory would fill instead of the disk.
    mutating func settle(at now: Instant) throws(SpoolError) {
        guard !unpublished.isEmpty else { return }
        if let failure, !isDue(failure.at, configuration.retryInterval, at: now) {
            statistics.failedAppends += 1
            throw .disk(failure.error)
        }
        try publishAll(at: now)
    }

    mutating func publishAll(at now: Instant) throws(SpoolError) {
        while let batch = unpublished.first {
            do throws(DiskError) {
                try publish(batch, at: now)
            } catch {
                throw refused(error, at: now)
            }
            unpublished.removeFirst()
            failure = nil
        }
        reclaim(at: now)
    }

    /// Remembers what the disk refused.
    mutating func refused(_ error: DiskError, at now: Instant) -> SpoolError {
        failure = (error, now)
        statistics.diskErrors += 1
        return .disk(error)
    }

    private mutating func encodeOpen(at now: Instant) -> UnpublishedBatch {
        let batch = makeBatch(
            sequence: nextSequence, callCount: open.builder.callCount,
            payload: open.builder.sealed(compressionLevel: configuration.compressionLevel),
            ids: open.ids, places: open.places, at: now)
        open.ids = []
        open.places = []
        open.since = nil
        var result = batch
        result.journalFile = journal?.file
        result.journalByteCount = journal?.fileByteCount ?? 0
        // From here on it counts with the other files.
        storedByteCount += blocks(result.journalByteCount)
        journal = nil
        return result
    }

    func makeBatch(
        sequence: UInt64, callCount: Int, payload: [UInt8], ids: [BatchFileHead.IDRun], places: [ReplayPlace],
        at now: Instant
    ) -> UnpublishedBatch {
        var head = BatchFileHead(
            spoolID: spoolID, sequence: sequence, callCount: callCount, sealedAt: now,
            payloadByteCount: payload.count, payloadChecksum: checksum(of: payload), places: places, ids: ids,
            shedding: shedding(of: payload))
        let encodedHead = head.encoded()
        return UnpublishedBatch(
            head: head, encodedHead: encodedHead, payload: payload, journalFile: nil, journalByteCount: 0)
    }

    private func shedding(of payload: [UInt8]) -> BatchFileHead.Shedding {
        let offset = BatchReduction.payloadOffset(in: payload) ?? payload.count
        return BatchFileHead.Shedding(
            level: .whole, original: BatchChecksum(of: payload), metadataByteCount: offset,
            metadataChecksum: checksum(of: payload[..<offset]))
    }

    /// Puts the first that waits under its name for good. May be repeated after a failure: it goes on where that was.
    private mutating func publish(_ batch: UnpublishedBatch, at now: Instant) throws(DiskError) {
        let name = SpoolFile.batch(batch.head.sequence).name
        if !batch.isWritten {
            try writeDurably([batch.encodedHead, batch.payload], to: name)
            // It takes its room from now on, also should the next step fail.
            storedByteCount += blocks(batch.head.fileByteCount)
            unpublished[0].isWritten = true
        }
        try syncDirectory()
        sealed.append(Entry(batch.head, journal: .present))
        newestPublished = batch.head.sequence
        for place in batch.head.places {
            _ = publishedPlaces.note(
                place, sequence: batch.head.sequence, countMax: configuration.placeCountMax)
        }
        count(batch.head.callCount, batch.payload.count, entering: true)
        statistics.sealedBatches += 1
        statistics.sealedCalls += batch.head.callCount
        statistics.sealedBytes += batch.payload.count
        if let file = batch.journalFile { disk.close(file) }
        removeJournal(of: batch)
        // The names changed before are safe now; what follows may wait for the next batch, or for `keepHouse`.
        untidySince = now
        // The head kept so far as the newest may go now.
        if let head = done.last { noteExpiry(of: head, at: now) }
    }

    private mutating func removeJournal(of batch: UnpublishedBatch) {
        let (sequence, byteCount) = (batch.head.sequence, batch.journalByteCount)
        do throws(DiskError) {
            let name = SpoolFile.journal(sequence).name
            if batch.keepsJournal {
                try disk.rename(name, to: SpoolFile.badJournal(sequence).name)
                aside.append(Aside(file: .badJournal(sequence), byteCount: byteCount, hasPlaces: false))
                boundAside()
            } else {
                try disk.remove(name)
                storedByteCount -= blocks(byteCount)
            }
            if let index = index(of: sequence) { sealed[index].journal = .removed }
        } catch {
            statistics.diskErrors += 1
            staleJournals.append((sequence, byteCount))
        }
    }

    /// Writes a file beside its name, syncs it and gives it the name. The name itself is safe after `syncDirectory`.
    mutating func writeDurably(_ parts: [[UInt8]], to name: String) throws(DiskError) {
        let temporary = name + ".tmp"
        let file = try disk.create(temporary)
        // It was emptied, had one been left behind.
        storedByteCount -= blocks(staleTemporaries.removeValue(forKey: temporary) ?? 0)
        do throws(DiskError) {
            defer { disk.close(file) }
            try disk.write(parts, to: file, at: 0)
            try disk.sync(file)
            try disk.rename(temporary, to: name)
        } catch {
            if (try? disk.remove(temporary)) == nil {
                let byteCount = parts.reduce(0) { $0 + $1.count }
                staleTemporaries[temporary] = byteCount
                storedByteCount += blocks(byteCount)
            }
            throw error
        }
    }

    mutating func count(_ callCount: Int, _ byteCount: Int, entering: Bool) {
        let sign = entering ? 1 : -1
        backlog.batchCount += sign
        backlog.callCount += sign * callCount
        backlog.byteCount += sign * byteCount
    }
}
