import BatchFormat
import CallModel
import Compression
import Deduplication
import Runtime

// Opening: what lies in the directory says everything. Nothing is offered before all of it is safe.

extension SpoolStore {
    /// Opens the spool in a directory, or makes one there.
    ///
    /// - Parameters:
    ///   - catalogueVersion: of the partners and routes by which calls are named from now on.
    ///   - generator: makes the spool's id, where it is new.
    public static func open(
        _ disk: D, configuration: SpoolConfiguration = SpoolConfiguration(), catalogueVersion: String,
        using generator: inout some RandomNumberGenerator, at now: Instant
    ) throws(SpoolError) -> SpoolStore {
        do throws(DiskError) {
            let found = try FoundFiles(disk)
            let fresh = SpoolID(using: &generator)
            let spoolID = try Self.identify(disk, found, fresh: fresh)
            guard let spoolID else {
                throw SpoolOpening.unknownFormat
            }
            var store = SpoolStore(
                spoolID: spoolID, disk: disk, configuration: configuration.checked(), catalogueVersion: catalogueVersion
            )
            try store.recover(found, at: now)
            return store
        } catch {
            if error == SpoolOpening.unknownFormat { throw .unknownFormat("spool.id") }
            throw .disk(error)
        }
    }

    /// The spool's id: written down, or told by a batch, or `fresh`. Nil when a newer release wrote it.
    ///
    /// An id without any trace of a batch is replaced too: nothing would tell which of its sequences were used.
    private static func identify(_ disk: D, _ found: FoundFiles, fresh: SpoolID) throws(DiskError) -> SpoolID? {
        var spoolID = fresh
        if found.hasTraces {
            let text = found.hasID ? try disk.read(SpoolFile.id.name, from: 0, byteCountMax: 256) : []
            switch IDFile.read(text) {
            case .id(let written): return written
            case .newer: return nil
            case .unreadable:
                for file in found.batches.reversed() + found.done.reversed() {
                    guard let head = try readHead(disk, file.name) else { continue }
                    spoolID = head.spoolID
                    break
                }
            }
        }
        let temporary = SpoolFile.id.name + ".tmp"
        let file = try disk.create(temporary)
        defer { disk.close(file) }
        try disk.write([IDFile.text(of: spoolID)], to: file, at: 0)
        try disk.sync(file)
        try disk.rename(temporary, to: SpoolFile.id.name)
        try disk.syncDirectory()
        return spoolID
    }

    private mutating func recover(_ found: FoundFiles, at now: Instant) throws(DiskError) {
        for name in found.temporaries { try disk.remove(name) }
        try recoverPlaces(found)
        let journals = Set(found.journals.compactMap { SpoolFile(name: $0.name)?.sequence })
        try recoverHeads(found, at: now)
        for file in found.batches { try recoverBatch(file, hasJournal: journals.contains(file.sequence), at: now) }
        newestPublished = found.publishedSequences.max() ?? 0
        for file in found.journals {
            nextSequence = max(nextSequence, file.sequence &+ 1)
            try recoverJournal(file, at: now)
        }
        nextSequence = max(nextSequence, newestPublished &+ 1)
        places = publishedPlaces
        for batch in unpublished {
            for place in batch.head.places {
                _ = places.note(place, sequence: batch.head.sequence, countMax: configuration.placeCountMax)
            }
        }
        // A process that was killed may have left names that are not safe yet.
        try syncDirectory()
        untidySince = now
        for head in done { noteExpiry(of: head, at: now) }
        // A full disk is no reason not to start: the calls stay in memory and in their journal until there is room.
        _ = try? publishAll(at: now)
    }

    private mutating func recoverPlaces(_ found: FoundFiles) throws(DiskError) {
        guard found.hasPlaces else { return }
        let bytes = try disk.read(SpoolFile.places.name, from: 0, byteCountMax: 1 << 20)
        guard let places = ReplayPlaces(bytes) else {
            statistics.lostPlaces += 1
            return
        }
        publishedPlaces = places
    }

