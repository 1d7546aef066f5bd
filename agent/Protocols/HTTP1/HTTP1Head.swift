import CallModel

/// Reads the head of an HTTP/1 message: start line and fields, to the empty line (RFC 9112, sections 2 to 5).
///
/// Only what framing and pairing need is understood here; everything else is remembered as places in the head. Readers are
/// lenient where servers and browsers are: single line feeds end lines (section 2.2), lines without a colon are passed
/// over, folded lines belong to the field before (section 5.2), also where that frames the message. A start line is not lenient: it is what tells HTTP from
/// everything else.
struct HTTP1Head {
    enum Kind { case request, response }

    enum Result: Equatable {
        /// Ends before this index.
        case complete(end: Int)
        case needsMore
        case malformed
    }

    enum ContentLength: Equatable {
        case absent
        case bytes(Int)
        /// No number, too large a number, or several that differ (RFC 9112, section 6.3, rule 5).
        case invalid
    }

    enum TransferCoding {
        case none
        /// `chunked` is the last coding, as it must be.
        case chunked
        /// Others, or `chunked` in a place where it does not tell the end.
        case other
    }

    var method = ByteRange()
    var target = ByteRange()
    var status = 0
    var isHTTP10 = false
    var contentLength = ContentLength.absent
    var transferCoding = TransferCoding.none
    var host = ByteRange()
    var contentCoding = ByteRange()
    /// More codings than that: further lines of content codings, or transfer codings besides `chunked`.
    var hasMoreCodings = false
    var isConnectionUpgrade = false
    var upgrade = UpgradeToken.none
    var fieldsLeftOut = 0
    private var hasFolds = false

    /// Reads from `start` on. Places are told relative to `start`.
    mutating func read(
        _ bytes: Span<UInt8>, from start: Int, _ kind: Kind, fields: inout ReusedArray<FieldPlace>, fieldCountMax: Int
    ) -> Result {
        var marks = HeadMarks(from: start)
        guard let lineEnd = marks.takeFeed(in: bytes) else {
            return Self.isPlausibleStart(bytes, from: start, kind) ? .needsMore : .malformed
        }
        guard readStartLine(bytes, bytes.line(from: start, to: lineEnd), kind, relativeTo: start) else {
            return .malformed
        }
        var at = lineEnd &+ 1
        while let nameEnd = marks.nameEnd(in: bytes), let end = marks.takeFeed(in: bytes) {
            let line = bytes.line(from: at, to: end)
            // Marks lie within the span.
            if nameEnd > at, bytes[unchecked: nameEnd] == UInt8(ascii: ":") {
                let value = bytes.trimmed((nameEnd &+ 1)..<line.upperBound)
                if Self.mayBeUnderstood(nameByteCount: nameEnd &- at) {
                    understand(bytes, at..<nameEnd, value, relativeTo: start)
                }
                add(FieldPlace(at..<nameEnd, value, relativeTo: start), &fields, fieldCountMax)
            } else if line.isEmpty {
                if hasFolds { readUnfolded(bytes.extracting(start..<(end &+ 1)), kind, &fields, fieldCountMax) }
                return .complete(end: end &+ 1)
            } else {
                readOddLine(bytes, line, nameEnd: nameEnd, kind, relativeTo: start, &fields, fieldCountMax)
            }
            at = end &+ 1
        }
        return .needsMore
    }

    enum StartLine { case whole, needsMore, malformed }

    /// Looks at the start line alone.
    static func startLine(of bytes: Span<UInt8>, from start: Int, _ kind: Kind) -> StartLine {
        guard let end = bytes.firstIndex(of: 0x0A, in: start..<bytes.count) else {
            return isPlausibleStart(bytes, from: start, kind) ? .needsMore : .malformed
        }
        var head = HTTP1Head()
        let isOne = head.readStartLine(bytes, bytes.line(from: start, to: end), kind, relativeTo: start)
        return isOne ? .whole : .malformed
    }

    /// Whether the bytes so far can be the beginning of a start line whose end has not come yet.
    static func isPlausibleStart(_ bytes: Span<UInt8>, from start: Int, _ kind: Kind) -> Bool {
        switch kind {
        case .response:
            let version: StaticString = "HTTP/"
            let length = min(version.utf8CodeUnitCount, bytes.count &- start)
            for index in 0..<length where bytes[start &+ index] != version.utf8Start[index] { return false }
            return bytes.count &- start <= startLineByteCountMax
        case .request:
            var at = start
            while at < bytes.count, isTokenByte(bytes[at]) { at &+= 1 }
            guard at &- start <= methodByteCountMax else { return false }
            return at == bytes.count || at > start && bytes[at] == 0x20
        }
    }

    private static let methodByteCountMax = 32
    private static let startLineByteCountMax = 8 << 10

    // MARK: The start line

