/// A set of ASCII characters as two words: asked about every byte of a text, where a table that is `static let` would ask each time
/// whether it was made.
struct ByteSet {
    /// Bit n for the character n.
    let low: UInt64
    /// Bit n for the character 64 + n.
    let high: UInt64

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let half = byte & 0x40 == 0 ? low : high
        return byte < 0x80 && half &>> UInt64(byte & 0x3F) & 1 != 0
    }
}
