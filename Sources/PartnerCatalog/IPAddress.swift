/// Whether an address literal lies in a network that the internet does not route (RFC 6890).
///
/// Reads the spellings clients accept: IPv4 with one to four parts, decimal, octal or hexadecimal (WHATWG URL, section 3.5). What
/// cannot be read counts as internal: it can be no partner, and nothing of it should leave the host.
enum IPAddress {
    static func isInternal(version4 text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let address = version4(text) else { return true }
        return isInternal(version4: address)
    }

    static func isInternal(version4 address: UInt32) -> Bool {
        switch (UInt8(address >> 24), UInt8(truncatingIfNeeded: address >> 16)) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (224...255, _): true
        case (100, 64...127), (172, 16...31), (198, 18...19): true
        default: false
        }
    }

    static func isInternal(version6 text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let groups = version6(text) else { return true }
        if groups[0..<5].allSatisfy({ $0 == 0 }) {
            // ::, ::1, and IPv4 mapped or embedded.
            if groups[5] == 0, groups[6] == 0 { return true }
            if groups[5] == 0 || groups[5] == 0xffff {
                return isInternal(version4: UInt32(groups[6]) << 16 | UInt32(groups[7]))
            }
        }
        // fc00::/7 unique local, fe80::/10 link local, fec0::/10 site local, ff00::/8 multicast.
        return groups[0] & 0xfe00 == 0xfc00 || groups[0] & 0xff80 == 0xfe80 || groups[0] & 0xff00 == 0xff00
    }

    private static func version4(_ text: UnsafeBufferPointer<UInt8>) -> UInt32? {
        var parts: [UInt64] = []
        for part in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard parts.count < 4, let value = number(part) else { return nil }
            parts.append(value)
        }
        guard let last = parts.popLast(), parts.allSatisfy({ $0 < 256 }), last < 1 << UInt64(8 * (4 - parts.count))
        else {
            return nil
        }
        var address = last
        for (index, part) in parts.enumerated() { address |= part << UInt64(8 * (3 - index)) }
        return UInt32(truncatingIfNeeded: address)
    }

    private static func number(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> UInt64? {
        guard let first = digits.first, digits.count <= 12 else { return nil }
        var radix: UInt64 = 10
        var digits = digits
        if first == 48, digits.count > 1 {
            let isHexadecimal = digits[digits.startIndex + 1] | 0x20 == UInt8(ascii: "x")
            radix = isHexadecimal ? 16 : 8
            digits = digits.dropFirst(isHexadecimal ? 2 : 1)
        }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = hexValue(byte), UInt64(digit) < radix else { return nil }
            value = value * radix + UInt64(digit)
        }
        return value
    }

    /// Eight groups; nil for what is no IPv6 address (RFC 4291, section 2.2).
    private static func version6(_ text: UnsafeBufferPointer<UInt8>) -> [UInt16]? {
        var head: [UInt16] = []
        var tail: [UInt16]?
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: ":") {
                guard at + 1 < text.count, text[at + 1] == UInt8(ascii: ":"), tail == nil else { return nil }
                tail = []
                at += 2
                continue
            }
            let end = text[at...].firstIndex(of: UInt8(ascii: ":")) ?? text.count
            let part = UnsafeBufferPointer(rebasing: text[at..<end])
            var groups: [UInt16] = []
            if part.contains(UInt8(ascii: ".")) {
                guard end == text.count, let address = version4(part) else { return nil }
                groups = [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
            } else {
                guard part.count <= 4, part.allSatisfy(isHex) else { return nil }
                groups = [part.reduce(0) { $0 << 4 | UInt16(hexValue($1) ?? 0) }]
            }
            if tail == nil { head += groups } else { tail? += groups }
            at = end
            if at < text.count {
                // A single colon joins two groups; two begin the gap.
                let isGap = at + 1 < text.count && text[at + 1] == UInt8(ascii: ":")
                if !isGap { at += 1 }
                guard at < text.count else { return nil }
            }
        }
        guard let tail else { return head.count == 8 ? head : nil }
        guard head.count + tail.count < 8 else { return nil }
        return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
    }
}