    private mutating func readStartLine(_ bytes: Span<UInt8>, _ line: Range<Int>, _ kind: Kind, relativeTo start: Int)
        -> Bool
    {
        switch kind {
        case .request: readRequestLine(bytes, line, relativeTo: start)
        case .response: readStatusLine(bytes, line)
        }
    }

    /// `method SP request-target SP HTTP-version`, with more than one space and spaces in the target let pass
    /// (section 3: a recipient may split the line at white space).
    private mutating func readRequestLine(_ bytes: Span<UInt8>, _ line: Range<Int>, relativeTo start: Int) -> Bool {
        let at = bytes.endOfToken(in: line)
        guard at > line.lowerBound, at &- line.lowerBound <= Self.methodByteCountMax, at < line.upperBound,
            bytes[at] == 0x20
        else { return false }
        method = ByteRange(line.lowerBound..<at, relativeTo: start)
        let rest = bytes.trimmed(at..<line.upperBound)
        let versionStart = rest.upperBound &- 8
        guard versionStart >= rest.lowerBound, bytes[versionStart &- 1] == 0x20 || bytes[versionStart &- 1] == 0x09,
            readVersion(bytes, at: versionStart)
        else { return false }
        // Without any target it is still a request, which servers answer, most of them with 400.
        target = ByteRange(bytes.trimmed(rest.lowerBound..<versionStart), relativeTo: start)
        return true
    }

    /// `HTTP-version SP status-code SP [reason]`; the second space may be missing (section 4).
    private mutating func readStatusLine(_ bytes: Span<UInt8>, _ line: Range<Int>) -> Bool {
        guard line.count >= 12 else { return false }
        var at = line.lowerBound &+ 8
        if !readVersion(bytes, at: line.lowerBound) || bytes[at] != 0x20 {
            guard let end = bytes.endOfOtherVersion(in: line) else { return false }
            at = end
        }
        guard bytes[at] == 0x20 || bytes[at] == 0x09 else { return false }
        while at < line.upperBound, bytes[at] == 0x20 || bytes[at] == 0x09 { at &+= 1 }
        guard line.upperBound &- at >= 3, let code = bytes.decimal(in: at..<(at &+ 3)), code >= 100 else {
            return false
        }
        let next = at &+ 3
        guard next == line.upperBound || bytes[next] &- 48 >= 10 else { return false }
        status = code
        return true
    }

    private mutating func readVersion(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        guard index >= 0, bytes.count >= index &+ 8 else { return false }
        // `HTTP/1.` and a digit, which makes eight bytes; that they are there was just checked.
        let word = bytes.word(unchecked: index)
        guard word << 8 == 0x2e31_2f50_5454_4800, bytes[index &+ 7] &- 48 < 10 else { return false }
        isHTTP10 = bytes[index &+ 7] == 48
        return true
    }

    // MARK: Fields

    /// A line that does not begin with a name and its colon: folded, with white space before the colon, or no field at all.
    @inline(never)
    private mutating func readOddLine(
        _ bytes: Span<UInt8>, _ line: Range<Int>, nameEnd: Int, _ kind: Kind, relativeTo start: Int,
        _ fields: inout ReusedArray<FieldPlace>, _ fieldCountMax: Int
    ) {
        let first = bytes[line.lowerBound]
        guard first != 0x20, first != 0x09 else { return hasFolds = true }
        let name = line.lowerBound..<nameEnd
        var at = nameEnd
        while at < line.upperBound, bytes[at] == 0x20 || bytes[at] == 0x09 { at &+= 1 }
        guard !name.isEmpty, at < line.upperBound, bytes[at] == UInt8(ascii: ":") else { return }
        let value = bytes.trimmed((at &+ 1)..<line.upperBound)
        // In a request a server must refuse white space there (section 5.1), so it frames nothing.
        if kind == .response { understand(bytes, name, value, relativeTo: start) }
        add(FieldPlace(name, value, relativeTo: start), &fields, fieldCountMax)
    }

    @inline(__always)
    private mutating func add(_ field: FieldPlace, _ fields: inout ReusedArray<FieldPlace>, _ fieldCountMax: Int) {
        if fields.count < fieldCountMax { fields.append(field) } else { fieldsLeftOut &+= 1 }
    }

    /// Reads the head once more, with spaces for the line ends before folded lines (section 5.2): no place moves.
    ///
    /// White space behind the start line folds nothing: such lines are passed over (section 2.2).
    @inline(never)
    private mutating func readUnfolded(
        _ folded: Span<UInt8>, _ kind: Kind, _ fields: inout ReusedArray<FieldPlace>, _ fieldCountMax: Int
    ) {
        var bytes = [UInt8](copying: folded, from: 0)
        var isStartLine = true
        for end in bytes.indices.dropLast() where bytes[end] == 0x0A {
            let isFold = bytes[end + 1] == 0x20 || bytes[end + 1] == 0x09
            defer { if !isFold { isStartLine = false } }
            guard isFold else { continue }
            guard !isStartLine else {
                // Without anything in it the line is no field.
                let next = bytes[(end + 1)...].firstIndex(of: 0x0A) ?? bytes.count
                for index in (end + 1)..<next { bytes[index] = 0x2F }
                continue
            }
            bytes[end] = 0x20
            if bytes[end - 1] == 0x0D { bytes[end - 1] = 0x20 }
        }
        fields.removeAll()
        var head = HTTP1Head()
        _ = head.read(bytes.span, from: 0, kind, fields: &fields, fieldCountMax: fieldCountMax)
        self = head
    }

