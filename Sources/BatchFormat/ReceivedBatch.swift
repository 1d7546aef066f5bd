import CallModel

/// A batch that arrived whole and was read: who sent it, what it is, and what it holds.
public struct ReceivedBatch: Sendable {
    public var identity: BatchIdentity
    /// Of the bytes as they were sealed. The same identity with another checksum is another batch, and refused.
    public var checksum: [UInt8]
    /// Every sequence below was acknowledged to the sender: the ledger may forget them.
    public var floor: UInt64
    /// The sender's clock when it sent, if it said so; with `receivedAt` it tells how far the host's clock is off.
    public var sentAt: Instant?
    public var receivedAt: Instant
    public var metadata: MetadataColumns
    /// Counts of calls that were shed on the host: counted, not stored.
    public var shed: MetadataColumns?
    public var payloads: [BatchReader.PayloadBlock]
    /// As it arrived.
    public var byteCount: Int

    public init(
        identity: BatchIdentity, checksum: [UInt8], floor: UInt64, sentAt: Instant?, receivedAt: Instant,
        metadata: MetadataColumns, shed: MetadataColumns? = nil,
        payloads: [BatchReader.PayloadBlock], byteCount: Int
    ) {
        self.identity = identity
        self.checksum = checksum
        self.floor = floor
        self.sentAt = sentAt
        self.receivedAt = receivedAt
        self.metadata = metadata
        self.shed = shed
        self.payloads = payloads
        self.byteCount = byteCount
    }

    /// About what it takes in memory while it waits: its payload blocks, and the decoded columns at some 200 bytes a call.
    public var footprint: Int { byteCount + (metadata.callCount + (shed?.callCount ?? 0)) * 200 }

    /// How many calls its counts stand for.
    public var shedCallCount: Int { shed?.weight.reduce(0) { $0 &+ Int($1) } ?? 0 }

    /// What to add to a time of the host's clock to bring it to ours; zero while the difference is within what the way here
    /// may take.
    public var clockCorrection: Duration {
        guard let sentAt else { return .zero }
        let difference = receivedAt - sentAt
        return difference > .seconds(2) || difference < .seconds(-2) ? difference : .zero
    }
}

/// What became of a batch.
public enum BatchDisposition: Sendable, Equatable {
    case stored
    /// The ledger knows it: acknowledged again, not stored again.
    case seenBefore
    /// The ledger knows its identity with other contents.
    case conflict
    /// Not stored this time, though its neighbours were; it may be, another time.
    case failed
    /// The database refuses what is in it, and would again.
    case unstorable
}
