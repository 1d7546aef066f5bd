/// What a host's name says: its one spelling, and whether it can be a partner's at all.
public enum HostName {
    /// DNS allows 253 bytes of text (RFC 1035, section 2.3.4); a trailing dot and escapes make the raw form longer.
    public static let byteCountMax = 253

    public enum Kind: Equatable, Sendable {
        /// A name of the public DNS.
        case name
        /// No dot, or under a suffix that is never public, or a private, loopback or link-local address.
        case `internal`
        /// An IP address out on the internet.
        case publicAddress
    }

    /// Lower case, percent escapes decoded, no trailing dot, Unicode labels as `xn--` (RFC 3492), no IPv6 zone.
    ///
    /// Nil for what is no host: empty, too long, an empty label, or bytes no host has. It does not apply IDNA's mapping tables
    /// beyond lower case, so two Unicode spellings that differ by normalisation stay two hosts.
    public static func normalised(_ raw: UnsafeBufferPointer<UInt8>) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        guard raw.count <= 3 * byteCountMax + 1 else { return nil }
        var at = 0
        var isASCII = true
        while at < raw.count {
            var byte = raw[at]
            if byte == UInt8(ascii: "%") {
                if raw.contains(UInt8(ascii: ":")) { break }  // A zone, as in fe80::1%eth0.
                guard at + 2 < raw.count, let high = hexValue(raw[at + 1]), let low = hexValue(raw[at + 2]) else {
                    return nil
                }
                byte = high << 4 | low
                at += 2
            }
            if byte >= 0x80 { isASCII = false }
            bytes.append(lowered(byte))
            at += 1
        }
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        if !isASCII {
            guard let encoded = Punycode.encodedHost(String(decoding: bytes, as: UTF8.self)) else { return nil }
            bytes = encoded
        }
        return bytes.withUnsafeBufferPointer(isNormalised) ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Whether the bytes are already what `normalised` would give: the case of nearly every call.
    static func isNormalised(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard !bytes.isEmpty, bytes.count <= byteCountMax else { return false }
        var previous = UInt8(ascii: ".")
        let isIPv6 = bytes.contains(UInt8(ascii: ":"))
        for byte in bytes {
            switch byte {
            case 97...122, 48...57, UInt8(ascii: "-"), UInt8(ascii: "_"): break
            case UInt8(ascii: "."): guard previous != byte else { return false }
            case UInt8(ascii: ":"): guard isIPv6 else { return false }
            default: return false
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    /// Of a normalised host.
    public static func kind(of host: String) -> Kind {
        var host = host
        return host.withUTF8(kind)
    }

    static func kind(_ host: UnsafeBufferPointer<UInt8>) -> Kind {
        if host.contains(UInt8(ascii: ":")) { return IPAddress.isInternal(version6: host) ? .internal : .publicAddress }
        guard let lastDot = host.lastIndex(of: UInt8(ascii: ".")) else {
            // `2130706433` and `0x7f000001` are addresses to some clients; without a dot they are internal either way.
            return .internal
        }
        let top = UnsafeBufferPointer(rebasing: host[(lastDot + 1)...])
        // No top-level domain is a number (RFC 3696, section 2), and clients read such a host as an IPv4 address.
        if isDigit(top[0]), top.allSatisfy(isDigit) || top.count > 1 && top[1] == UInt8(ascii: "x") {
            return IPAddress.isInternal(version4: host) ? .internal : .publicAddress
        }
        return isInternalSuffix(host, top) ? .internal : .name
    }

    /// Special-use names (RFC 6761, 6762, 8375, 9476), the private one ICANN reserved, and what companies and clusters use.
    private static func isInternalSuffix(_ host: UnsafeBufferPointer<UInt8>, _ top: UnsafeBufferPointer<UInt8>) -> Bool
    {
        switch top.count {
        case 3: equals(top, "lan") || equals(top, "svc") || equals(top, "alt")
        case 4: equals(top, "corp") || equals(top, "home") || equals(top, "mail") || hasSuffix(host, ".home.arpa")
        case 5: equals(top, "local") || equals(top, "onion") || equals(top, "intra")
        case 6: equals(top, "consul") || equals(top, "docker")
        case 7: equals(top, "private")
        case 8: equals(top, "internal") || equals(top, "intranet")
        case 9: equals(top, "localhost")
        case 11: equals(top, "localdomain")
        default: false
        }
    }
}
