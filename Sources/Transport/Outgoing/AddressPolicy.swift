/// Which addresses may be connected to on behalf of a setting that names a receiver.
///
/// A URL that somebody wrote must not become a way into what only this machine can reach: its own ports, the cloud's
/// metadata address, the network behind it. Names are judged by what they resolve to, and the very address that was
/// judged is the one connected to: a second look-up could answer differently (DNS rebinding). The list is the
/// registries' of special-purpose addresses (RFC 6890 and its successors), IPv4 addresses inside of IPv6 ones included.
public struct AddressPolicy: Sendable, Hashable {
    /// Everything may be connected to; for receivers in one's own network.
    public var allowsPrivate: Bool

    public init(allowsPrivate: Bool = false) { self.allowsPrivate = allowsPrivate }

    /// Why an address of 4 or 16 bytes must not be connected to; nil when it may.
    public func refusal(of address: [UInt8]) -> String? {
        if allowsPrivate { return nil }
        switch address.count {
        case 4: return Self.ipv4.first { $0.contains(address) }?.what
        case 16: return refusal(ofIPv6: address)
        default: return "no Internet address"
        }
    }

    private func refusal(ofIPv6 address: [UInt8]) -> String? {
        for (prefix, start) in Self.embedding where prefix.contains(address) {
            // The unspecified and the loopback address look as if they held 0.0.0.0 and 0.0.0.1.
            return refusal(of: Array(address[start..<start + 4])).map { "\($0), inside of an IPv6 address" }
        }
        return Self.ipv6.first { $0.contains(address) }?.what
    }

    /// Addresses that begin with the same bits.
    struct Prefix: Sendable {
        var bytes: [UInt8]
        var bitCount: Int
        var what: String

        init(_ bytes: [UInt8], _ bitCount: Int, _ what: String) {
            precondition(bytes.count * 8 >= bitCount, "a prefix has all its bits")
            self.bytes = bytes
            self.bitCount = bitCount
            self.what = what
        }

        func contains(_ address: [UInt8]) -> Bool {
            var rest = bitCount
            for (mine, theirs) in zip(bytes, address) where rest > 0 {
                let mask: UInt8 = rest >= 8 ? 0xFF : ~(0xFF >> UInt8(rest))
                guard mine & mask == theirs & mask else { return false }
                rest -= 8
            }
            return rest <= 0
        }
    }

    private static let ipv4 = [
        Prefix([0], 8, "of this network"), Prefix([10], 8, "private"), Prefix([100, 64], 10, "of a carrier's network"),
        Prefix([127], 8, "loopback"), Prefix([169, 254], 16, "link-local"), Prefix([172, 16], 12, "private"),
        Prefix([192, 0, 0], 24, "reserved"), Prefix([192, 0, 2], 24, "for documentation"),
        Prefix([192, 168], 16, "private"), Prefix([198, 18], 15, "for benchmarks"),
        Prefix([198, 51, 100], 24, "for documentation"), Prefix([203, 0, 113], 24, "for documentation"),
        Prefix([224], 4, "multicast"), Prefix([240], 4, "reserved"),
    ]

    private static let ipv6 = [
        Prefix([0x01, 0, 0, 0, 0, 0, 0, 0], 64, "discarded"),
        Prefix([0x20, 0x01, 0x0D, 0xB8], 32, "for documentation"),
        Prefix([0x20, 0x01, 0, 0], 32, "a tunnel's"), Prefix([0xFC], 7, "private"),
        Prefix([0xFE, 0x80], 10, "link-local"),
        Prefix([0xFE, 0xC0], 10, "site-local"), Prefix([0xFF], 8, "multicast"),
        Prefix([0, 0x64, 0xFF, 0x9B, 0, 1], 48, "private"),
    ]

    /// Prefixes with an IPv4 address inside, and where it begins: mapped (RFC 4291), compatible (the same, with the
    /// unspecified and the loopback address), translated (RFC 6052) and 6to4 (RFC 3056).
    private static let embedding: [(Prefix, Int)] = [
        (Prefix([UInt8](repeating: 0, count: 10) + [0xFF, 0xFF], 96, ""), 12),
        (Prefix([UInt8](repeating: 0, count: 12), 96, ""), 12),
        (Prefix([0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96, ""), 12), (Prefix([0x20, 0x02], 16, ""), 2),
    ]
}
