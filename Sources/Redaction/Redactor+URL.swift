import CallModel
import Documents
import Glibc
import PartnerCatalog

extension Redactor {
    /// A query's further parameters are let go: no partner needs so many.
    private static let queryParameterCountMax = 500
    private static let queryValueByteCountMax = 256

    /// A URL without userinfo and fragment, with the query's values masked but for harmless keys, and with path segments masked
    /// that look like a secret or like somebody's address.
    ///
    /// Identifiers such as `ch_3N…` stay: they are what a partner asks for when told of a failed call. Works on bytes: every call
    /// has a URL.
    mutating func redactedURL(_ url: String) -> String {
        var url = url
        return url.withUTF8 { bytes in
            var result: [UInt8] = []
            result.reserveCapacity(bytes.count + 16)
            appendURL(bytes, to: &result)
            return String(decoding: result, as: UTF8.self)
        }
    }

    /// Whether redaction leaves a URL as it is, as most that have no query; in doubt not. Counts nothing.
    mutating func keepsWhole(_ url: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let colon = url.first(UInt8(ascii: ":"), from: 0), url[colon...].starts(with: "://".utf8),
            let pathStart = url.first(UInt8(ascii: "/"), from: colon + 3),
            url.first(UInt8(ascii: "?"), from: 0) == nil, url.first(UInt8(ascii: "#"), from: 0) == nil
        else { return false }
        let origin = UnsafeBufferPointer(rebasing: url[..<pathStart])
        let keepsOrigin = plainOrigins.value(of: origin) { isPlain(origin: $0, authority: colon + 3) }
        guard keepsOrigin else { return false }
        var start = pathStart + 1
        while start < url.count {
            let end = url.first(UInt8(ascii: "/"), from: start) ?? url.count
            guard end - start < 5 || isClean(UnsafeBufferPointer(rebasing: url[start..<end])) else { return false }
            start = end + 1
        }
        return true
    }

    /// Whether nothing of scheme and authority is masked, and paths behind them are no capabilities (`appendURL`).
    private func isPlain(origin: UnsafeBufferPointer<UInt8>, authority: Int) -> Bool {
        let host = UnsafeBufferPointer(rebasing: origin[authority...])
        var scanner = scanner
        return !host.contains(UInt8(ascii: "@")) && !host.starts(with: "hook".utf8) && scanner.masked(host) == nil
    }

    mutating func appendURL(_ bytes: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        let end = bytes.firstIndex(of: UInt8(ascii: "#")) ?? bytes.count
        let mark = bytes[..<end].firstIndex(of: UInt8(ascii: "?"))
        let pathEnd = mark ?? end
        var pathStart = 0
        var isHook = false
        if let authority = authorityStart(bytes[..<pathEnd]) {
            pathStart = bytes[authority..<pathEnd].firstIndex(of: UInt8(ascii: "/")) ?? pathEnd
            let sign = bytes[authority..<pathStart].lastIndex(of: UInt8(ascii: "@"))
            if sign != nil { count(.userinfo) }
            let host = UnsafeBufferPointer(rebasing: bytes[(sign.map { $0 + 1 } ?? authority)..<pathStart])
            result += bytes[..<authority]
            if let masked = masked(host) { result += masked.utf8 } else { result += host }
            // `hooks.slack.com`, `hooks.zapier.com`, `hook.eu1.make.com`.
            isHook = host.starts(with: "hook".utf8)
        } else if let sign = bytes[..<pathEnd].lastIndex(of: UInt8(ascii: "@")), bytes[0] != UInt8(ascii: "/") {
            // No scheme, yet something before an @: take no chances.
            count(.userinfo)
            pathStart = sign + 1
        }
        appendPath(bytes, pathStart..<pathEnd, isCapability: isHook, to: &result)
        if let mark { appendQuery(bytes, (mark + 1)..<end, to: &result) }
    }

