import CallModel
import Compression

/// Turns calls into a batch: columns while they arrive, one buffer when it is sealed (batch.proto says what lies where).
///
/// Times and durations keep microseconds, PostgreSQL's resolution; everything else reads back as it was written.
public struct BatchBuilder: Sendable {
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
        if openPayload.callCount == BatchLimits.payloadCallCountMax { closePayload() }
    }

    /// The same for a call that was never made one: what is written does not differ.
    public mutating func append(_ row: CallRow) {
        metadata.append(row)
        openPayload.append(row)
        callCount += 1
        if openPayload.callCount == BatchLimits.payloadCallCountMax { closePayload() }
    }

    /// Takes the calls of another builder behind those here, at a fraction of what appending each again would cost. The other is
    /// empty afterwards.
    ///
    /// A payload of the other that does not fit into the open one closes it early: any two neighbours together hold more than
    /// `BatchLimits.payloadCallCountMax` calls.
    public mutating func take(_ other: inout BatchBuilder) {
        metadata.take(&other.metadata)
        for payload in other.fullPayloads { take(payload) }
        take(other.openPayload)
        callCount += other.callCount
        other.removeAll()
    }

    private mutating func take(_ payload: PayloadWriter) {
        guard payload.callCount > 0 else { return }
        if openPayload.callCount + payload.callCount > BatchLimits.payloadCallCountMax { closePayload() }
        if openPayload.callCount == 0 {
            openPayload = payload
        } else {
            openPayload.take(payload)
        }
        if openPayload.callCount == BatchLimits.payloadCallCountMax { closePayload() }
    }

    private mutating func closePayload() {
        fullPayloadByteCount += openPayload.byteCount
        fullPayloads.append(openPayload)
        openPayload = PayloadWriter()
    }

    public mutating func removeAll() {
        metadata.removeAll()
        callCount = 0
        openPayload = PayloadWriter()
        fullPayloads = []
        fullPayloadByteCount = 0
    }

    /// The batch as it is sent. The builder is empty afterwards.
    public mutating func sealed(compressionLevel: Int = 1) -> [UInt8] {
        defer { removeAll() }
        return encoded(codec: .zstd) { part in
            packed(part, level: compressionLevel)
        }
    }

    /// The same, not compressed: for a journal that is read again soon or never. The builder keeps its calls, which another may
    /// `take`.
    public func journalRecord() -> [UInt8] {
        encoded(codec: .plain) { $0 }
    }

    private func encoded(codec: Codec, _ pack: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var wire = WireWriter()
        wire.varint(field: 1, Codec.formatVersion)
        wire.varint(field: 2, UInt64(callCount))
        wire.delimited(field: 3, Array(catalogueVersion.utf8))
        wire.varint(field: 4, codec.rawValue)
        if callCount > 0 { wire.delimited(field: 5, pack(metadata.encoded())) }
        let payloads = fullPayloads + (openPayload.callCount > 0 ? [openPayload] : [])
        if codec == .plain {
            let byteCount = fullPayloadByteCount + openPayload.byteCount
            wire.reserve(wire.bytes.count + byteCount + byteCount / 8)
            for payload in payloads { wire.append(payload) }
        } else {
            for payload in payloads { wire.append(payload, packed: pack) }
        }
        return wire.bytes
    }
}

extension WireWriter {
    /// As it is, where it will stay: a journal is written with every append.
    fileprivate mutating func append(_ payload: PayloadWriter) {
        nested(field: 6, byteCountEstimate: payload.byteCount + 16, isElement: true) { block in
            block.varint(field: 1, UInt64(payload.callCount))
            block.nested(field: 2, byteCountEstimate: payload.byteCount) { payload.write(to: &$0) }
        }
    }

    fileprivate mutating func append(_ payload: PayloadWriter, packed pack: ([UInt8]) -> [UInt8]) {
        var block = WireWriter()
        let data = pack(payload.finish())
        block.reserve(data.count + 16)
        block.varint(field: 1, UInt64(payload.callCount))
        block.delimited(field: 2, data)
        element(field: 6, block.bytes)
    }
}

/// A `Metadata` or `Payload` message as one zstd frame.
func packed(_ message: [UInt8], level: Int) -> [UInt8] {
    message.withUnsafeBytes { Zstandard.compress($0, level: level, cutAt: ColumnCuts.of($0)) }
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
