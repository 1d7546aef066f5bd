import BatchFormat
import CallModel
import Deduplication
import Runtime

// Recovering a journal: its calls become a batch under the journal's own sequence, which was never published.

/// The files of a spool's directory, by kind and in order of sequence. Others are left alone.
struct FoundFiles {
    struct Found {
        var name: String
        var sequence: UInt64
        var byteCount: Int
    }

    var hasID = false
    var hasPlaces = false
    var temporaries: [String] = []
    var journals: [Found] = []
    var batches: [Found] = []
    var done: [Found] = []
    var aside: [Found] = []

    init(_ disk: some Disk) throws(DiskError) {
        for (name, byteCount) in try disk.list() {
            guard let file = SpoolFile(name: name) else { continue }
            let found = Found(name: name, sequence: file.sequence ?? 0, byteCount: byteCount)
            switch file {
            case .id: hasID = true
            case .places: hasPlaces = true
            case .temporary: temporaries.append(name)
            case .journal: journals.append(found)
            case .batch: batches.append(found)
            case .done: done.append(found)
            case .refused, .badBatch, .badJournal: aside.append(found)
            }
        }
        journals.sort { $0.sequence < $1.sequence }
        batches.sort { $0.sequence < $1.sequence }
        done.sort { $0.sequence < $1.sequence }
        aside.sort { $0.sequence < $1.sequence }
    }

    /// Whether anything is left that tells which sequences were used.
    var hasTraces: Bool { !(journals.isEmpty && batches.isEmpty && done.isEmpty && aside.isEmpty) }

    /// Sequences under which something was published.
    var publishedSequences: [UInt64] { (batches + done + aside).map(\.sequence) }
}

extension SpoolStore {
    mutating func recoverJournal(_ file: FoundFiles.Found, at now: Instant) throws(DiskError) {
        // Its batch was published: only the removal is missing.
        let wasPublished =
            index(of: file.sequence) != nil || done.contains { $0.sequence == file.sequence }
            || aside.contains { $0.file == .refused(file.sequence) || $0.file == .badJournal(file.sequence) }
        if wasPublished { return try disk.remove(file.name) }
        let bytes = try disk.read(file.name, from: 0, byteCountMax: 256 << 20)
        let contents = JournalFile.read(bytes, sequence: file.sequence)
        if contents.goesOnBehind {
            statistics.damagedJournalBytes += contents.lostByteCount
            note(.damagedJournal(file: file.name, byteCount: contents.lostByteCount))
        } else if contents.lostByteCount > 0 {
            statistics.tornJournals += 1
            statistics.tornBytes += contents.lostByteCount
        }
        var recovered = RecoveredJournal(contents, catalogueVersion: catalogueVersion)
        statistics.recoveredCalls += recovered.builder.callCount
        if recovered.hasUnreadable { statistics.unreadableJournals += 1 }
        for run in recovered.ids {
            for hash in run.hashes { _ = seen.insert(hash, at: Instant(secondsSinceEpoch: run.second)) }
        }
        guard recovered.builder.callCount > 0 else {
            return try dropEmptyJournal(file, recovered)
        }
        let callCount = recovered.builder.callCount
        var batch = makeBatch(
            sequence: file.sequence, callCount: callCount,
            payload: recovered.builder.sealed(compressionLevel: configuration.compressionLevel), ids: recovered.ids,
            places: recovered.places, at: now)
        batch.journalByteCount = file.byteCount
        batch.keepsJournal = recovered.hasUnreadable
        storedByteCount += blocks(file.byteCount)
        unpublished.append(batch)
    }

    /// A journal without calls may still have moved a replay's place.
    private mutating func dropEmptyJournal(
        _ file: FoundFiles.Found, _ recovered: RecoveredJournal
    ) throws(DiskError) {
        for place in recovered.places {
            _ = publishedPlaces.note(place, sequence: file.sequence, countMax: configuration.placeCountMax)
        }
        if !recovered.places.isEmpty { try savePlaces() }
        guard recovered.hasUnreadable else { return try disk.remove(file.name) }
        try disk.rename(file.name, to: SpoolFile.badJournal(file.sequence).name)
        aside.append(Aside(file: .badJournal(file.sequence), byteCount: file.byteCount, hasPlaces: false))
        storedByteCount += blocks(file.byteCount)
    }
}

/// What can be made of a journal's records.
private struct RecoveredJournal {
    var builder: BatchBuilder
    var ids: [BatchFileHead.IDRun] = []
    var places: [ReplayPlace] = []
    /// Records that are whole and yet no batch that is read here.
    var hasUnreadable = false

    init(_ contents: JournalFile.Contents, catalogueVersion: String) {
        var builder: BatchBuilder?
        for record in contents.records {
            if let place = record.place {
                places.removeAll { $0.key == place.key }
                places.append(place)
            }
            guard !record.payload.isEmpty else { continue }
            guard let reader = try? BatchReader(Array(record.payload)), let calls = try? reader.calls() else {
                hasUnreadable = true
                continue
            }
            // All records of a journal were named by one catalogue: another begins another batch.
            if builder == nil { builder = BatchBuilder(catalogueVersion: reader.catalogueVersion) }
            for call in calls { builder?.append(call) }
            let hashes = calls.compactMap { $0.id.map(suppliedIDHash) }
            if !hashes.isEmpty { ids.append(BatchFileHead.IDRun(second: record.second, hashes: hashes)) }
        }
        self.builder = builder ?? BatchBuilder(catalogueVersion: catalogueVersion)
    }
}
