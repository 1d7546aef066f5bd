import CallModel
import Compression

/// The journal of the batch that is still open: every append adds one record, at the end, in one write.
///
/// ```
/// file    "FWJ1" | sequence u64 | crc32 u32 of these 12 bytes | record …
/// record  headLength u16 | kind u8 | 0 u8 | payloadLength u32 | payloadChecksum u32 | second i64
///         | place (kind 1): keyLength u16, key, offset u64, line u64 | headChecksum u32 | payload
/// ```
///
/// Numbers are little-endian; `headLength` counts from itself to the place's end; the head's checksum also covers the file's
/// sequence and the record's offset, so that bytes which merely look like a record (a body may hold anything) are none. The
/// payload is a batch, not compressed (BatchFormat), of the calls of this append; empty where only the place moved on. `second`
/// is when they came: their supplied ids are remembered from then.
///
/// A crash may leave the last records torn: they were never synced. Whole records behind one that is not mean that the disk is
/// damaged, or that power went while several were under way. Those without a place are saved; those with one are not, because
/// the replay, which goes on from the last place before the damage, will bring their calls again.
enum JournalFile {
    static let headerByteCount = 16
    private static let magic: UInt32 = 0x314a_5746  // "FWJ1"
    private static let fixedHeadByteCount = 20
    private static let headByteCountMax = fixedHeadByteCount + 18 + ReplayPlace.keyByteCountMax

    static func header(sequence: UInt64) -> [UInt8] {
        var writer = FileWriter()
        writer.put(magic)
        writer.put(sequence)
        writer.putChecksum()
        return writer.bytes
    }

    /// What precedes `payload` in the record that begins at `offset` of the file.
    static func recordHead(
        payload: [UInt8], place: ReplayPlace?, second: Int64, sequence: UInt64, offset: Int
    ) -> [UInt8] {
        var writer = FileWriter()
        let placeByteCount = place.map { $0.key.utf8.count + 18 } ?? 0
        writer.put(UInt16(fixedHeadByteCount + placeByteCount))
        writer.put(UInt8(place == nil ? 0 : 1))
        writer.put(UInt8(0))
        writer.put(UInt32(payload.count))
        writer.put(checksum(of: payload))
        writer.put(second)
        if let place { writer.put(place) }
        writer.put(headChecksum(of: writer.bytes[...], sequence: sequence, offset: offset))
        return writer.bytes
    }

    struct Record {
        var second: Int64
        var place: ReplayPlace?
        var payload: ArraySlice<UInt8>
    }

    struct Contents {
        var records: [Record] = []
        /// Bytes that belong to no record that was read.
        var lostByteCount = 0
        /// Whether records were read behind those bytes: then it was no torn end.
        var goesOnBehind = false
    }

    /// Every whole record of the file.
    static func read(_ bytes: [UInt8], sequence: UInt64) -> Contents {
        var contents = Contents()
        var offset = headerByteCount
        var isDamaged = false
        if bytes.count < headerByteCount || Array(bytes.prefix(headerByteCount)) != header(sequence: sequence) {
            contents.lostByteCount = min(bytes.count, headerByteCount)
            isDamaged = true
        }
        while offset < bytes.count {
            if let (record, end) = record(in: bytes, at: offset, sequence: sequence) {
                if !isDamaged {
                    contents.records.append(record)
                } else if record.place == nil {
                    contents.records.append(record)
                    contents.goesOnBehind = true
                } else {
                    contents.lostByteCount += end - offset
                }
                offset = end
            } else {
                isDamaged = true
                contents.lostByteCount += 1
                offset += 1
            }
        }
        return contents
    }

    private static func record(in bytes: [UInt8], at offset: Int, sequence: UInt64) -> (Record, end: Int)? {
        // Most offsets of a damaged file are none of a record's: the fourth byte tells so at once.
        guard bytes.count - offset >= fixedHeadByteCount, bytes[offset + 2] <= 1, bytes[offset + 3] == 0 else {
            return nil
        }
        var reader = FileReader(bytes[offset...])
        guard let headLength = reader.take(UInt16.self).map(Int.init),
            (fixedHeadByteCount...headByteCountMax).contains(headLength),
            bytes.count - offset >= headLength + 4,
            let kind = reader.take(UInt8.self), kind <= 1, reader.take(UInt8.self) != nil,
            let payloadLength = reader.take(UInt32.self), let payloadChecksum = reader.take(UInt32.self),
            let second = reader.take(Int64.self)
        else { return nil }
        var place: ReplayPlace?
        if kind == 1 {
            place = reader.takePlace()
            guard place != nil else { return nil }
        }
        let head = bytes[offset..<offset + headLength]
        guard reader.offset == head.endIndex, let headChecksum = reader.take(UInt32.self),
            headChecksum == Self.headChecksum(of: head, sequence: sequence, offset: offset),
            let payload = reader.takeBytes(Int(payloadLength)), checksum(of: payload) == payloadChecksum
        else { return nil }
        return (Record(second: second, place: place, payload: payload), reader.offset)
    }

    private static func headChecksum(of head: ArraySlice<UInt8>, sequence: UInt64, offset: Int) -> UInt32 {
        var writer = FileWriter(bytes: Array(head))
        writer.put(sequence)
        writer.put(UInt64(offset))
        return checksum(of: writer.bytes)
    }
}
