import Runtime

/// What the spool did since it was opened; every loss and refusal has its number here.
public struct SpoolStatistics: Sendable, Equatable {
    public var appendedCalls = 0
    /// Calls whose supplied id had been seen: not appended, told to the sender as accepted.
    public var suppressedCalls = 0
    /// Appends refused at the bound on disk, and the calls in them.
    public var fullAppends = 0
    public var fullCalls = 0
    /// Appends that the disk refused, and the calls in them.
    public var failedAppends = 0
    public var failedCalls = 0
    /// Batches that gave up their calls' payloads at the bound on disk, and those calls.
    public var shedPayloadBatches = 0
    public var shedPayloadCalls = 0
    /// Calls that were given up at the bound; their counts were kept.
    public var shedCalls = 0
    public var journalBytes = 0
    public var sealedBatches = 0
    public var sealedCalls = 0
    public var sealedBytes = 0
    public var acknowledgedBatches = 0
    public var acknowledgedCalls = 0
    public var setAsideBatches = 0
    public var setAsideCalls = 0
    /// Batches set aside earlier that made room: now they are lost.
    public var droppedAsideBatches = 0
    /// Sealed batches that did not read back as they were written.
    public var damagedBatches = 0
    /// Calls in those of them whose head could be read.
    public var damagedCalls = 0
    /// Batches of which only the payloads were damaged.
    public var damagedPayloadBatches = 0
    /// Calls found in journals at the start.
    public var recoveredCalls = 0
    /// Journals with a torn or damaged end, and the bytes cut there.
    public var tornJournals = 0
    public var tornBytes = 0
    /// Bytes in the middle of journals that were damaged.
    public var damagedJournalBytes = 0
    /// Files whose first bytes or records nobody can read; they are kept as `.bad`.
    public var unreadableJournals = 0
    /// The file with the places of replays was damaged: replays begin anew.
    public var lostPlaces = 0
    /// Places of replays given up because more files than `placeCountMax` were replayed.
    public var evictedPlaces = 0
    /// Ids forgotten before their ten minutes were over.
    public var evictedIDs = 0
    public var diskErrors = 0
    public var syncs = 0

    public init() {}
}

/// How full the spool is.
public struct SpoolLevel: Sendable, Equatable {
    /// Sealed and not yet acknowledged.
    public var batchCount = 0
    public var callCount = 0
    public var byteCount = 0
    /// Nanoseconds since the epoch at which the oldest of them was sealed; nil when there is none.
    public var oldestSealedAt: Int64?
    /// Calls in the journal, not sealed yet.
    public var openCallCount = 0
    /// All files, in blocks.
    public var diskByteCount = 0
    public var asideCount = 0
    /// The disk's last refusal, until something is written again.
    public var failure: DiskError?

    public init() {}
}
