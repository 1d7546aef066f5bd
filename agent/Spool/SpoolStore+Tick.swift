import CallModel
import Runtime

// What happens by itself as time passes: syncing, sealing by age, trying again, tidying up.

extension SpoolStore {
    /// When `tick` has something to do; nil while nothing is open and nothing waits.
    public var nextDeadline: Instant? {
        guard !isClosed else { return nil }
        var deadlines: [Instant] = []
        if unpublished.isEmpty {
            if let since = open.since { deadlines.append(later(since + sealAge)) }
            if let since = journal?.unsyncedSince { deadlines.append(later(since + configuration.syncInterval)) }
        } else if let failure {
            deadlines.append(failure.at + configuration.retryInterval)
        }
        if let untidySince { deadlines.append(untidySince + configuration.syncInterval) }
        if let nextExpiry { deadlines.append(nextExpiry) }
        return deadlines.min()
    }

    /// A disk that refused is not asked again at once.
    private func later(_ deadline: Instant) -> Instant {
        guard let failure else { return deadline }
        return max(deadline, failure.at + configuration.retryInterval)
    }

    /// Does what is due. What the disk refuses stays due and is counted; `level.failure` tells of it.
    public mutating func tick(at now: Instant) {
        guard !isClosed else { return }
        let mayAsk = failure.map { isDue($0.at, configuration.retryInterval, at: now) } ?? true
        if mayAsk {
            let isOld = open.since.map { isDue($0, sealAge, at: now) } ?? false
            if !unpublished.isEmpty || isOld {
                _ = try? seal(at: now)
            } else if let since = journal?.unsyncedSince, isDue(since, configuration.syncInterval, at: now) {
                sync(at: now)
            }
        }
        if let since = untidySince, isDue(since, configuration.syncInterval, at: now) { keepHouse(at: now) }
        if let nextExpiry, nextExpiry <= now { expireHeads(at: now) }
    }

    /// Makes every call appended so far safe from a loss of power. False when the disk refused.
    @discardableResult
    public mutating func sync(at now: Instant) -> Bool {
        guard let journal, journal.unsyncedSince != nil else { return unpublished.isEmpty }
        do throws(DiskError) {
            try disk.sync(journal.file)
            if !journal.isNameDurable { try syncDirectory() }
            self.journal?.unsyncedSince = nil
            self.journal?.isNameDurable = true
            statistics.syncs += 1
            return true
        } catch {
            _ = refused(error, at: now)
            // The kernel may have given up the pages and call them clean from now on (Linux since 4.13 reports the error once).
            // What is in memory is whole: write it all anew.
            return (try? seal(at: now)) != nil && open.builder.callCount == 0 && open.places.isEmpty
        }
    }

    /// Seals and syncs what is open and takes no more. What could not be sealed lies in the journal.
    public mutating func close(at now: Instant) throws(SpoolError) {
        guard !isClosed else { return }
        defer {
            if let journal { disk.close(journal.file) }
            for batch in unpublished { if let file = batch.journalFile { disk.close(file) } }
            isClosed = true
        }
        do throws(SpoolError) {
            try seal(at: now)
        } catch {
            for batch in unpublished { if let file = batch.journalFile { try? disk.sync(file) } }
            throw error
        }
        guard sync(at: now) else { throw failure.map { .disk($0.error) } ?? .closed }
        // Twice: what the first removes, the second makes durable.
        keepHouse(at: now)
        keepHouse(at: now)
    }

    mutating func noteUntidy(at now: Instant) { untidySince = untidySince ?? now }

    /// Syncs names, removes what was answered and what could not be removed before.
    mutating func keepHouse(at now: Instant) {
        do throws(DiskError) {
            while let (sequence, byteCount) = staleJournals.last {
                try disk.remove(SpoolFile.journal(sequence).name)
                staleJournals.removeLast()
                storedByteCount -= blocks(byteCount)
                if let index = index(of: sequence) { sealed[index].journal = .removed }
            }
            while let (name, byteCount) = staleTemporaries.first {
                try disk.remove(name)
                staleTemporaries[name] = nil
                storedByteCount -= blocks(byteCount)
            }
            try syncDirectory()
            untidySince = nil
            reclaim(at: now)
            if sealed.contains(where: { $0.disposition != .offered }) { noteUntidy(at: now) }
        } catch {
            statistics.diskErrors += 1
            untidySince = now
        }
    }

    /// Names are safe: what was removed stays removed.
    mutating func syncDirectory() throws(DiskError) {
        try disk.syncDirectory()
        for index in sealed.indices where sealed[index].journal == .removed { sealed[index].journal = .gone }
        unsyncedRemovals.removeAll()
        journal?.isNameDurable = true
        for head in uncutHeads { try? disk.truncate(SpoolFile.done(head.sequence).name, to: head.byteCount) }
        uncutHeads.removeAll()
    }

    mutating func noteExpiry(of head: Head, at now: Instant) {
        let window = configuration.seenIDs.window + .seconds(1)
        let expiry = Instant(secondsSinceEpoch: head.newestIDSecond ?? 0) + window
        // At leisure, many at a time.
        let soonest = max(expiry, now + .seconds(10))
        nextExpiry = min(nextExpiry ?? soonest, soonest)
    }

    /// Removes heads that suppress nothing any more.
    mutating func expireHeads(at now: Instant) {
        nextExpiry = nil
        let isOld = { [newestPublished, self] (head: Head) in
            head.sequence < newestPublished && areIDsOld(of: head, at: now)
        }
        let old = done.filter(isOld)
        do throws(DiskError) {
            if old.contains(where: \.hasPlaces) { try savePlaces() }
            for head in old {
                try disk.remove(SpoolFile.done(head.sequence).name)
                storedByteCount -= blocks(head.byteCount)
                done.removeAll { $0.sequence == head.sequence }
                noteUntidy(at: now)
            }
        } catch {
            statistics.diskErrors += 1
        }
        for head in done where head.sequence < newestPublished { noteExpiry(of: head, at: now) }
    }
}
