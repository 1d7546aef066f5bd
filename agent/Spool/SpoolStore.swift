import BatchFormat
import CallModel
import Deduplication
import Runtime

/// A bounded queue of calls on disk that survives crashes: append, read, acknowledge.
///
/// Calls are appended to a *journal*, one record an append, and collected in memory. When enough of them or old enough, they are
/// *sealed*: written as one batch, compressed, under a sequence of its own, after which the journal goes. A sealed batch never
/// changes and is offered until it is *acknowledged* (or set aside). docs/formats/spool.md describes the files.
///
/// What holds, whatever fails and whenever the process or the host stops:
/// - An append that returned survives the process at once, and a loss of power after `syncInterval` at the latest.
/// - An append that threw is not kept (unless the process ends within it: then it is kept whole or not at all).
/// - No sequence is used for two contents. The newest published batch leaves its head behind when it is acknowledged, so that
///   the next sequence is always known; a directory without any trace of a batch gets a new spool id.
/// - A batch is gone for good only once its journal is gone for good, so that no call comes back under a new sequence; and `floor`
///   passes a sequence only once its batch cannot come back after a loss of power.
/// - A replay's place lies in the same record, and later in the same batch, as the calls that it counts.
///
/// Not for two threads at once, and no clock of its own: `now` is the wall clock, which may jump (a deadline that lies in the
/// past by then, or a start that lies in the future, is due). Whoever owns it calls `tick` at `nextDeadline`.
public struct SpoolStore<D: Disk> {
    public let spoolID: SpoolID
    public internal(set) var statistics = SpoolStatistics()

    let disk: D
    var configuration: SpoolConfiguration
    var seen: SeenIDs
    var catalogueVersion: String

    // The batch that is open, in memory and in its journal.
    var open: OpenBatch
    var journal: OpenJournal?
    /// Encodes one append for the journal; kept for its storage.
    var recordBuilder: BatchBuilder
    /// Of the open batch.
    var nextSequence: UInt64 = 1

    /// Encoded and not yet safely under their names; one, except at the start. While there are any, appends wait for the disk.
    var unpublished: [UnpublishedBatch] = []
    /// In order of sequence: offered, and those answered but not yet removed.
    var sealed: [Entry] = []
    /// Heads of acknowledged batches.
    var done: [Head] = []
    /// Those whose payload is still behind them.
    var uncutHeads: [Head] = []
    /// Batches set aside, the oldest first.
    var aside: [Aside] = []
    /// The highest sequence of which a file is left: never removed before there is a higher one.
    var newestPublished: UInt64 = 0

    /// Newest places known, those of the open batch included.
    var places = ReplayPlaces()
    /// Those of published batches: what the places file may say.
    var publishedPlaces = ReplayPlaces()

    /// Sequences whose removal a loss of power could still undo.
    var unsyncedRemovals: [UInt64] = []
    /// Journals that could not be removed when their batch was published.
    var staleJournals: [(sequence: UInt64, byteCount: Int)] = []
    /// Files that could not be removed when writing them had failed, with the most that they hold.
    var staleTemporaries: [String: Int] = [:]
    /// Since when names were changed, or answered batches wait, without `keepHouse` having been there.
    var untidySince: Instant?
    var nextExpiry: Instant?
    /// Blocks of all files but the open journal.
    var storedByteCount = 0
    /// What the disk refused last, and when it may be asked again.
    var failure: (error: DiskError, at: Instant)?
    /// From which sequence on batches may hold more than each level.
    var shedFrom: [UInt64] = [0, 0, 0, 0]
    /// What somebody should hear of, the newest at the end.
    var notices: [SpoolNotice] = []
    var backlog = (batchCount: 0, callCount: 0, byteCount: 0)
    var isClosed = false

    /// The batch being filled.
    struct OpenBatch {
        var builder: BatchBuilder
        var ids: [BatchFileHead.IDRun] = []
        var places: [ReplayPlace] = []
        /// When its first call came.
        var since: Instant?

        /// Adds an id to the run of its second.
        mutating func note(_ hashes: [UInt64], second: Int64) {
            guard !hashes.isEmpty else { return }
            if ids.last?.second == second {
                ids[ids.count - 1].hashes.append(contentsOf: hashes)
            } else {
                ids.append(BatchFileHead.IDRun(second: second, hashes: hashes))
            }
        }

        mutating func note(_ place: ReplayPlace) {
            places.removeAll { $0.key == place.key }
            places.append(place)
        }
    }

    struct OpenJournal {
        var file: DiskFile
        var sequence: UInt64
        /// Up to the end of the last whole record.
        var byteCount = 0
        /// A write failed behind that, and the most that it can have left could not be cut away yet.
        var tailByteCount = 0
        var isNameDurable = false
        var unsyncedSince: Instant?

        var fileByteCount: Int { byteCount + tailByteCount }
    }

