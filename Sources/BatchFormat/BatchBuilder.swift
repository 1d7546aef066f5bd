import CallModel
import Compression

/// Turns calls into a batch: columns while they arrive, one buffer when it is sealed (batch.proto says what lies where).
///
/// Times and durations keep microseconds, PostgreSQL's resolution; everything else reads back as it was written.
public struct BatchBuilder {
    public private(set) var callCount = 0
    private let catalogueVersion: String
    private var metadata = MetadataWriter()
    private var openPayload = PayloadWriter()
    private var fullPayloads: [PayloadWriter] = []
    private var fullPayloadByteCount = 0

    /// - Parameter catalogueVersion: of the partners and routes by which the calls were named.
    public init(catalogueVersion: String) {
        self.catalogueVersion = catalogueVersion
    }

    /// About how large the batch is before compression.
    public var byteCountEstimate: Int { metadata.byteCount + fullPayloadByteCount + openPayload.byteCount }

    public mutating func append(_ call: APICall) {
        metadata.append(call)
        openPayload.append(call)
        callCount += 1
        if openPayload.callCount == BatchLimits.payloadCallCountMax {
            fullPayloadByteCount += openPayload.byteCount
            fullPayloads.append(openPayload)
            openPayload = PayloadWriter()
        }
    }

    /// The batch as it is sent. The builder is empty afterwards.
    public mutating func sealed(compressionLevel: Int = 1) -> [UInt8] {
        encoded(codec: .zstd) { part in part.withUnsafeBytes { Zstandard.compress($0, level: compressionLevel) } }
    }

    /// The same, not compressed: for a journal that is read again soon or never. The builder is empty afterwards.
    public mutating func journalRecord() -> [UInt8] {
        encoded(codec: .plain) { $0 }
    }

    private mutating func encoded(codec: Codec, _ pack: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var wire = WireWriter()
        wire.varint(field: 1, Codec.formatVersion)
        wire.varint(field: 2, UInt64(callCount))
        wire.delimited(field: 3, Array(catalogueVersion.utf8))
        wire.varint(field: 4, codec.rawValue)
        if callCount > 0 { wire.delimited(field: 5, pack(metadata.finish())) }
        if openPayload.callCount > 0 { fullPayloads.append(openPayload) }
        wire.reserve(wire.bytes.count + (codec == .plain ? fullPayloadByteCount + openPayload.byteCount : 0))
        for payload in fullPayloads {
            var block = WireWriter()
            block.varint(field: 1, UInt64(payload.callCount))
            block.delimited(field: 2, pack(payload.finish()))
            wire.element(field: 6, block.bytes)
        }
        callCount = 0
        openPayload = PayloadWriter()
        fullPayloads = []
        fullPayloadByteCount = 0
        return wire.bytes
    }
}

/// How the parts of a batch are packed.
enum Codec: UInt64 {
    case plain = 0
    case zstd = 1

    /// The version of batch.proto written here; this one and the one before it are read.
    static let formatVersion: UInt64 = 1
    /// Of batches that were reduced: what they count must not be overlooked by an aggregator that knows only version 1.
    static let reducedVersion: UInt64 = 2
}

/// Versions of the batch format that `BatchReader` understands.
public let readableBatchVersions: ClosedRange<UInt64> = 1...Codec.reducedVersion
