import CSimdjson
import Glibc

/// Reads JSON documents, one after the other, into simdjson's tape.
///
/// simdjson validates everything (grammar, UTF-8, escapes, depth) and leaves an array of 64-bit cells and a buffer of
/// unescaped strings, which `JSONValue` walks without a call into C and without an allocation. What it does not do is done
/// here: it says that a text is bad, not where (`JSONScanner` finds the place, on that path alone), and it refuses numbers
/// beyond 64 bits (`BigNumbers` keeps them as text, so that one of them never costs a whole call).
///
/// One thread at a time. Memory is about 15 bytes for each byte of the longest recent text; what a text longer than
/// `keptByteCountMax` needed is given back after it.
public final class JSONParser {
    public let byteCountMax: Int
    public let depthMax: Int
    /// The longest text, in bytes, whose memory stays allocated for the next one.
    public let keptByteCountMax: Int

    /// Created with the first text; owned, destroyed in `deinit`.
    private var handle: OpaquePointer?
    private var capacity = 0
    /// simdjson reads past the end of a text, so that a text usually has to be copied to where that is allowed.
    private var padded: UnsafeMutableRawPointer?
    private var paddedCapacity = 0
    private var isBusy = false

    public init(byteCountMax: Int = 64 << 20, depthMax: Int = 64, keptByteCountMax: Int = 256 << 10) {
        // Cells hold offsets into the text in 32 bits.
        precondition(0 < byteCountMax && byteCountMax < 1 << 31 && 0 < depthMax && depthMax <= 1_024)
        self.byteCountMax = byteCountMax
        self.depthMax = depthMax
        self.keptByteCountMax = max(Self.capacityMin, keptByteCountMax)
    }

    deinit {
        if let handle { farwatch_json_destroy(handle) }
        free(padded)
    }

    /// Bytes of text there is room for without allocating.
    public var reservedByteCount: Int { capacity }

    /// `body` gets the root value; it and all values reached from it are valid only inside `body`, which must not use this
    /// parser again. Throws `JSONError`, or what `body` throws.
    public func parse<R>(_ bytes: UnsafeRawBufferPointer, _ body: (JSONValue) throws -> R) throws -> R {
        precondition(!isBusy, "a parser holds one document at a time")
        isBusy = true
        defer {
            isBusy = false
            shrink()
        }
        return try body(load(bytes, readableAfter: 0))
    }

    public func parse<R>(_ bytes: [UInt8], _ body: (JSONValue) throws -> R) throws -> R {
        try bytes.withUnsafeBytes { try parse($0, body) }
    }

    /// The root value, for callers that want typed errors. It and all values reached from it are valid until this parser is
    /// used again. `readableAfter` tells how many bytes behind the text may be read: 64 save a copy.
    public func root(of bytes: UnsafeRawBufferPointer, readableAfter: Int = 0) throws(JSONError) -> JSONValue {
        precondition(!isBusy, "a parser holds one document at a time")
        return try load(bytes, readableAfter: readableAfter)
    }

    /// Gives back memory above `keptByteCountMax`; ends the validity of the last `root(of:)`.
    public func shrink() {
        if capacity > keptByteCountMax {
            // Destroyed rather than made smaller: simdjson keeps its index of a text even when it shrinks the tape.
            if let handle { farwatch_json_destroy(handle) }
            handle = nil
            capacity = 0
        }
        if paddedCapacity > keptByteCountMax {
            free(padded)
            padded = nil
            paddedCapacity = 0
        }
    }

    private static let capacityMin = 4 << 10
    private static let padding = Int(farwatch_json_padding)

    private func load(_ bytes: UnsafeRawBufferPointer, readableAfter: Int) throws(JSONError) -> JSONValue {
        // RFC 8259, section 8.1: a parser may ignore a byte order mark.
        let markByteCount = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        let text = UnsafeRawBufferPointer(rebasing: bytes[markByteCount...])
        guard text.count <= byteCountMax else { throw .tooLarge(byteCount: text.count, max: byteCountMax) }
        guard let start = text.baseAddress, !text.isEmpty else {
            throw .malformed(byteOffset: 0, detail: "the document is empty")
        }
        try reserve(text.count)
        let readable = readableAfter >= JSONParser.padding ? start : try copyPadded(text)
        let tape = farwatch_json_parse(handle, readable.assumingMemoryBound(to: UInt8.self), text.count)
        switch tape.status {
        case farwatch_json_ok: return JSONValue(cells: tape.cells, strings: tape.strings)
        case farwatch_json_no_memory: throw .outOfMemory
        case farwatch_json_too_deep: throw .tooDeep
        default: return try loadRefused(text, offset: markByteCount)
        }
    }

    /// The cold path: either finds what is wrong, or that only numbers were too big, and reads the text with those quoted.
    private func loadRefused(_ text: UnsafeRawBufferPointer, offset: Int) throws(JSONError) -> JSONValue {
        var numbers = BigNumbers()
        switch JSONScanner.scan(text, depthMax: depthMax, into: &numbers) {
        case .tooDeep: throw .tooDeep
        case .fault(let fault): throw .malformed(byteOffset: offset + fault.byteOffset, detail: fault.detail)
        case .valid: break
        }
        let refusal = JSONError.malformed(byteOffset: nil, detail: "the parser refused it")
        guard !numbers.ranges.isEmpty else { throw refusal }
        var quoted = numbers.quoted(in: text)
        let byteCount = quoted.count
        quoted.append(contentsOf: repeatElement(0x20, count: JSONParser.padding))
        try reserve(byteCount)
        let tape = farwatch_json_parse(handle, quoted, byteCount)
        guard tape.status == farwatch_json_ok else { throw refusal }
        BigNumbers.unquote(cells: tape.cells, strings: tape.strings)
        return JSONValue(cells: tape.cells, strings: tape.strings)
    }

    private func reserve(_ byteCount: Int) throws(JSONError) {
        guard byteCount > capacity || handle == nil else { return }
        if handle == nil { handle = farwatch_json_create() }
        guard let handle else { throw .outOfMemory }
        let wanted = JSONParser.roundedUp(byteCount)
        capacity = 0
        guard farwatch_json_reserve(handle, wanted, depthMax) != 0 else { throw .outOfMemory }
        capacity = wanted
    }

    private func copyPadded(_ text: UnsafeRawBufferPointer) throws(JSONError) -> UnsafeRawPointer {
        if text.count > paddedCapacity || padded == nil {
            free(padded)
            paddedCapacity = 0
            let wanted = JSONParser.roundedUp(text.count)
            padded = malloc(wanted + JSONParser.padding)
            guard padded != nil else { throw .outOfMemory }
            paddedCapacity = wanted
        }
        guard let padded, let start = text.baseAddress else { throw .outOfMemory }
        memcpy(padded, start, text.count)
        memset(padded + text.count, 0x20, JSONParser.padding)
        return UnsafeRawPointer(padded)
    }

    /// Powers of two while small, so that growing is rare; close to the need above, so that it is not doubled.
    private static func roundedUp(_ byteCount: Int) -> Int {
        guard byteCount < 1 << 20 else { return byteCount + (64 << 10) }
        var capacity = capacityMin
        while capacity < byteCount { capacity *= 2 }
        return capacity
    }
}
