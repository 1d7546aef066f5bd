import CallModel

/// Where the parts of a URL lie in its UTF-8 text (RFC 3986, read as generously as clients write).
///
/// A total function: every sequence of bytes has an answer, and every range lies within it. Absent parts are nil, or empty where
/// every URL has them. Beyond the RFC it takes what captures and SDKs hand in: white space around it, `host:port` and `host/path`
/// without a scheme, a bare IPv6 address, and `\` for `/` at the end of the authority, because browsers do and an attacker could
/// otherwise show us another host than the one that was called. It does not decode and does not judge whether the host exists.
public struct URLRanges: Equatable, Sendable {
    public var scheme: Range<Int>?
    public var userinfo: Range<Int>?
    /// Without brackets, port or userinfo; empty for a URL that names no host.
    public var host: Range<Int>
    /// Whether the host stood in brackets, or had more than one colon: an IPv6 address if it is anything.
    public var isIPv6: Bool
    public var port: Int?
    public var path: Range<Int>
    /// Without the `?`.
    public var query: Range<Int>?
    /// Without the `#`.
    public var fragment: Range<Int>?

    public init(_ bytes: UnsafeBufferPointer<UInt8>) {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] <= 0x20 { start += 1 }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }

        let authorityStart: Int?
        (scheme, authorityStart) = URLRanges.schemeAndAuthority(bytes, start..<end)
        var at = authorityStart ?? scheme.map { $0.upperBound + 1 } ?? start
        host = at..<at
        path = at..<at
        isIPv6 = false
        if let authorityStart {
            var authorityEnd = authorityStart
            while authorityEnd < end, !endsAuthority(bytes[authorityEnd]) { authorityEnd += 1 }
            at = authorityEnd
            readAuthority(bytes, authorityStart..<authorityEnd)
        }
        var cut = at
        while cut < end, bytes[cut] != UInt8(ascii: "?"), bytes[cut] != UInt8(ascii: "#") { cut += 1 }
        path = at..<cut
        if cut < end, bytes[cut] == UInt8(ascii: "?") {
            let queryStart = cut + 1
            while cut < end, bytes[cut] != UInt8(ascii: "#") { cut += 1 }
            query = queryStart..<cut
        }
        if cut < end { fragment = (cut + 1)..<end }
    }

    /// The scheme, and where an authority begins; nil for a path alone and for schemes without an authority (`mailto:`).
    private static func schemeAndAuthority(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) -> (scheme: Range<Int>?, authorityStart: Int?) {
        var at = range.lowerBound
        func isSlash(_ position: Int) -> Bool {
            position < range.upperBound
                && (bytes[position] == UInt8(ascii: "/") || bytes[position] == UInt8(ascii: "\\"))
        }
        guard at < range.upperBound else { return (nil, nil) }
        if isSlash(at) { return (nil, isSlash(at + 1) ? at + 2 : nil) }
        guard bytes[at] != UInt8(ascii: "?"), bytes[at] != UInt8(ascii: "#"), bytes[at] != UInt8(ascii: "*") else {
            return (nil, nil)
        }
        while at < range.upperBound, isSchemeByte(bytes[at]) { at += 1 }
        if at < range.upperBound, bytes[at] == UInt8(ascii: ":"), at > range.lowerBound {
            if isSlash(at + 1), isSlash(at + 2) { return (range.lowerBound..<at, at + 3) }
            let isOpaque = isLetter(bytes[range.lowerBound]) && !isPortNext(bytes, at + 1, range.upperBound)
            // `mailto:a@b.c` is read as user and host. Nobody calls it, and of `user:password@host` nothing may leak.
            return isOpaque && !hasAt(bytes, at, range.upperBound)
                ? (range.lowerBound..<at, nil) : (nil, range.lowerBound)
        }
        // No scheme: a first segment with a dot or a colon, or `localhost`, is a host; anything else is a path.
        var hasDot = false
        var cut = range.lowerBound
        while cut < range.upperBound, !endsAuthority(bytes[cut]) {
            if bytes[cut] == UInt8(ascii: ".") || bytes[cut] == UInt8(ascii: ":") { hasDot = true }
            cut += 1
        }
        let isLocalhost = equalsIgnoringCase(UnsafeBufferPointer(rebasing: bytes[range.lowerBound..<cut]), "localhost")
        return (nil, hasDot || isLocalhost ? range.lowerBound : nil)
    }

    private mutating func readAuthority(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) {
        var start = range.lowerBound
        // The last `@` ends the userinfo: passwords with an unescaped `@` are common.
        if let at = range.last(where: { bytes[$0] == UInt8(ascii: "@") }) {
            userinfo = start..<at
            start = at + 1
        }
        if start < range.upperBound, bytes[start] == UInt8(ascii: "[") {
            let close = (start..<range.upperBound).first { bytes[$0] == UInt8(ascii: "]") }
            host = (start + 1)..<(close ?? range.upperBound)
            isIPv6 = true
            if let close, close + 1 < range.upperBound, bytes[close + 1] == UInt8(ascii: ":") {
                port = URLRanges.number(bytes, (close + 2)..<range.upperBound)
            }
            return
        }
        let firstColon = (start..<range.upperBound).first { bytes[$0] == UInt8(ascii: ":") }
        guard let firstColon else {
            host = start..<range.upperBound
            return
        }
        if (firstColon + 1..<range.upperBound).contains(where: { bytes[$0] == UInt8(ascii: ":") }) {
            host = start..<range.upperBound
            isIPv6 = true
        } else {
            host = start..<firstColon
            port = URLRanges.number(bytes, (firstColon + 1)..<range.upperBound)
        }
    }

    /// A port number, or nil for anything else.
    private static func number(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty, range.count <= 5 else { return nil }
        var value = 0
        for position in range {
            guard isDigit(bytes[position]) else { return nil }
            value = value * 10 + Int(bytes[position] - 48)
        }
        return value <= 65_535 ? value : nil
    }

    private static func isPortNext(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var at = start
        while at < end, isDigit(bytes[at]) { at += 1 }
        return at > start && (at == end || endsAuthority(bytes[at]))
    }

    /// Whether an `@` comes before the next slash: then what looked like a scheme is the user of `user:password@host`.
    private static func hasAt(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
        var at = start
        while at < end, !endsAuthority(bytes[at]) {
            if bytes[at] == UInt8(ascii: "@") { return true }
            at += 1
        }
        return false
    }
}

private func endsAuthority(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\\")
}

private func isSchemeByte(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
        || byte == UInt8(ascii: ".")
}
