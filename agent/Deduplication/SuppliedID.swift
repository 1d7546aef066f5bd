import CallModel

/// The 64 bits by which a supplied id is remembered.
///
/// The same on every host and in every release, because the spool keeps them on disk. Two different ids share one with a
/// chance of one in 2^64 a pair: with 600,000 ids remembered, one call in 30 million million is wrongly taken for a repeat. It
/// is no defence against somebody who looks for such pairs: who may send calls to the agent may also leave them out.
public func suppliedIDHash(_ id: String) -> UInt64 {
    var id = id
    return id.withUTF8 { suppliedIDHash($0) }
}

/// The same for an id that is no string.
public func suppliedIDHash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
    var at = 0
    while at < bytes.count {
        // Eight bytes at a time, little-endian; the last word is filled up with zeros, which the length tells apart.
        var word: UInt64 = 0
        let end = min(at + 8, bytes.count)
        for (shift, position) in (at..<end).enumerated() { word |= UInt64(bytes[position]) << UInt64(8 * shift) }
        hash = mixed(hash ^ word)
        at = end
    }
    return hash
}

/// Multiplies to 128 bits and folds: every bit of the input reaches every bit of the output.
@inline(__always)
private func mixed(_ value: UInt64) -> UInt64 {
    let first = value.multipliedFullWidth(by: 0xd6e8_feb8_6659_fd93)
    let folded = first.high ^ first.low ^ value
    let second = folded.multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
    return second.high ^ second.low
}
