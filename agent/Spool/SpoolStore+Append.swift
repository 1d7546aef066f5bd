import BatchFormat
import CallModel
import Deduplication
import Runtime

// Appending: calls go into the journal with one write, and then into the open batch in memory.

extension SpoolStore {
    /// Keeps the calls, or throws and keeps none of them.
    ///
    /// Calls with a supplied id that came within the last ten minutes, or earlier in `calls`, are left out and counted.
    ///
    /// - Parameter place: how far the replay has got with these calls; kept together with them.
    public mutating func append(
        _ calls: [APICall], place: ReplayPlace? = nil, at now: Instant
    ) throws(SpoolError) -> AppendResult {
        try append(group: [(calls, nil)], place: place, at: now)[0]
    }

    /// The same for several senders at once, with one write: all are kept, or none.
    public mutating func append(
        group: [(calls: [APICall], encoded: EncodedCalls?)], place: ReplayPlace? = nil, at now: Instant
    ) throws(SpoolError) -> [AppendResult] {
        guard !isClosed else { throw .closed }
        try settle(at: now)
        var encoded = try encode(group, at: now)
        guard encoded.keptCount > 0 || place != nil else {
            statistics.suppressedCalls += encoded.suppressedCount
            return encoded.results
        }
        do throws(SpoolError) {
            if open.builder.callCount > 0,
                open.builder.callCount + encoded.keptCount > configuration.batchCallCountMax
            {
                try seal(at: now)
            }
            try makeRoom(for: encoded.payload.count, callCount: encoded.keptCount)
            try writeRecord(encoded.payload, place: place, at: now)
        } catch {
            if case .disk = error { statistics.failedCalls += encoded.keptCount }
            recordBuilder.removeAll()
            for hash in encoded.hashes { seen.remove(hash) }
            throw error
        }
        encoded.payload = []
        adopt(encoded, place: place, at: now)
        return encoded.results
    }

    /// Other bounds from now on; what lies on disk stays until an append needs its room. The window of ids stays what it was.
    public mutating func use(_ configuration: SpoolConfiguration) { self.configuration = configuration.checked() }

    /// Calls named by another catalogue go into another batch.
    public mutating func setCatalogueVersion(_ version: String, at now: Instant) throws(SpoolError) {
        guard version != catalogueVersion else { return }
        try seal(at: now)
        catalogueVersion = version
        open.builder = BatchBuilder(catalogueVersion: version)
        recordBuilder = BatchBuilder(catalogueVersion: version)
    }

    private struct EncodedAppend {
        var payload: [UInt8] = []
        var results: [AppendResult] = []
        var hashes: [UInt64] = []
        var keptCount = 0
        var suppressedCount = 0
    }

    /// Encodes what is new, and remembers its ids. The calls stay in `recordBuilder` until they are adopted or refused.
    private mutating func encode(
        _ group: [(calls: [APICall], encoded: EncodedCalls?)], at now: Instant
    ) throws(SpoolError) -> EncodedAppend {
        let callCount = group.reduce(0) { $0 + $1.calls.count + ($1.encoded?.callCount ?? 0) }
        guard callCount <= configuration.appendCallCountMax else { throw .tooLarge(callCount: callCount, byteCount: 0) }
        var encoded = EncodedAppend()
        for (given, columns) in group {
            var calls = given
            var suppressed = 0
            var takenCount = 0
            if var columns {
                takenCount = columns.callCount
                if remember(columns.idHashes, at: now) {
                    encoded.hashes += columns.idHashes
                    recordBuilder.take(&columns.batch)
                } else {
                    // One of them came before: which, the calls themselves tell.
                    calls += try columns.decoded()
                    takenCount = 0
                }
            }
            // By index: a loop over the calls themselves copies each.
            for index in calls.indices {
                if let id = calls[index].id {
                    let hash = suppliedIDHash(id)
                    guard seen.insert(hash, at: now) else {
                        suppressed += 1
                        continue
                    }
                    encoded.hashes.append(hash)
                }
                recordBuilder.append(calls[index])
            }
            encoded.suppressedCount += suppressed
            encoded.results.append(
                AppendResult(acceptedCount: takenCount + calls.count - suppressed, suppressedCount: suppressed))
        }
        encoded.keptCount = recordBuilder.callCount
        statistics.evictedIDs = seen.evictedCount
        let byteCount = recordBuilder.byteCountEstimate
        if encoded.keptCount > 0 { encoded.payload = recordBuilder.journalRecord() }
        guard max(byteCount, encoded.payload.count) <= configuration.appendByteCountMax else {
            recordBuilder.removeAll()
            for hash in encoded.hashes { seen.remove(hash) }
            throw .tooLarge(callCount: callCount, byteCount: byteCount)
        }
        return encoded
    }

