import CallModel
import Deduplication

/// The spool's bounds.
public struct SpoolConfiguration: Sendable {
    /// Bytes of all files together, each rounded up to 4 KiB blocks. At this bound appends are refused. From 128 KiB up; the
    /// agent's settings ask for 1 MiB at least.
    public var byteCountMax = 1 << 30
    /// Calls at which a batch is sealed, 1...16,384: larger ones compress better, and are repeated whole.
    public var batchCallCountMax = 4_096
    /// Uncompressed bytes at which a batch is sealed, up to 8 MiB. One append may exceed it.
    public var batchByteCountMax = 4 << 20
    /// Age at which a batch is sealed, 250 ms...60 s. While batches pile up, it is stretched (`SpoolStore.sealAge`).
    public var sealAge: Duration = .seconds(1)
    /// How long a call may lie in the journal before it is safe from a loss of power.
    public var syncInterval: Duration = .seconds(1)
    /// How long to wait before a disk that refused is tried again.
    public var retryInterval: Duration = .milliseconds(250)
    /// Calls of one append; more are appended in parts.
    public var appendCallCountMax = 16_384
    /// Uncompressed bytes of one append.
    public var appendByteCountMax = 16 << 20
    /// Batches kept that the aggregator refused or that are damaged, for somebody to look at; the oldest go first.
    public var asideCountMax = 64
    /// Bytes of those, 0...
    public var asideByteCountMax = 64 << 20
    /// Files of which a replay's place is remembered.
    public var placeCountMax = 64
    public var seenIDs = SeenIDs.Configuration()
    public var compressionLevel = 1

    public init() {}

    /// A copy with every field brought into its range.
    func checked() -> SpoolConfiguration {
        var copy = self
        copy.byteCountMax = max(128 << 10, byteCountMax)
        copy.batchCallCountMax = min(max(1, batchCallCountMax), 16_384)
        // While a batch is sealed it is there twice: an eighth of the bound each leaves most of it to what waits.
        let eighth = copy.byteCountMax / 8
        copy.batchByteCountMax = min(max(1 << 10, batchByteCountMax), 8 << 20, eighth)
        copy.sealAge = min(max(.milliseconds(250), sealAge), .seconds(60))
        copy.appendCallCountMax = min(max(1, appendCallCountMax), 32_768)
        copy.appendByteCountMax = min(max(16 << 10, appendByteCountMax), 16 << 20, eighth)
        copy.placeCountMax = min(max(1, placeCountMax), 1_024)
        return copy
    }
}

/// How far a file has been replayed.
public struct ReplayPlace: Hashable, Sendable {
    /// Which file: whatever tells it from others and survives a restart, such as device and inode with a hash of its beginning.
    public var key: String
    /// Bytes read and spooled.
    public var offset: UInt64
    /// Lines read and spooled.
    public var line: UInt64

    /// A longer key is cut.
    public static let keyByteCountMax = 256

    public init(key: String, offset: UInt64, line: UInt64) {
        self.key = key.utf8.count <= Self.keyByteCountMax ? key : String(decoding: key.utf8.prefix(250), as: UTF8.self)
        self.offset = offset
        self.line = line
    }
}

/// What became of the calls of one append.
public struct AppendResult: Hashable, Sendable {
    public var acceptedCount: Int
    /// Calls whose supplied id came in the last ten minutes.
    public var suppressedCount: Int

    public init(acceptedCount: Int, suppressedCount: Int) {
        self.acceptedCount = acceptedCount
        self.suppressedCount = suppressedCount
    }
}

/// A batch that waits to be acknowledged.
public struct SealedBatch: Hashable, Sendable {
    public var sequence: UInt64
    public var callCount: Int
    /// Of the batch itself, as it is sent.
    public var byteCount: Int
    public var sealedAt: Instant
}
