import Glibc

/// Gives the same `String` for the same bytes, so that names that come with every call are allocated once.
///
/// A direct-mapped table: each string has one place, and the last to come there stays. It is bounded and never wrong; two
/// names that share a place only cost what no table would. Swift keeps up to 15 bytes inside the `String` itself, so those
/// pass by.
struct StringInterner {
    private static let placeCount = 2_048
    private static let byteCountMax = 96
    private static let inlineByteCountMax = 15

    private var places: [String] = []

    mutating func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        guard bytes.count > Self.inlineByteCountMax, bytes.count <= Self.byteCountMax, let start = bytes.baseAddress
        else {
            return String(decoding: bytes, as: UTF8.self)
        }
        if places.isEmpty { places = [String](repeating: "", count: Self.placeCount) }
        let place = Self.place(UnsafeRawPointer(start), count: bytes.count)
        let isSame =
            places[place].utf8.withContiguousStorageIfAvailable { known in
                known.count == bytes.count && memcmp(known.baseAddress!, start, bytes.count) == 0
            } ?? false
        if !isSame { places[place] = String(decoding: bytes, as: UTF8.self) }
        return places[place]
    }

    /// Names differ at their ends: the first and last eight bytes and the length spread them well enough.
    private static func place(_ start: UnsafeRawPointer, count: Int) -> Int {
        let head = start.loadUnaligned(as: UInt64.self)
        let tail = start.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        let mixed = (head ^ tail &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(count)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 53)
    }
}