    /// Acknowledged batches, and those set aside.
    private mutating func recoverHeads(_ found: FoundFiles, at now: Instant) throws(DiskError) {
        for file in found.done {
            let head = try Self.readHead(disk, file.name)
            if let head { adopt(head) }
            let byteCount = min(head?.byteCount ?? file.byteCount, file.byteCount)
            if byteCount < file.byteCount { try disk.truncate(file.name, to: byteCount) }
            done.append(
                Head(
                    sequence: file.sequence, byteCount: byteCount, newestIDSecond: head?.newestIDSecond,
                    hasPlaces: !(head?.places.isEmpty ?? true)))
            storedByteCount += blocks(byteCount)
        }
        for file in found.aside {
            let head = try Self.readHead(disk, file.name)
            if let head { adopt(head) }
            guard let kind = SpoolFile(name: file.name) else { continue }
            aside.append(
                Aside(file: kind, byteCount: file.byteCount, hasPlaces: !(head?.places.isEmpty ?? true)))
            storedByteCount += blocks(file.byteCount)
        }
    }

    private mutating func recoverBatch(
        _ file: FoundFiles.Found, hasJournal: Bool, at now: Instant
    ) throws(DiskError) {
        let head = try Self.readHead(disk, file.name)
        guard let head, head.sequence == file.sequence, head.spoolID == spoolID,
            let entry = try entry(head, file, hasJournal: hasJournal)
        else {
            statistics.damagedBatches += 1
            statistics.damagedCalls += head?.callCount ?? 0
            note(.damagedBatch(file: file.name, callCount: head?.callCount))
            try disk.rename(file.name, to: SpoolFile.badBatch(file.sequence).name)
            aside.append(Aside(file: .badBatch(file.sequence), byteCount: file.byteCount, hasPlaces: false))
            storedByteCount += blocks(file.byteCount)
            return
        }
        adopt(head)
        sealed.append(entry)
        storedByteCount += blocks(entry.fileByteCount)
        count(head.callCount, head.payloadByteCount, entering: true)
    }

    /// Nil when the file is not what its head says, and cannot be made what is left of it.
    private mutating func entry(
        _ head: BatchFileHead, _ file: FoundFiles.Found, hasJournal: Bool
    ) throws(DiskError) -> Entry? {
        var entry = Entry(head, journal: .removed)
        if head.fileByteCount == file.byteCount {
            // Checking every payload could take minutes: `read` does it. But a journal that could replace it is about to go.
            guard hasJournal else { return entry }
            let payload = try disk.read(file.name, from: head.byteCount, byteCountMax: head.payloadByteCount)
            if payload.count == head.payloadByteCount, checksum(of: payload) == head.payloadChecksum { return entry }
        }
        entry.isCut = true
        let isCut = file.byteCount == entry.fileByteCount
        // A damaged one that has its journal can be made anew from that, whole.
        guard isCut || !hasJournal, try readMetadata(of: entry, file.name) != nil else { return nil }
        if !isCut {
            statistics.damagedPayloadBatches += 1
            note(.damagedPayloads(file: file.name, callCount: head.callCount))
            try disk.truncate(file.name, to: entry.fileByteCount)
        }
        return entry
    }

    /// Its ids are remembered, its places are known.
    private mutating func adopt(_ head: BatchFileHead) {
        for run in head.ids {
            for hash in run.hashes { _ = seen.insert(hash, at: Instant(secondsSinceEpoch: run.second)) }
        }
        for place in head.places {
            _ = publishedPlaces.note(place, sequence: head.sequence, countMax: configuration.placeCountMax)
        }
    }

    static func readHead(_ disk: D, _ name: String) throws(DiskError) -> BatchFileHead? {
        var bytes = try disk.read(name, from: 0, byteCountMax: 4_096)
        guard let byteCount = BatchFileHead.byteCount(from: bytes) else { return nil }
        if byteCount > bytes.count { bytes = try disk.read(name, from: 0, byteCountMax: byteCount) }
        return BatchFileHead(bytes)
    }
}

/// The spool's format and id as text, for people too.
enum IDFile {
    enum Contents: Equatable {
        case id(SpoolID)
        case newer
        case unreadable
    }

    static func text(of spoolID: SpoolID) -> [UInt8] { Array("farwatch spool 1\n\(spoolID.hex)\n".utf8) }

    static func read(_ bytes: [UInt8]) -> Contents {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard lines.count == 3, let first = lines.first else { return .unreadable }
        let title = String(decoding: first, as: UTF8.self)
        guard title == "farwatch spool 1" else { return title.hasPrefix("farwatch spool ") ? .newer : .unreadable }
        return SpoolID(hex: String(decoding: lines[1], as: UTF8.self)).map(Contents.id) ?? .unreadable
    }
}

/// Not an error of the disk, but one that ends opening all the same.
private enum SpoolOpening {
    static let unknownFormat = DiskError(operation: "understand", file: "spool.id", number: 0)
}
