/// The way around a network's border: an HTTP proxy that passes a TLS connection on (CONNECT; RFC 9110, section 9.3.6).
public struct Proxy: Sendable, Hashable {
    public var host: String
    public var port: Int
    /// `Basic …`, where the proxy's address names a user. Never printed.
    package var authorization: String?

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `http://user:password@host:port`; the scheme may be left out, the port is 3128 then. A proxy that is itself reached by TLS
    /// is not supported: nil, as for everything that is no such address.
    public init?(address: String) {
        var rest = address[...]
        if let scheme = rest.range(of: "://") {
            guard rest[..<scheme.lowerBound] == "http" else { return nil }
            rest = rest[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        if let at = rest.lastIndex(of: "@") {
            guard let user = percentDecoded(rest[..<at]) else { return nil }
            authorization = "Basic " + base64(Array(user.utf8))
            rest = rest[rest.index(after: at)...]
        }
        let hasPort = !rest.hasSuffix("]") && rest.split(separator: "]").last?.contains(":") == true
        guard !rest.isEmpty, !rest.contains(where: { "/?# ".contains($0) }),
            let parsed = ListenAddress(hasPort ? String(rest) : "\(rest):3128"), parsed.port > 0
        else { return nil }
        host = parsed.host
        port = parsed.port
    }

    /// The proxy that an environment names for an endpoint: `https_proxy`, `HTTPS_PROXY`, `all_proxy` or `ALL_PROXY`, unless
    /// `no_proxy` or `NO_PROXY` lists it. None for `http`, which is for loopback alone, and for what is on this machine.
    ///
    /// - Parameter environment: the names and values of the process's environment.
    /// - Returns: nil for a direct way.
    /// - Throws: the name of a variable whose value is no address of a proxy.
    public static func named(
        by environment: [String: String], for endpoint: Endpoint
    ) throws(ProxySettingError) -> Proxy? {
        guard endpoint.isTLS, !endpoint.isLoopback else { return nil }
        let exceptions = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        guard !isExcepted(endpoint, exceptions) else { return nil }
        for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            guard let value = environment[name], !value.isEmpty else { continue }
            guard let proxy = Proxy(address: value) else { throw ProxySettingError(variable: name) }
            return proxy
        }
        return nil
    }

    /// `no_proxy`: names, each with all below it, addresses, either with a port; `*` is everything.
    static func isExcepted(_ endpoint: Endpoint, _ list: String) -> Bool {
        let host = endpoint.host.lowercased()
        for entry in list.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) {
            if entry == "*" { return true }
            var name = String(entry)
            let isName = !entry.contains("[") && entry.count(where: { $0 == ":" }) <= 1
            if isName, let colon = entry.lastIndex(of: ":") {
                guard Int(entry[entry.index(after: colon)...]) == endpoint.port else { continue }
                name = String(entry[..<colon])
            }
            if name.hasPrefix("*") { name.removeFirst() }
            if name.hasPrefix(".") { name.removeFirst() }
            if host == name || host.hasSuffix("." + name) { return true }
        }
        return false
    }
}

/// A variable of the environment that should name a proxy, and does not.
public struct ProxySettingError: Error, Sendable, CustomStringConvertible {
    public var variable: String

    /// The value is left out: it may hold a password.
    public var description: String {
        "\(variable) is not the address of a proxy; write it like http://proxy.example:3128 (a proxy behind https:// is not "
            + "supported)"
    }
}

extension Substring {
    fileprivate func range(of needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// Nil where a `%` is not followed by two hex digits.
private func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
            return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
}

/// RFC 4648, section 4.
package func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
        for digit in 0..<4 {
            text.append(digit <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * digit) & 63)] : UInt8(ascii: "="))
        }
    }
    return String(decoding: text, as: UTF8.self)
}
