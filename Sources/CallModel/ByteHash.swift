/// Hashes short texts for tables that only remember: three multiplications for a name, where Swift's own hasher takes ten times that.
///
/// Sixteen bytes at a time are multiplied with each other, mixed with two secrets that are drawn in every process: nobody outside
/// can prepare texts that fall into one place, or one that is taken for another. It is no cryptographic hash, its values change with
/// every start, and none of them may be stored or shown.
///
/// Who hashes much keeps one: all of a process agree, and asking for its secrets anew costs as much as hashing a name.
public struct ByteHash: Sendable {
    private static let secrets = (UInt64.random(in: .min ... .max) | 1, UInt64.random(in: .min ... .max) | 1)
    @usableFromInline let first: UInt64
    @usableFromInline let second: UInt64

    public init() { (first, second) = Self.secrets }

    @inlinable
    public func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return Self.folded(first, second) }
        var state = first ^ UInt64(truncatingIfNeeded: bytes.count)
        var at = 0
        while bytes.count - at > 16 {
            state = Self.folded(Self.word(start, at) ^ state, Self.word(start, at + 8) ^ second)
            at += 16
        }
        // The last 16 bytes, which may overlap those before.
        let rest = bytes.count - at
        let low: UInt64
        let high: UInt64
        if bytes.count >= 16 {
            (low, high) = (Self.word(start, bytes.count - 16), Self.word(start, bytes.count - 8))
        } else if rest >= 8 {
            (low, high) = (Self.word(start, at), Self.word(start, bytes.count - 8))
        } else if rest >= 4 {
            low = UInt64(start.loadUnaligned(fromByteOffset: at, as: UInt32.self))
            high = UInt64(start.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
        } else {
            low = UInt64(bytes[at]) << 16 | UInt64(bytes[at + rest / 2]) << 8 | UInt64(bytes[bytes.count - 1])
            high = 0
        }
        return Self.folded(Self.folded(low ^ state, high ^ second), first ^ second)
    }

    @inlinable
    static func word(_ start: UnsafeRawPointer, _ at: Int) -> UInt64 {
        start.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    }

    @inlinable
    static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
