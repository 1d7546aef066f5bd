/// The nine bytes before every HTTP/2 frame (RFC 9113, section 4.1).
struct FrameHeader: Equatable {
    enum Kind {
        static let data: UInt8 = 0
        static let headers: UInt8 = 1
        static let priority: UInt8 = 2
        static let resetStream: UInt8 = 3
        static let settings: UInt8 = 4
        static let pushPromise: UInt8 = 5
        static let ping: UInt8 = 6
        static let goAway: UInt8 = 7
        static let windowUpdate: UInt8 = 8
        static let continuation: UInt8 = 9
    }

    static let byteCount = 9

    var length: Int
    var kind: UInt8
    var flags: UInt8
    var stream: UInt32
    private var isReservedBitSet: Bool

    /// Nil where the nine bytes are not there.
    init?(_ bytes: Span<UInt8>, at index: Int) {
        guard index >= 0, bytes.count >= Self.byteCount, index <= bytes.count - Self.byteCount,
            let word = bytes.bigEndian32(at: index), let id = bytes.bigEndian32(at: index + 5)
        else { return nil }
        length = Int(word >> 8)
        kind = UInt8(truncatingIfNeeded: word)
        flags = bytes[index + 4]
        stream = id & 0x7fff_ffff
        isReservedBitSet = id >> 31 == 1
    }

    var isEndStream: Bool { flags & 0x1 != 0 }
    var isAcknowledgement: Bool { flags & 0x1 != 0 }
    var isEndHeaders: Bool { flags & 0x4 != 0 }
    var isPadded: Bool { flags & 0x8 != 0 }
    var hasPriority: Bool { flags & 0x20 != 0 }

    /// Whether a peer that keeps to sections 6.1 to 6.10 could have sent it: what frames are found by after a loss.
    var isPlausible: Bool {
        guard !isReservedBitSet, length <= Self.plausibleLengthMax else { return false }
        switch kind {
        case Kind.data: return stream != 0 && flags & ~0x9 == 0
        case Kind.headers: return stream != 0 && flags & ~0x2d == 0 && length > 0
        case Kind.priority: return stream != 0 && length == 5 && flags == 0
        case Kind.resetStream: return stream != 0 && length == 4 && flags == 0
        case Kind.settings: return stream == 0 && length % 6 == 0 && length <= 6 * 64 && flags & ~0x1 == 0
        case Kind.pushPromise: return stream != 0 && length >= 4 && flags & ~0xc == 0
        case Kind.ping: return stream == 0 && length == 8 && flags & ~0x1 == 0
        case Kind.goAway: return stream == 0 && length >= 8 && flags == 0
        case Kind.windowUpdate: return length == 4 && flags == 0
        case Kind.continuation: return stream != 0 && flags & ~0x4 == 0
        default: return false
        }
    }

    /// The default, and what most peers keep to; a larger one is allowed by SETTINGS, but seldom.
    private static let plausibleLengthMax = 1 << 20
}
