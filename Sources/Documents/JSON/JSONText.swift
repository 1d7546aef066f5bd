/// Writes JSON text: the escaping and number formats that everything in the project shares.
public enum JSONText {
    /// A string with its quotes. Escapes what RFC 8259, section 7 demands and nothing else.
    public static func appendString(_ text: String, to bytes: inout [UInt8]) {
        writeText(text, to: &bytes)
    }

    /// The same for bytes from outside: what is not UTF-8 in them becomes U+FFFD.
    public static func appendString(_ utf8: some Sequence<UInt8>, to bytes: inout [UInt8]) {
        appendString(String(decoding: Array(utf8), as: UTF8.self), to: &bytes)
    }

    public static func appendInt(_ value: Int64, to bytes: inout [UInt8]) { writeInteger(value, to: &bytes) }
    public static func appendInt(_ value: Int, to bytes: inout [UInt8]) { writeInteger(Int64(value), to: &bytes) }
    public static func appendInt(_ value: UInt64, to bytes: inout [UInt8]) { writeInteger(value, to: &bytes) }

    public static func appendBool(_ value: Bool, to bytes: inout [UInt8]) { bytes.append(value ? "true" : "false") }

    /// The shortest text that reads back as the same double, whole numbers without `.0`; `null` if not finite.
    public static func appendDouble(_ value: Double, to bytes: inout [UInt8]) {
        writeDouble(value, keepingKind: false, to: &bytes)
    }

    /// Appends a whole JSON document without the white space between its tokens, every token as it was written.
    ///
    /// Returns false, and appends nothing, when the text is malformed or nested deeper than `depthMax`.
    public static func appendCompacted(
        _ text: UnsafeRawBufferPointer, depthMax: Int = 64, to bytes: inout [UInt8]
    ) -> Bool {
        let countBefore = bytes.count
        // Swapped, because an array that is held twice is copied when it is appended to.
        var compactor = Compactor(text: text, bytes: [])
        swap(&compactor.bytes, &bytes)
        let outcome = JSONScanner.scan(text, depthMax: depthMax, into: &compactor)
        compactor.copyRun()
        swap(&compactor.bytes, &bytes)
        guard case .valid = outcome else {
            bytes.removeLast(bytes.count - countBefore)
            return false
        }
        return true
    }

    /// Copies whole runs of tokens that touch each other: text that is compact already is one run.
    private struct Compactor: JSONTokenSink {
        let text: UnsafeRawBufferPointer
        var bytes: [UInt8]
        private var run = 0..<0

        init(text: UnsafeRawBufferPointer, bytes: [UInt8]) {
            self.text = text
            self.bytes = bytes
        }

        mutating func token(_ range: Range<Int>, _ kind: JSONTokenKind) {
            if range.lowerBound != run.upperBound {
                copyRun()
                run = range
            } else {
                run = run.lowerBound..<range.upperBound
            }
        }

        mutating func copyRun() {
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[run]))
        }
    }

    static func writeText(_ text: String, to sink: inout some ByteSink & ~Copyable) {
        var text = text
        text.withUTF8 { writeString($0, to: &sink) }
    }

    /// `utf8` must be valid UTF-8, as simdjson's strings and Swift's are.
    static func writeString(_ utf8: UnsafeBufferPointer<UInt8>, to sink: inout some ByteSink & ~Copyable) {
        sink.append(UInt8(ascii: "\""))
        var start = 0
        while true {
            let end = firstToEscape(in: utf8, from: start)
            sink.append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<end]))
            guard end < utf8.count else { break }
            writeEscape(of: utf8[end], to: &sink)
            start = end + 1
        }
        sink.append(UInt8(ascii: "\""))
    }

    /// The index of the first quote, backslash or control character, or the count. Eight bytes at a time: subtracting from
    /// each byte sets its top bit where it was smaller, and the lowest bit so set is exact.
    @inline(__always)
    private static func firstToEscape(in utf8: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var at = start
        let raw = UnsafeRawBufferPointer(utf8)
        while utf8.count - at >= 8 {
            let word = raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            let quote = word ^ (ones &* 0x22)
            let backslash = word ^ (ones &* 0x5C)
            let hits =
                ((word &- ones &* 0x20) & ~word) | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash)
            let found = hits & (ones &* 0x80)
            if found != 0 { return at + found.trailingZeroBitCount / 8 }
            at += 8
        }
        while at < utf8.count, utf8[at] >= 0x20, utf8[at] != 0x22, utf8[at] != 0x5C { at += 1 }
        return at
    }

    private static func writeEscape(of byte: UInt8, to sink: inout some ByteSink & ~Copyable) {
        switch byte {
        case UInt8(ascii: "\""): sink.append("\\\"")
        case UInt8(ascii: "\\"): sink.append("\\\\")
        case 0x08: sink.append("\\b")
        case 0x09: sink.append("\\t")
        case 0x0A: sink.append("\\n")
        case 0x0C: sink.append("\\f")
        case 0x0D: sink.append("\\r")
        default:
            sink.append("\\u00")
            sink.append(byte >> 4 + 48)
            sink.append(byte & 15 < 10 ? byte & 15 + 48 : byte & 15 + 87)
        }
    }
}
