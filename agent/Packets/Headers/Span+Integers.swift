/// Integers from bytes. Each checks its bounds and traps outside them, so callers compare lengths first.
///
/// `unsafeLoadUnaligned` is unsafe only for types with invalid bit patterns; integers have none.
extension Span<UInt8> {
    @inline(__always)
    func bigEndianUInt16(at offset: Int) -> UInt16 {
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self).bigEndian
    }

    @inline(__always)
    func bigEndianUInt32(at offset: Int) -> UInt32 {
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self).bigEndian
    }

    @inline(__always)
    func bigEndianUInt64(at offset: Int) -> UInt64 {
        bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self).bigEndian
    }

    @inline(__always)
    func uint16(at offset: Int, isBigEndian: Bool) -> UInt16 {
        let value = bigEndianUInt16(at: offset)
        return isBigEndian ? value : value.byteSwapped
    }

    @inline(__always)
    func uint32(at offset: Int, isBigEndian: Bool) -> UInt32 {
        let value = bigEndianUInt32(at: offset)
        return isBigEndian ? value : value.byteSwapped
    }

    @inline(__always)
    func uint64(at offset: Int, isBigEndian: Bool) -> UInt64 {
        let value = bigEndianUInt64(at: offset)
        return isBigEndian ? value : value.byteSwapped
    }
}

/// The same without a look at the bounds, where the caller has compared them for several at once.
extension Span<UInt8> {
    @inline(__always)
    func bigEndianUInt16(unchecked offset: Int) -> UInt16 {
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt16.self).bigEndian
    }

    @inline(__always)
    func bigEndianUInt32(unchecked offset: Int) -> UInt32 {
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt32.self).bigEndian
    }
}

extension [UInt8] {
    /// Appends `bytes[start..<end]`.
    mutating func append(contentsOf bytes: Span<UInt8>, from start: Int, to end: Int) {
        guard start < end else { return }
        // The buffer is read within the closure alone.
        bytes.extracting(start..<end).withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