    struct UnpublishedBatch {
        var head: BatchFileHead
        var encodedHead: [UInt8]
        var payload: [UInt8]
        var journalFile: DiskFile?
        var journalByteCount: Int
        /// Its file lies under its name and is counted; only the name is not safe yet.
        var isWritten = false
        /// Some of the journal could not be read: it is kept.
        var keepsJournal = false
    }

    struct Entry {
        enum Disposition { case offered, acknowledged, refused }
        /// What could bring its calls back under another sequence.
        enum Journal { case present, removed, gone }

        var batch: SealedBatch
        var headByteCount: Int
        var payloadChecksum: UInt32
        var shedding: BatchFileHead.Shedding?
        /// The file ends where the payloads of its calls began.
        var isCut = false
        var newestIDSecond: Int64?
        var hasPlaces: Bool
        var disposition = Disposition.offered
        var journal: Journal

        init(_ head: BatchFileHead, journal: Journal) {
            batch = SealedBatch(
                sequence: head.sequence, callCount: head.callCount, byteCount: head.payloadByteCount,
                sealedAt: head.sealedAt)
            headByteCount = head.byteCount
            payloadChecksum = head.payloadChecksum
            shedding = head.shedding
            newestIDSecond = head.newestIDSecond
            hasPlaces = !head.places.isEmpty
            self.journal = journal
        }

        /// How much of the batch is left.
        var level: BatchReduction.Level { isCut ? .withoutPayloads : shedding?.level ?? .whole }
        /// Of the file's part behind its head.
        var storedByteCount: Int { isCut ? shedding?.metadataByteCount ?? 0 : batch.byteCount }
        var fileByteCount: Int { headByteCount + storedByteCount }
    }

    struct Head {
        var sequence: UInt64
        var byteCount: Int
        var newestIDSecond: Int64?
        var hasPlaces: Bool
    }

    struct Aside {
        var file: SpoolFile
        var byteCount: Int
        var hasPlaces: Bool
    }

    init(
        spoolID: SpoolID, disk: D, configuration: SpoolConfiguration, catalogueVersion: String
    ) {
        self.spoolID = spoolID
        self.disk = disk
        self.configuration = configuration
        self.catalogueVersion = catalogueVersion
        seen = SeenIDs(configuration.seenIDs)
        open = OpenBatch(builder: BatchBuilder(catalogueVersion: catalogueVersion))
        recordBuilder = BatchBuilder(catalogueVersion: catalogueVersion)
    }

    /// How far a file has been replayed; nil when it never was.
    public func place(of key: String) -> ReplayPlace? { places[key] }

    /// No batch below this sequence will ever be sent again.
    public var floor: UInt64 {
        var floor = unpublished.first?.head.sequence ?? nextSequence
        if let first = sealed.first { floor = min(floor, first.batch.sequence) }
        if let first = unsyncedRemovals.min() { floor = min(floor, first) }
        return floor
    }

    /// At most `limit` batches that wait to be acknowledged, in order, from the one after `sequence` on.
    public func pending(after sequence: UInt64 = 0, limit: Int) -> [SealedBatch] {
        let start = index(ofFirstAfter: sequence)
        return sealed[start...].lazy.filter { $0.disposition == .offered }.prefix(limit).map(\.batch)
    }

    public var level: SpoolLevel {
        var level = SpoolLevel()
        level.batchCount = backlog.batchCount
        level.callCount = backlog.callCount
        level.byteCount = backlog.byteCount
        level.oldestSealedAt = sealed.first { $0.disposition == .offered }?.batch.sealedAt.nanosecondsSinceEpoch
        level.openCallCount = open.builder.callCount + unpublished.reduce(0) { $0 + $1.head.callCount }
        level.diskByteCount = diskByteCount
        level.asideCount = aside.count
        level.failure = failure?.error
        return level
    }

    /// While batches pile up they are made larger: a long outage then costs thousands of files instead of hundreds of
    /// thousands, and better compressed ones. Nobody waits for them meanwhile.
    public var sealAge: Duration {
        min(.seconds(60), configuration.sealAge * max(1, backlog.batchCount / 16))
    }

    var diskByteCount: Int { storedByteCount + blocks(journal?.fileByteCount ?? 0) }

    func index(ofFirstAfter sequence: UInt64) -> Int {
        var (low, high) = (0, sealed.count)
        while low < high {
            let middle = (low + high) / 2
            if sealed[middle].batch.sequence > sequence { high = middle } else { low = middle + 1 }
        }
        return low
    }

    func index(of sequence: UInt64) -> Int? {
        guard sequence > 0 else { return nil }
        let index = index(ofFirstAfter: sequence - 1)
        return index < sealed.count && sealed[index].batch.sequence == sequence ? index : nil
    }
}

/// What a file of this size takes up: whole blocks of 4 KiB, as on every common file system.
func blocks(_ byteCount: Int) -> Int { (byteCount + 4_095) & ~4_095 }

/// Whether `duration` has passed. A start in the future means that the clock was set back: then it has.
func isDue(_ start: Instant, _ duration: Duration, at now: Instant) -> Bool {
    let elapsed = now - start
    return elapsed >= duration || elapsed < .zero
}
