import Glibc

/// Searches and comparisons over borrowed bytes that the parsers share.
extension Span<UInt8> {
    /// The first place of `byte` in `range`, or nil. `range` must lie within the span.
    @inline(__always)
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard !range.isEmpty else { return nil }
        return withUnsafeBufferPointer { buffer -> Int? in
            // The range was checked just above, so `memchr` reads within the buffer; a span with bytes has an address.
            guard let base = buffer.baseAddress, let found = memchr(base + range.lowerBound, Int32(byte), range.count)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }

    /// Whether the bytes from `start` on are those of `text`.
    func starts(with text: StaticString, at start: Int = 0) -> Bool {
        let length = text.utf8CodeUnitCount
        guard start >= 0, length <= count - start else { return false }
        for index in 0..<length where self[start &+ index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes of `range` spell `lowerCase`, in any case of ASCII letters.
    @inline(__always)
    func equals(_ lowerCase: StaticString, in range: Range<Int>) -> Bool {
        let length = range.count
        guard length == lowerCase.utf8CodeUnitCount, range.lowerBound >= 0, range.upperBound <= count else {
            return false
        }
        // Both sides were just found to have `length` bytes, and no index below reaches it.
        guard length >= 8 else {
            for index in 0..<length
            where asciiLowerCase(self[unchecked: range.lowerBound &+ index]) != lowerCase.utf8Start[index] {
                return false
            }
            return true
        }
        var index = 0
        while true {
            let word = self.word(unchecked: range.lowerBound &+ index)
            let expected = UnsafeRawPointer(lowerCase.utf8Start).loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word.spells(lowerCase: expected) else { return false }
            guard index < length &- 8 else { return true }
            // The last eight overlap those before them, so that no rest is left.
            index = Swift.min(index &+ 8, length &- 8)
        }
    }

    /// Eight bytes at once, the first one lowest on every processor we run on; the caller has checked that they are there.
    @inline(__always)
    func word(unchecked index: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// The range without spaces and tabs at both ends (OWS of RFC 9110, section 5.6.3; stray carriage returns count too).
    @inline(__always)
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var start = range.lowerBound
        var end = range.upperBound
        // Both stay within the range, which was checked to lie within the span.
        while start < end, isBlank(self[unchecked: start]) { start &+= 1 }
        while end > start, isBlank(self[unchecked: end &- 1]) { end &-= 1 }
        return start..<end
    }

    /// Where the token ends that begins with `range`; `range` must lie within the span.
    @inline(__always)
    func endOfToken(in range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var at = range.lowerBound
        // `at` stays within the range, which was checked to lie within the span.
        while at < range.upperBound, isTokenByte(self[unchecked: at]) { at &+= 1 }
        return at
    }

    /// A decimal number without sign, or nil for anything else and for what does not fit.
    func decimal(in range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.upperBound <= count else { return nil }
        var value = 0
        for index in range {
            let digit = self[index] &- 48
            guard digit < 10 else { return nil }
            let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflowed) = scaled.addingReportingOverflow(Int(digit))
            guard !overflow, !overflowed else { return nil }
            value = sum
        }
        return value
    }

    /// Calls `body` with each element of a comma-separated list (RFC 9110, section 5.6.1), trimmed, empty ones left out.
    func forEachListElement(in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = firstIndex(of: UInt8(ascii: ","), in: start..<range.upperBound) ?? range.upperBound
            let element = trimmed(start..<end)
            if !element.isEmpty { body(element) }
            start = end &+ 1
        }
    }

    /// Big-endian, or nil where the span is too short.
    func bigEndian16(at index: Int) -> UInt16? {
        guard index >= 0, index <= count - 2 else { return nil }
        return UInt16(self[index]) << 8 | UInt16(self[index + 1])
    }

    func bigEndian32(at index: Int) -> UInt32? {
        guard let high = bigEndian16(at: index), let low = bigEndian16(at: index + 2) else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }
}

extension [UInt8] {
    init(copying bytes: Span<UInt8>, from start: Int) {
        self.init()
        append(bytes, in: start..<bytes.count)
    }

    /// Appends the bytes of `range`, which must lie within the span.
    @inline(__always)
    mutating func append(_ bytes: Span<UInt8>, in range: Range<Int>) {
        guard !range.isEmpty else { return }
        bytes.extracting(range).withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}

/// Eight bytes in one register. The tests of the bytes are those of "Hacker's Delight", section 6-1: sums that cannot carry into
/// the next byte leave their answer in each byte's highest bit.
extension UInt64 {
    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101

    /// Whether the bytes differ from `lowerCase`, which is ASCII without capitals, in the case of letters at most.
    @inline(__always)
    fileprivate func spells(lowerCase: UInt64) -> Bool {
        let fromA = lowerCase &+ (0x80 &- 0x61) &* Self.ones
        let beyondZ = lowerCase &+ (0x80 &- 0x7b) &* Self.ones
        let letters = fromA & ~beyondZ & Self.highBits
        return (self ^ lowerCase) & ~(letters >> 2) == 0
    }
}

@inline(__always)
func asciiLowerCase(_ byte: UInt8) -> UInt8 { byte &- 65 < 26 ? byte | 0x20 : byte }

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

/// A character of a token (RFC 9110, section 5.6.2): methods, names of fields, codings.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    let bit = UInt64(1) << UInt64(byte & 63)
    return byte < 64 ? tokenBitsLow & bit != 0 : byte < 128 && tokenBitsHigh & bit != 0
}

// Bit n stands for the byte n, and n + 64: ! # $ % & ' * + - . 0-9, and A-Z ^ _ ` a-z | ~.
private let tokenBitsLow: UInt64 = 0x03ff_6cfa_0000_0000
private let tokenBitsHigh: UInt64 = 0x57ff_ffff_c7ff_fffe
