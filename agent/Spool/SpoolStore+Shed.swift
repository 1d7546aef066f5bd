import BatchFormat
import CallModel
import Runtime

// Shedding: what the spool gives up when its bound is reached, so that it never has to refuse a call whose count it can keep.

extension SpoolStore {
    /// Makes room for so many bytes: payloads go first, then successful calls, then the others; of what goes the counts stay, in
    /// the same batch. Always the oldest first. False when there is nothing left to give up.
    mutating func shed(_ needed: Int) -> Bool {
        // A little more at once, so that not every append comes here.
        let enough = configuration.byteCountMax - needed - configuration.byteCountMax / 64
        for level in [BatchReduction.Level.withoutPayloads, .failuresAndCounts, .counts] {
            var index = index(ofFirstAfter: max(shedFrom[Int(level.rawValue)], 1) - 1)
            while index < sealed.count, storedByteCount > enough {
                let sequence = sealed[index].batch.sequence
                if sealed[index].disposition == .offered, sealed[index].level < level {
                    do throws(DiskError) {
                        try reduce(index, to: level)
                    } catch {
                        statistics.diskErrors += 1
                        return storedByteCount + needed <= configuration.byteCountMax
                    }
                }
                shedFrom[Int(level.rawValue)] = sequence + 1
                index = self.index(ofFirstAfter: sequence)
            }
            if storedByteCount <= enough { return true }
        }
        return storedByteCount + needed <= configuration.byteCountMax
    }

    private mutating func reduce(_ index: Int, to level: BatchReduction.Level) throws(DiskError) {
        guard let shedding = sealed[index].shedding else { return }  // Written by an older release: it stays as it is.
        if level == .withoutPayloads {
            guard shedding.metadataByteCount < sealed[index].batch.byteCount else { return }
            statistics.shedPayloadBatches += 1
            statistics.shedPayloadCalls += sealed[index].batch.callCount
            return try cut(index)
        }
        let name = SpoolFile.batch(sealed[index].batch.sequence).name
        let bytes = try disk.read(name, from: sealed[index].headByteCount, byteCountMax: sealed[index].storedByteCount)
        let isWhole =
            sealed[index].isCut
            ? checksum(of: bytes) == shedding.metadataChecksum : checksum(of: bytes) == sealed[index].payloadChecksum
        // A damaged one is found out by `read`, which says so.
        guard isWhole,
            let reduced = try? BatchReduction.reduce(
                bytes, to: level, original: shedding.original, compressionLevel: configuration.compressionLevel)
        else { return }
        try replace(index, with: reduced, level, shedding.original)
    }

    /// Cuts the payloads off. Needs no room; and should power go before the cut is safe, the batch is whole again.
    mutating func cut(_ index: Int) throws(DiskError) {
        var entry = sealed[index]
        storedByteCount -= blocks(entry.fileByteCount)
        defer { storedByteCount += blocks(sealed[index].fileByteCount) }
        entry.isCut = true
        try disk.truncate(SpoolFile.batch(entry.batch.sequence).name, to: entry.fileByteCount)
        sealed[index] = entry
    }

    /// Writes what is left in the place of the file. Should power go before the name is safe, there is more again.
    private mutating func replace(
        _ index: Int, with reduced: BatchReduction.Reduced, _ level: BatchReduction.Level, _ original: BatchChecksum
    ) throws(DiskError) {
        let name = SpoolFile.batch(sealed[index].batch.sequence).name
        guard var head = try Self.readHead(disk, name) else { return }
        let old = sealed[index]
        head.callCount = reduced.callCount
        head.payloadByteCount = reduced.bytes.count
        head.payloadChecksum = checksum(of: reduced.bytes)
        head.shedding = BatchFileHead.Shedding(
            level: level, original: original, metadataByteCount: reduced.bytes.count,
            metadataChecksum: head.payloadChecksum)
        let encoded = head.encoded()
        // The open journal takes room as well.
        guard diskByteCount + blocks(head.fileByteCount) <= configuration.byteCountMax else { return }
        try writeDurably([encoded, reduced.bytes], to: name)
        var entry = Entry(head, journal: old.journal)
        entry.disposition = old.disposition
        sealed[index] = entry
        storedByteCount += blocks(entry.fileByteCount) - blocks(old.fileByteCount)
        count(old.batch.callCount, old.batch.byteCount, entering: false)
        count(entry.batch.callCount, entry.batch.byteCount, entering: true)
        statistics.shedCalls += reduced.shedCallCount
    }

    /// Room kept free, in which what is left of a batch is written beside the batch itself.
    var shedReserve: Int { min(1 << 20, configuration.byteCountMax / 16) }

    /// Keeps what somebody should hear of, for `takeNotices`.
    mutating func note(_ notice: SpoolNotice) {
        if notices.count == Self.noticeCountMax { notices.removeFirst() }
        notices.append(notice)
    }

    private static var noticeCountMax: Int { 64 }

    /// What happened since the last call that an operator should know.
    public mutating func takeNotices() -> [SpoolNotice] {
        defer { notices = [] }
        return notices
    }
}

/// A loss, or what may become one, with the file it concerns.
public enum SpoolNotice: Sendable, Hashable {
    /// The batch is lost but for its file, which is kept aside. How many calls it held is unknown when its head is damaged too.
    case damagedBatch(file: String, callCount: Int?)
    /// The payloads of its calls are lost, the calls are not.
    case damagedPayloads(file: String, callCount: Int)
    /// Bytes in the middle of a journal are lost; records behind them were saved.
    case damagedJournal(file: String, byteCount: Int)
    /// The aggregator refused it for good.
    case setAside(file: String, callCount: Int)
    /// The oldest of those set aside made room.
    case droppedAside(file: String)
}

extension SpoolNotice: CustomStringConvertible {
    public var description: String {
        switch self {
        case .damagedBatch(let file, let callCount?):
            "\(file) is damaged: its \(callCount) calls are lost, the file is kept as .bad"
        case .damagedBatch(let file, nil): "\(file) is damaged, its head too: the file is kept as .bad"
        case .damagedPayloads(let file, let callCount):
            "\(file) is damaged: the bodies and headers of \(callCount) calls are lost, the calls are not"
        case .damagedJournal(let file, let byteCount):
            "\(file) is damaged: \(byteCount) bytes of it are lost, the rest was saved"
        case .setAside(let file, let callCount):
            "the aggregator refuses a batch of \(callCount) calls for good: it is kept as \(file)"
        case .droppedAside(let file): "\(file), set aside earlier, was removed to make room"
        }
    }
}
