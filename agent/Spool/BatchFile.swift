import BatchFormat
import CallModel

/// A sealed batch on disk: a head that says what it is, and the batch as it is sent.
///
/// ```
/// file   "FWB2" | headLength u32 | spool id 2 × u64 | sequence u64 | callCount u32 | sealedAt i64 ns | payloadLength u64
///        | payloadChecksum u32 | placeCount u16 | place … | idRunCount u32 | (second i64, count u32, hash u64 …) …
///        | level u8 | original 2 × u64 | metadataLength u32 | metadataChecksum u32 | headChecksum u32 | payload
/// ```
///
/// `headLength` counts everything before the payload. The supplied ids stand here by their hashes, in runs of one second, so that
/// the ten minutes in which repeats are suppressed can be built again without opening batches; acknowledging a batch cuts the
/// payload away and leaves the head, as `.done`, for as long.
package struct BatchFileHead: Equatable {
    var spoolID: SpoolID
    var sequence: UInt64
    var callCount: Int
    var sealedAt: Instant
    var payloadByteCount: Int
    var payloadChecksum: UInt32
    /// How far replays had got with the calls of this batch.
    var places: [ReplayPlace]
    var ids: [IDRun]
    package var shedding: Shedding?
    /// Of the head as encoded; set by reading and by writing.
    package var byteCount = 0

    /// What the head tells of what is left of its batch; nil where "FWB1" wrote it.
    package struct Shedding: Equatable {
        var level: BatchReduction.Level
        var original: BatchChecksum
        var metadataByteCount: Int
        var metadataChecksum: UInt32
    }

    /// The supplied ids of one second.
    struct IDRun: Equatable {
        var second: Int64
        var hashes: [UInt64]
    }

    /// More than the largest there is: 1,024 places of 274 bytes and 32,768 ids of 8, each with a second of its own.
    static let byteCountMax = 2 << 20
    private static let magic: UInt32 = 0x3242_5746  // "FWB2"
    private static let firstMagic: UInt32 = 0x3142_5746  // "FWB1"
    private static let lengthsByteCount = 8

    var fileByteCount: Int { byteCount + payloadByteCount }
    var newestIDSecond: Int64? { ids.map(\.second).max() }

    package mutating func encoded() -> [UInt8] {
        var writer = FileWriter()
        writer.put(shedding == nil ? Self.firstMagic : Self.magic)
        writer.put(UInt32(0))
        writer.put(spoolID.high)
        writer.put(spoolID.low)
        writer.put(sequence)
        writer.put(UInt32(callCount))
        writer.put(sealedAt.nanosecondsSinceEpoch)
        writer.put(UInt64(payloadByteCount))
        writer.put(payloadChecksum)
        writer.put(UInt16(places.count))
        for place in places { writer.put(place) }
        writer.put(UInt32(ids.count))
        for run in ids {
            writer.put(run.second)
            writer.put(UInt32(run.hashes.count))
            for hash in run.hashes { writer.put(hash) }
        }
        if let shedding {
            writer.put(shedding.level.rawValue)
            writer.put(shedding.original.high)
            writer.put(shedding.original.low)
            writer.put(UInt32(clamping: shedding.metadataByteCount))
            writer.put(shedding.metadataChecksum)
        }
        byteCount = writer.bytes.count + 4
        withUnsafeBytes(of: UInt32(byteCount).littleEndian) { length in
            for index in length.indices { writer.bytes[4 + index] = length[index] }
        }
        writer.putChecksum()
        return writer.bytes
    }

    /// The head's length, told by the first eight bytes of the file; nil when this is no such file.
    static func byteCount(from bytes: [UInt8]) -> Int? {
        var reader = FileReader(bytes[...])
        guard let found = reader.take(UInt32.self), found == magic || found == firstMagic,
            let length = reader.take(UInt32.self), length <= byteCountMax,
            length >= lengthsByteCount
        else { return nil }
        return Int(length)
    }

    /// Reads a whole head. Nil for anything else.
    package init?(_ bytes: [UInt8]) {
        guard let byteCount = Self.byteCount(from: bytes), bytes.count >= byteCount, byteCount > 12 else { return nil }
        var tail = FileReader(bytes[(byteCount - 4)..<byteCount])
        guard tail.take(UInt32.self) == checksum(of: bytes[..<(byteCount - 4)]) else { return nil }
        var reader = FileReader(bytes[Self.lengthsByteCount..<(byteCount - 4)])
        guard let high = reader.take(UInt64.self), let low = reader.take(UInt64.self),
            let sequence = reader.take(UInt64.self), let callCount = reader.take(UInt32.self),
            let sealedAt = reader.take(Int64.self),
            let payloadByteCount = reader.take(UInt64.self).flatMap(Int.init(exactly:)),
            payloadByteCount <= Int(UInt32.max), let payloadChecksum = reader.take(UInt32.self)
        else { return nil }
        guard let places = Self.places(&reader), let ids = Self.ids(&reader) else { return nil }
        var shedding: Shedding?
        var first = FileReader(bytes[...])
        if first.take(UInt32.self) == Self.magic {
            shedding = Self.shedding(&reader)
            guard let shedding, shedding.metadataByteCount <= payloadByteCount else { return nil }
        }
        guard reader.remaining == 0 else { return nil }
        self.init(
            spoolID: SpoolID(high: high, low: low), sequence: sequence, callCount: Int(callCount),
            sealedAt: Instant(nanosecondsSinceEpoch: sealedAt), payloadByteCount: payloadByteCount,
            payloadChecksum: payloadChecksum, places: places, ids: ids, shedding: shedding, byteCount: byteCount)
    }

    init(
        spoolID: SpoolID, sequence: UInt64, callCount: Int, sealedAt: Instant, payloadByteCount: Int,
        payloadChecksum: UInt32, places: [ReplayPlace], ids: [IDRun], shedding: Shedding? = nil, byteCount: Int = 0
    ) {
        self.spoolID = spoolID
        self.sequence = sequence
        self.callCount = callCount
        self.sealedAt = sealedAt
        self.payloadByteCount = payloadByteCount
        self.payloadChecksum = payloadChecksum
        self.places = places
        self.ids = ids
        self.shedding = shedding
        self.byteCount = byteCount
    }

    private static func shedding(_ reader: inout FileReader) -> Shedding? {
        guard let level = reader.take(UInt8.self).flatMap(BatchReduction.Level.init),
            let high = reader.take(UInt64.self), let low = reader.take(UInt64.self),
            let byteCount = reader.take(UInt32.self), let checksum = reader.take(UInt32.self)
        else { return nil }
        return Shedding(
            level: level, original: BatchChecksum(high: high, low: low), metadataByteCount: Int(byteCount),
            metadataChecksum: checksum)
    }

    private static func places(_ reader: inout FileReader) -> [ReplayPlace]? {
        guard let count = reader.take(UInt16.self) else { return nil }
        var places: [ReplayPlace] = []
        for _ in 0..<count {
            guard let place = reader.takePlace() else { return nil }
            places.append(place)
        }
        return places
    }

    private static func ids(_ reader: inout FileReader) -> [IDRun]? {
        guard let runCount = reader.take(UInt32.self), Int(runCount) <= reader.remaining / 12 else { return nil }
        var runs: [IDRun] = []
        for _ in 0..<runCount {
            guard let second = reader.take(Int64.self), let count = reader.take(UInt32.self),
                Int(count) <= reader.remaining / 8
            else { return nil }
            var run = IDRun(second: second, hashes: [])
            run.hashes.reserveCapacity(Int(count))
            for _ in 0..<count {
                guard let hash = reader.take(UInt64.self) else { return nil }
                run.hashes.append(hash)
            }
            runs.append(run)
        }
        return runs
    }
}
