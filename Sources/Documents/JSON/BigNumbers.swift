/// Numbers beyond 64 bits, which simdjson refuses together with the whole document they stand in.
///
/// Partners send them (ids of 20 digits and more, amounts in wei), and a call must not be lost for one. So a refused text
/// whose only fault they are is read again with each of them quoted behind a prefix, and afterwards those strings become
/// cells of a kind of our own that keep the digits as written. A string that happens to start with the same prefix and is a
/// number, in the same document, would become that number too: harmless, and it takes a NUL character to do it.
struct BigNumbers: JSONTokenSink {
    static let prefix: [UInt8] = [0x00, UInt8(ascii: "#")]
    private static let quotedPrefix = Array("\"\\u0000#".utf8)

    /// In the order of the text.
    private(set) var ranges: [Range<Int>] = []
    private var text: UnsafeRawBufferPointer?

    mutating func began(_ text: UnsafeRawBufferPointer) { self.text = text }

    mutating func token(_ range: Range<Int>, _ kind: JSONTokenKind) {
        // Fewer bytes than 19 are within range, save with an exponent, for which five are enough: 1e309.
        guard kind == .number, range.count >= 5, let text else { return }
        if BigNumbers.isBig(text[range]) { ranges.append(range) }
    }

    private static func isBig(_ digits: Slice<UnsafeRawBufferPointer>) -> Bool {
        let isWhole = !digits.contains { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }
        if isWhole, digits.count < 19 { return false }
        let number = String(decoding: digits, as: UTF8.self)
        if isWhole { return Int64(number) == nil && UInt64(number) == nil }
        return Double(number).map { !$0.isFinite } ?? true
    }

    func quoted(in text: UnsafeRawBufferPointer) -> [UInt8] {
        var quoted: [UInt8] = []
        quoted.reserveCapacity(text.count + ranges.count * (BigNumbers.quotedPrefix.count + 1))
        var copied = 0
        for range in ranges {
            quoted.append(contentsOf: text[copied..<range.lowerBound])
            quoted.append(contentsOf: BigNumbers.quotedPrefix)
            quoted.append(contentsOf: text[range])
            quoted.append(UInt8(ascii: "\""))
            copied = range.upperBound
        }
        quoted.append(contentsOf: text[copied...])
        return quoted
    }

    /// Turns the quoted numbers of a tape into cells of their own kind. Keys are left alone: nothing reads a key's tag.
    static func unquote(cells: UnsafeMutablePointer<UInt64>, strings: UnsafePointer<UInt8>) {
        // The root cell's payload is the index behind the closing root cell.
        let end = Int(truncatingIfNeeded: cells[0] & 0x00FF_FFFF_FFFF_FFFF) - 1
        var at = 1
        while at < end {
            switch UInt8(truncatingIfNeeded: cells[at] >> 56) {
            case TapeTag.int64, TapeTag.uint64, TapeTag.double: at += 1
            case TapeTag.string:
                let text = JSONValue(cells: cells, strings: strings, index: at).text
                if text.starts(with: prefix), isNumber(UnsafeBufferPointer(rebasing: text[prefix.count...])) {
                    cells[at] = cells[at] & 0x00FF_FFFF_FFFF_FFFF | UInt64(TapeTag.bigNumber) << 56
                }
            default: break
            }
            at += 1
        }
    }

    private static func isNumber(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = text.first, first == UInt8(ascii: "-") || first &- 48 < 10,
            let last = text.last, last &- 48 < 10
        else { return false }
        var nothing = NoTokens()
        if case .valid = JSONScanner.scan(UnsafeRawBufferPointer(text), depthMax: 1, into: &nothing) { return true }
        return false
    }
}
