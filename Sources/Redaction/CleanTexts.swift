import CallModel

/// Remembers texts in which a scan found nothing: names, header values and keys come again and again, and looking one up costs a
/// fiftieth of scanning it.
///
/// A table of hashes, each in the one place its lowest bits name; a newer text drives an older one out, so memory is bounded and
/// nothing is ever cleared. The hash is keyed at random in every process (`ByteHash`) and its values never leave it: nobody can
/// prepare a secret whose 64 bits are those of a text that was clean, and by chance it does not happen.
struct CleanTexts {
    /// Longer texts seldom repeat.
    static let byteCountMax = 64
    private static let placeCount = 8_192

    private let hash = ByteHash()
    /// 0 where nothing is remembered.
    private var hashes = [UInt64](repeating: 0, count: placeCount)

    /// Names a text for the other two calls.
    func key(of bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let hash = self.hash.of(UnsafeRawBufferPointer(bytes))
        return hash == 0 ? 1 : hash
    }

    func holds(_ key: UInt64) -> Bool { hashes[place(of: key)] == key }

    mutating func remember(_ key: UInt64) { hashes[place(of: key)] = key }

    private func place(of key: UInt64) -> Int { Int(truncatingIfNeeded: key) & (Self.placeCount - 1) }
}