    /// Whether a name of this length may be one that is understood here.
    @inline(__always)
    private static func mayBeUnderstood(nameByteCount: Int) -> Bool {
        nameByteCount < 64 && understoodByteCounts >> UInt64(truncatingIfNeeded: nameByteCount) & 1 == 1
    }

    /// Bit n stands for names of n bytes: host, upgrade, connection, content-length, content-encoding, transfer-encoding.
    private static let understoodByteCounts: UInt64 = 1 << 4 | 1 << 7 | 1 << 10 | 1 << 14 | 1 << 16 | 1 << 17

    private mutating func understand(
        _ bytes: Span<UInt8>, _ name: Range<Int>, _ value: Range<Int>, relativeTo start: Int
    ) {
        switch name.count {
        case 4:
            if host.isEmpty, bytes.equals("host", in: name) { host = ByteRange(value, relativeTo: start) }
        case 7:
            if bytes.equals("upgrade", in: name) { readUpgrade(bytes, value) }
        case 10:
            if bytes.equals("connection", in: name) { readConnection(bytes, value) }
        case 14:
            if bytes.equals("content-length", in: name) { readContentLength(bytes, value) }
        case 16:
            if bytes.equals("content-encoding", in: name) { readContentCoding(value, relativeTo: start) }
        case 17:
            if bytes.equals("transfer-encoding", in: name) { readTransferCoding(bytes, value) }
        default: break
        }
    }

    private mutating func readContentLength(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        if let length = bytes.decimal(in: value) { return add(length) }
        var lengths: [Int?] = []
        bytes.forEachListElement(in: value) { lengths.append(bytes.decimal(in: $0)) }
        if lengths.isEmpty { contentLength = .invalid }
        for length in lengths { add(length) }
    }

    private mutating func add(_ length: Int?) {
        guard let length else { return contentLength = .invalid }
        switch contentLength {
        case .absent: contentLength = .bytes(length)
        case .bytes(length): break
        case .bytes, .invalid: contentLength = .invalid
        }
    }

    /// Several lines are one list (RFC 9110, section 5.3).
    private mutating func readContentCoding(_ value: Range<Int>, relativeTo start: Int) {
        if contentCoding.isEmpty { contentCoding = ByteRange(value, relativeTo: start) } else { hasMoreCodings = true }
    }

    private mutating func readTransferCoding(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        var coding = transferCoding == .none ? TransferCoding.none : .other
        bytes.forEachListElement(in: value) { element in
            coding = bytes.equals("chunked", in: element) ? .chunked : .other
            if coding == .other { hasMoreCodings = true }
        }
        transferCoding = coding
        // RFC 2616's `identity` says nothing.
        if bytes.equals("identity", in: value) { transferCoding = .none }
    }

    private mutating func readConnection(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        // What nearly every message says.
        if bytes.equals("keep-alive", in: value) { return }
        var isUpgrade = false
        bytes.forEachListElement(in: value) { if bytes.equals("upgrade", in: $0) { isUpgrade = true } }
        if isUpgrade { isConnectionUpgrade = true }
    }

    private mutating func readUpgrade(_ bytes: Span<UInt8>, _ value: Range<Int>) {
        var token = upgrade
        bytes.forEachListElement(in: value) { element in
            if bytes.equals("h2c", in: element) { token = .http2 } else if token == .none { token = .other }
        }
        upgrade = token
    }
}

extension Span<UInt8> {
    /// Where a version ends that is none of HTTP/1's, as `HTTP/2.0` or `HTTP/1.01`: browsers show such answers too, on a connection
    /// that they asked in HTTP/1.
    fileprivate func endOfOtherVersion(in line: Range<Int>) -> Int? {
        guard starts(with: "HTTP/", at: line.lowerBound) else { return nil }
        return (line.lowerBound &+ 6..<Swift.min(line.upperBound, line.lowerBound &+ 16)).first {
            self[$0] == 0x20 || self[$0] == 0x09
        }
    }

    /// A line without the carriage return before its line feed at `end`.
    @inline(__always)
    fileprivate func line(from start: Int, to end: Int) -> Range<Int> {
        start..<(end > start && self[end &- 1] == 0x0D ? end &- 1 : end)
    }
}