    /// Whether all ids are new; if not, none is remembered.
    private mutating func remember(_ hashes: [UInt64], at now: Instant) -> Bool {
        for index in hashes.indices {
            guard !seen.insert(hashes[index], at: now) else { continue }
            for earlier in hashes[..<index] { seen.remove(earlier) }
            return false
        }
        return true
    }

    /// Holds the bound on disk, with room to seal what is open: first what was set aside goes, then the spool sheds. Only when
    /// nothing is left to shed are senders told to wait.
    private mutating func makeRoom(for byteCount: Int, callCount: Int) throws(SpoolError) {
        // Journal and batch are both there while a batch is sealed; so are the two small files, and the second when it is replaced.
        let open = 2 * (blocks(byteCount) + blocks(journal?.byteCount ?? 0))
        let needed = open + 8_192 + 2 * blocks(publishedPlaces.places.count * 300) + shedReserve
        while storedByteCount + needed > configuration.byteCountMax, dropOldestAside() {}
        guard storedByteCount + needed <= configuration.byteCountMax || shed(needed) else {
            statistics.fullAppends += 1
            statistics.fullCalls += callCount
            throw .full(byteCount: diskByteCount, byteCountMax: configuration.byteCountMax)
        }
    }

    private mutating func writeRecord(_ payload: [UInt8], place: ReplayPlace?, at now: Instant) throws(SpoolError) {
        do throws(DiskError) {
            if self.journal == nil { self.journal = try createJournal(at: now) }
            guard var journal = self.journal else { return }
            try cutTail(of: &journal)
            let header = journal.byteCount == 0 ? JournalFile.header(sequence: journal.sequence) : []
            let head = JournalFile.recordHead(
                payload: payload, place: place, second: now.secondsSinceEpoch, sequence: journal.sequence,
                offset: journal.byteCount + header.count)
            // Should this fail, what it left behind is cut away, now or before the next write: nothing may follow it.
            self.journal?.tailByteCount = header.count + head.count + payload.count
            do throws(DiskError) {
                try disk.write([header, head, payload], to: journal.file, at: journal.byteCount)
            } catch {
                if (try? disk.truncate(journal.file.name, to: journal.byteCount)) != nil {
                    self.journal?.tailByteCount = 0
                }
                throw error
            }
            journal.byteCount += header.count + head.count + payload.count
            journal.unsyncedSince = journal.unsyncedSince ?? now
            self.journal = journal
            statistics.journalBytes += header.count + head.count + payload.count
            failure = nil
        } catch {
            statistics.failedAppends += 1
            throw refused(error, at: now)
        }
    }

    private mutating func createJournal(at now: Instant) throws(DiskError) -> OpenJournal {
        let journal = OpenJournal(
            file: try disk.create(SpoolFile.journal(nextSequence).name), sequence: nextSequence)
        noteUntidy(at: now)
        return journal
    }

    private func cutTail(of journal: inout OpenJournal) throws(DiskError) {
        guard journal.tailByteCount > 0 else { return }
        try disk.truncate(journal.file.name, to: journal.byteCount)
        journal.tailByteCount = 0
    }

    /// Takes what is now in the journal into the open batch, and seals that when it is large enough.
    private mutating func adopt(_ encoded: EncodedAppend, place: ReplayPlace?, at now: Instant) {
        open.builder.take(&recordBuilder)
        open.note(encoded.hashes, second: now.secondsSinceEpoch)
        if let place {
            open.note(place)
            statistics.evictedPlaces += places.note(
                place, sequence: nextSequence, countMax: configuration.placeCountMax)
        }
        if encoded.keptCount > 0, open.since == nil { open.since = now }
        statistics.appendedCalls += encoded.keptCount
        statistics.suppressedCalls += encoded.suppressedCount
        let isLarge =
            open.builder.callCount >= configuration.batchCallCountMax
            || open.builder.byteCountEstimate >= configuration.batchByteCountMax
        // The calls are safe in the journal. Should sealing fail, `failure` says so and it is tried again.
        if isLarge { _ = try? seal(at: now) }
    }
}

extension EncodedCalls {
    /// As calls, for what cannot be done with columns. It costs what the columns saved, and is rare.
    func decoded() throws(SpoolError) -> [APICall] {
        do throws(BatchError) {
            return try BatchReader(batch.journalRecord()).calls()
        } catch {
            // They were written a moment ago, so this cannot be; and what cannot be read must not be acknowledged.
            throw .tooLarge(callCount: callCount, byteCount: batch.byteCountEstimate)
        }
    }
}
