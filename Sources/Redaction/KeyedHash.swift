/// A hash of a masked value under a key that never leaves the host: equal values can be told to be equal, and no more.
///
/// SipHash-2-4 (Aumasson and Bernstein, 2012), a pseudorandom function made for short inputs: without the key its 64 bits say
/// nothing of the value, however few values there are to try. It is off unless the operator gives a key, because whoever has the
/// key can try card numbers and addresses one by one.
public struct KeyedHash: Sendable {
    public static let keyByteCount = 16

    private let low: UInt64
    private let high: UInt64

    /// Nil for a key of another length than 16 bytes.
    public init?(key: [UInt8]) {
        guard key.count == Self.keyByteCount else { return nil }
        low = Self.word(key[0..<8])
        high = Self.word(key[8..<16])
    }

    public func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = State(low, high)
        var at = 0
        while at + 8 <= bytes.count {
            state.take(Self.word(bytes[at..<at + 8]))
            at += 8
        }
        // The last word: what is left, and the length in the top byte.
        state.take(Self.word(bytes[at...]) | UInt64(truncatingIfNeeded: bytes.count) << 56)
        return state.finished()
    }

    func hash(_ text: String) -> UInt64 {
        var text = text
        return text.withUTF8 { hash($0) }
    }

    /// Little-endian, of at most eight bytes.
    private static func word(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var word: UInt64 = 0
        for (position, byte) in bytes.enumerated() { word |= UInt64(byte) << UInt64(8 * position) }
        return word
    }

    private struct State {
        var v0, v1, v2, v3: UInt64

        init(_ low: UInt64, _ high: UInt64) {
            v0 = low ^ 0x736f_6d65_7073_6575
            v1 = high ^ 0x646f_7261_6e64_6f6d
            v2 = low ^ 0x6c79_6765_6e65_7261
            v3 = high ^ 0x7465_6462_7974_6573
        }

        mutating func take(_ word: UInt64) {
            v3 ^= word
            for _ in 0..<2 { round() }
            v0 ^= word
        }

        mutating func finished() -> UInt64 {
            v2 ^= 0xff
            for _ in 0..<4 { round() }
            return v0 ^ v1 ^ v2 ^ v3
        }

        private mutating func round() {
            v0 &+= v1
            v1 = rotated(v1, 13) ^ v0
            v0 = rotated(v0, 32)
            v2 &+= v3
            v3 = rotated(v3, 16) ^ v2
            v0 &+= v3
            v3 = rotated(v3, 21) ^ v0
            v2 &+= v1
            v1 = rotated(v1, 17) ^ v2
            v2 = rotated(v2, 32)
        }

        private func rotated(_ word: UInt64, _ count: UInt64) -> UInt64 { word << count | word >> (64 - count) }
    }
}
