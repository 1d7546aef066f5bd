/// The 128 bits by which the ledger tells whether a batch that comes again is the same.
///
/// Agent and aggregator compute it alike, in every release: the ledger and the spool keep it. It notices accidents, not forgers:
/// who may send under an agent's name may send what they like. Multiply-and-fold as in wyhash (32 bytes a turn, two lanes), some
/// ten times as fast as SHA-256 in software, and without a library.
public struct BatchChecksum: Hashable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public init(of bytes: [UInt8]) {
        let count = UInt64(bytes.count)
        var (first, second) = (0x9e37_79b9_7f4a_7c15 ^ count, 0xd6e8_feb8_6659_fd93 &+ count)
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let (one, two) = (Self.word(buffer, offset), Self.word(buffer, offset + 8))
                let (three, four) = (Self.word(buffer, offset + 16), Self.word(buffer, offset + 24))
                // The sum keeps a lane alive that a word happens to multiply by zero.
                first = Self.folded(first ^ one, 0xa076_1d64_78bd_642f ^ two) &+ first
                second = Self.folded(second ^ three, 0xe703_7ed1_a0b4_28db ^ four) &+ second
                offset += 32
            }
        }
        high = Self.folded(first ^ 0x8ebc_6af0_9c88_c6e3, second ^ 0x5899_65cc_7537_4cc3)
        low = Self.folded(second ^ 0x1d8e_4e27_c47d_124f, first &+ count)
    }

    /// Sixteen bytes, most significant first, as the ledger has them.
    public var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// Eight bytes at an offset, little-endian; what lies behind the end is zero, which the length tells apart.
    @inline(__always)
    private static func word(_ buffer: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
        if offset + 8 <= buffer.count {
            return UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        var word: UInt64 = 0
        var at = offset
        while at < buffer.count {
            word |= UInt64(buffer[at]) << UInt64(8 * (at - offset))
            at += 1
        }
        return word
    }

    @inline(__always)
    private static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