    /// Behind the first `://`.
    private func authorityStart(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
            return nil
        }
        return colon + 3
    }

    /// - Parameter isCapability: whoever knows the URL of an incoming hook may call it, so whatever is no word of its path is a
    ///   secret.
    private mutating func appendPath(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, isCapability: Bool, to result: inout [UInt8]
    ) {
        var start = range.lowerBound
        while true {
            let end = bytes[start..<range.upperBound].firstIndex(of: UInt8(ascii: "/")) ?? range.upperBound
            let segment = UnsafeBufferPointer(rebasing: bytes[start..<end])
            if isCapability ? RouteTemplate.looksLikeData(segment) : segment.count >= 5 && masked(segment) != nil {
                count(.path)
                result += "{id}".utf8
            } else {
                result += segment
            }
            guard end < range.upperBound else { return }
            result.append(UInt8(ascii: "/"))
            start = end + 1
        }
    }

    private mutating func appendQuery(
        _ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, to result: inout [UInt8]
    ) {
        let pairs = bytes[range].split(separator: UInt8(ascii: "&"), maxSplits: Self.queryParameterCountMax)
        var separator = UInt8(ascii: "?")
        if pairs.isEmpty { result.append(separator) }
        for pair in pairs.prefix(Self.queryParameterCountMax) {
            result.append(separator)
            separator = UInt8(ascii: "&")
            append(parameter: pair, to: &result)
        }
    }

    /// What the key of a parameter says, worked out once.
    enum QueryKey: BitwiseCopyable {
        /// Kept with its value, which is scanned.
        case harmless
        /// Kept, its value masked.
        case plain
        /// Changed itself.
        case changed
    }

    private mutating func append(parameter pair: Slice<UnsafeBufferPointer<UInt8>>, to result: inout [UInt8]) {
        let sign = pair.firstIndex(of: UInt8(ascii: "="))
        let name = UnsafeBufferPointer(rebasing: pair[..<(sign ?? pair.endIndex)])
        var kind = queryKeys.value(of: name) { queryKey($0) }
        if case .changed = kind {
            // Counted each time.
            let key = keyName(String(decoding: name, as: UTF8.self))
            if HeaderRules.isHarmlessQuery(key.lowercased()) { kind = .harmless }
            if sign != nil || kind == .harmless { result += key.utf8 }
        } else if sign != nil || kind == .harmless {
            result += name
        }
        guard let sign else {
            // A bare word may be a key or a value.
            if kind != .harmless { result += "{value}".utf8 }
            return
        }
        result.append(UInt8(ascii: "="))
        let value = UnsafeBufferPointer(rebasing: pair[(sign + 1)...])
        if kind == .harmless {
            appendKept(value, to: &result)
        } else {
            count(.query)
            result += scanner.placeholder("value", value).utf8
        }
    }

    private mutating func appendKept(_ value: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        guard value.count > Self.queryValueByteCountMax else {
            if let masked = masked(value) { result += masked.utf8 } else { result += value }
            return
        }
        // Cut within a character it becomes another text.
        let kept = String(decoding: value.prefix(Self.queryValueByteCountMax), as: UTF8.self)
        result += scanned(kept).utf8
    }

    private func queryKey(_ name: UnsafeBufferPointer<UInt8>) -> QueryKey {
        var scanner = scanner
        let key = String(decoding: name, as: UTF8.self)
        // Where a key begins or ends within a character its text is another than its bytes.
        guard key.utf8.elementsEqual(name), scanner.masked(name) == nil, !Shape.isDataKey(key) else { return .changed }
        return HeaderRules.isHarmlessQuery(key.lowercased()) ? .harmless : .plain
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The first place of a byte, from one on.
    fileprivate func first(_ byte: UInt8, from start: Int) -> Int? {
        guard let base = UnsafeRawPointer(baseAddress), start < count,
            let found = memchr(base + start, Int32(byte), count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }
}
