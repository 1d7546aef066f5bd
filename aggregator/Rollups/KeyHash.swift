/// Hashes keys that are a few words of numbers, where the standard library's `Hasher` (SipHash) costs more than the counting itself:
/// each pair of words is one full multiplication, folded, as in wyhash.
///
/// The numbers are ids that this program gave, so that nobody outside can choose them to collide; each table's seed goes in all the same.
/// Keys hand it to their tables by `_rawHashValue`, the way around `Hasher` that the standard library's own integers take.
public enum KeyHash {
    @inlinable
    @inline(__always)
    public static func of(_ seed: Int, _ first: UInt64, _ second: UInt64, _ third: UInt64) -> Int {
        let state = folded(first ^ secrets.0 ^ UInt64(bitPattern: Int64(seed)), second ^ secrets.1)
        return Int(bitPattern: UInt(folded(state ^ secrets.2, third ^ secrets.1)))
    }

    @inline(__always)
    static func of(
        _ seed: Int, _ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64, _ fifth: UInt64
    ) -> Int {
        let state = folded(first ^ secrets.0 ^ UInt64(bitPattern: Int64(seed)), second ^ secrets.1)
        return of(Int(bitPattern: UInt(state)), third, fourth, fifth)
    }

    /// Odd, with as many ones as zeros, and otherwise arbitrary: the digits of π.
    @inlinable
    @inline(__always)
    static var secrets: (UInt64, UInt64, UInt64) {
        (0x243F_6A88_85A3_08D3, 0x1319_8A2E_0370_7345, 0xA409_3822_299F_31D1)
    }

    @inlinable
    @inline(__always)
    static func folded(_ left: UInt64, _ right: UInt64) -> UInt64 {
        let product = left.multipliedFullWidth(by: right)
        return product.high ^ product.low
    }
}
