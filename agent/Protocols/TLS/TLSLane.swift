import CallModel

/// The content types of records (RFC 8446, section 5.1).
enum RecordType {
    static let changeCipherSpec: UInt8 = 20
    static let alert: UInt8 = 21
    static let handshake: UInt8 = 22
    static let applicationData: UInt8 = 23
    static let heartbeat: UInt8 = 24

    /// 2^14 bytes, and what TLS 1.2 allows encryption and compression to add (RFC 5246, section 6.2.3).
    static let fragmentByteCountMax = (1 << 14) + 2_048

    /// Whether a record may begin with these five bytes.
    static func isHeader(_ type: UInt8, _ major: UInt8, _ minor: UInt8, byteCount: Int) -> Bool {
        type >= changeCipherSpec && type <= heartbeat && major == 3 && minor <= 4 && byteCount <= fragmentByteCountMax
    }
}

/// One direction of a TLS connection: bytes cut into records, and what opens them.
final class TLSLane {
    /// Where the next record may be looked for.
    enum Framing {
        /// The bytes kept begin with a record.
        case inStep
        /// This many bytes of a damaged record still come, then a record begins.
        case skipping(Int)
        /// Bytes were lost, and where a record begins is not known. The number bounds how many records are gone.
        case searching(lostByteCount: Int)
        /// Nothing more can be read.
        case lost
    }

    var framing = Framing.inStep
    /// Records tried since the last loss, in vain.
    var searchAttempts = 0
    /// Bytes of records not yet handled.
    var kept: [UInt8] = []
    /// Handshake messages not yet whole.
    var handshake: [UInt8] = []
    var isHandshakeDamaged = false
    var cipher: RecordCipher?
    /// TLS 1.2: what the next ChangeCipherSpec puts into force.
    var pendingCipher: RecordCipher?
    /// TLS 1.3: the secret in force.
    var secret: [UInt8]?
    /// TLS 1.3: the application's keys are in force.
    var isPastHandshake = false
    var hasChangedCipher = false
    /// Encrypted records went by, opened or not.
    var encryptedRecordCount = 0
    var hasSeenBytes = false
    var hasLostBytes = false
    /// Bytes were lost before the first ones seen; how many, where that is known.
    var hasEarlyGap = false
    var earlyGapByteCount: Int?
    /// The direction ended, by close_notify or by TCP.
    var isEnded = false
    /// Records are kept until something else is known.
    var isHolding = false
    /// TCP ended the direction behind records that are kept.
    var isEndWaiting = false
    /// When its latest bytes came.
    var latestBytesAt = Instant.epoch
    /// Bytes counted in the context's total.
    var waitingByteCount = 0

    /// The record at the start of `kept[offset...]`.
    /// - Returns: its length with header, 0 when more bytes are needed, nil when there is none.
    func recordLength(at offset: Int) -> Int? {
        guard kept.count - offset >= 5 else { return 0 }
        let byteCount = Int(kept[offset + 3]) << 8 | Int(kept[offset + 4])
        guard RecordType.isHeader(kept[offset], kept[offset + 1], kept[offset + 2], byteCount: byteCount) else {
            return nil
        }
        return kept.count - offset >= 5 + byteCount ? 5 + byteCount : 0
    }

    /// The length of the record that was begun, if its header is there.
    var begunRecordLength: Int? {
        guard kept.count >= 5 else { return nil }
        return 5 + (Int(kept[3]) << 8 | Int(kept[4]))
    }
}
