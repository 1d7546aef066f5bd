import CallModel

/// What HTTP allows in methods and names of fields.
enum HTTPText {
    /// RFC 9110, section 5.6.2.
    static func isToken(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenByte)
    }

    /// A token, or one behind the colon of HTTP/2's pseudo-fields.
    static func isFieldName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        isToken(bytes.first == UInt8(ascii: ":") ? bytes.dropFirst() : bytes[...])
    }

    static func isLower(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.contains { $0 &- 65 < 26 }
    }

    /// Both of `isFieldName` and `isLower`, in one pass; false for pseudo-fields, which few senders tell.
    static func isLowerFieldName(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return false }
        var isLower = true
        for byte in bytes { isLower = isLower && lowerTokenBytes[Int(byte)] }
        return isLower
    }

    private static let lowerTokenBytes: [Bool] = (UInt8.min...UInt8.max).map {
        isTokenByte($0) && !(65...90).contains($0)
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        case UInt8(ascii: "!"), 0x23...0x27, UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        case 0x5E...0x60, UInt8(ascii: "|"), UInt8(ascii: "~"): true
        default: false
        }
    }
}

/// The parts a request's address is told in: `url`, or `host` and `path`, or a `url` that is only a path beside a host.
struct RequestAddress {
    var url: UnsafeBufferPointer<UInt8>?
    var scheme: UnsafeBufferPointer<UInt8>?
    var host: UnsafeBufferPointer<UInt8>?
    var path: UnsafeBufferPointer<UInt8>?

    /// The absolute URL. Servers log paths, so a path is completed by `host` or the `Host` header; `https` unless said.
    func absolute(hostHeader: String?) throws(CallError) -> String {
        if let url, url.first != UInt8(ascii: "/") {
            guard Self.isAbsolute(url), Self.isPrintable(url) else {
                throw CallError(
                    pointer: "/request/url",
                    detail: "expected an absolute URL or a path, found a string of \(url.count) bytes")
            }
            return String(decoding: url, as: UTF8.self)
        }
        guard let path = url ?? path, path.first == UInt8(ascii: "/"), Self.isPrintable(path) else {
            if path != nil { throw CallError(pointer: "/request/path", detail: "expected a path that starts with /") }
            throw CallError(pointer: "/request/url", detail: "required: url, or host and path")
        }
        let authority = host.map { String(decoding: $0, as: UTF8.self) } ?? hostHeader ?? ""
        guard !authority.isEmpty, authority.utf8.allSatisfy(isAuthorityByte) else {
            throw CallError(
                pointer: "/request/host", detail: "expected a host name, with a port if need be, for the path")
        }
        let url = try schemeText() + "://" + authority + String(decoding: path, as: UTF8.self)
        guard url.utf8.count <= Limits.urlByteCountMax else {
            throw CallError(
                pointer: "/request/path", detail: "expected at most \(Limits.urlByteCountMax) bytes with the host")
        }
        return url
    }

    private func schemeText() throws(CallError) -> String {
        guard let scheme else { return "https" }
        let text = String(decoding: scheme, as: UTF8.self).lowercased()
        guard text == "http" || text == "https" else {
            throw CallError(pointer: "/request/scheme", detail: "expected http or https")
        }
        return text
    }

    /// RFC 3986: a scheme, `://`, and something behind it.
    static func isAbsolute(_ url: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let colon = url.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 3 < url.count,
            url[colon + 1] == UInt8(ascii: "/"), url[colon + 2] == UInt8(ascii: "/"),
            url[colon + 3] != UInt8(ascii: "/"), (url[0] | 0x20) &- 97 < 26
        else { return false }
        return url[..<colon].allSatisfy { byte in
            (byte | 0x20) &- 97 < 26 || byte &- 48 < 10 || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
                || byte == UInt8(ascii: ".")
        }
    }

    static func isPrintable(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    /// Names, addresses in brackets and ports; no user, path or white space can hide in it.
    private func isAuthorityByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
        case UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"): true
        default: byte >= 0x80
        }
    }
}
