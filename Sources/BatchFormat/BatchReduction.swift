import CallModel

/// What is kept of a batch for which there is no room: first its payloads go, then its successful calls, then all calls; their
/// counts never.
///
/// The calls that go leave *cells* behind: how many calls a start within the same ten seconds, and every name and outcome, have
/// in common. The batch keeps its identity, and tells the checksum of what it was: should the aggregator have stored the whole
/// already, or store an earlier form of it that is under way, the ledger takes the other forms for repeats. So each of its calls
/// counts once, stored or shed. (Durations go with the calls: shed calls are in no latency histogram.)
public enum BatchReduction {
    /// What is left; each less than the one before.
    public enum Level: UInt8, Sendable, Comparable, CaseIterable {
        case whole = 0
        case withoutPayloads = 1
        case failuresAndCounts = 2
        case counts = 3

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    public struct Reduced: Sendable {
        public var bytes: [UInt8]
        /// Calls that are still there.
        public var callCount: Int
        /// Calls that were given up by this reduction (their weights not counted).
        public var shedCallCount: Int
    }

    /// Coarser than the aggregator counts, because what was shed is told of once more in few cells.
    private static let interval: Duration = .seconds(10)

    /// Where the payload blocks begin: what lies before is, by itself, the batch without its payloads. Nil when this is no batch.
    public static func payloadOffset(in bytes: [UInt8]) -> Int? {
        bytes.withUnsafeBytes { buffer in
            var reader = WireReader(buffer)
            while !reader.isAtEnd {
                let offset = reader.offset
                // Which field is broken tells nobody more: these bytes are no batch.
                guard let (number, _) = try? reader.nextField() else { return nil }
                if number > 5 { return offset }
            }
            return reader.offset
        }
    }

    /// - Parameters:
    ///   - bytes: a batch, whole or reduced before; or what lies before its `payloadOffset`.
    ///   - original: the checksum of the batch as it was sealed.
    public static func reduce(
        _ bytes: [UInt8], to level: Level, original: BatchChecksum, compressionLevel: Int = 1
    ) throws(BatchError) -> Reduced {
        let frame = try BatchReader(withoutPayloads: bytes)
        guard frame.isSealed else { throw .malformed("not compressed") }
        switch level {
        case .whole: return Reduced(bytes: bytes, callCount: frame.callCount, shedCallCount: 0)
        case .withoutPayloads:
            return Reduced(
                bytes: encode(
                    frame, frame.callCount, frame.packedMetadata, frame.shedCellCount, frame.packedShed, original),
                callCount: frame.callCount, shedCallCount: 0)
        case .failuresAndCounts, .counts:
            return try shed(frame, level, original, compressionLevel)
        }
    }

    private static func shed(
        _ frame: BatchReader, _ level: Level, _ original: BatchChecksum, _ compressionLevel: Int
    ) throws(BatchError) -> Reduced {
        let columns = try frame.metadata()
        var cells = Cells()
        if let before = try frame.shed() {
            for cell in 0..<before.callCount { cells.add(APICall(before, at: cell, payload: nil)) }
        }
        var kept = MetadataWriter()
        var keptCount = 0
        for index in 0..<columns.callCount {
            let call = APICall(columns, at: index, payload: nil)
            if level == .failuresAndCounts, call.outcome != .success {
                kept.append(call)
                keptCount += 1
            } else {
                cells.add(call)
            }
        }
        func pack(_ writer: inout MetadataWriter) -> [UInt8] {
            packed(writer.encoded(), level: compressionLevel)
        }
        var counted = cells.writer()
        return Reduced(
            bytes: encode(
                frame, keptCount, keptCount > 0 ? pack(&kept) : [], counted.count, pack(&counted.writer), original),
            callCount: keptCount, shedCallCount: columns.callCount - keptCount)
    }

    private static func encode(
        _ frame: BatchReader, _ callCount: Int, _ metadata: [UInt8], _ cellCount: Int, _ shed: [UInt8],
        _ original: BatchChecksum
    ) -> [UInt8] {
        var wire = WireWriter()
        wire.varint(field: 1, Codec.reducedVersion)
        wire.varint(field: 2, UInt64(callCount))
        wire.delimited(field: 3, Array(frame.catalogueVersion.utf8))
        wire.varint(field: 4, Codec.zstd.rawValue)
        if callCount > 0 { wire.delimited(field: 5, metadata) }
        if cellCount > 0 {
            wire.delimited(field: 7, shed)
            wire.varint(field: 8, UInt64(cellCount))
        }
        wire.delimited(field: 9, original.bytes)
        return wire.bytes
    }

    /// What calls have in common that are counted as one.
    private struct Cells {
        private struct Key: Hashable {
            var time: Instant
            var direction: Direction
            var outcome: UInt8
            var names: [String?]
        }

        private var order: [Key] = []
        private var weights: [Key: UInt64] = [:]

        mutating func add(_ call: APICall) {
            let key = Key(
                time: call.time.floored(to: interval), direction: call.direction, outcome: call.outcome.code,
                names: [
                    call.partner, call.route, call.service, call.serviceVersion, call.host, call.region,
                    call.environment, call.customer,
                ])
            if weights[key] == nil { order.append(key) }
            weights[key, default: 0] += UInt64(call.weight)
        }

        /// One entry a cell, or several where a weight does not hold its count.
        func writer() -> (writer: MetadataWriter, count: Int) {
            var writer = MetadataWriter()
            var count = 0
            for key in order {
                var left = weights[key] ?? 0
                while left > 0 {
                    let weight = UInt32(clamping: left)
                    writer.append(call(key, weight))
                    left -= UInt64(weight)
                    count += 1
                }
            }
            return (writer, count)
        }

        private func call(_ key: Key, _ weight: UInt32) -> APICall {
            var call = APICall(
                time: key.time, direction: key.direction, request: .init(method: "", url: ""), source: .json)
            call.outcome = Outcome(code: key.outcome) ?? .success
            call.weight = weight
            call.partner = key.names[0]
            call.route = key.names[1]
            call.service = key.names[2]
            call.serviceVersion = key.names[3]
            call.host = key.names[4]
            call.region = key.names[5]
            call.environment = key.names[6]
            call.customer = key.names[7]
            return call
        }
    }
}
